"""The clinic's diary as managers keep it: who can be booked, where, for how long, and when not."""

from collections.abc import Iterable, Mapping

from django.db import transaction
from django.db.models import Model, Q
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.refusals import NotAllowed, TransitionNotAllowed
from clinic.core.text_lists import semicolon_list
from consultations.enums import Actor
from consultations.models import (
    Absence,
    Appointment,
    AppointmentType,
    Availability,
    Clinician,
    ExtraSession,
    Location,
    Room,
    RoomClosure,
)
from consultations.permissions import actors_of
from consultations.services import occupation, slot_release
from consultations.services.scheduling.supply import Opening, gained, openings_ahead

Entry = Clinician | Location | Room | AppointmentType | Availability | ExtraSession | Absence | RoomClosure


class RoomIsBooked(TransitionNotAllowed):
    """Somebody is booked in a room that would be at another location by then."""


class HoursOverlap(TransitionNotAllowed):
    """The clinician has other hours in an extra session; the text names them."""


class TimeIsBooked(TransitionNotAllowed):
    """Somebody is booked in the time of an absence; the text names the bookings."""


@transaction.atomic
def save(
    *, entry: Entry, by: User, fields: Iterable[str] = (), chosen: Mapping[str, Iterable[Model]] | None = None
) -> Entry:
    """Add or change one entry of the diary. Raises NotAllowed, TimeIsBooked, RoomIsBooked, HoursOverlap.

    `chosen` holds the rows of each field that takes many, such as the clinicians of an appointment type.
    """
    _require(entry, by)
    is_new = entry.pk is None
    if isinstance(entry, Absence):
        # What every booking of this clinician locks as well, so neither can slip past the other.
        occupation.lock_resources([entry.clinician_id])
        if refusal := refusal_of(entry):
            raise TimeIsBooked(refusal)
        if not is_new:
            _announce_end_of(Absence.objects.get(pk=entry.pk))
    if isinstance(entry, ExtraSession):
        occupation.lock_resources([entry.clinician_id])
        if refusal := refusal_of_session(entry):
            raise HoursOverlap(refusal)
    if isinstance(entry, RoomClosure):
        occupation.lock_resources([entry.room_id])
    if isinstance(entry, Room) and not is_new:
        occupation.lock_resources([entry.pk])
        if refusal := refusal_of_move(entry):
            raise RoomIsBooked(refusal)
    before = hours_ahead(entry)
    entry.save()
    _announce_hours(entry, before)
    for name, rows in (chosen or {}).items():
        getattr(entry, name).set(rows)
    audit.record(action="diary.add" if is_new else "diary.change", target=entry, by=by, fields=fields)
    return entry


@transaction.atomic
def remove(*, entry: Entry, by: User) -> None:
    """Take one entry out of the diary. Raises NotAllowed, ProtectedError while appointments need it."""
    _require(entry, by)
    audit.record(action="diary.remove", target=entry, by=by)
    if isinstance(entry, Absence):
        _announce_end_of(entry)
    entry.delete()


def hours_ahead(entry: Entry) -> list[Opening]:
    """When the clinician of this entry sees patients from now on, where the entry has a say in that."""
    if isinstance(entry, Clinician):
        return [] if entry.pk is None else openings_ahead(entry.pk)
    return openings_ahead(entry.clinician_id) if isinstance(entry, Availability | ExtraSession) else []


def _announce_hours(entry: Entry, before: list[Opening]) -> None:
    """What the clinician can see patients in now and could not before."""
    for opening in gained(before, hours_ahead(entry)):
        slot_release.time_freed(
            opening.clinician_id, opening.begins, opening.ends, reason=slot_release.ReleaseReason.HOURS_ADDED
        )


def _announce_end_of(absence: Absence) -> None:
    """The clinician may see somebody in that time again, other than in what a changed absence still covers."""
    reason = slot_release.ReleaseReason.NO_LONGER_AWAY
    slot_release.time_freed(absence.clinician_id, absence.starts_at, absence.ends_at, reason=reason)


