"""Several things in one sentence."""

import pytest

from clinic.core.text_lists import and_list, comma_list, or_list, semicolon_list


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
