"""Times: which are free, holding one, booking it, giving it back.

Locks are taken late and once: the clinician's row, whenever capacity shrinks. The database refuses an overlap even if a
path forgets to ask (see the overlap migration).
"""

import dataclasses
import datetime
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from django.conf import settings
from django.db import OperationalError, transaction

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.refusals import NotAllowed, TransitionNotAllowed, WrongStatus
from consultations.enums import LIVE_APPOINTMENTS, Actor, AppointmentStatus, RequestStatus
from consultations.models import (
    Absence,
    Appointment,
    AppointmentType,
    Availability,
    Clinician,
    ConsultationRequest,
    SlotHold,
)
from consultations.permissions import actors_of
from consultations.services import calendar_entries
from consultations.services.races import LostRace, gave_way, race
from consultations.services.transitions import lock

HOLD_TIME: Final = datetime.timedelta(minutes=10)
LEAD_TIME: Final = datetime.timedelta(hours=12)
TIME_TO_CHOOSE: Final = datetime.timedelta(minutes=20)
"""How much nearer than LEAD_TIME a chosen time may be: it was far enough away when the page showed it."""
HORIZON: Final = datetime.timedelta(days=90)
STEP: Final = datetime.timedelta(minutes=15)


class SlotTaken(Exception):
    """Someone else took the time, or it is no longer offered. `nearest` holds free times close to it, if any."""

    def __init__(self, nearest: Iterable["Slot"] = ()) -> None:
        super().__init__("Someone just took that time.")
        self.nearest = tuple(nearest)


