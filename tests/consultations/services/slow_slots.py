"""Free times found the plain way: each start of each day looked at by itself, against each row there is."""

import datetime
from collections.abc import Iterator

from clinic.core import clock
from consultations.models import (
    Absence,
    AppointmentType,
    Availability,
    BusyTime,
    Clinician,
    ConsultationRequest,
    ExtraSession,
    Occupation,
)
from consultations.services.scheduling import Slot
from tests.personas import connect_directly

DAY = datetime.timedelta(days=1)


def slow_slots(
    kind: AppointmentType, since: datetime.date, until: datetime.date, ignoring: ConsultationRequest | None = None
) -> list[Slot]:
    slots = {slot for day in _days(since, until) for slot in _starts_on(day, kind) if _is_free(slot, kind, ignoring)}
    begin, end = clock.instant(since, datetime.time(), fold=0), clock.instant(until, datetime.time(), fold=0)
    soonest = clock.now() + datetime.timedelta(hours=kind.notice_hours)
    latest = clock.now() + datetime.timedelta(days=kind.horizon_days)
    return sorted(slot for slot in slots if max(begin, soonest) <= slot.starts_at < min(end, latest))


def _days(since: datetime.date, until: datetime.date) -> Iterator[datetime.date]:
    while since < until:
        yield since
        since += DAY


def _starts_on(day: datetime.date, kind: AppointmentType) -> Iterator[Slot]:
    if day in clock.closed_dates():
        return
    hours: list[Availability | ExtraSession] = [
        item
        for item in Availability.objects.all()
        if item.weekday == day.weekday() and item.starts_on <= day and (item.ends_on is None or day <= item.ends_on)
    ]
    hours += ExtraSession.objects.filter(on=day)
    before, visit, after = (
        datetime.timedelta(minutes=minutes)
        for minutes in (kind.buffer_before_minutes, kind.minutes, kind.buffer_after_minutes)
    )
    for item in hours:
        opens, closes = clock.instant(day, item.opens, fold=0), clock.instant(day, item.closes, fold=1)
        start = opens + before
        while start + visit + after <= closes:
            yield Slot(start, start + visit, item.clinician_id, item.location_id)
            start += max(before + visit + after, datetime.timedelta(minutes=kind.step_minutes))


def _is_free(slot: Slot, kind: AppointmentType, ignoring: ConsultationRequest | None) -> bool:
    clinician = Clinician.objects.get(pk=slot.clinician_id)
    if not (clinician.is_bookable and clinician.user.is_active):
        return False
    if not (kind.any_clinician or clinician in kind.clinicians.all()):
        return False
    begins = slot.starts_at - datetime.timedelta(minutes=kind.buffer_before_minutes)
    ends = slot.ends_at + datetime.timedelta(minutes=kind.buffer_after_minutes)
    elsewhere = [*clinician.absences.all(), *BusyTime.objects.filter(clinician=clinician)]
    if any(away.starts_at < ends and begins < away.ends_at for away in elsewhere):
        return False
    if _is_occupied(begins, ends, ignoring, resource=clinician.pk):
        return False
    if ignoring and _is_occupied(slot.starts_at, slot.ends_at, ignoring, person=ignoring.patient.person_id):
        return False
    rooms = [room for room in kind.rooms.all() if room.is_bookable and room.location_id == slot.location_id]
    return not kind.needs_room or any(not _is_occupied(begins, ends, ignoring, resource=room.pk) for room in rooms)


def _is_occupied(
    begins: datetime.datetime, ends: datetime.datetime, ignoring: ConsultationRequest | None, **whose: int
) -> bool:
    for taken in Occupation.objects.filter(**whose).select_related("hold"):
        if taken.hold and (
            taken.hold.expires_at <= clock.now() or (ignoring and taken.hold.consultation_request_id == ignoring.pk)
        ):
            continue
        if taken.starts_at < ends and begins < taken.ends_at:
            return True
    return False


def away(clinician: Clinician, starts_at: datetime.datetime, minutes: int) -> Absence:
    return Absence.objects.create(
        clinician=clinician, starts_at=starts_at, ends_at=starts_at + datetime.timedelta(minutes=minutes)
    )


def busy_elsewhere(clinician: Clinician, begins: datetime.datetime, minutes: int) -> None:
    """By a calendar of the clinician's own, made for it: those of one calendar never begin together."""
    ends = begins + datetime.timedelta(minutes=minutes)
    BusyTime.objects.create(calendar=connect_directly(clinician), clinician=clinician, starts_at=begins, ends_at=ends)
