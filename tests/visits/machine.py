"""The machine: three requests of two people, two doctors, one room between them, and everything that can be done."""

import datetime
from collections.abc import Callable
from typing import Any, ClassVar, Final

import time_machine
from django.db import transaction
from django.test import override_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from clinic.accounts.models import User
from clinic.core import audit, clock, delivery
from clinic.core.calendars.reading import Reading
from clinic.core.models import OutboxMessage
from clinic.core.refusals import TransitionNotAllowed
from consultations.actions import expire_offer
from consultations.actions.book import Book, BookData, book_held
from consultations.actions.move import Move, move_held
from consultations.actions.move_offered import take_offered
from consultations.enums import CalendarKind, RequestStatus
from consultations.models import (
    Absence,
    AppointmentType,
    Availability,
    Clinician,
    ConsultationRequest,
    Location,
    OwnCalendar,
    Room,
)
from consultations.services import (
    asked_again,
    calendar_readings,
    diary,
    occupation,
    offers,
    reminders,
    scheduling,
    slot_release,
    waiting,
)
from consultations.services.scheduling import Slot, SlotTaken
from consultations.services.waiting import Wishes
from tests.consultations.perform import perform
from tests.personas import make_patient, make_user
from tests.visits import truths
from tests.visits.truths import Sequences

MONDAY: Final = datetime.datetime(2026, 11, 23, 15, 0, tzinfo=datetime.UTC)
"""10:00 at the clinic."""
DAY, MINUTE = datetime.timedelta(days=1), datetime.timedelta(minutes=1)
HOURS: Final = (datetime.time(9), datetime.time(12))
HORIZON: Final = 4
PASSES: Final = {"a minute": 1, "the undo": 4, "a hold": 11, "half an hour": 31, "hours": 300, "a day": 1440}


class Clinic:
    """The rows that every run begins with."""

    def __init__(self, make_request: Any) -> None:
        self.nurse, self.manager = make_user("m_nurse", "triage"), make_user("m_manager", "manager")
        place = Location.objects.create(name="Orchard Row", address="14 Orchard Row, Suite 2")
        self.doctors = [self._doctor(number, place) for number in range(2)]
        self.calendars = [self._calendar(doctor) for doctor in self.doctors]
        self.place = place
        self.short = AppointmentType.objects.create(
            name="Short", minutes=30, buffer_before_minutes=5, buffer_after_minutes=10, horizon_days=HORIZON,
            notice_hours=2, needs_room=True,
        )  # fmt: skip
        self.long = AppointmentType.objects.create(name="Long", minutes=60, horizon_days=HORIZON, notice_hours=2)
        self.rooms = [Room.objects.create(name="Room 1", location=place).pk]
        self.short.rooms.set(self.rooms)
        ann, ben = (make_patient(name, email=f"{name[:3].lower()}@example.com") for name in ("Ann Ell", "Ben Orr"))
        self.requests = [
            make_request(status=RequestStatus.OFFERED, patient=patient, appointment_type=kind)
            for patient, kind in ((ann, self.short), (ann, self.long), (ben, self.short))
        ]

    @staticmethod
    def _doctor(number: int, place: Location) -> Clinician:
        clinician = Clinician.objects.create(
            user=make_user(f"m_doctor{number}", "doctor"), display_name=f"Dr {'AB'[number]}"
        )
        for weekday in range(7):
            Availability.objects.create(
                clinician=clinician, location=place, weekday=weekday, opens=HOURS[0], closes=HOURS[1],
                starts_on=datetime.date(2020, 1, 1),
            )  # fmt: skip
        return clinician

    def _calendar(self, doctor: Clinician) -> OwnCalendar:
        now = clock.now()
        return OwnCalendar.objects.create(
            clinician=doctor, kind=CalendarKind.values[0], address="https://calendar.example/a.ics",
            host="calendar.example", connected_at=now, connected_by=self.manager, read_at=now, whole_at=now, due_at=now,
        )  # fmt: skip

    def grid(self, kind: AppointmentType) -> list[tuple[datetime.datetime, int]]:
        """Every start there ever is while the horizon lasts, free or not."""
        occupied = kind.buffer_before + kind.length + kind.buffer_after
        starts, day = [], clock.today()
        for on in (day + number * DAY for number in range(HORIZON + 1)):
            begins, ends = (clock.instant(on, at, fold=0) for at in HOURS)
            while begins + occupied <= ends:
                starts += [(begins + kind.buffer_before, doctor.pk) for doctor in self.doctors]
                begins += max(occupied, kind.step)
        return starts


requests = st.integers(0, 2)
places = st.integers(0, 11)
"""Which of the first starts: few, so that many meet."""


