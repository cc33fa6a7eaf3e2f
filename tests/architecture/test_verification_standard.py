"""The table of the verification standard in `docs/security.md`: each row names tests that exist, or says why not."""

import re

import pytest

from tests.architecture.test_docs import DOCS, named_test_is_there, proofs_named_in

TEXT = (DOCS / "security.md").read_text()
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in re.findall(r"(?m)^\| v5\.0\.0.*\|$", TEXT)]
REASON = re.compile(r"\*\*(Not yet|Not here|Deviates):\*\* \S.{20,}")
NOT_YET_BY_ITSELF: set[str] = set()
"""Rows that nothing shows yet, by their first number. Whoever builds it takes the number out and names the test."""


def first(row: list[str]) -> str:
    return row[0].split()[0].removeprefix("v5.0.0-")


def test_every_row_is_there_once_under_whole_numbers() -> None:
    numbers = [number for row in ROWS for number in row[0].split()]
    assert len(ROWS) == 69
    assert [number for number in numbers if not re.fullmatch(r"v5\.0\.0-\d+\.\d+\.\d+", number)] == []
    assert len(numbers) == len(set(numbers))
    assert [row for row in ROWS if len(row) != 3 or not row[1].endswith(".")] == []


def test_every_named_test_exists() -> None:
    named = sorted({proof for row in ROWS for proof in proofs_named_in(row[2])})
    assert len(named) > 90
    assert [proof for proof in named if not named_test_is_there(*proof)] == []


def test_every_row_names_a_test_or_a_reason() -> None:
    bare = {first(row) for row in ROWS if not proofs_named_in(row[2])}
    assert bare == NOT_YET_BY_ITSELF
    assert [first(row) for row in ROWS if first(row) in bare and not REASON.search(row[2])] == []


@pytest.mark.parametrize("words", ["**Not yet:** soon", "Not yet: nobody has built the page for it", "**Later:** no"])
def test_a_reason_says_something(words: str) -> None:
    assert not REASON.search(words)
