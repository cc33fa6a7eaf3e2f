"""Several things in one sentence."""

import pytest

from clinic.core.text_lists import and_list, or_list


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
