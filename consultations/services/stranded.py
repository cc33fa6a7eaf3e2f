"""Visits that no hours cover: before hours change, which would be left standing outside; and which stand so now. And
visits over which a busy time of their clinician's own calendar came.
"""

import datetime
from collections.abc import Callable, Iterable
from typing import Final

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from clinic.core import clock
from clinic.core.text_lists import semicolon_list
from consultations.enums import OutsideRule
from consultations.models import (
    Appointment,
    AppointmentType,
    Availability,
    BusyTime,
    Clinician,
    ExtraSession,
    Room,
    RoomClosure,
)
from consultations.models.scheduling import AppointmentQuerySet
from consultations.services.scheduling.supply import DAY, Hours, hour_rows, hours_of

HoursEntry = Availability | ExtraSession
MANY: Final = 5
"""So many visits are named in a sentence; the rest are counted."""


def by_change(entry: HoursEntry | Clinician | Room | RoomClosure, *, is_removed: bool = False) -> list[Appointment]:
    """Booked visits ahead that would stand outside the hours, or without their room, once the entry is saved.

    Soonest first. What stands outside already is not among them: this change does nothing to it.
    """
    if isinstance(entry, Availability | ExtraSession):
        return _by_hours(entry, is_removed=is_removed)
    if isinstance(entry, RoomClosure):
        return _by_closure(entry)
    if entry.pk is None or entry.is_bookable:
        return []
    return list(ahead().filter(occupations__resource=entry.pk))


def _by_closure(closure: RoomClosure) -> list[Appointment]:
    meanwhile = {"occupations__starts_at__lt": closure.ends_at, "occupations__ends_at__gt": closure.starts_at}
    return list(ahead().filter(occupations__resource=closure.room_id, **meanwhile))


def by_type(kind: AppointmentType, *, clinicians: Iterable[Clinician], rooms: Iterable[Room]) -> list[Appointment]:
    """Booked visits ahead of a type whose clinician would no longer give it, or whose room would no longer do."""
    if kind._state.adding:
        return []
    before: AppointmentType = AppointmentType.objects.get(pk=kind.pk)
    fits_now = _fits(kind, {item.pk for item in clinicians}, {item.pk for item in rooms})
    fitted = _fits(
        before, set(before.clinicians.values_list("pk", flat=True)), set(before.rooms.values_list("pk", flat=True))
    )
    return [visit for visit in ahead().filter(appointment_type=kind.pk) if fitted(visit) and not fits_now(visit)]


def _fits(kind: AppointmentType, clinicians: set[int], rooms: set[int]) -> Callable[[Appointment], bool]:
    def fits(visit: Appointment) -> bool:
        is_given = kind.any_clinician or visit.clinician_id in clinicians
        return is_given and (not kind.needs_room or visit.room_id in rooms)

    return fits


def outside_hours(visits: Iterable[Appointment]) -> list[Appointment]:
    """Which of these visits no hours cover now, or stand in a room that is out of use: changed since, or the clinic is
    closed on that day. Three queries at most.
    """
    visits = list(visits)
    if not visits:
        return []
    about = Q(clinician__in={visit.clinician_id for visit in visits})
    hours = _hours(about & Q(clinician__is_bookable=True), visits)
    closed = _in_closed_rooms(visits)
    return [visit for visit in visits if visit.pk in closed or not _is_covered(visit, hours)]


def _in_closed_rooms(visits: Iterable[Appointment]) -> set[int]:
    """The keys of those whose room is out of use meanwhile."""
    rooms = {visit.room_id for visit in visits if visit.room_id}
    closures = list(RoomClosure.objects.filter(room__in=rooms, ends_at__gt=clock.now())) if rooms else []
    return {
        visit.pk
        for visit in visits
        for closure in closures
        if closure.room_id == visit.room_id and closure.starts_at < visit.ends_at and visit.starts_at < closure.ends_at
    }


def over_busy_times() -> AppointmentQuerySet:
    """Booked visits ahead during which their clinician is busy by their own calendar, soonest first; without those that
    staff booked so for a reason.
    """
    busy = BusyTime.objects.filter(
        clinician=OuterRef("clinician"), starts_at__lt=OuterRef("ends_at"), ends_at__gt=OuterRef("starts_at")
    )
    return ahead().filter(Exists(busy)).exclude(outside__contains=OutsideRule.OWN_CALENDAR.value)


def named(visits: list[Appointment]) -> str:
    """References and times of visits, for a sentence: "LS-7K3M-QX (Thursday 3 December, 2:15 pm)"."""
    words = semicolon_list(
        # Translators: the reference of a request, and the time of its visit.
        _("%(reference)s (%(time)s)")
        % {"reference": visit.consultation_request.reference, "time": clock.moment(visit.starts_at, visit.time_zone)}
        for visit in visits[:MANY]
    )
    if len(visits) <= MANY:
        return words
    return _("%(visits)s and %(number)d more") % {"visits": words, "number": len(visits) - MANY}


def ahead() -> AppointmentQuerySet:
    """Booked visits that are not over, with whom they are for by reference alone, soonest first."""
    return (
        Appointment.objects.live()
        .filter(ends_at__gt=clock.now())
        .select_related("consultation_request")
        .only(
            "consultation_request__reference", "clinician", "location", "room", "starts_at", "ends_at", "time_zone",
            "buffer_before_minutes", "buffer_after_minutes",
        )
        .order_by("starts_at", "pk")
    )  # fmt: skip


def _by_hours(entry: HoursEntry, *, is_removed: bool) -> list[Appointment]:
    if entry._state.adding:
        return []
    old = hours_of(type(entry)._default_manager.get(pk=entry.pk))
    visits = [visit for visit in ahead().filter(clinician=old.clinician_id) if _is_covered(visit, [old])]
    if not visits:
        return []
    left = _hours(Q(clinician=old.clinician_id), visits)
    left.remove(old)
    if not is_removed:
        left.append(hours_of(entry))
    return [visit for visit in visits if not _is_covered(visit, left)]


def _hours(about: Q, visits: list[Appointment]) -> list[Hours]:
    days = [clock.local(visit.starts_at).date() for visit in visits]
    # A buffer may begin on the day before.
    return [Hours(*row) for row in hour_rows(about, min(days) - DAY, max(days) + 2 * DAY)]


def _is_covered(visit: Appointment, hours: Iterable[Hours]) -> bool:
    """Whether the visit lies, with its buffers, in one opening of its clinician at its location."""
    begins = visit.starts_at - datetime.timedelta(minutes=visit.buffer_before_minutes)
    ends = visit.ends_at + datetime.timedelta(minutes=visit.buffer_after_minutes)
    day = clock.local(begins).date()
    return day not in clock.closed_dates() and any(
        item.clinician_id == visit.clinician_id
        and item.location_id == visit.location_id
        and item.is_on(day)
        and clock.instant(day, item.opens, fold=0) <= begins
        and ends <= clock.instant(day, item.closes, fold=1)
        for item in hours
    )
