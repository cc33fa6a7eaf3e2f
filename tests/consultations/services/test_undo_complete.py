"""What was recorded of a visit is taken back on the same day, while its time is still there."""

import datetime
from typing import Any

import pytest
from django.test import Client

from clinic.core.models import OutboxMessage
from clinic.core.refusals import WrongStatus
from consultations.enums import AppointmentStatus, RequestStatus
from consultations.models import Appointment, Occupation
from consultations.presenters.action_panel import action_panel
from tests.consultations.admin.conftest import page_of, text_of
from tests.consultations.perform import perform
from tests.consultations.services.conftest import NOW, Desk
from tests.database_snapshot import all_rows
from tests.personas import at, book_directly, open_privately

pytestmark = pytest.mark.django_db
MINUTE = datetime.timedelta(minutes=1)
BOTH = pytest.mark.parametrize(
    ("verb", "undo"), [("complete", "undo_complete"), ("mark_no_show", "undo_no_show")], ids=["complete", "no-show"]
)


def offered(consultation_request: Any, by: Any) -> set[str]:
    consultation_request.refresh_from_db()
    return {action.name for action in action_panel(consultation_request, by=by).actions}


@BOTH
def test_it_is_as_before_and_nobody_is_written_to(desk: Desk, verb: str, undo: str, sign_in: Any) -> None:
    consultation_request = desk.request(RequestStatus.BOOKED)
    occupied = Occupation.objects.order_by("resource", "person").values_list(
        "resource", "person", "starts_at", "ends_at"
    )
    before = list(occupied)
    perform(verb, consultation_request, by=desk.doctor)
    assert not Occupation.objects.exists()
    assert undo in offered(consultation_request, desk.doctor)
    assert "can be undone until midnight" in text_of(sign_in(desk.doctor).get(page_of(consultation_request)))
    for _ in range(2):
        perform(undo, consultation_request, by=desk.doctor)
    consultation_request.refresh_from_db()
    assert consultation_request.status == RequestStatus.BOOKED
    assert Appointment.objects.get(consultation_request=consultation_request).status == AppointmentStatus.BOOKED
    assert list(occupied) == before
    # What was queued for the next morning is not wanted then (`test_offers.py`).
    queued = OutboxMessage.objects.filter(subject__consultation_request=consultation_request)
    assert not queued.filter(send_at__lt=NOW + datetime.timedelta(hours=12)).exists()
    assert {"complete", "mark_no_show"} <= offered(consultation_request, desk.doctor)
    patient = Client()
    open_privately(patient, consultation_request)
    assert "your consultation is booked" in patient.get(at(patient)).content.decode()


@BOTH
def test_on_the_next_day_it_is_too_late(desk: Desk, verb: str, undo: str, time_machine: Any) -> None:
    consultation_request = desk.request(RequestStatus.BOOKED)
    perform(verb, consultation_request, by=desk.doctor)
    last_minute = datetime.datetime(2026, 11, 24, 4, 59, tzinfo=datetime.UTC)
    time_machine.move_to(last_minute, tick=False)
    assert undo in offered(consultation_request, desk.doctor)
    time_machine.move_to(last_minute + MINUTE, tick=False)
    assert undo not in offered(consultation_request, desk.doctor)
    before = all_rows()
    with pytest.raises(WrongStatus, match="only on the day it was recorded"):
        perform(undo, consultation_request, by=desk.doctor)
    assert all_rows() == before


@BOTH
def test_not_over_the_visit_of_somebody_else(desk: Desk, verb: str, undo: str) -> None:
    """It was over early, and the rest of its time was booked."""
    consultation_request = desk.request(RequestStatus.BOOKED)
    perform(verb, consultation_request, by=desk.doctor)
    book_directly(desk.make_request(status=RequestStatus.BOOKED), desk.clinician, NOW + MINUTE)
    before = all_rows()
    with pytest.raises(WrongStatus, match="Somebody else has taken a part of that time"):
        perform(undo, consultation_request, by=desk.doctor)
    assert all_rows() == before


def test_one_is_not_undone_by_the_button_of_the_other(desk: Desk) -> None:
    consultation_request = desk.request(RequestStatus.BOOKED)
    perform("complete", consultation_request, by=desk.doctor)
    before = all_rows()
    with pytest.raises(WrongStatus, match="no longer possible"):
        perform("undo_no_show", consultation_request, by=desk.doctor)
    assert all_rows() == before
