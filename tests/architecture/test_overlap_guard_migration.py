"""The guard that is taken away and put back knows what was booked and cancelled while it was away."""

import datetime
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection
from django.db.migrations import RunPython

from clinic.core import clock
from consultations.models import Appointment, Clinician, Location, Occupation, Room, SlotHold
from tests.personas import MakeRequest, book_directly

pytestmark = pytest.mark.django_db(transaction=True)
MONDAY = datetime.datetime(2026, 12, 7, 15, 0, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
MINUTE = datetime.timedelta(minutes=1)
STEPS: list[RunPython] = import_module("consultations.migrations.0002_overlap_guard").Migration.operations


OWN_TIME: Any = import_module("consultations.migrations.0006_own_time").Migration.operations[-1]


def migrate(*, to: str) -> None:
    """As `migrate consultations 0001` does to the guard, and `migrate consultations`, in one transaction each."""
    steps = [step.reverse_code for step in reversed(STEPS)] if to == "0001" else [step.code for step in STEPS]
    with connection.schema_editor() as editor:
        for step in steps:
            assert step is not None
            step(apps, editor)
        if to != "0001":
            OWN_TIME.database_forwards("consultations", editor, None, None)


def spans() -> list[tuple[Any, ...]]:
    rows = Occupation.objects.values_list("resource", "person", "hold", "appointment", "starts_at", "ends_at")
    return sorted(rows, key=str)


@pytest.fixture
def without_guard() -> Iterator[Callable[[], None]]:
    """The guard is back at the end, whatever a test finds."""
    is_away = False

    def take_away() -> None:
        nonlocal is_away
        migrate(to="0001")
        is_away = True

    yield take_away
    if is_away and not _stands():
        Occupation.objects.all().delete()
        SlotHold.objects.all().delete()
        Appointment.objects.all().delete()
        migrate(to="0002")


def _stands() -> bool:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT 1 FROM pg_trigger WHERE tgname = 'occupied_by_person'")
        else:
            cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'occupied_by_person'")
        return cursor.fetchone() is not None


def test_what_changed_while_it_was_away_is_occupied_when_it_is_back(
    make_request: MakeRequest, clinician: Clinician, without_guard: Callable[[], None]
) -> None:
    room = Room.objects.create(name="Room 1", location=Location.objects.get())
    given_up = book_directly(make_request(), clinician, MONDAY)
    earlier = book_directly(make_request(), clinician, MONDAY + 2 * HOUR)
    without_guard()
    assert spans() == []
    Appointment.objects.filter(pk=given_up.pk).update(
        status="cancelled", cancelled_at=clock.now(), cancelled_by="patient"
    )
    held = SlotHold.objects.create(
        consultation_request=make_request(),
        clinician=clinician,
        location=Location.objects.get(),
        room=room,
        starts_at=MONDAY,
        ends_at=MONDAY + HOUR,
        expires_at=MONDAY,
        buffer_before_minutes=10,
        buffer_after_minutes=25,
    )

    migrate(to="0002")

    around = (MONDAY - 10 * MINUTE, MONDAY + 85 * MINUTE)
    assert spans() == sorted(
        [
            (clinician.pk, None, held.pk, None, *around),
            (room.pk, None, held.pk, None, *around),
            (None, held.consultation_request.patient.person_id, held.pk, None, MONDAY, MONDAY + HOUR),
            (clinician.pk, None, None, earlier.pk, earlier.starts_at, earlier.ends_at),
            (
                None,
                earlier.consultation_request.patient.person_id,
                None,
                earlier.pk,
                earlier.starts_at,
                earlier.ends_at,
            ),
        ],
        key=str,
    )
    with pytest.raises(IntegrityError, match="no_overlapping_use_of_a_resource"):
        book_directly(make_request(), clinician, MONDAY + HOUR)


def test_two_that_overlap_by_then_are_refused(
    make_request: MakeRequest, clinician: Clinician, without_guard: Callable[[], None]
) -> None:
    without_guard()
    book_directly(make_request(), clinician, MONDAY)
    book_directly(make_request(), clinician, MONDAY + 20 * MINUTE)

    with pytest.raises(IntegrityError, match="no_overlapping_use_of_a_resource"):
        migrate(to="0002")
