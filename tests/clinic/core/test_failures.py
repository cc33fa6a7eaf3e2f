"""What is said of a failure names its kind and place, and one row that fails keeps no other from its turn."""

import pytest

from clinic.core.failures import SomeFailed, name_of, one_by_one


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("even its words fail")


def test_a_failure_is_named_by_kind_and_place_without_its_words() -> None:
    with pytest.raises(UnicodeEncodeError) as caught:
        "sécrète".encode("ascii")
    assert name_of(caught.value).startswith("UnicodeEncodeError at test_failures.py:")
    assert "crète" not in name_of(caught.value)
    assert name_of(Unspeakable()) == "Unspeakable"


@pytest.mark.parametrize(
    "error",
    [ValueError("alice"), RecursionError(), MemoryError(), Unspeakable()],
    ids=lambda error: type(error).__name__,
)
def test_the_rest_have_their_turn_and_the_failed_are_named_by_number(error: Exception) -> None:
    done = []

    def act(key: int) -> bool:
        if key % 2:
            raise error
        done.append(key)
        return True

    with pytest.raises(SomeFailed, match=r"^page 1: \w+ at test_failures\.py:\d+; page 3: [^;]+$") as caught:
        one_by_one([1, 2, 3, 4], act, what="page")
    assert done == [2, 4]
    assert "alice" not in str(caught.value)
    assert one_by_one([2, 4], act, what="page") == 2


def test_of_many_the_first_five_are_named() -> None:
    with pytest.raises(SomeFailed, match=r"page 5: .* and 2 more$"):
        one_by_one(range(1, 8), lambda key: 1 // 0, what="page")
