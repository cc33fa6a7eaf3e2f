"""Free slots: found on the clinic's wall clock, named by a key, looked up again when the key comes back."""

import dataclasses
import datetime
from collections.abc import Iterable, Iterator
from typing import Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from clinic.core import clock
from clinic.core.refusals import WrongStatus
from consultations.enums import RequestStatus
from consultations.models import Appointment, AppointmentType, Availability, ConsultationRequest, SlotHold
from consultations.models.diary import MAX_HORIZON_DAYS
from consultations.services.occupation import PERSON, Span, busy_spans, overlaps, rooms_at

TIME_TO_CHOOSE: Final = datetime.timedelta(minutes=20)
"""How much shorter than asked the notice of a chosen time may be: it was far enough away when the page showed it."""
FAR: Final = datetime.timedelta(days=2 * MAX_HORIZON_DAYS)


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

    @property
    def visit(self) -> Span:
        """What occupies the patient."""
        return self.starts_at, self.ends_at

    def occupied(self, appointment_type: AppointmentType) -> Span:
        """What occupies the clinician and the room: the visit with the buffers of its type."""
        return self.starts_at - appointment_type.buffer_before, self.ends_at + appointment_type.buffer_after


class SlotTaken(Exception):
    """Someone else took the time, or it is no longer offered. `nearest` holds free times close to it, if any."""

    def __init__(self, nearest: Iterable[Slot] = ()) -> None:
        super().__init__(_("Someone just took that time."))
        self.nearest = tuple(nearest)


def slot_of(taken: SlotHold | Appointment) -> Slot:
    """The slot that a hold or an appointment takes up."""
    return Slot(taken.starts_at, taken.ends_at, taken.clinician_id, taken.location_id)


def free_slots(
    *,
    appointment_type: AppointmentType,
    since: datetime.date,
    until: datetime.date,
    ignoring: ConsultationRequest | None = None,
    notice: datetime.timedelta | None = None,
) -> list[Slot]:
    """Free times from `since` to before `until` (clinic days), soonest first; a few queries however long the stretch.

    A time is free when the visit with its buffers lies in the availability of a clinician who gives this type and
    touches no absence, no live appointment and no running hold, but those of `ignoring`; when a room that it needs is
    free at that location; when the person of `ignoring` is nowhere else; and when it keeps notice and horizon of the
    type. The time that `ignoring` has is none.
    """
    now = clock.now()
    notice = appointment_type.notice if notice is None else notice
    first = max(_midnight(since), now + notice)
    last = min(_midnight(until), now + appointment_type.horizon)
    if first >= last:
        return []
    rooms = rooms_at(appointment_type)
    end = last + appointment_type.length + appointment_type.buffer_after
    busy = busy_spans(first - appointment_type.buffer_before, end, ignoring=ignoring)

    def is_free(slot: Slot) -> bool:
        occupied = slot.occupied(appointment_type)
        if overlaps(busy.get(slot.clinician_id, ()), occupied) or overlaps(busy.get(PERSON, ()), slot.visit):
            return False
        return rooms is None or any(
            not overlaps(busy.get(room, ()), occupied) for room in rooms.get(slot.location_id, ())
        )

    offered = _slots_in(_windows(appointment_type), appointment_type, since, until)
    free = {slot for slot in offered if first <= slot.starts_at < last and is_free(slot)}
    return sorted(free - _own_time(ignoring))


def _own_time(consultation_request: ConsultationRequest | None) -> set[Slot]:
    """The time that a request has: it is in the way of no other, and no other one itself."""
    if consultation_request is None or consultation_request.status != RequestStatus.BOOKED:
        return set()
    return {slot_of(item) for item in Appointment.objects.live().filter(consultation_request=consultation_request)}


