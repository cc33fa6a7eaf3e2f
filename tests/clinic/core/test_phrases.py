"""Lists of phrases as data: the little language, and a text as words with their places."""

import pytest

from clinic.core.phrases import classes_of, compiled, read


def matches(line: str, text: str, **words: str) -> list[str]:
    """What a line of a list finds in a text, as it stands there."""
    reading = read(text)
    return [
        text[slice(*reading.span(first, last))]
        for pattern in compiled(line, classes_of(words))
        for first, last in reading.find(pattern)
    ]


@pytest.mark.parametrize(
    ("line", "text", "places"),
    [
        ("no risk", "There is No  Risk.", ["No  Risk"]),
        ("no risk", "There is no real risk.", []),
        ("no ~1 risk", "There is no real risk, no risk.", ["no real risk", "no risk"]),
        ("no ~1 risk", "No very real risk.", []),
        ("no ~1 risk", "Say no. Risk it.", []),
        ("no risk", "A no-risk offer: no, risk it.", ["no-risk", "no, risk"]),
        ("leg & weak", "My leg is weak. A weak leg.", ["leg is weak", "weak leg"]),
        (r"heal\w*", "Healing heals; I reheal.", ["Healing", "heals"]),
        ("cant feel", "I can’t feel it, i can't  feel", ["can’t feel", "can't  feel"]),
        ("cafe", "A Café, a cafe\u0301, a ｃａｆｅ", ["Café", "cafe\u0301", "ｃａｆｅ"]),
        ("cure", "a cu\u00adre", ["cu\u00adre"]),
        ("100", "100% and 1000", ["100"]),
    ],
)
def test_a_line_finds_words_where_they_stand(line: str, text: str, places: list[str]) -> None:
    assert matches(line, text) == places


def test_classes_may_use_those_before_them() -> None:
    assert matches("<all> hurts", "My leg hurts, my arm hurts.", limb="arm|leg", all="<limb>|back") == [
        "leg hurts",
        "arm hurts",
    ]


def test_an_unknown_class_is_an_error() -> None:
    with pytest.raises(KeyError, match="limb"):
        list(compiled("<limb> hurts", {}))


def test_a_text_without_words_has_none() -> None:
    assert read("").words == []
    assert read(" … ").words == []
