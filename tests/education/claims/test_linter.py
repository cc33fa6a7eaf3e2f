"""The claims rules: each at its level and place, measured on sentences that are known to be bad or honest."""

import random
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from education.claims import linter
from tests.depth import deepens, depth

CORPUS: dict[str, list[dict[str, Any]]] = tomllib.loads(
    (Path(__file__).parents[1] / "data" / "claims_corpus.toml").read_text(encoding="utf-8")
)
NAME = "Cures and miracles in spine care: a review"


def rules_found(text: str, **options: Any) -> set[str]:
    return {f"{finding.rule} {finding.level}" for finding in linter.find(text, **options)}


def excerpts(text: str, **options: Any) -> list[tuple[str, str]]:
    return [(finding.rule, text[slice(*finding.span)]) for finding in linter.find(text, **options)]


def test_every_rule_says_why_and_what_instead() -> None:
    assert list(linter.rules()) == [f"C{number:02}" for number in range(1, 51)]
    assert all(rule.why and rule.instead and rule.level in ("block", "warn") for rule in linter.rules().values())


@pytest.mark.parametrize("rule", linter.rules())
def test_every_rule_finds_its_bad_sentences_at_its_own_level(rule: str) -> None:
    expected = f"{rule} {linter.rules()[rule].level}"
    bad = [entry["text"] for entry in CORPUS["bad"] if expected in entry["expect"]]

    assert len(bad) >= 2
    assert sum(expected in rules_found(text) for text in bad) >= 2
    assert all(expected in rules_found(text.upper()) for text in bad if expected in rules_found(text))


def test_bad_sentences_are_found_and_honest_ones_pass() -> None:
    bad, good = CORPUS["bad"], CORPUS["good"]
    missed = [entry["text"] for entry in bad if not rules_found(entry["text"]) & set(entry["expect"])]
    stopped = [entry["text"] for entry in good if any(item.endswith("block") for item in rules_found(entry["text"]))]
    blocks = {
        kind: sum(finding.level == "block" for entry in CORPUS[kind] for finding in linter.find(entry["text"]))
        for kind in ("bad", "good")
    }

    assert len(bad) >= 110
    assert len(good) >= 110
    assert len({entry["text"] for entry in bad + good}) == len(bad) + len(good)
    assert 1 - len(missed) / len(bad) >= 0.98, missed
    assert 1 - len(stopped) / len(good) >= 0.9, stopped
    assert blocks["bad"] / sum(blocks.values()) >= 0.9


class TestPlace:
    def test_the_span_is_where_it_stands(self) -> None:
        assert [finding.span for finding in linter.find("Some say it is a miracle.")] == [(17, 24)]

    def test_an_empty_text_claims_nothing(self) -> None:
        assert linter.find("") == []

    def test_findings_come_in_the_order_of_the_text(self) -> None:
        text = "Guaranteed cure: proven safe, and 100% effective."

        assert excerpts(text) == [
            ("C02", "Guaranteed"), ("C01", "cure"), ("C08", "proven"), ("C07", "proven safe"),
            ("C02", "100% effective"), ("C24", "100% effective"),
        ]  # fmt: skip

    def test_one_stretch_can_break_several_rules(self) -> None:
        assert excerpts("It has promising results.") == [("C15", "promising"), ("C14", "promising results")]

    def test_a_rule_is_found_as_often_as_it_is_broken(self) -> None:
        assert [finding.span for finding in linter.find("cure cure, cure")] == [(0, 4), (5, 9), (11, 15)]

    @pytest.mark.parametrize("text", ["🙂 a cure", "İ a cure", "½ a cure", "ﬁ… a cure", "A\u0301 a cure"])
    def test_odd_characters_before_it_do_not_move_it(self, text: str) -> None:
        (finding,) = linter.find(text)

        assert text[slice(*finding.span)] == "cure"


