"""Patterns over words: the language, where they are found, and what reading costs at worst."""

import pytest

from clinic.core.word_patterns import MOST_FOUND, PatternBook, Text, find_spans

CLASSES = {"leg": "leg|foot|both feet", "weak": "weak*|gives way"}


def places(pattern: str, text: str) -> list[str]:
    book = PatternBook(CLASSES)
    compiled = book.pattern(pattern)
    words = text.split()
    return [" ".join(words[first : last + 1]) for first, last in find_spans(compiled, Text(words, book))]


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("chest pain", "chest pain now", ["chest pain"]),
        ("chest pain", "chest and pain", []),
        ("chest ~1 pain", "chest and pain", ["chest and pain"]),
        ("chest ~1 pain", "chest . pain", []),
        ("chest ~2 pain", "chest pain and chest a b pain", ["chest pain", "chest a b pain"]),
        ("leg & weak", "weak left leg . leg so weak", ["weak left leg", "leg so weak"]),
        ("<leg> ~2 <weak>", "both feet are weaker . foot gives way", ["both feet are weaker", "foot gives way"]),
        ("(cant|not able to) pee", "not able to pee . cant pee", ["not able to pee", "cant pee"]),
        ("go (right )?away", "go away . go right away", ["go away", "go right away"]),
        ("guns? ~1 head", "guns head . gun my head", ["guns head", "gun my head"]),
        ("suicid*", "suicidal suicide suicid sui", ["suicidal", "suicide", "suicid"]),
        ("give up $", "give up on it . i give up", ["give up"]),
        ("give up $", "give up . then", ["give up"]),
        ("((a|b c) d|e)", "b c d . e", ["b c d", "e"]),
    ],
)
def test_a_pattern_is_found_where_it_stands(pattern: str, text: str, expected: list[str]) -> None:
    assert places(pattern, text) == expected


@pytest.mark.parametrize("pattern", ["(a|b", "a)", "", "a & ", "a.b", "A"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"pattern|bracket"):
        PatternBook({}).pattern(pattern)


def test_a_class_that_is_not_there_is_refused() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        PatternBook({}).pattern("<nowhere> pain")


@pytest.mark.parametrize("word", ["a", "b", "a b", "b a a"])
def test_no_text_makes_reading_slow(word: str) -> None:
    """Steps follow from the pattern: ten times the text costs the same, but for the halves of finding a first place."""
    book = PatternBook({})
    pattern = book.pattern("(a|a a|a b)? ~7 (a|b ~7 a) ~7 (b|a b) ~7 zebra")
    steps = []
    for times in (100, 1000, 10_000):
        text = Text([*(word.split() * times), "zebra"], book)
        assert len(list(find_spans(pattern, text))) <= MOST_FOUND
        steps.append(text.steps)
    assert max(steps) <= 2000
    assert steps[2] <= steps[0] * 3


def test_no_pattern_is_told_of_without_end() -> None:
    assert len(places("a", "a . " * 500)) == MOST_FOUND


def test_a_pattern_whose_words_are_missing_is_not_tried() -> None:
    book = PatternBook({})
    pattern = book.pattern("(chest|heart of) ~3 (pain|a weight)")
    text = Text(["a", "long", "note", "about", "parking", "with", "pain"], book)
    assert list(find_spans(pattern, text)) == []
    assert text.steps == 0
