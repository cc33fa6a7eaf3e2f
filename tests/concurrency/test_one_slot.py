"""Many patients, one free time, one room, one person: one booking, whatever the timing, and a control for each race."""

import datetime
import importlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import RequestStatus
from consultations.models import Appointment, Availability, Clinician, ConsultationRequest, Occupation, Room, SlotHold
from consultations.services import occupation, scheduling, transitions
from consultations.services.scheduling import SlotTaken, reservations
from tests.consultations.perform import book_on_the_phone
from tests.personas import at, open_privately

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
PATIENTS = 200
AT_A_TIME = 32
RIVALS = 4
"""Without locks PostgreSQL ends one rival a second, and a statement after five: more would end the last one too."""
guard = importlib.import_module("consultations.migrations.0002_overlap_guard")


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
        answers = list(pool.map(lambda client: in_thread(lambda item: try_to_book(item, slot_key), client), clients))

    # On a busy machine whoever holds the time may wait longer than a lock lasts, and reads that they may press again.
    for client in clients:
        if Appointment.objects.live().exists():
            break
        answers.append(try_to_book(client, slot_key))

    assert not [status for statuses in answers for status in statuses if status >= 500]
    assert Appointment.objects.live().count() == 1
    assert ConsultationRequest.objects.filter(status=RequestStatus.BOOKED).count() == 1
    assert ConsultationRequest.objects.filter(status=RequestStatus.OFFERED).count() == PATIENTS - 1


Call = Callable[[], object]


def all_at_once(calls: list[Call]) -> list[bool]:
    """Each call in a thread of its own; which of them got the time."""

    def take(call: Call) -> bool:
        try:
            call()
        except SlotTaken:
            return False
        return True

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: in_thread(take, call), calls))


def lock_alone(consultation_request: ConsultationRequest) -> ConsultationRequest:
    """One request without the others of its person, with which it is always locked."""
    rows = ConsultationRequest.objects.select_for_update(of=("self",)).select_related("patient")
    return rows.get(pk=consultation_request.pk)


def race(calls: list[Call], monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """All look whether the time is free before any takes it, and nobody waits for a resource or a person."""
    look, look_for_room = occupation.is_taken, occupation.free_room
    everyone_looked = threading.Barrier(len(calls), timeout=20)

    def look_and_wait(*args: Any, **more: Any) -> bool:
        is_taken = look(*args, **more)
        everyone_looked.wait()
        return is_taken

    def look_for_room_and_wait(*args: Any, **more: Any) -> Room | None:
        room = look_for_room(*args, **more)
        everyone_looked.wait()
        return room

    for module in (transitions, reservations):
        monkeypatch.setattr(module, "lock", lock_alone)
    monkeypatch.setattr(occupation, "lock_resources", lambda ids: None)
    monkeypatch.setattr(occupation, "lock_person", lambda consultation_request: None)
    monkeypatch.setattr(occupation, "is_taken", look_and_wait)
    monkeypatch.setattr(occupation, "free_room", look_for_room_and_wait)

    return all_at_once(calls)


@pytest.fixture
def booking_nurse(nurse: User) -> User:
    assert Group.objects.filter(name="triage", user=nurse).exists()
    return nurse


@pytest.fixture
def colleagues_key(slot_key: str, other_doctor: User, visit: Any) -> str:
    """The same time with another doctor."""
    window = Availability.objects.get()
    window.pk = None
    window.clinician = Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")
    window.save()
    since = window.starts_on
    slots = scheduling.free_slots(appointment_type=visit, since=since, until=since + datetime.timedelta(days=1))
    (key,) = {slot.key for slot in slots} - {slot_key}
    return key


def booking(consultation_request: ConsultationRequest, key: str, by: User) -> Call:
    return lambda: book_on_the_phone(consultation_request, slot_key=key, by=by)


@pytest.fixture
def one_time(slot_key: str, make_request: Any, booking_nurse: User) -> list[Call]:
    """Four patients want one time of one doctor."""
    return [booking(make_request(status=RequestStatus.OFFERED), slot_key, booking_nurse) for _ in range(RIVALS)]


@pytest.fixture
def held_and_booked(slot_key: str, make_request: Any, booking_nurse: User) -> list[Call]:
    """One patient holds it on the page while another one is booked into it on the phone."""
    mine, other = (make_request(status=RequestStatus.OFFERED) for _ in range(2))
    return [
        lambda: scheduling.hold(consultation_request=mine, slot_key=slot_key),
        booking(other, slot_key, booking_nurse),
    ]


@pytest.fixture
def one_room(
    slot_key: str, colleagues_key: str, visit: Any, clinician: Any, make_request: Any, booking_nurse: User
) -> list[Call]:
    """Two doctors, and one room between them."""
    visit.needs_room = True
    visit.save()
    visit.rooms.add(Room.objects.create(name="Room 1", location=Availability.objects.all()[0].location))
    return [
        booking(make_request(status=RequestStatus.OFFERED), key, booking_nurse) for key in (slot_key, colleagues_key)
    ]


@pytest.fixture
def one_person(slot_key: str, colleagues_key: str, make_request: Any, booking_nurse: User) -> list[Call]:
    """Two requests of one person, with two doctors at one time."""
    mine = make_request(status=RequestStatus.OFFERED)
    another = make_request(status=RequestStatus.OFFERED, patient=mine.patient)
    return [booking(mine, slot_key, booking_nurse), booking(another, colleagues_key, booking_nurse)]


RACES = ("one_time", "held_and_booked", "one_room", "one_person")


@pytest.fixture
def no_guard() -> Iterator[None]:
    """The database without its rules against double booking; they come back afterwards."""
    one_per_start = next(c for c in Appointment._meta.constraints if c.name == "one_live_appointment_per_start")
    with connection.schema_editor() as editor:
        guard.drop_guard(**guard.RESOURCES)(None, editor)
        guard.drop_guard(**guard.PERSONS)(None, editor)
        editor.remove_constraint(Appointment, one_per_start)
    yield
    Appointment.objects.all().delete()
    SlotHold.objects.all().delete()
    assert not Occupation.objects.exists()
    with connection.schema_editor() as editor:
        guard.add_guard(**guard.RESOURCES)(None, editor)
        guard.add_guard(**guard.PERSONS)(None, editor)
        editor.add_constraint(Appointment, one_per_start)


def taken() -> int:
    return Appointment.objects.live().count() + SlotHold.objects.count()


@pytest.mark.parametrize("rivals", RACES)
def test_without_any_lock_the_database_still_lets_one_through(
    rivals: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    won = race(request.getfixturevalue(rivals), monkeypatch)

    assert won.count(True) == 1
    assert taken() == 1


@pytest.mark.parametrize("rivals", RACES)
def test_control_without_the_guard_the_same_race_is_won_twice(
    rivals: str, request: pytest.FixtureRequest, no_guard: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    won = race(request.getfixturevalue(rivals), monkeypatch)

    assert won.count(True) > 1
    assert taken() > 1


@pytest.mark.parametrize("rivals", RACES)
def test_with_the_locks_nobody_is_refused_by_the_database(
    rivals: str, request: pytest.FixtureRequest, no_guard: None
) -> None:
    """Without the guard the locks alone keep order, so that a patient seldom meets a race at all."""
    won = all_at_once(request.getfixturevalue(rivals))

    assert won.count(True) == 1
    assert taken() == 1
