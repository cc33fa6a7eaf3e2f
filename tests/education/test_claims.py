import pytest

from education import claims


@pytest.mark.parametrize(
    ("text", "rule", "level"),
    [
        ("This will cure you.", "C01", "block"),
        ("Nothing here is a cure.", "C01", "block"),
        ("We do not say it is a cure.", "C01", "warn"),
        ("It regenerates discs.", "C09", "block"),
        ("It is proven.", "C08", "block"),
        ("It is unproven. It is proven.", "C08", "block"),
        ("A promising idea.", "C15", "warn"),
    ],
)
def test_wording_is_found_at_its_level(text: str, rule: str, level: str) -> None:
    assert (rule, level) in {(finding.rule, finding.level) for finding in claims.find(text)}


@pytest.mark.parametrize("text", ["Regenerative medicine is a field.", "Pain may ease with time."])
def test_plain_and_official_words_pass(text: str) -> None:
    assert claims.find(text) == []


def test_the_span_is_where_it_stands() -> None:
    text = "Some say it is a miracle."

    (finding,) = claims.find(text)

    assert text[slice(*finding.span)] == "miracle"


def test_every_rule_says_why_and_what_instead() -> None:
    assert len(claims.rules()) == 50
    assert all(rule.why and rule.instead and rule.level in ("block", "warn") for rule in claims.rules().values())
