"""Slips: by letters, by sound, and right words that are left as they are."""

import pytest

from clinic.core.misspellings import Speller

SPELLER = Speller(
    spellings={"num": "numb"},
    vocabulary={"foot", "chest", "dragging", "leg", "numbness", "incontinence"},
    key_words=["chest", "numbness", "incontinence", "suicidal", "bleeding"],
    other_words=["breeding", "number"],
)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("num", "numb"),
        ("numbnes", "numbness"),
        ("nunbness", "numbness"),
        ("incontinanse", "incontinence"),
        ("sewicidal", "suicidal"),
        ("chset", "chest"),
        ("chesst", "chest"),
        ("foots", "foot"),
        ("draggin", "dragging"),
    ],
)
def test_a_slip_is_taken_for_what_is_meant(typed: str, meant: str) -> None:
    assert SPELLER.spelled(typed) == meant


@pytest.mark.parametrize("word", ["breeding", "number", "dumbness", "le", "c" * 30, "grüße", "38", "cheat"])
def test_another_word_is_left_as_it_is(word: str) -> None:
    assert SPELLER.spelled(word) == word
