"""The time that is left on what cannot wait: never a number of days, however long the clinic is closed."""

import datetime
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import Outcome, RequestStatus
from consultations.presenters.cases import open_cases
from consultations.presenters.formatting import clock_chip, time_left
from consultations.services import cases, intake

SATURDAY = datetime.datetime(2026, 11, 28, 17, 0, tzinfo=datetime.UTC)
MONDAY_AT_NINE = datetime.datetime(2026, 11, 30, 14, 0, tzinfo=datetime.UTC)


@pytest.mark.django_db
def test_a_case_out_of_hours_is_never_calm(nurse: User, time_machine: Any) -> None:
    """What is left is counted to the next opening: two days on a Saturday."""
    time_machine.move_to(SATURDAY, tick=False)
    for level in (Outcome.EMERGENCY, Outcome.SAME_DAY, Outcome.URGENT_REVIEW):
        cases.open_case(response=intake.start(), level=level)
    lines = open_cases(viewer=nurse, now=clock.now(), limit=10).cases
    assert [(str(line.time.text), line.time.kind) for line in lines] == [
        ("Act now: due Monday 30 November, 9 am", "danger"),
        ("Act now: due Monday 30 November, 10:30 am", "danger"),
        ("3 days left", ""),
    ]


@pytest.mark.parametrize(
    ("target", "minutes", "words", "kind"),
    [
        ("EMERGENCY", 30, "30 minutes left", "danger"),
        ("EMERGENCY", -90, "1 hour 30 minutes overdue", "danger"),
        ("SAME_DAY", 120, "2 hours left", "danger"),
        ("EMERGENCY", 5 * 24 * 60, "Due Saturday 5 December, 9 am", "danger"),
        ("SAME_DAY", 5 * 24 * 60, "Due Saturday 5 December, 9 am", ""),
        ("MARKED_TEXT", 5 * 24 * 60, "Due Saturday 5 December, 9 am", ""),
        ("MESSAGE", 5 * 24 * 60, "5 days left", ""),
        ("URGENT_REVIEW", 6 * 60, "6 hours left", "warn"),
    ],
)
def test_what_is_pressing_counts_no_days(target: str, minutes: int, words: str, kind: str) -> None:
    """While the clinic is open its minutes are told; what was put off after a call has a moment."""
    chip = time_left(MONDAY_AT_NINE + datetime.timedelta(minutes=minutes), now=MONDAY_AT_NINE, target=target)
    assert (str(chip.text), chip.kind) == (words, kind)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ({}, "Act now: due Monday 30 November, 9 am"),
        ({"texts_due_at": SATURDAY + datetime.timedelta(hours=4), "texts_risk": None}, "4 hours left"),
        ({"texts_due_at": MONDAY_AT_NINE, "texts_risk": 1}, "Act now: due Monday 30 November, 9 am"),
    ],
    ids=["a danger", "a message first", "words about danger"],
)
@pytest.mark.django_db
def test_a_request_in_the_list_is_never_calm(make_request: Any, texts: dict[str, Any], words: str) -> None:
    consultation_request = make_request(
        status=RequestStatus.RECEIVED, outcome=Outcome.EMERGENCY, submitted_at=SATURDAY, due_at=MONDAY_AT_NINE, **texts
    )
    assert str(clock_chip(consultation_request, now=SATURDAY).text) == words
