"""Whatever happens to visits in whatever order, the rows stay true; and without one guard the machine finds it out."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from consultations.services import calendar_entries
from tests.depth import IS_DEEP, deepens, depth
from tests.storms.guards import blind, guard
from tests.visits.machine import MONDAY, Clinic, machine

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic(make_request: Any, time_machine: Any) -> Clinic:
    time_machine.move_to(MONDAY, tick=False)
    return Clinic(make_request)


def run(clinic: Clinic, *, runs: int, steps: int, **more: bool) -> None:
    """SHRINK=1 looks for the shortest way to what was found, which takes minutes."""
    tried = settings(
        max_examples=runs, stateful_step_count=steps, deadline=None, database=None, derandomize=not IS_DEEP,
        suppress_health_check=list(HealthCheck), print_blob=True,
        phases=(Phase.generate, Phase.shrink) if os.environ.get("SHRINK") else (Phase.generate,),
    )  # fmt: skip
    run_state_machine_as_test(machine(clinic, **more), settings=tried)


@deepens
def test_no_order_of_events_leads_to_an_illegal_state(clinic: Clinic) -> None:
    run(clinic, runs=int(os.environ.get("RUNS") or depth(3, 300)), steps=depth(20, 60))


# --- Controls: one guard less, and the machine says what is wrong ---------------------------------------------------


@contextmanager
def no_guard() -> Iterator[None]:
    """Services that see nothing on a database without its rules; the transaction of the test brings them back."""

    def execute(statement: str, params: Any = ()) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    editor = SimpleNamespace(connection=connection, execute=execute)
    guard.drop_guard(**guard.RESOURCES)(None, editor)
    guard.drop_guard(**guard.PERSONS)(None, editor)
    execute("DROP INDEX one_live_appointment_per_start")
    with blind():
        yield


def without(place: Any, name: str) -> Any:
    return mock.patch.object(place, name, return_value=None)


CONTROLS = {
    "is taken twice": no_guard,
    "its number went from": lambda: without(calendar_entries, "count_change"),
}


@pytest.mark.parametrize("found", list(CONTROLS) if IS_DEEP else ["is taken twice"])
@deepens
def test_control_without_one_guard_it_is_found(clinic: Clinic, found: str) -> None:
    with CONTROLS[found](), pytest.raises(AssertionError, match=found):
        run(clinic, runs=100, steps=40, compares_free=CONTROLS[found] is not no_guard)
