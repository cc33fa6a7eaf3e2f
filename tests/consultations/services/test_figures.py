"""The figures that /metrics tells of requests, dangers and visits."""

from datetime import timedelta
from typing import Any

import pytest
from prometheus_client.core import Metric

from clinic.accounts.models import User
from consultations.enums import Outcome, RequestStatus
from consultations.models import Clinician, ConsultationRequest
from consultations.services import cases, figures
from tests.consultations.services.test_cases import open_case
from tests.personas import MONDAY_MORNING, MakeRequest, book_directly


@pytest.fixture(autouse=True)
def _on_monday(time_machine: Any) -> None:
    time_machine.move_to(MONDAY_MORNING, tick=False)


def told(metrics: Any) -> dict[str, dict[str, float]]:
    """Name -> label -> figure, without what is 0."""
    found: dict[str, dict[str, float]] = {}
    metric: Metric
    for metric in metrics:
        found[metric.name] = {
            next(iter(sample.labels.values()), ""): sample.value for sample in metric.samples if sample.value
        }
    return found


def test_open_requests_by_outcome_with_the_oldest_and_the_overdue(make_request: MakeRequest, time_machine: Any) -> None:
    make_request(outcome=Outcome.URGENT_REVIEW)
    time_machine.shift(timedelta(hours=1))
    make_request(outcome=Outcome.URGENT_REVIEW)
    make_request(status=RequestStatus.CANCELLED)
    make_request(due_at=MONDAY_MORNING + timedelta(hours=2))
    time_machine.shift(timedelta(hours=3))
    assert told(figures.requests()) == {
        "clinic_requests_open": {"URGENT_REVIEW": 2, "LIKELY_SUITABLE": 1},
        "clinic_requests_oldest_seconds": {"URGENT_REVIEW": 4 * 3600, "LIKELY_SUITABLE": 3 * 3600},
        "clinic_requests_overdue": {"LIKELY_SUITABLE": 1},
        "clinic_requests_by_status": {"received": 3},
    }


def test_dangers_that_nobody_has_taken_on(nurse: User, time_machine: Any) -> None:
    first, _second = open_case(Outcome.EMERGENCY), open_case(Outcome.SAME_DAY)
    time_machine.shift(timedelta(minutes=20))
    open_case(Outcome.SAME_DAY)
    cases.acknowledge(case=first, by=nurse)
    said = told(figures.dangers())
    assert said["clinic_dangers_unacknowledged"] == {"SAME_DAY": 2}
    assert said["clinic_dangers_oldest_seconds"] == {"SAME_DAY": 1200}
    assert said["clinic_texts_unread"] == {}


def test_visits_ahead_and_what_a_day_brought(
    alice: ConsultationRequest, bob: ConsultationRequest, clinician: Clinician, time_machine: Any
) -> None:
    book_directly(alice, clinician, MONDAY_MORNING + timedelta(days=3))
    book_directly(bob, clinician, MONDAY_MORNING + timedelta(days=4))
    assert told(figures.bookings()) == {
        "clinic_bookings_ahead": {"": 2},
        "clinic_bookings_made_last_day": {"": 2},
        "clinic_bookings_cancelled_last_day": {},
        "clinic_requests_received_last_day": {"": 2},
    }
    time_machine.shift(timedelta(days=3, hours=1))
    assert told(figures.bookings()) == {
        "clinic_bookings_ahead": {"": 1},
        "clinic_bookings_made_last_day": {},
        "clinic_bookings_cancelled_last_day": {},
        "clinic_requests_received_last_day": {},
    }
