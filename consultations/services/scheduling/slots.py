"""Free slots: found on the clinic's wall clock, named by a key, looked up again when the key comes back."""

import dataclasses
import datetime
from collections.abc import Callable, Iterable
from functools import cached_property, partial
from operator import attrgetter
from typing import Final

from django.utils.translation import gettext as _

from clinic.core import clock
from clinic.core.refusals import WrongStatus
from consultations.enums import RequestStatus
from consultations.models import Appointment, AppointmentType, Clinician, ConsultationRequest, SlotHold, TimeOffer
from consultations.models.diary import MAX_HORIZON_DAYS
from consultations.services import visit_needs
from consultations.services.occupation import Span, busy_spans
from consultations.services.scheduling.grid import Grids
from consultations.services.scheduling.supply import DAY, openings, supply_of

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
    """Someone else took the time, or it is no longer offered. `look` finds free times close to it, for whoever asks."""

    def __init__(self, look: Callable[[], Iterable[Slot]] = tuple) -> None:
        super().__init__(_("Someone just took that time."))
        self._look = look

    @cached_property
    def nearest(self) -> tuple[Slot, ...]:
        return tuple(self._look())


def slot_of(taken: SlotHold | Appointment | TimeOffer) -> Slot:
    """The slot that a hold, an appointment or an offer of the waiting list takes up."""
    return Slot(taken.starts_at, taken.ends_at, taken.clinician_id, taken.location_id)


def free_slots(
    *,
    appointment_type: AppointmentType,
    since: datetime.date,
    until: datetime.date,
    ignoring: ConsultationRequest | None = None,
    notice: datetime.timedelta | None = None,
) -> list[Slot]:
    """Free times from `since` to before `until` (clinic days), soonest first; two queries however long the stretch.

    A time is free when the visit with its buffers lies in the hours (weekly, or an extra session) of a clinician who
    gives this type and touches no absence, no busy time of a calendar of their own, no live appointment and no running
    hold, but those of `ignoring`; when a room that it needs is free at that location; when the person of `ignoring` is
    nowhere else; and when it keeps notice and horizon of the type. The time that `ignoring` has is none, nor is any
    that its invitation to a follow-up leaves out.
    """
    now = clock.now()
    notice = appointment_type.notice if notice is None else notice
    invited = ignoring or ConsultationRequest()
    since = max(since, invited.follow_up_from or since)
    first = max(_midnight(since), now + notice)
    last = min(_midnight(until), now + appointment_type.horizon)
    if first >= last:
        return []
    supply = supply_of(appointment_type, since, until)
    end = last + appointment_type.length + appointment_type.buffer_after
    busy = busy_spans(first - appointment_type.buffer_before, end, ignoring=ignoring)
    grids = Grids(appointment_type, first, last, busy, supply.rooms)
    length = appointment_type.length
    slots = [
        Slot(starts_at, starts_at + length, opening.clinician_id, opening.location_id)
        for opening in openings(supply.hours, since, until)
        if invited.follow_up_clinician_id in (None, opening.clinician_id)
        for starts_at in grids.free_starts(opening)
    ]
    slots.sort(key=attrgetter("starts_at", "ends_at", "clinician_id", "location_id"))
    own = _own_time(ignoring)
    # Hours that overlap give a start twice. Neighbors are compared, because to hash an instant costs more.
    return [slot for slot, before in zip(slots, [None, *slots], strict=False) if slot not in (before, own)]


def offered_slots(consultation_request: ConsultationRequest, kind: AppointmentType) -> list[Slot]:
    """Every free time that this request may have, soonest first."""
    today = clock.today()
    return free_slots(appointment_type=kind, since=today, until=today + kind.horizon, ignoring=consultation_request)


def _own_time(consultation_request: ConsultationRequest | None) -> Slot | None:
    """The time that a request has: it is in the way of no other, and no other one itself."""
    if consultation_request is None or consultation_request.status != RequestStatus.BOOKED:
        return None
    booked = Appointment.objects.live().filter(consultation_request=consultation_request).first()
    return slot_of(booked) if booked else None


def nearest(
    *, appointment_type: AppointmentType, around: datetime.datetime, ignoring: ConsultationRequest, count: int = 6
) -> list[Slot]:
    """The free times closest to an instant, soonest first; empty only when no time is free at all."""
    today = clock.today()
    last = today + appointment_type.horizon
    day = min(max(clock.local(around).date(), today), last)
    # Where little is free close by, little is free further away as well, and one long look costs less than several.
    for days in (2, 2 * MAX_HORIZON_DAYS):
        since, until = max(day - days * DAY, today), min(day + (days + 1) * DAY, last)
        slots = free_slots(appointment_type=appointment_type, since=since, until=until, ignoring=ignoring)
        # What lies outside the stretch is further away than what lies within reach of its nearer end.
        reach = min(
            FAR if since == today else around - _midnight(since), FAR if until == last else _midnight(until) - around
        )
        near = sorted((slot for slot in slots if abs(slot.starts_at - around) <= reach), key=_distance_from(around))
        if len(near) >= count or (since, until) == (today, last):
            break
    return sorted(near[:count])


def _distance_from(around: datetime.datetime) -> Callable[[Slot], datetime.timedelta]:
    return lambda slot: abs(slot.starts_at - around)


def soonest(consultation_request: ConsultationRequest) -> Callable[[], list[Slot]]:
    """How to find the next free times. Raises WrongStatus."""
    kind = offered_type(consultation_request)
    return partial(nearest, appointment_type=kind, around=clock.now(), ignoring=consultation_request)


def offered_type(consultation_request: ConsultationRequest) -> AppointmentType:
    kind = visit_needs.visit_type_of(consultation_request)
    if kind is None:
        raise WrongStatus(_("No consultation has been offered yet."))
    return kind


def your_doctor(consultation_request: ConsultationRequest) -> int | None:
    """The key of the clinician who decided on the request, whom its patient knows by name; None for nobody."""
    decided_by = consultation_request.reviews.order_by("decided_at", "pk").values_list("decided_by", flat=True).last()
    user = decided_by or consultation_request.doctor_id
    return Clinician.objects.filter(user=user).values_list("pk", flat=True).first()


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
    raise SlotTaken(partial(nearest, appointment_type=kind, around=start, ignoring=consultation_request))


def _midnight(day: datetime.date) -> datetime.datetime:
    return clock.instant(day, datetime.time.min, fold=0)
