"""Staff call a day off while patients book in it: once, for everybody, and nobody is left in it."""

import pytest

from clinic.accounts.models import User
from clinic.core.models import AuditEvent
from consultations.actions.call_off import call_off_all
from consultations.enums import RequestStatus
from consultations.models import Absence, Appointment, Clinician, ConsultationRequest
from consultations.services import calling_off
from consultations.services.scheduling import Slot
from tests.concurrency.test_moved_times import (
    MOVERS,
    Call,
    Patients,
    at_once,
    blind,
    booking,
    day,
    doubles,
    live,
    patients,
    slots,
)

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["blind", "day", "patients", "slots"]
STAFF = 3


@pytest.fixture
def waiting(patients: Patients) -> list[ConsultationRequest]:
    """Those who want a time on that day."""
    return patients(RequestStatus.OFFERED, MOVERS)


@pytest.fixture
def booked(patients: Patients) -> list[ConsultationRequest]:
    return patients(RequestStatus.BOOKED, MOVERS // 2)


def bookings(waiting: list[ConsultationRequest], slots: list[Slot], by: User) -> list[Call]:
    """Each wants a time of their own, late on that day."""
    return [booking(row, slots[-1 - 2 * number], by) for number, row in enumerate(waiting)]


def callings(clinician: Clinician, slots: list[Slot], by: list[User]) -> list[Call]:
    """Staff have seen everybody who could be booked."""
    stretch = calling_off.Stretch(slots[0].starts_at, slots[-1].ends_at)
    seen = list(ConsultationRequest.objects.values_list("reference", flat=True))
    return [lambda user=user: call_off_all(clinician=clinician, stretch=stretch, seen=seen, by=user) for user in by]


def run(
    clinician: Clinician, slots: list[Slot], waiting: list[ConsultationRequest], by: list[User]
) -> tuple[list[bool], list[bool]]:
    """Half of them book while it is called off, half when it is."""
    first, later = bookings(waiting, slots, by[0])[::2], bookings(waiting, slots, by[0])[1::2]
    done = at_once([*callings(clinician, slots, by), *first])
    return done[: len(by)], at_once(later)


def test_it_is_done_once_and_nobody_is_left_in_it(
    clinician: Clinician,
    slots: list[Slot],
    booked: list[ConsultationRequest],
    waiting: list[ConsultationRequest],
    nurse: User,
    other_nurse: User,
    manager: User,
) -> None:
    staff, later = run(clinician, slots, waiting, [nurse, other_nurse, manager])
    assert staff == [True] * STAFF
    assert later == [False] * (MOVERS // 2)
    assert Absence.objects.filter(called_off_at__isnull=False).count() == 1
    assert live() == []
    assert doubles() == 0
    cancelled = Appointment.objects.filter(called_off_for=Absence.objects.get()).count()
    assert cancelled >= len(booked)
    assert AuditEvent.objects.filter(action="request.call_off").count() == cancelled
    assert AuditEvent.objects.filter(action="diary.call_off").count() == 1
    lost = ConsultationRequest.objects.exclude(status=RequestStatus.OFFERED)
    assert lost.count() == 0


@pytest.mark.usefixtures("blind", "booked")
def test_control_without_looking_patients_are_booked_in_it(
    clinician: Clinician, slots: list[Slot], waiting: list[ConsultationRequest], nurse: User
) -> None:
    _staff, later = run(clinician, slots, waiting, [nurse])
    assert any(later)
    assert live() != []
