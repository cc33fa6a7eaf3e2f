"""A delay that grows with each try, and ends."""

import datetime
from typing import Any

import pytest

from clinic.core import delays
from clinic.core.delays import GrowingDelay
from tests.personas import MONDAY_MORNING

pytestmark = pytest.mark.django_db
SHORT = GrowingDelay(free=2, longest=5)


@pytest.fixture(autouse=True)
def monday_morning(time_machine: Any) -> None:
    time_machine.move_to(MONDAY_MORNING, tick=False)


def waits(count: int, time_machine: Any) -> list[int]:
    """How long each further try has to wait, when each is made as soon as it may be."""
    seen = []
    for _ in range(count):
        wait = delays.claim("one", SHORT).wait
        seen.append(wait)
        if wait:
            time_machine.shift(wait)
            delays.claim("one", SHORT)
    return seen


def test_the_wait_doubles_up_to_the_longest(time_machine: Any) -> None:
    assert waits(7, time_machine) == [0, 0, 1, 2, 4, 5, 5]


def test_a_try_that_comes_too_early_is_not_counted() -> None:
    for _ in range(50):
        claim = delays.claim("one", SHORT)
    assert (claim.wait, claim.tries) == (1, 2)


def test_another_key_has_its_own_count() -> None:
    for _ in range(9):
        delays.claim("one", SHORT)
    assert delays.claim("two", SHORT).wait == 0


def test_a_right_try_is_taken_back_and_those_before_it_stay() -> None:
    delays.claim("one", SHORT)
    delays.claim("one", SHORT)
    delays.forgive("one")
    assert delays.claim("one", SHORT).tries == 2
    delays.forgive("one", all_of_them=True)
    assert delays.claim("one", SHORT).tries == 1


def test_a_clock_that_was_put_back_holds_nobody(time_machine: Any) -> None:
    for _ in range(3):
        delays.claim("one", SHORT)
    time_machine.shift(-datetime.timedelta(days=2))
    assert delays.claim("one", SHORT).wait == 0
