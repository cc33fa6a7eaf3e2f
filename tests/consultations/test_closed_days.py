"""Before a date is closed, whoever runs the clinic reads whose visits stand on it."""

import datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from consultations.enums import RequestStatus
from tests.personas import book_directly

pytestmark = pytest.mark.django_db
MONDAY = datetime.datetime(2026, 11, 23, 15, 0, tzinfo=datetime.UTC)
LATE_ON_TUESDAY = datetime.datetime(2026, 11, 25, 2, 0, tzinfo=datetime.UTC)
"""Nine in the evening in New York: Wednesday by UTC."""


@pytest.fixture(autouse=True)
def monday(time_machine: Any, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    time_machine.move_to(MONDAY, tick=False)
    settings.DEBUG = False


def test_names_the_visits_of_the_clinics_day(make_request: Any, clinician: Any) -> None:
    visit = book_directly(make_request(status=RequestStatus.BOOKED), clinician, LATE_ON_TUESDAY)
    said = StringIO()
    with pytest.raises(CommandError, match=r"^1 visit is booked on these dates. Move or cancel each"):
        call_command("closed_days", "2026-11-24", "2026-12-25", stdout=said, stderr=StringIO())
    assert said.getvalue() == f"{visit.consultation_request.reference}  Tuesday 24 November, 9 pm\n"


def test_a_day_without_any_may_be_closed(make_request: Any, clinician: Any) -> None:
    book_directly(make_request(status=RequestStatus.BOOKED), clinician, LATE_ON_TUESDAY)
    said = StringIO()
    call_command("closed_days", "2026-11-25", stdout=said, stderr=StringIO())
    assert said.getvalue() == "Nobody is booked on these dates.\n"


def test_what_is_no_date_is_refused() -> None:
    with pytest.raises(CommandError, match=r"^Christmas is no date. Write it like 2026-12-24.$"):
        call_command("closed_days", "Christmas", stderr=StringIO())