def nothing_of(found: list[str]) -> None:
    if found:
        raise AssertionError("; ".join(found))


class Visits(RuleBasedStateMachine):
    """On the rows of `clinic`; each run ends with them as they were."""

    clinic: ClassVar[Clinic]

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.time = time_machine.travel(MONDAY, tick=False)
        self.clock = self.time.start()
        self.closed = override_settings(CLOSED_DATES=[])
        self.closed.enable()
        self.sequences = Sequences()

    def teardown(self) -> None:
        try:
            while audit.chain():
                pass
            nothing_of(audit.verify())
        finally:
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)
            self.closed.disable()
            self.time.stop()

    # --- What people do -----------------------------------------------------------------------------------------

    def row(self, number: int) -> ConsultationRequest:
        return ConsultationRequest.objects.select_related("patient").get(pk=self.clinic.requests[number].pk)

    def slot(self, number: int, place: int) -> Slot:
        kind = self.clinic.requests[number].appointment_type
        starts_at, doctor = self.clinic.grid(kind)[place]
        return Slot(starts_at, starts_at + kind.length, doctor, self.clinic.place.pk)

    def attempt(self, act: Callable[[], object]) -> bool:
        """Refused in words is fine: then nothing may have changed, which the truths say."""
        try:
            with transaction.atomic():
                act()
        except (SlotTaken, TransitionNotAllowed):
            return False
        return True

    def shown(self, number: int) -> set[str]:
        row, today = self.row(number), clock.today()
        slots = scheduling.free_slots(
            appointment_type=row.appointment_type, since=today, until=today + (HORIZON + 1) * DAY, ignoring=row
        )
        return {slot.key for slot in slots}

    @rule(number=requests, place=places)
    def choose(self, number: int, place: int) -> None:
        """What is shown as free can be had, when nobody comes in between."""
        slot = self.slot(number, place)
        if asked_again.is_owed_before_a_time(self.row(number)):
            self.attempt(lambda: perform("answer_again", self.row(number), ticks=("none",)))
        is_shown = slot.key in self.shown(number)
        try:
            with transaction.atomic():
                scheduling.hold(consultation_request=self.row(number), slot_key=slot.key)
        except SlotTaken:
            assert not is_shown, "a time that is shown as free cannot be held"
        except TransitionNotAllowed:
            pass

    @rule(number=requests)
    def confirm(self, number: int) -> None:
        row = self.row(number)
        take = move_held if row.status == RequestStatus.BOOKED else book_held
        self.attempt(lambda: take(consultation_request=row))

    @rule(number=requests, place=places)
    def on_the_phone(self, number: int, place: int) -> None:
        row, slot = self.row(number), self.slot(number, place)
        action = Move() if row.status == RequestStatus.BOOKED else Book()
        self.attempt(
            lambda: action.from_page(row, BookData(scheduling.find(row, slot.key)), by=self.clinic.nurse, seen="")
        )

    @rule(number=requests, place=places, minutes=st.sampled_from([-200, -30, -10, 5, 20, 45]))
    def override(self, number: int, place: int, minutes: int) -> None:
        row, slot = self.row(number), self.slot(number, place)
        action = Move() if row.status == RequestStatus.BOOKED else Book()

        def take() -> None:
            named = scheduling.slot_outside(
                row, clinician=Clinician.objects.get(pk=slot.clinician_id), location=self.clinic.place,
                starts_at=slot.starts_at + minutes * MINUTE,
            )  # fmt: skip
            action.from_page(row, BookData(named, reason="She can only come then."), by=self.clinic.nurse, seen="")

        self.attempt(take)

    @rule(number=requests, by_staff=st.booleans())
    def cancel(self, number: int, by_staff: bool) -> None:
        by: User | None = self.clinic.nurse if by_staff else None
        self.attempt(lambda: perform("cancel_booking", self.row(number), by=by, reason="Ill."))

    @rule(number=requests)
    def undo(self, number: int) -> None:
        self.attempt(lambda: perform("undo_cancel", self.row(number)))

    @rule(number=requests, verb=st.sampled_from(["complete", "mark_no_show", "undo_complete", "undo_no_show"]))
    def what_became_of_it(self, number: int, verb: str) -> None:
        self.attempt(lambda: perform(verb, self.row(number), by=self.clinic.nurse))

    @rule(number=requests)
    def offer_again(self, number: int) -> None:
        self.attempt(lambda: perform("offer_again", self.row(number), by=self.clinic.nurse))

    @rule(number=requests)
    def wait_for_earlier(self, number: int) -> None:
        self.attempt(lambda: perform("wait_for_earlier", self.row(number), wishes=Wishes()))

    @rule(number=requests, takes=st.booleans())
    def answer_an_offered_time(self, number: int, takes: bool) -> None:
        row = self.row(number)
        offer = waiting.live_offer(row)
        if offer is None:
            return
        seen = scheduling.slot_of(offer).key
        if takes:
            self.attempt(lambda: take_offered(consultation_request=row, seen=seen))
        else:
            self.attempt(lambda: perform("decline_offered_time", row, slot_key=seen))

    @precondition(lambda self: self.row(0).status != RequestStatus.WITHDRAWN)
    @rule()
    def withdraw(self) -> None:
        self.attempt(lambda: perform("withdraw", self.row(0)))

    @precondition(lambda self: not self.row(1).is_blocked_by_flags)
    @rule()
    def tell_of_danger(self) -> None:
        """The requests of both are of one person: a danger told with one ends what the other holds as well."""
        self.attempt(lambda: perform("answer_again", self.row(1), ticks=("fever",)))

    # --- What the clinic does -----------------------------------------------------------------------------------

    @rule(doctor=st.integers(0, 1), place=places, hours=st.sampled_from([1, 3, 30]))
    def be_away(self, doctor: int, place: int, hours: int) -> None:
        starts_at, _ = self.clinic.grid(self.clinic.long)[place]
        away = Absence(
            clinician=self.clinic.doctors[doctor], starts_at=starts_at, ends_at=starts_at + 60 * hours * MINUTE,
            reason="Course",
        )  # fmt: skip
        self.attempt(lambda: diary.save(entry=away, by=self.clinic.manager))

    @rule()
    def be_back(self) -> None:
        away = Absence.objects.order_by("pk").first()
        if away is not None:
            self.attempt(lambda: diary.remove(entry=away, by=self.clinic.manager))

    @rule(doctor=st.integers(0, 1), place=places, hours=st.sampled_from([0, 1, 3]))
    def the_calendar_says_busy(self, doctor: int, place: int, hours: int) -> None:
        """A clinician's own calendar as it is read now: one busy stretch, or none."""
        calendar = self.clinic.calendars[doctor]
        starts_at, _ = self.clinic.grid(self.clinic.long)[place]
        spans = [(starts_at, starts_at + 60 * hours * MINUTE)] if hours else []
        with transaction.atomic():
            occupation.lock_resources([calendar.clinician_id])
            calendar_readings.keep(calendar, Reading(spans=spans), calendar_readings.window())

    @rule(days=st.integers(0, 2))
    def close(self, days: int) -> None:
        """A day on which the clinic is closed after all; 0 opens it again."""
        self.closed.disable()
        self.closed = override_settings(CLOSED_DATES=[f"{clock.today() + days * DAY}"] if days else [])
        self.closed.enable()

    @rule(passes=st.sampled_from(sorted(PASSES)))
    def time_passes(self, passes: str) -> None:
        self.clock.shift(PASSES[passes] * MINUTE)

    @rule()
    def the_worker_has_a_turn(self) -> None:
        for duty in (
            slot_release.release_set_aside, reminders.remind, offers.nudge, expire_offer.expire_ended,
            waiting.end_due, waiting.offer_due,
        ):  # fmt: skip
            duty()
        owed = list(OutboxMessage.objects.filter(sent_at=None, parked_at=None))
        delivery.deliver_due(limit=30)
        sent = set(OutboxMessage.objects.filter(sent_at__isnull=False).values_list("pk", flat=True))
        wrong = [truths.sent_to_nobody(message) for message in owed if message.pk in sent]
        nothing_of([item for item in wrong if item])

    # --- What is true after each of it --------------------------------------------------------------------------

    @invariant()
    def rows_are_true(self) -> None:
        nothing_of(truths.overlaps())
        nothing_of(truths.statuses())
        nothing_of(truths.reasons())
        nothing_of(truths.occupations())
        nothing_of(truths.offers())
        nothing_of(self.sequences.look())

    @invariant()
    def what_is_given_back_is_free(self) -> None:
        today = clock.today()
        slots = scheduling.free_slots(
            appointment_type=self.clinic.short, since=today, until=today + (HORIZON + 1) * DAY
        )
        found = {(slot.starts_at, slot.clinician_id) for slot in slots}
        wanted = truths.free_by_hand(self.clinic.short, self.clinic.grid(self.clinic.short), self.clinic.rooms)
        nothing_of([f"free and not shown: {item}" for item in wanted - found])
        nothing_of([f"shown and not free: {item}" for item in found - wanted])


def machine(clinic: Clinic, *, compares_free: bool = True) -> type[Visits]:
    """A class on these rows. Where services see nothing, what they show as free is compared with nothing."""
    left_out = {} if compares_free else {"what_is_given_back_is_free": None}
    return type("Visits", (Visits,), {"clinic": clinic, **left_out})
