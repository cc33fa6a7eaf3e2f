"""The second layer of the claims rules: what it finds and lets pass, measured on sentences written by others."""

import json
from pathlib import Path

import pytest

from education.claims import linter, overclaims, word_weights

DATA = Path(__file__).parents[1] / "data"
# Both halves of the first two are taught from. Of the third (`_3`) the half `held_back` was seen by nobody who wrote a
# list, and was taught to nothing: what it shows is how the rules do on words unknown to them.
OVER_CLAIMS = json.loads((DATA / "over_claims.json").read_text(encoding="utf-8"))
HONEST = json.loads((DATA / "honest_sentences.json").read_text(encoding="utf-8"))
OVER_CLAIMS_3 = json.loads((DATA / "over_claims_3.json").read_text(encoding="utf-8"))
HONEST_3 = json.loads((DATA / "honest_sentences_3.json").read_text(encoding="utf-8"))
OWN = json.loads((DATA / "wording_own.json").read_text(encoding="utf-8"))


def level(text: str) -> str:
    levels = {finding.level for finding in linter.find(text)}
    return "block" if "block" in levels else "warn" if levels else ""


def second(text: str) -> set[str]:
    """The kinds of promises found, with their level."""
    return {f"{finding.rule} {finding.level}" for finding in linter.find(text) if finding.rule.startswith("O")}


@pytest.mark.parametrize(("half", "share", "blocked"), [("dev", 0.99, 0.98), ("held_back", 0.94, 0.88)])
def test_over_claims_of_clinics_are_found(half: str, share: float, blocked: float) -> None:
    levels = [level(entry["text"]) for entry in OVER_CLAIMS[half]]

    assert len(levels) == 150
    assert sum(bool(item) for item in levels) / 150 >= share
    assert levels.count("block") / 150 >= blocked


@pytest.mark.parametrize(("half", "share"), [("dev", 0.0), ("held_back", 0.01)])
def test_honest_sentences_are_not_blocked(half: str, share: float) -> None:
    stopped = [entry["text"] for entry in HONEST[half] if level(entry["text"]) == "block"]

    assert len(HONEST[half]) == 150
    assert len(stopped) / 150 <= share


@pytest.mark.parametrize(("half", "share", "blocked"), [("dev", 0.96, 0.9), ("held_back", 0.92, 0.84)])
def test_over_claims_of_the_third_set_are_found(half: str, share: float, blocked: float) -> None:
    levels = [level(entry["text"]) for entry in OVER_CLAIMS_3[half]]

    assert len(levels) == 300
    assert sum(bool(item) for item in levels) / 300 >= share
    assert levels.count("block") / 300 >= blocked


def test_a_fourth_round_read_once_when_all_was_done() -> None:
    """100 of each, by another writer; nothing was taught from them."""
    claimed, honest = (
        [level(text) for text in json.loads((DATA / f"{name}_4.json").read_text(encoding="utf-8"))]
        for name in ("over_claims", "honest_sentences")
    )
    assert len(claimed) - claimed.count("") >= 96
    assert claimed.count("block") >= 92
    assert honest.count("block") <= 2


@pytest.mark.parametrize(("half", "stopped", "warned"), [("dev", 0.01, 0.22), ("held_back", 0.055, 0.24)])
def test_honest_sentences_of_the_third_set_are_not_blocked(half: str, stopped: float, warned: float) -> None:
    levels = [level(entry["text"]) for entry in HONEST_3[half]]

    assert len(levels) == 300
    assert levels.count("block") / 300 <= stopped
    assert sum(bool(item) for item in levels) / 300 <= warned


def test_our_own_sentences_of_both_sorts() -> None:
    bad = [level(entry["text"]) for entry in OWN["over_claims"]]
    good = [level(entry["text"]) for entry in OWN["honest_sentences"]]

    assert len(bad) == 328
    assert len(good) == 275
    assert sum(bool(item) for item in bad) / len(bad) >= 0.94
    assert bad.count("block") / len(bad) >= 0.9
    assert good.count("block") / len(good) <= 0.02