class TestNegation:
    @pytest.mark.parametrize(
        "text",
        [
            "It is not a cure.",
            "There is no cure.",
            "It cannot cure you.",
            "This unproven cure is sold widely.",
            "It was never a cure.",
            "It isn't a cure.",
            "It isn’t a cure.",
            "It would NOT, as far as we know, cure you.",
            "Nobody has found a cure.",
            "It costs 4.5 and is not, e.g., a cure.",
            "A cure has not been found.",
        ],
    )
    def test_before_the_match_in_its_sentence_it_turns_block_into_warn(self, text: str) -> None:
        assert rules_found(text) == {"C01 warn"}

    @pytest.mark.parametrize(
        "text",
        [
            "It is a cure, is it not?",
            "This is not only a cure.",
            "It does not just cure you.",
            "We do not joke. It is a cure.",
            "Is that not fine? It is a cure.",
            "We do not joke! It is a cure.",
            "It is “not hype.” It is a cure.",
            "It is unproven [@levi2025]. It is a cure.",
            "It is unproven.[@levi2025] It is a cure.",
            "Nothing but a cure.",
            "A notable cure.",
            "Whether you are young or old, it is a cure.",
            "Without surgeons it is a cure.",
        ],
    )
    def test_elsewhere_it_changes_nothing(self, text: str) -> None:
        assert "C01 block" in rules_found(text)

    @pytest.mark.parametrize(("distance", "level"), [(4, "warn"), (44, "warn"), (45, "warn"), (46, "block")])
    def test_it_reaches_45_characters(self, distance: int, level: str) -> None:
        text = "Well, not " + "x" * (distance - 5) + " cured" if distance > 4 else "Well, not cured"
        assert text.index("cured") - text.index("not") == distance

        assert rules_found(text) == {f"C01 {level}"}

    def test_its_reach_is_counted_as_written(self) -> None:
        assert rules_found("not" + " " * 50 + "cured") == {"C01 block"}
        assert rules_found("not" + "\u00ad" * 50 + " cured") == {"C01 block"}

    def test_marks_of_a_glossary_term_are_not_counted(self) -> None:
        assert rules_found("It will not, in the [[intervertebral-disc-of-the-lumbar-spine|disc]], cure it.") == {
            "C01 warn"
        }
        assert rules_found("It will not, in the intervertebral disc of the lumbar spine, cure it.") == {"C01 block"}

    def test_half_a_word_at_the_edge_is_no_negation(self) -> None:
        text = "a knot " + "x" * 40 + " cured"
        assert text.index("cured") - text.index("not") == 45

        assert rules_found(text) == {"C01 block"}

    def test_a_no_inside_the_match_is_no_negation_of_it(self) -> None:
        assert rules_found("There are no complications.") == {"C06 block"}

    def test_a_warning_stays_a_warning(self) -> None:
        assert rules_found("It is not promising.") == rules_found("It is promising.") == {"C15 warn"}


class TestLetThrough:
    @pytest.mark.parametrize(
        "text",
        [
            "Regenerative medicine is a field.",
            "It holds the title REGENERATIVE MEDICINE ADVANCED THERAPY.",
            "Pain may ease with time.",
        ],
    )
    def test_plain_and_official_words_pass(self, text: str) -> None:
        assert linter.find(text) == []

    def test_a_name_covers_itself_alone(self) -> None:
        assert excerpts("Regenerative medicine cures and regenerates.") == [("C01", "cures"), ("C09", "regenerates")]

    def test_a_match_that_reaches_beyond_the_name_is_found(self) -> None:
        text = "It repairs, as regenerative medicine does, spines: heal by regenerative medicine the spine."

        assert ("C10", "heal by regenerative medicine the spine") in excerpts(text)

    def test_titles_of_sources_pass_where_they_are_named(self) -> None:
        assert linter.find(f"See “{NAME}”.", names=[NAME, ""]) == []
        assert excerpts(f"See “{NAME.upper()}” on cures.", names=[NAME]) == [("C01", "cures")]
        assert rules_found(NAME) == {"C01 block", "C04 block"}


class TestCitation:
    @pytest.mark.parametrize(
        ("text", "rule"),
        [
            ("Most people feel better", "C23"),
            ("It brought 60% improvement", "C24"),
            ("Studies show that it helps", "C25"),
            ("Experts agree on this", "C26"),
        ],
    )
    def test_a_source_behind_it_answers(self, text: str, rule: str) -> None:
        assert rule in {finding.rule for finding in linter.find(f"{text}.")}
        assert linter.find(f"{text} [@levi2025].") == []
        assert linter.find(f"{text}\nafter a year [@levi2025].") == []
        assert linter.find(f"{text}.", is_cited=True) == []
        assert rule in {finding.rule for finding in linter.find(f"[@levi2025] {text}.")}
        assert rule in {finding.rule for finding in linter.find(f"{text}{', and more so' * 12} [@levi2025].")}

    def test_a_source_answers_no_other_rule(self) -> None:
        assert rules_found("It is a cure [@levi2025].", is_cited=True) == {"C01 block"}


QUOTE = "::: quoted-claim\n“A miracle cure.”\n:::\n"


class TestQuotedClaims:
    def test_a_claim_that_is_judged_passes(self) -> None:
        assert linter.find(f"{QUOTE}\n**Verdict:** unproven.\n") == []

    @pytest.mark.parametrize(
        "text",
        [
            QUOTE,
            f"**Verdict:** unproven.\n\n{QUOTE}",
            f"{QUOTE}\nOur verdict: unproven.\n",
            "::: note\nA miracle cure.\n:::\n\n**Verdict:** unproven.\n",
            "::: quoted-claim\nA miracle cure.\n\n**Verdict:** unproven.\n",
        ],
        ids=["no verdict", "verdict before", "no line of its own", "another block", "never closed"],
    )
    def test_without_a_verdict_after_it_it_counts(self, text: str) -> None:
        assert rules_found(text) == {"C01 block", "C04 block"}

    def test_each_quote_needs_a_verdict_of_its_own(self) -> None:
        assert excerpts(f"{QUOTE}\n{QUOTE}\nVerdict: no.\n") == [("C04", "miracle"), ("C01", "cure")]

    def test_what_stands_outside_the_quote_counts(self) -> None:
        assert excerpts(f"{QUOTE}\n**Verdict:** it is a cure.\n") == [("C01", "cure")]


