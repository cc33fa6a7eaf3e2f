"""Moving, cancelling, taking back and booking at once: nobody has a time twice, and nobody loses the one they had."""

import datetime
import itertools
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.refusals import TransitionNotAllowed
from consultations.actions.book import Book, BookData, book_held
from consultations.actions.move import Move, move_held
from consultations.enums import RequestStatus
from consultations.models import Appointment, AppointmentType, Availability, Clinician, ConsultationRequest
from consultations.services import occupation, scheduling
from consultations.services.scheduling import Slot, SlotTaken
from tests.concurrency.test_one_slot import Call, in_thread, no_guard
from tests.consultations.perform import perform
from tests.depth import deepens, depth
from tests.personas import book_directly, make_patient

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["no_guard"]
MOVERS = depth(8, 100)
AT_A_TIME = 8
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def day(clinician: Clinician) -> datetime.date:
    """A day from midnight on, a week from now, and nothing else."""
    day = clock.today() + datetime.timedelta(days=7)
    Availability.objects.exclude(pk=Availability.objects.order_by("pk")[0].pk).delete()
    Availability.objects.update(
        weekday=day.weekday(), opens=datetime.time(0), closes=datetime.time(23, 59), starts_on=day, ends_on=day
    )
    return day


@pytest.fixture
def slots(day: datetime.date, visit: AppointmentType) -> list[Slot]:
    visit.minutes, visit.step_minutes = 10, 10
    visit.save()
    return scheduling.free_slots(appointment_type=visit, since=day, until=day + datetime.timedelta(days=1))


@pytest.fixture
def wanted(slots: list[Slot]) -> Slot:
    return slots[-1]


Patients = Callable[[RequestStatus, int], list[ConsultationRequest]]


@pytest.fixture
def patients(make_request: Any, clinician: Clinician, visit: AppointmentType, slots: list[Slot]) -> Patients:
    """So many people; those who are booked have the first times of the day."""

    def make(status: RequestStatus, count: int) -> list[ConsultationRequest]:
        made = []
        for number in range(count):
            row = make_request(
                status=status, patient=make_patient(f"Person {number}", email=""), appointment_type=visit
            )
            if status == RequestStatus.BOOKED:
                book_directly(row, clinician, slots[number].starts_at)
            made.append(row)
        return made

    return make


def moving(consultation_request: ConsultationRequest, slot: Slot, by: User) -> Call:
    return lambda: Move().from_page(consultation_request, BookData(slot), by=by, seen="")


def booking(consultation_request: ConsultationRequest, slot: Slot, by: User) -> Call:
    return lambda: Book().from_page(consultation_request, BookData(slot), by=by, seen="")


def undoing(consultation_request: ConsultationRequest) -> Call:
    return lambda: perform("undo_cancel", consultation_request)


def at_once(calls: list[Call]) -> list[bool]:
    """Which of them were done; the others were refused in words."""

    def attempt(call: Call) -> bool:
        try:
            call()
        except (SlotTaken, TransitionNotAllowed):
            return False
        return True

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        return list(pool.map(lambda call: in_thread(attempt, call), calls))


def live() -> list[Appointment]:
    return list(Appointment.objects.live().order_by("starts_at"))


def doubles() -> int:
    """Pairs of live visits of the one doctor that overlap."""
    visits = live()
    return sum(second.starts_at < first.ends_at for first, second in itertools.pairwise(visits))


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """No service looks whether a time is taken, nor waits for anybody: the database alone is left."""
    monkeypatch.setattr(occupation, "is_taken", lambda *args, **more: False)
    monkeypatch.setattr(occupation, "lock_resources", lambda ids: None)
    monkeypatch.setattr(occupation, "lock_person", lambda consultation_request: None)


@pytest.fixture
def moves(patients: Patients, wanted: Slot, nurse: User) -> list[Call]:
    """Many who have a time want one other."""
    return [moving(row, wanted, nurse) for row in patients(RequestStatus.BOOKED, MOVERS)]


