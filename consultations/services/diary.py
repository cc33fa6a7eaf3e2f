"""The clinic's diary as managers keep it: who can be booked, where, for how long, and when not."""

from collections.abc import Iterable

from django.db import transaction

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.refusals import NotAllowed, TransitionNotAllowed
from consultations.enums import Actor
from consultations.models import Absence, Appointment, AppointmentType, Availability, Clinician, Location
from consultations.permissions import actors_of

Entry = Clinician | Location | AppointmentType | Availability | Absence


class TimeIsBooked(TransitionNotAllowed):
    """Somebody is booked in the time of an absence; the text names the bookings."""


@transaction.atomic
def save(*, entry: Entry, by: User, fields: Iterable[str] = ()) -> Entry:
    """Add or change one entry of the diary. Raises NotAllowed, TimeIsBooked."""
    _require(entry, by)
    is_new = entry.pk is None
    if isinstance(entry, Absence):
        # The row that every booking of this clinician locks as well, so neither can slip past the other.
        Clinician.objects.select_for_update().get(pk=entry.clinician_id)
        if refusal := refusal_of(entry):
            raise TimeIsBooked(refusal)
    entry.save()
    audit.record(action="diary.add" if is_new else "diary.change", target=entry, by=by, fields=fields)
    return entry


@transaction.atomic
def remove(*, entry: Entry, by: User) -> None:
    """Take one entry out of the diary. Raises NotAllowed, ProtectedError while appointments need it."""
    _require(entry, by)
    audit.record(action="diary.remove", target=entry, by=by)
    entry.delete()


def refusal_of(absence: Absence) -> str:
    """Why the absence cannot stand, naming what is booked in it; empty when nothing is."""
    booked = list(
        Appointment.objects.live()
        .filter(
            clinician_id=absence.clinician_id,
            starts_at__lt=absence.ends_at,
            ends_at__gt=max(absence.starts_at, clock.now()),
        )
        .select_related("request__patient")
        .defer(
            "request__patient__email", "request__patient__phone", "request__patient__phone_as_typed", "cancel_reason"
        )
        .order_by("starts_at")[:4]
    )
    if not booked:
        return ""
    named = "; ".join(
        f"{each.request.patient.name} ({each.request.reference}, {clock.moment(each.starts_at)})" for each in booked[:3]
    )
    more = " and more" if len(booked) > 3 else ""
    return f"Somebody is booked in that time: {named}{more}. Cancel that time first, so that the patient is told."


def _require(entry: Entry, by: User) -> None:
    """A manager keeps the whole diary, a doctor their own times: neither given away nor taken from a colleague."""
    actors = actors_of(by)
    if Actor.MANAGER in actors:
        return
    if Actor.DOCTOR in actors and isinstance(entry, Availability | Absence):
        owners = {entry.clinician.user_id}
        if entry.pk is not None:
            owners.add(type(entry).objects.select_related("clinician").get(pk=entry.pk).clinician.user_id)
        if owners == {by.pk}:
            return
        raise NotAllowed("You may change your own times only. Ask a manager to change a colleague’s.")
    raise NotAllowed("Your role may not change the diary. Ask a manager.")
