"""What the week of the diary is made of, read in a number of queries that no diary makes larger."""

import dataclasses
import datetime
from typing import Final

from django.db.models import Q

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import AppointmentStatus
from consultations.forms.week_filter import WeekFilter
from consultations.models import (
    Absence,
    Appointment,
    AppointmentType,
    BusyTime,
    Clinician,
    ConsultationRequest,
    Location,
    Room,
    RoomClosure,
    SlotHold,
)
from consultations.presenters.isolation import Unreadable, readable
from consultations.services import scheduling, stranded, visit_needs
from consultations.services.scheduling.supply import DAY, Hours, hour_rows
from consultations.services.visit_needs import Needs

NOT_NEEDED: Final = (
    "consultation_request__patient__email",
    "consultation_request__patient__phone",
    "consultation_request__patient__phone_as_typed",
    "cancel_reason",
    "outside_reason",
    "video_link",
)
Span = tuple[datetime.datetime, datetime.datetime]


@dataclasses.dataclass(frozen=True, slots=True)
class WeekRows:
    """Everything between two days; `damaged` counts the bookings that cannot be read."""

    clinicians: list[Clinician]
    rooms: list[Room]
    places: dict[int, Location]
    hours: list[Hours]
    absences: list[Absence]
    busy: list[BusyTime]
    closures: list[RoomClosure]
    visits: list[Appointment]
    damaged: int
    holds: list[SlotHold]
    free: list[scheduling.Slot]
    needs: dict[int, Needs]
    stranded: frozenset[int]


def between(
    since: datetime.date,
    until: datetime.date,
    *,
    filters: WeekFilter,
    kind: AppointmentType | None,
    viewer: User,
    ignoring: ConsultationRequest | None = None,
) -> WeekRows:
    start, end = span_of(since, until)
    visits, damaged = _visits(start, end, filters=filters, viewer=viewer)
    clinicians = Clinician.objects.select_related("user").order_by("display_name", "pk")
    rooms = Room.objects.select_related("location").order_by("location__name", "name", "pk")
    persons = {visit.consultation_request.patient.person_id for visit in visits}
    left = stranded.outside_hours(visit for visit in visits if visit.status == AppointmentStatus.BOOKED)
    return WeekRows(
        clinicians=[item for item in clinicians if filters.clinician in (None, item)],
        rooms=[item for item in rooms if _is_shown(item, filters)],
        places=Location.objects.in_bulk(),
        hours=_hours(since, until, filters=filters),
        absences=list(Absence.objects.filter(_touches(start, end)).order_by("starts_at", "pk")),
        busy=list(BusyTime.objects.filter(_touches(start, end)).order_by("starts_at", "pk")),
        closures=list(RoomClosure.objects.filter(_touches(start, end)).order_by("starts_at", "pk")),
        visits=visits,
        damaged=damaged,
        holds=_holds(start, end, filters=filters, viewer=viewer),
        free=_free(kind, since, until, filters=filters, ignoring=ignoring),
        needs=dict(visit_needs.of_persons(persons)),
        stranded=frozenset(visit.pk for visit in left),
    )


def span_of(since: datetime.date, until: datetime.date) -> Span:
    return clock.instant(since, datetime.time.min, fold=0), clock.instant(until, datetime.time.min, fold=0)


def _is_shown(room: Room, filters: WeekFilter) -> bool:
    return filters.room in (None, room) and filters.location in (None, room.location)


def _hours(since: datetime.date, until: datetime.date, *, filters: WeekFilter) -> list[Hours]:
    about = Q(clinician__is_bookable=True, clinician__user__is_active=True)
    if filters.clinician is not None:
        about &= Q(clinician=filters.clinician)
    if filters.location is not None:
        about &= Q(location=filters.location)
    return [Hours(*row) for row in hour_rows(about, since - DAY, until + DAY)]


def _touches(start: datetime.datetime, end: datetime.datetime) -> Q:
    return Q(starts_at__lt=end, ends_at__gt=start)


def _visits(
    start: datetime.datetime, end: datetime.datetime, *, filters: WeekFilter, viewer: User
) -> tuple[list[Appointment], int]:
    rows = (
        Appointment.objects.visible_to(viewer)
        .filter(_touches(start, end))
        .exclude(status=AppointmentStatus.CANCELLED)
        .select_related("consultation_request__patient", "clinician", "location", "appointment_type", "room")
        .defer(*NOT_NEEDED)
        .order_by("starts_at", "pk")
    )
    if filters.clinician is not None:
        rows = rows.filter(clinician=filters.clinician)
    if filters.location is not None:
        rows = rows.filter(location=filters.location)
    read = readable(rows)
    visits = [row for row in read if not isinstance(row, Unreadable)]
    return visits, len(read) - len(visits)


def _holds(start: datetime.datetime, end: datetime.datetime, *, filters: WeekFilter, viewer: User) -> list[SlotHold]:
    seen = ConsultationRequest.objects.visible_to(viewer).order_by()
    rows = SlotHold.objects.filter(_touches(start, end), expires_at__gt=clock.now(), consultation_request__in=seen)
    if filters.clinician is not None:
        rows = rows.filter(clinician=filters.clinician)
    if filters.location is not None:
        rows = rows.filter(location=filters.location)
    return list(rows.select_related("consultation_request").order_by("starts_at", "pk"))


def _free(
    kind: AppointmentType | None,
    since: datetime.date,
    until: datetime.date,
    *,
    filters: WeekFilter,
    ignoring: ConsultationRequest | None,
) -> list[scheduling.Slot]:
    if kind is None or filters.is_by_room:
        return []
    slots = scheduling.free_slots(appointment_type=kind, since=since, until=until, ignoring=ignoring)
    who, where = filters.clinician, filters.location
    return [
        slot
        for slot in slots
        if (who is None or slot.clinician_id == who.pk) and (where is None or slot.location_id == where.pk)
    ]