def refusal_of(absence: Absence) -> str:
    """Why the absence cannot stand, naming what is booked in it; empty when nothing is."""
    booked = list(
        Appointment.objects.live()
        .filter(
            occupations__resource=absence.clinician_id,
            occupations__starts_at__lt=absence.ends_at,
            occupations__ends_at__gt=max(absence.starts_at, clock.now()),
        )
        .select_related("consultation_request__patient")
        .defer(
            "consultation_request__patient__email",
            "consultation_request__patient__phone",
            "consultation_request__patient__phone_as_typed",
            "cancel_reason",
        )
        .order_by("starts_at")[:4]
    )
    if not booked:
        return ""
    named = semicolon_list(
        # Translators: a patient's name, the reference of the request, and the time of the visit.
        _("%(patient)s (%(reference)s, %(time)s)")
        % {
            "patient": item.consultation_request.patient.name,
            "reference": item.consultation_request.reference,
            "time": clock.moment(item.starts_at, item.time_zone),
        }
        for item in booked[:3]
    )
    sentence = (
        _(
            "Somebody is booked in that time: %(visits)s. Cancel that time first, so that the patient is told. If the "
            "doctor cannot come, use “A doctor cannot come” in the diary."
        )
        if len(booked) <= 3
        else _(
            "Somebody is booked in that time: %(visits)s and more. Cancel that time first, so that the patient is told."
        )
    )
    return sentence % {"visits": named}


def refusal_of_move(room: Room) -> str:
    """Why the room cannot be at that location from now on: visits in it were promised elsewhere. Else empty."""
    is_moved = room.pk is not None and not Room.objects.filter(pk=room.pk, location=room.location_id).exists()
    if not is_moved or not occupation.is_needed(room):
        return ""
    return _("Somebody is booked in this room, at the location it has now. Add a new room for the other location.")


def refusal_of_session(session: ExtraSession) -> str:
    """Why the extra session cannot stand, naming the hours of the same clinician that it overlaps; else empty."""
    shares_hours = Q(clinician=session.clinician_id, opens__lt=session.closes, closes__gt=session.opens)
    others = ExtraSession.objects.filter(shares_hours, on=session.on).exclude(pk=session.pk)
    if other := others.select_related("clinician").first():
        return has_already(other)
    lasts = Q(ends_on__isnull=True) | Q(ends_on__gte=session.on)
    weekly = Availability.objects.filter(shares_hours, lasts, weekday=session.on.weekday(), starts_on__lte=session.on)
    if hours := weekly.select_related("clinician").first():
        return has_already(hours)
    return ""


def has_already(hours: Availability | ExtraSession) -> str:
    """That the clinician has these hours, and what to do about it."""
    return _("%(clinician)s has %(hours)s already. Change that one, or enter hours that do not overlap it.") % {
        "clinician": hours.clinician.display_name,
        "hours": hours,
    }


def may_keep_all(user: User) -> bool:
    return Actor.MANAGER in actors_of(user)


def may_keep_times_of(clinician: Clinician, user: User) -> bool:
    """Whether this person may enter hours and absences of the clinician."""
    actors = actors_of(user)
    return Actor.MANAGER in actors or (Actor.DOCTOR in actors and clinician.user_id == user.pk)


def _require(entry: Entry, by: User) -> None:
    """A manager keeps the whole diary, a doctor their own times: neither given away nor taken from a colleague."""
    actors = actors_of(by)
    if Actor.MANAGER in actors:
        return
    if Actor.DOCTOR in actors and isinstance(entry, Availability | ExtraSession | Absence):
        owners = {entry.clinician.user_id}
        if entry.pk is not None:
            owners.add(type(entry).objects.select_related("clinician").get(pk=entry.pk).clinician.user_id)
        if owners == {by.pk}:
            return
        raise NotAllowed(_("You may change your own times only. Ask a manager to change a colleague’s."))
    raise NotAllowed(_("Your role may not change the diary. Ask a manager."))