class TestAsRead:
    @pytest.mark.parametrize(
        ("text", "excerpt"),
        [
            ("a mir\u00adacle", "mir\u00adacle"),
            ("a mir\u200bacle", "mir\u200bacle"),
            ("a **mir**acle", "mir**acle"),
            ("a _miracle_", "miracle"),
            ("no  risk", "no  risk"),
            ("no\u00a0risk", "no\u00a0risk"),
            ("no\trisk", "no\trisk"),
            ("no\nrisk", "no\nrisk"),
            ("no\r\nrisk", "no\r\nrisk"),
            ("pain\u2011free", "pain\u2011free"),
            ("pain–free", "pain–free"),
            (r"pain\-free", r"pain\-free"),
            ("pain&#45;free", "pain&#45;free"),
            ("ｃｕｒｅ", "ｃｕｒｅ"),
            ("end [[pain|your pain]]", "end [[pain|your pain"),
        ],
    )
    def test_what_a_visitor_sees_is_found_where_it_stands(self, text: str, excerpt: str) -> None:
        assert [item for _, item in excerpts(text)] == [excerpt]

    @pytest.mark.parametrize("text", ["no\n\nrisk", "- no\n- risk", "no\n## risk", "no\n\n1. risk"])
    def test_paragraphs_and_entries_stay_apart(self, text: str) -> None:
        assert linter.find(text) == []

    def test_a_negation_in_another_paragraph_does_not_reach(self) -> None:
        assert rules_found("We do not\n\ncure") == {"C01 block"}
        assert rules_found("We do not\ncure") == {"C01 warn"}

    @pytest.mark.parametrize(
        "text", ["A cure™", "cureª cure²", "heal a_b c_d e_f g_h disc", "heal **our** [[x-y|big]] &amp; a b disc"]
    )
    def test_the_second_reading_takes_nothing_away(self, text: str) -> None:
        plain = {(rule.id, match.span()) for rule in linter.rules().values() for match in rule.pattern.finditer(text)}

        assert plain <= {(finding.rule, finding.span) for finding in linter.find(text)}


def as_specified(text: str) -> list[tuple[str, str, tuple[int, int]]]:
    """The rules in their plainest form, for texts of one line: an independent second opinion."""
    result = []
    passed = [match.span() for match in re.finditer("regenerative medicine( advanced therapy)?", text, re.IGNORECASE)]
    for rule in linter.rules().values():
        for match in re.finditer(rule.pattern.pattern, text, re.IGNORECASE):
            level = rule.level
            sentence = re.split(r"[.!?]['\"]?\s", text[: match.start()])[-1]
            begin = match.start() - min(len(sentence), 45)
            for negation in re.finditer(r"\b(not|no|cannot|unproven)\b", text[: match.start()], re.IGNORECASE):
                if level == "block" and begin <= negation.start():
                    level = "warn"
            if not any(start <= match.start() and match.end() <= end for start, end in passed):
                result.append((rule.id, level, match.span()))
    return sorted(result, key=lambda item: (item[2], item[0]))


@deepens
def test_plain_lines_get_what_the_rules_say_and_nothing_else() -> None:
    chosen = random.Random(50)
    pool = [
        *(piece for entry in CORPUS["bad"] if entry["text"].isascii() for piece in entry["text"].split()),
        *["not", "no", "cannot", "unproven", "regenerative medicine", "[@levi2025]", "cure.", "proven?", "Safe!"] * 20,
    ]
    for _ in range(depth(100, 4000)):
        text = " ".join(chosen.choice(pool) for _ in range(chosen.randint(1, 40))).replace("_", "-")
        text = re.sub(r"\w+n't\b|\bn(ever|obody|one|or|either)\b", "x", text, flags=re.IGNORECASE)

        found_by_rules = [item for item in linter.find(text) if item.rule.startswith("C")]
        specified = as_specified(text)

        assert [(found_by_rule.rule, found_by_rule.span) for found_by_rule in found_by_rules] == [
            (rule, span) for rule, _, span in specified
        ], text
        # A sober sentence turns a block into a warning; nothing ever turns a warning into a block.
        assert all(
            element.level in (level, "warn") for element, (_, level, _) in zip(found_by_rules, specified, strict=True)
        ), text


HOSTILE = {
    "a match at every word": "cure ",
    "a beginning at every word": "repair a b c d e ",
    "a name at every word": "regenerative medicine ",
    "digits": "1.1",
    "quotes and stops": ".'\"",
    "open links": "[[a|",
    "entities": "&a",
    "backslashes": "\\",
    "invisible characters": "c\u00adu\u00adr\u00ade ",
    "negations": "n't no ",
    "spaces": " ",
    "one word": "w",
    "unclosed comments": "<!--",
    "unclosed quotations": "::: quoted-claim\n",
    "letters set apart": "c.",
    "promises": "our patients never feel pain again ",
}


@deepens
@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_long_hostile_lines_come_back(piece: str) -> None:
    length = depth(40_000, 200_000)
    text = "heal " + (piece * length)[:length] + " cure"

    assert linter.find(text)[-1].rule == "C01"