class AnotherTime(TransitionNotAllowed):
    """The page this came from showed another time than the one that is held or booked now."""


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One free time. `starts_at` and `ends_at` are UTC instants; half open, the end is free again."""

    starts_at: datetime.datetime
    ends_at: datetime.datetime
    clinician_id: int
    location_id: int

    @property
    def key(self) -> str:
        """What the radio button carries: instant, clinician and place, checked again when it comes back."""
        return f"{self.starts_at:%Y%m%dT%H%MZ}-{self.clinician_id}-{self.location_id}"


def slot_of(taken: SlotHold | Appointment) -> Slot:
    """The slot that a hold or an appointment takes up."""
    return Slot(taken.starts_at, taken.ends_at, taken.clinician_id, taken.location_id)


def free_slots(
    *,
    appointment_type: AppointmentType,
    since: datetime.date,
    until: datetime.date,
    ignoring: ConsultationRequest | None = None,
    lead_time: datetime.timedelta = LEAD_TIME,
) -> list[Slot]:
    """Free times from `since` to before `until` (clinic days), soonest first; four queries however long the stretch.

    A time is free when the whole visit lies in a bookable clinician's availability and touches no absence, no live
    appointment and no running hold of another request; it is at least `lead_time` away and inside HORIZON.
    """
    now = clock.now()
    first = max(_midnight(since), now + lead_time)
    last = min(_midnight(until), now + HORIZON)
    if first >= last:
        return []
    length = datetime.timedelta(minutes=appointment_type.minutes)
    windows = list(
        Availability.objects.filter(clinician__is_bookable=True, clinician__user__is_active=True).order_by("pk")
    )
    busy = _busy(first, last + length, ignoring)
    slots = set()
    for window in windows:
        for opens, closes in _openings(window, since, until):
            for start in _starts(opens, closes, length):
                if first <= start < last and not _overlaps(busy.get(window.clinician_id, ()), start, start + length):
                    slots.add(Slot(start, start + length, window.clinician_id, window.location_id))
    return sorted(slots)


def hold(*, request: ConsultationRequest, slot_key: str) -> SlotHold:
    """Keep a time for ten minutes while the patient checks it; a second choice replaces the first.

    Raises SlotTaken with near times, WrongStatus when nothing is on offer.
    """
    slot = find(request, slot_key)
    with booking(request, slot):
        fresh = lock(request)
        if fresh.status != RequestStatus.OFFERED:
            raise WrongStatus("There is nothing to book at the moment. Your status page says where things stand.")
        _lock_clinician(slot.clinician_id)
        now = clock.now()
        SlotHold.objects.filter(clinician_id=slot.clinician_id, expires_at__lte=now).delete()
        SlotHold.objects.filter(request=fresh).delete()
        _refuse_if_taken(fresh, slot)
        with race():
            held = SlotHold.objects.create(
                request=fresh,
                clinician_id=slot.clinician_id,
                location_id=slot.location_id,
                starts_at=slot.starts_at,
                ends_at=slot.ends_at,
                expires_at=now + HOLD_TIME,
            )
        audit.record(action="slot.hold", target=fresh, actor=Actor.PATIENT.value)
        return held


def held_slot(*, request: ConsultationRequest, seen: str = "") -> tuple[Slot, bool]:
    """The time that is held for a request, and whether the hold ran out.

    `seen` is the key of the time that the page showed: AnotherTime is raised when another one is held now. Raises
    SlotTaken when none is held, WrongStatus when nothing is on offer.
    """
    held = SlotHold.objects.filter(request=request).first()
    if held is None:
        # The row goes when it ran out and somebody else chose a time of that doctor; which time it was is gone with it.
        raise SlotTaken(_soonest(request))
    slot = slot_of(held)
    if seen and seen != slot.key:
        raise AnotherTime("You chose another time since, in another tab or window. Nothing is booked yet.")
    return slot, held.expires_at <= clock.now()


def book(*, request: ConsultationRequest, slot: Slot, by: User | None, has_expired: bool = False) -> Appointment:
    """Turn a time into an appointment. Call inside `booking`, on a locked row. Raises SlotTaken, WrongStatus."""
    kind = _offered_kind(request)
    _lock_clinician(slot.clinician_id)
    now = clock.now()
    if slot.starts_at <= now:
        raise SlotTaken
    if has_expired:
        # Nothing kept the time since: hours, closed days and the doctor may have changed, as for a fresh choice.
        slot = find(request, slot.key)
    _refuse_if_taken(request, slot)
    with race():
        appointment = Appointment.objects.create(
            request=request,
            clinician_id=slot.clinician_id,
            location_id=slot.location_id,
            appointment_type=kind,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            time_zone=settings.TIME_ZONE,
            booked_at=now,
            booked_by=by,
            **calendar_entries.following(request),
        )
    SlotHold.objects.filter(request=request).delete()
    return appointment


def booked(request: ConsultationRequest) -> Appointment | None:
    return Appointment.objects.live().filter(request=request).first()


def has_begun(appointment: Appointment) -> bool:
    return appointment.starts_at <= clock.now()


def cancel(*, request: ConsultationRequest, reason: str, by: User | None, seen: str = "") -> Appointment:
    """Give the booked time back. Call inside a transaction, on a locked row.

    A patient cannot once the visit has begun: what became of it is for staff to record. `seen` is the key of the time
    that the page showed; AnotherTime is raised when another one is booked now. Raises WrongStatus.
    """
    appointment = Appointment.objects.live().select_for_update(of=("self",)).get(request=request)
    if by is None and has_begun(appointment):
        raise WrongStatus("The consultation has begun.")
    if seen and seen != slot_of(appointment).key:
        raise AnotherTime("You booked another time since, in another tab or window. It is not cancelled.")
    _cancel(appointment, _actor(by), reason)
    return appointment


def free_times_of(*, request: ConsultationRequest, actor: Actor) -> None:
    """Cancel what is booked or held for a request that ends. Call inside a transaction, on a locked row.

    Raises WrongStatus for a patient whose visit has begun: what became of it is for staff to record.
    """
    SlotHold.objects.filter(request=request).delete()
    for appointment in Appointment.objects.live().select_for_update(of=("self",)).filter(request=request):
        if actor == Actor.PATIENT and has_begun(appointment):
            raise WrongStatus("The consultation has begun.")
        _cancel(appointment, actor, "")


def refuse_before_begin(request: ConsultationRequest) -> None:
    """Raises WrongStatus while the visit lies ahead: nothing can have become of it."""
    appointment = booked(request)
    if appointment is not None and not has_begun(appointment):
        raise WrongStatus("The consultation has not begun yet.")


def finish(*, request: ConsultationRequest, status: AppointmentStatus) -> None:
    """Keep what became of the visit. Call inside a transaction, on a locked row."""
    Appointment.objects.live().filter(request=request).update(status=status)


def _cancel(appointment: Appointment, actor: Actor, reason: str) -> None:
    appointment.status, appointment.cancelled_at = AppointmentStatus.CANCELLED, clock.now()
    appointment.cancelled_by, appointment.cancel_reason = actor, reason
    appointment.calendar_sequence += 1
    appointment.save()


def _actor(by: User | None) -> Actor:
    if by is None:
        return Actor.PATIENT
    for actor in (Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER):
        if actor in actors_of(by):
            return actor
    raise NotAllowed("Your role may not do this.")


def _lock_clinician(clinician_id: int) -> None:
    Clinician.objects.select_for_update().get(pk=clinician_id)


def _refuse_if_taken(request: ConsultationRequest, slot: Slot) -> None:
    times = {"clinician_id": slot.clinician_id, "starts_at__lt": slot.ends_at, "ends_at__gt": slot.starts_at}
    if Appointment.objects.live().filter(**times).exists():
        raise SlotTaken
    if SlotHold.objects.filter(**times, expires_at__gt=clock.now()).exclude(request=request).exists():
        raise SlotTaken
    if Absence.objects.filter(**times).exists():
        raise SlotTaken


def start_of(slot_key: str) -> datetime.datetime | None:
    """The instant in the key of a free time; None for what is no key, or is nowhere near the times that are offered."""
    try:
        start = datetime.datetime.strptime(slot_key.split("-")[0], "%Y%m%dT%H%MZ").replace(tzinfo=datetime.UTC)
    except ValueError:
        return None
    # At either end of the calendar there is no day before or after to look at.
    return start if abs(start - clock.now()) <= 2 * HORIZON else None


def find(request: ConsultationRequest, slot_key: str) -> Slot:
    """The slot a key names, if it is free or was a moment ago; a key is checked, never trusted. Raises SlotTaken."""
    kind = _offered_kind(request)
    start = start_of(slot_key)
    if start is None:
        raise SlotTaken(_soonest(request))
    day = clock.local(start).date()
    following = day + datetime.timedelta(days=1)
    slots = free_slots(
        appointment_type=kind, since=day, until=following, ignoring=request, lead_time=LEAD_TIME - TIME_TO_CHOOSE
    )
    for slot in slots:
        if slot.key == slot_key:
            return slot
    raise SlotTaken(nearest(appointment_type=kind, around=start, ignoring=request))


def nearest(
    *, appointment_type: AppointmentType, around: datetime.datetime, ignoring: ConsultationRequest, count: int = 6
) -> list[Slot]:
    """The free times closest to an instant, soonest first; empty only when no time is free at all."""
    today = clock.today()
    slots = free_slots(appointment_type=appointment_type, since=today, until=today + HORIZON, ignoring=ignoring)
    return sorted(sorted(slots, key=lambda slot: abs(slot.starts_at - around))[:count])


def _soonest(request: ConsultationRequest) -> list[Slot]:
    return nearest(appointment_type=_offered_kind(request), around=clock.now(), ignoring=request)


def _offered_kind(request: ConsultationRequest) -> AppointmentType:
    if request.appointment_type is None:
        raise WrongStatus("No consultation has been offered yet.")
    return request.appointment_type


@contextmanager
def booking(request: ConsultationRequest, slot: Slot) -> Iterator[None]:
    """One transaction. Whoever loses a race in it is told which times near the lost one are free. Raises SlotTaken."""
    try:
        with transaction.atomic():
            yield
    except (LostRace, OperationalError, SlotTaken) as error:
        if isinstance(error, OperationalError) and not gave_way(error):
            raise
        kind = _offered_kind(request)
        raise SlotTaken(nearest(appointment_type=kind, around=slot.starts_at, ignoring=request)) from None


def _busy(
    first: datetime.datetime, last: datetime.datetime, ignoring: ConsultationRequest | None
) -> dict[int, list[tuple[datetime.datetime, datetime.datetime]]]:
    inside = {"starts_at__lt": last, "ends_at__gt": first}
    holds = SlotHold.objects.filter(**inside, expires_at__gt=clock.now())
    if ignoring is not None:
        holds = holds.exclude(request=ignoring)
    busy: dict[int, list[tuple[datetime.datetime, datetime.datetime]]] = {}
    for rows in (
        Appointment.objects.filter(**inside, status__in=LIVE_APPOINTMENTS),
        Absence.objects.filter(**inside),
        holds,
    ):
        for clinician_id, starts_at, ends_at in rows.values_list("clinician_id", "starts_at", "ends_at"):
            busy.setdefault(clinician_id, []).append((starts_at, ends_at))
    return busy


def _overlaps(
    taken: Iterable[tuple[datetime.datetime, datetime.datetime]], start: datetime.datetime, end: datetime.datetime
) -> bool:
    return any(start < taken_end and taken_start < end for taken_start, taken_end in taken)


def _openings(
    window: Availability, since: datetime.date, until: datetime.date
) -> Iterator[tuple[datetime.datetime, datetime.datetime]]:
    """The window's instants on each of its days, read off the clinic's wall clock; none on a day the clinic is shut."""
    closed = clock.closed_dates()
    day = max(since, window.starts_on)
    last = until if window.ends_on is None else min(until, window.ends_on + datetime.timedelta(days=1))
    while day < last:
        if day.weekday() == window.weekday and day not in closed:
            yield clock.instant(day, window.opens, fold=0), clock.instant(day, window.closes, fold=1)
        day += datetime.timedelta(days=1)


def _starts(
    opens: datetime.datetime, closes: datetime.datetime, length: datetime.timedelta
) -> Iterator[datetime.datetime]:
    step = max(length, STEP)
    start = opens
    while start + length <= closes:
        yield start
        start += step


def _midnight(day: datetime.date) -> datetime.datetime:
    return clock.instant(day, datetime.time.min, fold=0)
