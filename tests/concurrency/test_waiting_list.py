"""Workers, whoever is asked and whoever books at the same moment: one time is never offered, nor taken, twice."""

import datetime
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest
from django.db import connection

from clinic.core import audit, clock, message_hours
from clinic.core.failures import SomeFailed
from clinic.core.refusals import TransitionNotAllowed
from consultations.actions.book import Book, BookData
from consultations.actions.move_offered import take_offered
from consultations.enums import RequestStatus
from consultations.models import Appointment, ConsultationRequest, ReleasedTime, SlotHold, TimeOffer, WaitingEntry
from consultations.services import occupation, slot_release, waiting
from consultations.services.scheduling import Slot, SlotTaken
from consultations.services.slot_release import ReleaseReason
from consultations.services.waiting import offering
from tests.concurrency.test_moved_times import day, doubles, patients, slots
from tests.concurrency.test_one_slot import Call, in_thread, no_guard
from tests.consultations.perform import perform
from tests.depth import deepens, depth

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["day", "no_guard", "patients", "slots"]
WORKERS = 4
ROUNDS = depth(3, 30)
FEW: Final = 3


@pytest.fixture(autouse=True)
def by_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever the test runs."""
    monkeypatch.setattr(message_hours, "are_now", lambda moment: True)


@pytest.fixture
def waiters(patients: Any, slots: list[Slot]) -> list[ConsultationRequest]:
    """Three who are booked late that day and want to come earlier."""
    rows: list[ConsultationRequest] = patients(RequestStatus.BOOKED, FEW)
    for number, row in enumerate(rows):
        visit = Appointment.objects.get(consultation_request=row)
        late = slots[-FEW + number]
        visit.starts_at, visit.ends_at = late.starts_at, late.ends_at
        visit.save()
        ConsultationRequest.objects.filter(pk=row.pk).update(answered_again_at=clock.now())
        WaitingEntry.objects.create(
            consultation_request=row, asked_at=clock.now() + number * datetime.timedelta(seconds=1)
        )
    return rows


def release(slot: Slot, times: int = 1) -> None:
    for _ in range(times):
        slot_release.time_freed(slot.clinician_id, slot.starts_at, slot.ends_at, reason=ReleaseReason.CANCELLED)


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Each in a thread; what it said, or the kind of refusal."""
    ready = threading.Barrier(len(calls))

    def attempt(call: Callable[[], object]) -> object:
        ready.wait(20)
        try:
            return call()
        except (SlotTaken, TransitionNotAllowed) as refused:
            return type(refused).__name__

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: in_thread(attempt, call), calls))


def live_offers() -> list[TimeOffer]:
    return list(TimeOffer.objects.live().select_related("entry__consultation_request"))


@pytest.mark.parametrize("times", [1, 2])
def test_several_workers_offer_a_time_once_and_to_who_is_first(
    waiters: list[ConsultationRequest], slots: list[Slot], times: int
) -> None:
    """Also where two entries of the diary released the same stretch."""
    for _ in range(ROUNDS):
        release(slots[0], times)
        at_once(*[waiting.offer_due] * WORKERS)
        waiting.offer_due()
        (offer,) = live_offers()
        assert offer.entry.consultation_request == waiters[0]
        assert SlotHold.objects.filter(time_offer=offer).count() == 1
        waiting.leave(waiters[0])
        TimeOffer.objects.all().delete()
        ReleasedTime.objects.all().delete()
        WaitingEntry.objects.filter(consultation_request=waiters[0]).update(ended_at=None, ended_as=None)
    assert doubles() == 0
    assert audit.verify() == []


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch, slots: list[Slot]) -> None:
    """Each worker asks somebody else about the first time, and none of them looks or waits."""
    order, turn = offering.waiters, threading.Lock()
    drawn: list[int] = []

    def another_first(*, only: int | None = None) -> Any:
        rows = order(only=only)
        if only is not None:
            return rows
        with turn:
            drawn.append(1)
            return rows[len(drawn) % FEW :] + rows[: len(drawn) % FEW]

    monkeypatch.setattr(offering, "waiters", another_first)
    monkeypatch.setattr(offering, "slots_in", lambda *args, **more: slots[:1])
    monkeypatch.setattr(offering, "_hold_for_this_worker", lambda released_time: None)
    monkeypatch.setattr(occupation, "is_taken", lambda *args, **more: False)
    monkeypatch.setattr(occupation, "lock_resources", lambda ids: None)


def quietly() -> object:
    try:
        return waiting.offer_due()
    except SomeFailed:
        return "failed"


