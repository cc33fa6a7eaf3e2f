"""What must be true of the rows after everything that happens to a visit, read from the database alone."""

import datetime
import itertools
from collections.abc import Iterator
from typing import Any, Final

from clinic.core import clock
from clinic.core.models import OutboxMessage
from consultations.enums import CLOSED_STATUSES, MessageKind, RequestStatus
from consultations.models import (
    Absence,
    Appointment,
    AppointmentType,
    BusyTime,
    ConsultationRequest,
    Occupation,
    SlotHold,
    TimeOffer,
)

DAY: Final = datetime.timedelta(days=1)
Span = tuple[datetime.datetime, datetime.datetime]
ABOUT_A_VISIT: Final = (
    MessageKind.APPOINTMENT_BOOKED,
    MessageKind.APPOINTMENT_MOVED,
    MessageKind.VISIT_REMINDER,
)


def _with_buffers(taken: Appointment | SlotHold) -> Span:
    before, after = (
        datetime.timedelta(minutes=minutes) for minutes in (taken.buffer_before_minutes, taken.buffer_after_minutes)
    )
    return taken.starts_at - before, taken.ends_at + after


def _takes(taken: Appointment | SlotHold) -> Iterator[tuple[tuple[str, int], Span]]:
    """Who and what it occupies when."""
    yield ("resource", taken.clinician_id), _with_buffers(taken)
    if taken.room_id is not None:
        yield ("resource", taken.room_id), _with_buffers(taken)
    yield ("person", taken.consultation_request.patient.person_id), (taken.starts_at, taken.ends_at)


def visits() -> list[Appointment]:
    return list(Appointment.objects.live().select_related("consultation_request__patient").defer("cancel_reason"))


def holds() -> list[SlotHold]:
    running = SlotHold.objects.filter(expires_at__gt=clock.now())
    return list(running.select_related("consultation_request__patient"))


def overlaps() -> list[str]:
    """Nobody and nothing is taken twice; a hold may lie over the visit of its own request, which it is to replace."""
    spans: dict[Any, list[tuple[Span, int]]] = {}
    for taken in [*visits(), *holds()]:
        for who, span in _takes(taken):
            spans.setdefault(who, []).append((span, taken.consultation_request_id))
    return [
        f"{who} is taken twice: {one[0]} and {other[0]}"
        for who, taken in spans.items()
        for one, other in itertools.combinations(sorted(taken), 2)
        if other[0][0] < one[0][1] and one[1] != other[1]
    ]


def statuses() -> list[str]:
    """Whoever is booked has one visit, nobody else has one, and what has ended holds nothing."""
    visit_of = [visit.consultation_request_id for visit in visits()]
    held = set(SlotHold.objects.values_list("consultation_request", flat=True))
    found = []
    for pk, status in ConsultationRequest.objects.values_list("pk", "status"):
        if visit_of.count(pk) != (status == RequestStatus.BOOKED):
            found.append(f"a request that is {status} has {visit_of.count(pk)} visits")
        if status in CLOSED_STATUSES and pk in held:
            found.append(f"a request that is {status} holds a time")
    return found


def reasons() -> list[str]:
    """A visit that was not on offer says why; one that was says nothing."""
    return [
        f"a visit outside ({visit.outside}) with the reason {visit.outside_reason!r}"
        for visit in visits()
        if (visit.outside is None) != (not visit.outside_reason)
    ]


def occupations() -> list[str]:
    """What the triggers wrote of visits is what the visits take up."""
    wanted = sorted((kind, key, span, visit.pk) for visit in visits() for (kind, key), span in _takes(visit))
    written = sorted(
        ("person" if row.person_id else "resource", row.person_id or row.resource_id, (row.starts_at, row.ends_at), key)
        for row in Occupation.objects.exclude(appointment=None)
        if (key := row.appointment_id)
    )
    return [] if wanted == written else [f"visits take up {wanted}, and the table says {written}"]


def free_by_hand(kind: AppointmentType, grid: list[tuple[datetime.datetime, int]], rooms: list[int]) -> set[Any]:
    """Which of all starts are free for whoever has nothing yet, by looking at each."""
    now, length = clock.now(), kind.length
    taken: dict[int, list[Span]] = {}
    for item in [*visits(), *holds()]:
        for (what, key), span in _takes(item):
            if what == "resource":
                taken.setdefault(key, []).append(span)
    for away in [*Absence.objects.all(), *BusyTime.objects.all()]:
        taken.setdefault(away.clinician_id, []).append((away.starts_at, away.ends_at))

    def is_free(key: int, begins: datetime.datetime, ends: datetime.datetime) -> bool:
        return not any(since < ends and until > begins for since, until in taken.get(key, ()))

    free = set()
    for start, clinician in grid:
        span = start - kind.buffer_before, start + length + kind.buffer_after
        if not now + kind.notice <= start < now + kind.horizon or clock.local(start).date() in clock.closed_dates():
            continue
        has_room = not kind.needs_room or any(is_free(room, *span) for room in rooms)
        if is_free(clinician, *span) and has_room:
            free.add((start, clinician))
    return free


def sent_to_nobody(message: OutboxMessage) -> str:
    """Why a message that was sent just now should not have been; "" where it is right."""
    if message.kind == MessageKind.EARLIER_TIME:
        is_live = TimeOffer.objects.live().filter(pk=message.payload["time_offer"], expires_at__gt=clock.now()).exists()
        return "" if is_live else "an offer of an earlier time was sent that is dead"
    if message.kind not in ABOUT_A_VISIT:
        return ""
    visit = Appointment.objects.live().filter(pk=message.payload["appointment"]).first()
    if visit is None:
        return f"{message.kind} was sent for a visit that is dead"
    if visit.starts_at <= clock.now():
        return f"{message.kind} was sent for a visit that had begun"
    return ""


def offers() -> list[str]:
    """What the waiting list offers is kept, and for nobody else."""
    kept = dict(SlotHold.objects.exclude(time_offer=None).values_list("time_offer", "consultation_request"))
    live = TimeOffer.objects.live().filter(expires_at__gt=clock.now()).select_related("entry")
    return [
        f"an offered time is kept for {kept.get(offer.pk)}, and was offered to {offer.entry.consultation_request_id}"
        for offer in live
        if kept.get(offer.pk) != offer.entry.consultation_request_id
    ]


class Sequences:
    """The number that a calendar knows each state of a visit by: it rises with each change of when, where, whether."""

    def __init__(self) -> None:
        self.seen: dict[int, tuple[int, tuple[Any, ...]]] = {}

    def look(self) -> list[str]:
        found = []
        for visit in Appointment.objects.defer("cancel_reason"):
            is_off = visit.cancelled_at is not None
            state = visit.starts_at, visit.ends_at, visit.clinician_id, visit.location_id, is_off, visit.calendar_uid
            number = visit.calendar_sequence
            before, state_before = self.seen.get(visit.pk, (-1, ()))
            if state != state_before and number <= before:
                found.append(f"a visit changed, and its number went from {before} to {number}")
            if state == state_before and number < before:
                found.append(f"the number of a visit fell from {before} to {number}")
            self.seen[visit.pk] = number, state
        return found