def test_every_kind_says_why_and_what_instead_and_has_signs() -> None:
    assert list(overclaims.kinds()) == [f"O{number:02}" for number in range(1, 14)]
    assert all(kind.why.endswith(".") and kind.instead.endswith(".") for kind in overclaims.kinds().values())
    assert {sign.kind for sign in overclaims.signs()} - {""} == set(overclaims.kinds()) - {word_weights.KIND}


@pytest.mark.parametrize("kind", overclaims.kinds())
def test_advice_reaches_the_staff_forms(kind: str) -> None:
    assert linter.advice(kind) == (overclaims.kinds()[kind].why, overclaims.kinds()[kind].instead)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("O01", "Our cells mend worn discs."),
        ("O02", "You can count on it, whatever your age."),
        ("O03", "Side effects? None."),
        ("O04", "Why go under the knife when a needle will do?"),
        ("O05", "The ministry has endorsed our clinic."),
        ("O06", "“I walked out without a stick, and I feel twenty years younger.”"),
        ("O07", "Prices go up on Monday, so reserve a place."),
        ("O08", "Olympic champions trust our clinic."),
        ("O09", "Nobody treats more backs than we do."),
        ("O10", "The drug companies do not want you to know."),
        ("O11", "Wave goodbye to sciatica."),
    ],
)
def test_each_kind_is_blocked(kind: str, text: str) -> None:
    assert f"{kind} block" in second(text)


class TestCitation:
    def test_a_benefit_near_cells_needs_a_source(self) -> None:
        assert second("The cells relieve an ache.") == {"O12 warn"}
        assert second("The cells relieve an ache [@levi2025].") == set()
        assert linter.find("The cells relieve an ache.", is_cited=True) == []

    def test_a_source_makes_no_other_promise_good(self) -> None:
        assert second("Our cells mend worn discs [@levi2025].") == {"O01 block"}


def test_care_for_a_person_is_no_benefit() -> None:
    assert linter.find("We will try to call you by noon, to check that you are safe.") == []


class TestRestraint:
    @pytest.mark.parametrize(
        "text",
        [
            "The cells do not mend worn discs.",
            "Nobody has shown that the cells mend worn discs.",
            "Do the cells mend worn discs?",
            "Trials have not shown that the cells mend worn discs.",
            "Beware of a clinic that says that its cells mend worn discs.",
            "In mice, cells have mended worn discs; whether this happens in people is unknown.",
        ],
    )
    def test_a_sober_sentence_is_not_blocked(self, text: str) -> None:
        assert level(text) != "block"

    @pytest.mark.parametrize(
        "text",
        [
            "Our cells do not only mend worn discs, they make them young again.",
            "Our cells don't just mend worn discs.",
            "Whether you are young or old, our cells mend worn discs.",
            "Without surgeons our cells mend worn discs.",
            "It is a cure, is it not?",
            "Without surgeons it is a cure.",
            "Whether you are young or old, it is a cure.",
        ],
    )
    def test_words_that_hold_nothing_back_do_not_help(self, text: str) -> None:
        assert level(text) == "block"

    def test_it_reaches_its_own_sentence_alone(self) -> None:
        assert level("Trials are under way. Our cells mend worn discs.") == "block"
        assert level("# Trials are under way\n\nOur cells mend worn discs") == "block"

    def test_it_turns_a_block_of_the_first_layer_into_a_warning(self) -> None:
        text = "The researchers hoped for a cure."

        assert [(finding.rule, finding.level) for finding in linter.find(text)] == [("C01", "warn")]

    def test_not_where_the_sober_words_are_what_was_found(self) -> None:
        assert [finding.level for finding in linter.find("Studies prove it.")] == ["block"]


def test_the_place_is_that_of_the_promise() -> None:
    text = "We are here. **Our cells** mend\nworn discs. It is raining."
    places = {finding.rule: text[slice(*finding.span)] for finding in linter.find(text)}

    assert places["O01"] == "Our cells** mend\nworn discs"


def test_what_the_rules_found_is_not_said_twice() -> None:
    assert [finding.rule for finding in linter.find("It is a cure.")] == ["C01"]