def test_the_database_alone_refuses_a_second_offer_of_one_time(
    waiters: list[ConsultationRequest], slots: list[Slot], blind: None
) -> None:
    release(slots[0])
    assert "failed" not in at_once(*[quietly] * FEW)
    assert len(live_offers()) == 1
    assert SlotHold.objects.count() == 1


@pytest.mark.postgres
def test_control_without_its_rules_a_time_is_offered_twice(
    waiters: list[ConsultationRequest], slots: list[Slot], no_guard: None, blind: None
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_live_offer_of_a_time")
        cursor.execute("ALTER TABLE consultations_slothold DROP CONSTRAINT one_hold_per_start")
    release(slots[0])
    try:
        at_once(*[quietly] * FEW)
        assert len(live_offers()) > 1
    finally:
        SlotHold.objects.all().delete()
        TimeOffer.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE UNIQUE INDEX one_live_offer_of_a_time ON consultations_timeoffer (clinician_id, starts_at) "
                "WHERE ended_at IS NULL"
            )
            cursor.execute(
                "ALTER TABLE consultations_slothold ADD CONSTRAINT one_hold_per_start UNIQUE (clinician_id, starts_at)"
            )


def offered(waiters: list[ConsultationRequest], slot: Slot) -> tuple[ConsultationRequest, TimeOffer]:
    release(slot)
    waiting.offer_due()
    (offer,) = live_offers()
    assert offer.entry.consultation_request == waiters[0]
    return waiters[0], offer


def taking(row: ConsultationRequest, slot: Slot) -> Call:
    return lambda: take_offered(consultation_request=ConsultationRequest.objects.get(pk=row.pk), seen=slot.key)


def booked_at(row: ConsultationRequest) -> datetime.datetime:
    return Appointment.objects.live().get(consultation_request=row).starts_at


@deepens
@pytest.mark.parametrize("number", range(ROUNDS))
def test_who_takes_it_as_it_runs_out_has_it_or_keeps_what_they_had(
    waiters: list[ConsultationRequest], slots: list[Slot], number: int
) -> None:
    row, offer = offered(waiters, slots[0])
    before = booked_at(row)
    soon = clock.now() + datetime.timedelta(milliseconds=20 * number)
    TimeOffer.objects.update(made_at=soon - datetime.timedelta(hours=1), expires_at=soon)
    SlotHold.objects.update(expires_at=soon)
    at_once(taking(row, slots[0]), *[waiting.end_due] * 2)
    waiting.end_due()
    offer.refresh_from_db()
    outcome = {"taken": slots[0].starts_at, "expired": before}
    assert booked_at(row) == outcome[str(offer.ended_as)]
    assert not SlotHold.objects.exists()
    assert doubles() == 0


@deepens
@pytest.mark.parametrize("has_run_out", [False, True])
def test_who_takes_it_as_others_book_it(
    waiters: list[ConsultationRequest], patients: Any, slots: list[Slot], nurse: Any, has_run_out: bool
) -> None:
    """While it is kept nobody else has it; once it ran out one has it, and everybody else what they had."""
    others = patients(RequestStatus.OFFERED, 4)
    row, _offer = offered(waiters, slots[0])
    if has_run_out:
        past = clock.now() - datetime.timedelta(seconds=1)
        TimeOffer.objects.update(made_at=past - datetime.timedelta(hours=1), expires_at=past)
        SlotHold.objects.update(expires_at=past)
    at_once(
        taking(row, slots[0]),
        *[lambda other=other: Book().from_page(other, BookData(slots[0]), by=nurse, seen="") for other in others],
        waiting.end_due,
        waiting.offer_due,
    )
    at_that_time = Appointment.objects.live().filter(starts_at=slots[0].starts_at)
    assert at_that_time.count() == 1
    assert (at_that_time.get().consultation_request_id == row.pk) is not has_run_out
    assert Appointment.objects.live().count() == FEW + int(has_run_out)
    assert doubles() == 0


def test_two_tabs_take_and_decline_at_once(waiters: list[ConsultationRequest], slots: list[Slot]) -> None:
    """One of the two counts, whole: booked there and off the list, or as before and still on it."""
    row, offer = offered(waiters, slots[0])
    before = booked_at(row)
    at_once(
        taking(row, slots[0]),
        taking(row, slots[0]),
        lambda: perform("decline_offered_time", row, slot_key=slots[0].key),
    )
    offer.refresh_from_db()
    is_taken = offer.ended_as == "taken"
    assert booked_at(row) == (slots[0].starts_at if is_taken else before)
    assert (waiting.entry_of(row) is None) is is_taken
    assert not SlotHold.objects.exists()