@pytest.fixture
def moves_and_bookings(patients: Patients, wanted: Slot, nurse: User) -> list[Call]:
    movers = [moving(row, wanted, nurse) for row in patients(RequestStatus.BOOKED, MOVERS // 2)]
    return movers + [booking(row, wanted, nurse) for row in patients(RequestStatus.OFFERED, MOVERS // 2)]


@pytest.fixture
def an_undo_and_bookings(patients: Patients, slots: list[Slot], nurse: User) -> list[Call]:
    """Somebody takes a cancellation back while others want the time."""
    (owner,) = patients(RequestStatus.BOOKED, 1)
    perform("cancel_booking", owner)
    return [undoing(owner), *(booking(row, slots[0], nurse) for row in patients(RequestStatus.OFFERED, MOVERS - 1))]


@pytest.fixture
def an_undo_and_moves(patients: Patients, slots: list[Slot], nurse: User) -> list[Call]:
    owner, *movers = patients(RequestStatus.BOOKED, MOVERS)
    perform("cancel_booking", owner)
    return [undoing(owner), *(moving(row, slots[0], nurse) for row in movers)]


STORMS = ("moves", "moves_and_bookings", "an_undo_and_bookings", "an_undo_and_moves")


@deepens
@pytest.mark.parametrize("storm", STORMS)
def test_one_gets_the_time_and_everybody_else_keeps_theirs(storm: str, request: pytest.FixtureRequest) -> None:
    calls = request.getfixturevalue(storm)
    had = owners()
    done = at_once(calls)
    assert done.count(True) == 1
    _nobody_lost_anything(had)
    assert doubles() == 0
    assert audit.verify() == []


@deepens
@pytest.mark.parametrize("storm", STORMS)
def test_so_it_is_where_the_database_alone_refuses(
    storm: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = request.getfixturevalue(storm)
    had = owners()
    request.getfixturevalue("blind")
    assert at_once(calls).count(True) == 1
    _nobody_lost_anything(had)
    assert doubles() == 0


def owners() -> set[int]:
    return {visit.consultation_request_id for visit in live()}


def _nobody_lost_anything(had: set[int]) -> None:
    """Whoever had a time has exactly one; at most the one who won has one where they had none."""
    has = Counter(visit.consultation_request_id for visit in live())
    assert had <= set(has)
    assert len(set(has) - had) <= 1
    assert has == Counter(ConsultationRequest.objects.filter(status=RequestStatus.BOOKED).values_list("pk", flat=True))


@pytest.mark.parametrize("storm", STORMS)
def test_control_without_the_rule_of_the_database_many_have_it(
    storm: str, request: pytest.FixtureRequest, no_guard: None
) -> None:
    calls = request.getfixturevalue(storm)
    request.getfixturevalue("blind")
    assert at_once(calls).count(True) > 1
    assert doubles() > 0


@deepens
@pytest.mark.parametrize("seed", range(depth(2, 20)))
def test_any_mixture_leaves_no_double_and_no_lost_time(
    seed: int, patients: Patients, slots: list[Slot], nurse: User
) -> None:
    """Everybody does as they like with six times: chooses, confirms, cancels, takes back."""
    draw = random.Random(seed)
    people = [*patients(RequestStatus.BOOKED, 3), *patients(RequestStatus.OFFERED, 3)]
    for row in people:
        perform("answer_again", row, ticks=("none",))
    steady = {row.pk for row in people[:2]}
    times = [slots[number] for number in range(6)]
    plans = [[_step(row, draw, times, is_steady=row.pk in steady) for _ in range(depth(5, 30))] for row in people]

    with ThreadPoolExecutor(len(plans)) as pool:
        failures = [item for results in pool.map(lambda plan: in_thread(_follow, plan), plans) for item in results]

    assert failures == []
    assert doubles() == 0
    booked = ConsultationRequest.objects.filter(status=RequestStatus.BOOKED).values_list("pk", flat=True)
    assert Counter(visit.consultation_request_id for visit in live()) == Counter(booked)
    assert steady <= set(booked), "somebody who only moved has no time any more"
    assert audit.verify() == []


def _step(row: ConsultationRequest, draw: random.Random, times: list[Slot], *, is_steady: bool) -> Call:
    slot = draw.choice(times)
    choices = ["choose", "choose", "confirm", "confirm"] + ([] if is_steady else ["cancel", "undo"])
    what = draw.choice(choices)

    def go() -> object:
        fresh = ConsultationRequest.objects.get(pk=row.pk)
        if what == "choose":
            return scheduling.hold(consultation_request=fresh, slot_key=slot.key)
        if what == "confirm":
            take = move_held if fresh.status == RequestStatus.BOOKED else book_held
            return take(consultation_request=fresh)
        return perform("cancel_booking" if what == "cancel" else "undo_cancel", fresh)

    return go


def _follow(plan: list[Call]) -> list[str]:
    """What went wrong in it; to be refused is not wrong."""
    failures = []
    for step in plan:
        try:
            step()
        except (SlotTaken, TransitionNotAllowed):
            continue
        except Exception as error:
            failures.append(repr(error))
    return failures