def nearest(
    *, appointment_type: AppointmentType, around: datetime.datetime, ignoring: ConsultationRequest, count: int = 6
) -> list[Slot]:
    """The free times closest to an instant, soonest first; empty only when no time is free at all."""
    today = clock.today()
    until = today + appointment_type.horizon
    slots = free_slots(appointment_type=appointment_type, since=today, until=until, ignoring=ignoring)
    return sorted(sorted(slots, key=lambda slot: abs(slot.starts_at - around))[:count])


def soonest(consultation_request: ConsultationRequest) -> list[Slot]:
    kind = offered_type(consultation_request)
    return nearest(appointment_type=kind, around=clock.now(), ignoring=consultation_request)


def offered_type(consultation_request: ConsultationRequest) -> AppointmentType:
    if consultation_request.appointment_type is None:
        raise WrongStatus(_("No consultation has been offered yet."))
    return consultation_request.appointment_type


def start_of(slot_key: str) -> datetime.datetime | None:
    """The instant in the key of a free time; None for what is no key, or is nowhere near the times that are offered."""
    try:
        start = datetime.datetime.strptime(slot_key.split("-")[0], "%Y%m%dT%H%MZ").replace(tzinfo=datetime.UTC)
    except ValueError:
        return None
    # At either end of the calendar there is no day before or after to look at.
    return start if abs(start - clock.now()) <= FAR else None


def find(consultation_request: ConsultationRequest, slot_key: str) -> Slot:
    """The slot a key names, if it is free or was a moment ago; a key is checked, never trusted. Raises SlotTaken."""
    kind = offered_type(consultation_request)
    start = start_of(slot_key)
    if start is None:
        raise SlotTaken(soonest(consultation_request))
    day = clock.local(start).date()
    slots = free_slots(
        appointment_type=kind,
        since=day,
        until=day + datetime.timedelta(days=1),
        ignoring=consultation_request,
        notice=max(datetime.timedelta(), kind.notice - TIME_TO_CHOOSE),
    )
    for slot in slots:
        if slot.key == slot_key:
            return slot
    raise SlotTaken(nearest(appointment_type=kind, around=start, ignoring=consultation_request))


def _windows(appointment_type: AppointmentType) -> QuerySet[Availability]:
    """The weekly times of the clinicians who give this type."""
    windows = Availability.objects.filter(clinician__is_bookable=True, clinician__user__is_active=True).order_by("pk")
    if appointment_type.any_clinician:
        return windows
    return windows.filter(clinician__in=appointment_type.clinicians.all())


def windows_of(
    appointment_type: AppointmentType, *, clinician_id: int, location_id: int, on: datetime.date
) -> list[Span]:
    """When one clinician gives this type at one location on a day."""
    windows = _windows(appointment_type).filter(clinician=clinician_id, location=location_id)
    return [span for window in windows for span in _openings(window, on, on + datetime.timedelta(days=1))]


def _slots_in(
    windows: Iterable[Availability], appointment_type: AppointmentType, since: datetime.date, until: datetime.date
) -> Iterator[Slot]:
    for window in windows:
        for opens, closes in _openings(window, since, until):
            start = opens + appointment_type.buffer_before
            while (end := start + appointment_type.length) + appointment_type.buffer_after <= closes:
                yield Slot(start, end, window.clinician_id, window.location_id)
                start += appointment_type.step


def _openings(window: Availability, since: datetime.date, until: datetime.date) -> Iterator[Span]:
    """The window's instants on each of its days, read off the clinic's wall clock; none on a day the clinic is shut."""
    closed = clock.closed_dates()
    day = max(since, window.starts_on)
    last = until if window.ends_on is None else min(until, window.ends_on + datetime.timedelta(days=1))
    while day < last:
        if day.weekday() == window.weekday and day not in closed:
            yield clock.instant(day, window.opens, fold=0), clock.instant(day, window.closes, fold=1)
        day += datetime.timedelta(days=1)


def _midnight(day: datetime.date) -> datetime.datetime:
    return clock.instant(day, datetime.time.min, fold=0)
