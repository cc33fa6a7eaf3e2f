"""The time that is left on a safety case, in its color."""

import datetime
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import Outcome
from consultations.presenters.cases import open_cases
from consultations.services import cases, intake

SATURDAY = datetime.datetime(2026, 11, 28, 17, 0, tzinfo=datetime.UTC)


@pytest.mark.django_db
def test_an_emergency_out_of_hours_is_never_calm(nurse: User, time_machine: Any) -> None:
    """What is left is counted to the next opening: two days on a Saturday."""
    time_machine.move_to(SATURDAY, tick=False)
    for level in (Outcome.EMERGENCY, Outcome.SAME_DAY):
        cases.open_case(response=intake.start(), level=level)
    lines = open_cases(viewer=nurse, now=clock.now(), limit=10).cases
    assert [(line.time.text, line.time.kind) for line in lines] == [("1 day left", "danger"), ("1 day left", "")]
