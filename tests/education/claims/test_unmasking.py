"""Words written to be missed by a search: put back, told, and found where they stand in the text."""

import pytest

from education.claims import linter
from education.claims.unmasking import unmasked


def put_back(text: str) -> str:
    return unmasked(text, range(len(text)))[0]


@pytest.mark.parametrize(
    ("text", "excerpt", "word"),
    [
        ("We c<b></b>ure it.", "c<b></b>ure", "cure"),
        ("We c<!-- x -->ure it.", "c<!-- x -->ure", "cure"),
        ("We сurе it.", "сurе", "cure"),
        ("We ᴄᴜʀᴇ it.", "ᴄᴜʀᴇ", "cure"),
        ("We cüré it.", "cüré", "cure"),
        ("We h34l it.", "h34l", "heal"),
        ("It is gu@r@nt33d.", "gu@r@nt33d", "guaranteed"),
        ("We c-u-r-e it.", "c-u-r-e", "cure"),
        ("We c.u.r.e it.", "c.u.r.e", "cure"),
        ("We c u r e it.", "c u r e", "cure"),
        ("We h❤al it.", "h❤al", "heal"),
    ],
)
def test_it_is_put_back_told_and_placed(text: str, excerpt: str, word: str) -> None:
    hidden = [text[slice(*finding.span)] for finding in linter.find(text) if finding.rule == linter.HIDDEN_WORDING]

    assert word in put_back(text)
    assert hidden == [excerpt]


@pytest.mark.parametrize(
    "text",
    [
        "The discs L5-S1 and L4-5 are worn.",
        "For example, e.g. this one, U.S.A. and N.H.S. too.",
        "TGF-β and IL-1β are growth factors.",
        "Naïve café, Ménière and Schrödinger.",
        "We use a 3.0 T scanner, B12 and Type 1.",
        "Line one<br>line two",
        "A – B — C",
    ],
)
def test_ordinary_writing_stays_as_it_is(text: str) -> None:
    assert [finding for finding in linter.find(text) if finding.rule == linter.HIDDEN_WORDING] == []


def test_letters_apart_may_be_two_words() -> None:
    assert put_back("P A I N F R E E backs") == "PAIN FREE backs"


def test_every_letter_keeps_its_place() -> None:
    text = "no c<b></b>ure here"
    letters, places, _ = unmasked(text, range(len(text)))

    assert letters == "no cure here"
    assert [text[index] for index in places] == list(letters)


@pytest.mark.parametrize("rule", [linter.HIDDEN_WORDING])
def test_it_says_why_and_what_instead(rule: str) -> None:
    assert all(linter.advice(rule))
