"""Several things in one sentence."""

import pytest

from clinic.core.text_lists import and_list, comma_list, or_list, paragraph, semicolon_list


@pytest.mark.parametrize(
    ("items", "anded", "ored"),
    [
        ([], "", ""),
        (["a"], "a", "a"),
        (["a", "b"], "a and b", "a or b"),
        (["a", "b", "c"], "a, b and c", "a, b or c"),
    ],
)
def test_lists(items: list[str], anded: str, ored: str) -> None:
    assert and_list(items) == anded
    assert or_list(iter(items)) == ored


def test_lines() -> None:
    assert comma_list(["a", 2, "c"]) == "a, 2, c"
    assert semicolon_list(["a, b", "c"]) == "a, b; c"
    assert comma_list([]) == semicolon_list([]) == ""


def test_sentences_stand_one_after_the_other_without_those_that_are_empty() -> None:
    assert paragraph(["It is late.", "", "Call now."]) == "It is late. Call now."
    assert paragraph([]) == ""
