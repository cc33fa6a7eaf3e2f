"""Visits that overlap, told before the database refuses to make one person of two; and an appointment that is moved."""

import datetime
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import clock
from consultations import ics
from consultations.enums import RequestStatus
from consultations.models import Clinician, ConsultationRequest, Occupation, PersonJoin, SlotHold
from consultations.services import calendar_entries, occupation, persons
from tests.consultations.services.conftest import TOMORROW_AT_NINE, Desk
from tests.personas import MakeRequest, book_directly, make_patient

MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def colleague(desk: Desk, other_doctor: User) -> Clinician:
    return Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")


@pytest.fixture
def two(desk: Desk, make_request: MakeRequest, colleague: Clinician) -> tuple[ConsultationRequest, ConsultationRequest]:
    """A request with a time that is held at nine, and one with a visit of a colleague half an hour later."""
    held = desk.make_request(
        status=RequestStatus.OFFERED, appointment_type=desk.visit, patient=make_patient("Marta Quill")
    )
    desk.hold(held)
    booked = make_request(status=RequestStatus.BOOKED, patient=make_patient("Martha Quill"))
    book_directly(booked, colleague, TOMORROW_AT_NINE + 30 * MINUTE)
    return held, booked


class TestOverlappingVisits:
    def test_a_time_that_is_held_counts(self, two: tuple[ConsultationRequest, ConsultationRequest]) -> None:
        held, booked = two
        pairs = occupation.overlapping_visits([held.patient, booked.patient])
        assert pairs == [(held.slot_hold, booked.appointments.get())]

    def test_none_of_one_row_and_none_that_only_touch(
        self, two: tuple[ConsultationRequest, ConsultationRequest]
    ) -> None:
        held, booked = two
        assert occupation.overlapping_visits([held.patient]) == []
        booked.appointments.update(
            starts_at=TOMORROW_AT_NINE + 40 * MINUTE, ends_at=TOMORROW_AT_NINE + 80 * MINUTE, buffer_before_minutes=30
        )
        assert occupation.overlapping_visits([held.patient, booked.patient]) == []

    def test_joining_is_refused_with_both_named(
        self, two: tuple[ConsultationRequest, ConsultationRequest], nurse: User
    ) -> None:
        held, booked = two
        text = f"request {held.reference} .*9 am.* and request {booked.reference} .*9:30 am"
        with pytest.raises(persons.VisitsOverlap, match=text):
            persons.join(patient=held.patient, other=booked.patient, reason="One caller.", by=nurse)
        assert not PersonJoin.objects.exists()

    def test_a_hold_that_ran_out_ends_with_the_join(
        self, two: tuple[ConsultationRequest, ConsultationRequest], nurse: User, time_machine: Any
    ) -> None:
        held, booked = two
        time_machine.shift(11 * MINUTE)
        assert persons.join(patient=held.patient, other=booked.patient, reason="One caller.", by=nurse) is True
        assert not SlotHold.objects.exists()

    def test_from_then_on_the_visits_are_of_one_person_and_of_two_when_taken_apart(
        self, two: tuple[ConsultationRequest, ConsultationRequest], nurse: User, time_machine: Any
    ) -> None:
        held, booked = two
        time_machine.shift(11 * MINUTE)
        persons.join(patient=held.patient, other=booked.patient, reason="One caller.", by=nurse)
        whose = Occupation.objects.filter(person__isnull=False).values_list("person", flat=True)
        assert list(whose) == [held.patient.own_person_id]
        persons.separate(patient=booked.patient, reason="Two callers.", by=nurse)
        assert list(whose.all()) == [booked.patient.own_person_id]


class TestAnAppointmentThatIsMoved:
    """No page moves one yet. The rows can: one entry in the calendar, and one row, for the life of the appointment."""

    def test_keeps_its_entry_and_occupies_the_new_time_alone(self, desk: Desk) -> None:
        consultation_request = desk.request(RequestStatus.BOOKED, is_ahead=True)
        visit = consultation_request.appointments.get()
        uid = visit.calendar_uid
        visit.starts_at += 80 * MINUTE
        visit.ends_at += 80 * MINUTE
        calendar_entries.count_change(visit)
        visit.save()

        visit.refresh_from_db()
        assert (visit.calendar_uid, visit.calendar_sequence) == (uid, 1)
        file = ics.appointment_file(visit).decode()
        assert file.count("BEGIN:VEVENT") == 1
        assert f"UID:{uid}" in file.replace("\r\n ", "")
        assert "SEQUENCE:1" in file
        occupied = Occupation.objects.get(resource=desk.clinician)
        assert occupied.starts_at == TOMORROW_AT_NINE + 80 * MINUTE

    def test_an_appointment_after_a_cancelled_one_goes_on_with_the_entry(self, desk: Desk) -> None:
        consultation_request = desk.request(RequestStatus.BOOKED, is_ahead=True)
        visit = consultation_request.appointments.get()
        calendar_entries.count_change(visit)
        visit.status, visit.cancelled_at, visit.cancelled_by = "cancelled", clock.now(), "patient"
        visit.save()
        assert calendar_entries.following(consultation_request) == {
            "calendar_uid": visit.calendar_uid,
            "calendar_sequence": 2,
        }
