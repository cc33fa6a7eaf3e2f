"""Who and what is occupied when: read for a search, locked and asked again before a time is taken."""

import datetime
import itertools
from collections.abc import Iterable
from typing import Final

from django.db.models import Q

from clinic.core import clock
from consultations.models import (
    Absence,
    Appointment,
    AppointmentType,
    BusyTime,
    ConsultationRequest,
    Occupation,
    Patient,
    Person,
    Resource,
    Room,
    RoomClosure,
    SlotHold,
)

Span = tuple[datetime.datetime, datetime.datetime]
PERSON: Final = 0
"""Under which key `busy_spans` names the person; no resource has it."""


def person_of(consultation_request: ConsultationRequest) -> int:
    """The key of the person whose visits must not overlap. The triggers of the guard ask the database itself."""
    return consultation_request.patient.person_id


def lock_resources(ids: Iterable[int]) -> None:
    """Wait until nobody else changes what is booked of these, in the order of their ids, so that nobody deadlocks."""
    list(Resource.objects.select_for_update(no_key=True).filter(pk__in=set(ids)).order_by("pk"))


def lock_person(consultation_request: ConsultationRequest) -> None:
    """Wait until nobody else books for the same person. Before `lock_resources`, always."""
    Person.objects.select_for_update(no_key=True).get(pk=person_of(consultation_request))


def rooms_at(appointment_type: AppointmentType) -> dict[int, list[int]] | None:
    """Location -> the rooms there that will do, in a fixed order; None for a type that needs none."""
    if not appointment_type.needs_room:
        return None
    rooms: dict[int, list[int]] = {}
    bookable = appointment_type.rooms.filter(is_bookable=True).order_by("name", "pk")
    for location_id, pk in bookable.values_list("location_id", "pk"):
        rooms.setdefault(location_id, []).append(pk)
    return rooms


def busy_spans(
    since: datetime.datetime, until: datetime.datetime, *, ignoring: ConsultationRequest | None
) -> dict[int, list[Span]]:
    """Resource -> when it is occupied, away, out of use, or busy by a calendar of its own; under PERSON when the person
    of `ignoring` is, other than by what that request holds or has booked itself.

    One query. The spans of one resource stand in no order, and may overlap where somebody is away or busy.
    """
    taken = Occupation.objects.standing(now=clock.now()).touching(since, until)
    about = Q(resource__isnull=False)
    if ignoring is not None:
        taken = taken.exclude(_of_its_own(ignoring))
        about |= Q(person__in=Patient.objects.filter(pk=ignoring.patient_id).values("person"))
    away = Absence.objects.order_by().filter(starts_at__lt=until, ends_at__gt=since)
    elsewhere = BusyTime.objects.order_by().filter(starts_at__lt=until, ends_at__gt=since)
    columns = "starts_at", "ends_at"
    rows = taken.filter(about).values_list("resource_id", *columns)
    closed = RoomClosure.objects.order_by().filter(starts_at__lt=until, ends_at__gt=since)
    others = [item.values_list("clinician_id", *columns) for item in (away, elsewhere)]
    busy: dict[int, list[Span]] = {}
    for resource_id, *span in rows.union(*others, closed.values_list("room_id", *columns), all=True):
        busy.setdefault(resource_id or PERSON, []).append(tuple(span))
    return busy


def _of_its_own(consultation_request: ConsultationRequest) -> Q:
    """What a request holds, and the visit that it has, which the next one takes the place of: neither is in its way."""
    return Q(hold__consultation_request=consultation_request) | Q(
        appointment__consultation_request=consultation_request
    )


def free_room(
    appointment_type: AppointmentType, *, location_id: int, occupied: Span, consultation_request: ConsultationRequest
) -> Room | None:
    """The first room that will do and is free; None when there is none. Ask `needs_room` first, under the lock."""
    taken = Occupation.objects.standing(now=clock.now()).touching(*occupied)
    return (
        appointment_type.rooms.filter(is_bookable=True, location_id=location_id)
        .exclude(
            pk__in=taken.filter(resource__isnull=False).exclude(_of_its_own(consultation_request)).values("resource")
        )
        .exclude(pk__in=RoomClosure.objects.filter(starts_at__lt=occupied[1], ends_at__gt=occupied[0]).values("room"))
        .order_by("name", "pk")
        .first()
    )


def is_needed(resource: Resource) -> bool:
    """Whether anything that is not over yet occupies it."""
    now = clock.now()
    return Occupation.objects.standing(now=now).filter(resource=resource.pk, ends_at__gt=now).exists()


def is_taken(
    consultation_request: ConsultationRequest,
    *,
    clinician_id: int,
    visit: Span,
    occupied: Span,
    over_own_calendar: bool = False,
) -> bool:
    """Whether the clinician or the person is elsewhere: booked or held for another request, away, or busy by the
    clinician's own calendar. `over_own_calendar`: staff take the time for a reason, whatever that calendar says.
    """
    standing = Occupation.objects.standing(now=clock.now()).exclude(_of_its_own(consultation_request))
    return (
        standing.touching(*occupied).filter(resource=clinician_id).exists()
        or standing.touching(*visit).filter(person=person_of(consultation_request)).exists()
        or is_away(clinician_id, *occupied)
        or (not over_own_calendar and is_busy(clinician_id, *occupied))
    )


def is_away(clinician_id: int, starts_at: datetime.datetime, ends_at: datetime.datetime) -> bool:
    return Absence.objects.filter(clinician=clinician_id, starts_at__lt=ends_at, ends_at__gt=starts_at).exists()


def is_busy(clinician_id: int, starts_at: datetime.datetime, ends_at: datetime.datetime) -> bool:
    """By the clinician's own calendar. Under the lock of the clinician, which whoever keeps what was read takes too."""
    return BusyTime.objects.filter(clinician=clinician_id, starts_at__lt=ends_at, ends_at__gt=starts_at).exists()


def overlapping_visits(patients: Iterable[Patient]) -> list[tuple[SlotHold | Appointment, SlotHold | Appointment]]:
    """Visits of these patient rows that overlap, in pairs, soonest first: rows with such a pair are not of one person.

    Holds that run count, as they do for the database. End those that ran out before (`slot_release.release_run_out`).
    """
    visits = list(
        Occupation.objects.standing(now=clock.now())
        .filter(
            Q(appointment__consultation_request__patient__in=patients)
            | Q(hold__consultation_request__patient__in=patients)
        )
        .filter(person__isnull=False)
        .select_related("appointment__consultation_request", "hold__consultation_request")
        .defer("appointment__cancel_reason")
        .order_by("starts_at", "pk")
    )
    pairs = itertools.combinations(visits, 2)
    return [(one.taken_by, other.taken_by) for one, other in pairs if other.starts_at < one.ends_at]
