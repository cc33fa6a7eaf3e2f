"""Many patients, one free time: one booking, whatever the timing, and a control that shows the race is real."""

import datetime
import importlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import RequestStatus
from consultations.models import Appointment, Availability, ConsultationRequest
from consultations.services import scheduling
from consultations.services.scheduling import SlotTaken
from tests.cast import at, open_privately
from tests.consultations.perform import book_on_the_phone

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
PATIENTS = 200
AT_A_TIME = 32
RIVALS = 4
"""Without locks PostgreSQL ends one rival a second, and a statement after five: more would end the last one too."""
guard = importlib.import_module("consultations.migrations.0002_overlap_guard")
drop_guard = importlib.import_module("consultations.migrations._overlap_guard").drop_guard
add_guard = importlib.import_module("consultations.migrations._overlap_guard").add_guard


@pytest.fixture
def slot_key(clinician: Any, visit: Any) -> str:
    """The only free time there is."""
    day = clock.today() + datetime.timedelta(days=7)
    Availability.objects.exclude(pk=Availability.objects.order_by("pk")[0].pk).delete()
    Availability.objects.update(
        weekday=day.weekday(),
        opens=datetime.time(9),
        closes=datetime.time(9, visit.minutes),
        starts_on=day,
        ends_on=day,
    )
    (slot,) = scheduling.free_slots(appointment_type=visit, since=day, until=day + datetime.timedelta(days=1))
    return slot.key


def in_thread(work: Any, item: Any) -> Any:
    try:
        return work(item)
    finally:
        connection.close()


def try_to_book(client: Client, slot_key: str) -> list[int]:
    """Choose the time and confirm it, as the pages do; the statuses of all answers."""
    statuses = []
    for url, data in ((at(client, "times/"), {"slot": slot_key}), (at(client, "times/check/"), {})):
        statuses.append(client.post(url, data).status_code)
    return statuses


def test_two_hundred_patients_and_one_time(make_request: Any, slot_key: str) -> None:
    clients = []
    for _ in range(PATIENTS):
        client = Client(raise_request_exception=False)
        open_privately(client, make_request(status=RequestStatus.OFFERED))
        clients.append(client)

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        answers = list(pool.map(lambda client: in_thread(lambda each: try_to_book(each, slot_key), client), clients))

    # On a busy machine whoever holds the time may wait longer than a lock lasts, and reads that they may press again.
    for client in clients:
        if Appointment.objects.live().exists():
            break
        answers.append(try_to_book(client, slot_key))

    assert not [status for statuses in answers for status in statuses if status >= 500]
    assert Appointment.objects.live().count() == 1
    assert ConsultationRequest.objects.filter(status=RequestStatus.BOOKED).count() == 1
    assert ConsultationRequest.objects.filter(status=RequestStatus.OFFERED).count() == PATIENTS - 1


def race(requests: list[ConsultationRequest], slot_key: str, by: User, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """All look whether the time is free before any books it, and nobody waits for the clinician's row."""
    look = scheduling._refuse_if_taken
    everyone_looked = threading.Barrier(len(requests), timeout=20)

    def look_and_wait(*args: Any) -> None:
        look(*args)
        everyone_looked.wait()

    monkeypatch.setattr(scheduling, "_lock_clinician", lambda clinician_id: None)
    monkeypatch.setattr(scheduling, "_refuse_if_taken", look_and_wait)

    def book(request: ConsultationRequest) -> bool:
        try:
            book_on_the_phone(request, slot_key=slot_key, by=by)
        except SlotTaken:
            return False
        return True

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(lambda request: in_thread(book, request), requests))


@pytest.fixture
def rivals(slot_key: str, make_request: Any) -> list[ConsultationRequest]:
    return [make_request(status=RequestStatus.OFFERED) for _ in range(RIVALS)]


@pytest.fixture
def booking_nurse(nurse: User) -> User:
    assert Group.objects.filter(name="triage", user=nurse).exists()
    return nurse


@pytest.fixture
def no_guard() -> Iterator[None]:
    """The database without its two rules against double booking; they come back afterwards."""
    one_per_start = next(c for c in Appointment._meta.constraints if c.name == "one_live_appointment_per_start")
    live = "{row}status IN ('booked', 'arrived')"
    with connection.schema_editor() as editor:
        drop_guard(**guard.APPOINTMENTS)(None, editor)
        editor.remove_constraint(Appointment, one_per_start)
    yield
    Appointment.objects.all().delete()
    with connection.schema_editor() as editor:
        add_guard(**guard.APPOINTMENTS, live=live)(None, editor)
        editor.add_constraint(Appointment, one_per_start)


def test_without_any_lock_the_database_still_lets_one_through(
    rivals: list[ConsultationRequest], slot_key: str, booking_nurse: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    booked = race(rivals, slot_key, booking_nurse, monkeypatch)

    assert booked.count(True) == 1
    assert Appointment.objects.live().count() == 1


def test_control_without_the_guard_the_same_race_books_twice(
    rivals: list[ConsultationRequest],
    slot_key: str,
    booking_nurse: User,
    no_guard: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    booked = race(rivals, slot_key, booking_nurse, monkeypatch)

    assert booked.count(True) > 1
    assert Appointment.objects.live().count() > 1
