"""What becomes of a booking: given back, by itself or with its request, taken place, or missed."""

from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.refusals import NotAllowed, WrongStatus
from consultations.enums import Actor, AppointmentStatus
from consultations.models import Absence, Appointment, ConsultationRequest, SlotHold
from consultations.permissions import actors_of
from consultations.services import calendar_entries, occupation
from consultations.services.races import LostRace, race
from consultations.services.scheduling.changing import TIME_TO_UNDO, require_cancellable
from consultations.services.scheduling.reservations import AnotherTime
from consultations.services.scheduling.slots import slot_of
from consultations.services.slot_release import (
    ReleaseReason,
    end_visit,
    release_hold_of,
    release_run_out,
    release_slot,
    set_aside,
    turn_into_appointment,
)


def booked(consultation_request: ConsultationRequest) -> Appointment | None:
    return Appointment.objects.live().filter(consultation_request=consultation_request).first()


def has_begun(appointment: Appointment) -> bool:
    return appointment.starts_at <= clock.now()


def cancel(*, consultation_request: ConsultationRequest, reason: str, by: User | None, seen: str = "") -> Appointment:
    """Give the booked time back. Call inside a transaction, on a locked row.

    A patient cannot from the notice on, and may take it back for TIME_TO_UNDO: until then the time stays taken. `seen`
    is the key of the time that the page showed; AnotherTime is raised when another one is booked now. Raises
    WrongStatus.
    """
    appointment = (
        Appointment.objects.live().select_for_update(of=("self",)).get(consultation_request=consultation_request)
    )
    if by is None:
        require_cancellable(appointment)
    if seen and seen != slot_of(appointment).key:
        raise AnotherTime(_("You booked another time since, in another tab or window. It is not cancelled."))
    if by is None:
        set_aside(appointment, until=clock.now() + TIME_TO_UNDO, text=reason)
    else:
        release_slot(appointment, reason=ReleaseReason.CANCELLED, actor=_actor(by), text=reason)
    return appointment


def to_take_back(consultation_request: ConsultationRequest) -> SlotHold | None:
    """What keeps the time of a visit whose cancellation can be taken back now."""
    kept = SlotHold.objects.filter(consultation_request=consultation_request, gives_back__isnull=False)
    return kept.filter(expires_at__gt=clock.now()).select_related("clinician", "location").first()


def undo_cancel(*, consultation_request: ConsultationRequest) -> Appointment:
    """Let the visit stand again that its patient cancelled a moment ago. Call inside a transaction, on a locked row.

    Raises WrongStatus once the time to do so is over, whether or not the time was taken since, and where the clinician
    was entered as away meanwhile: nothing but visits that are booked stood in the way of that.
    """
    kept = to_take_back(consultation_request)
    if kept is None or kept.gives_back is None:
        raise WrongStatus(_("It is too late to take this back: the time is cancelled. You can choose another one."))
    occupation.lock_person(consultation_request)
    occupation.lock_resources({kept.clinician_id, *filter(None, [kept.room_id])})
    if occupation.is_away(kept.clinician_id, *kept.occupied):
        raise WrongStatus(_("It cannot be taken back: the doctor is away by now. The time is cancelled."))
    appointment = kept.gives_back
    appointment.status = AppointmentStatus.BOOKED
    appointment.cancelled_at = appointment.cancelled_by = None
    calendar_entries.count_change(appointment)
    try:
        with race():
            appointment.save(update_fields=["status", "cancelled_at", "cancelled_by", "calendar_sequence"])
    except LostRace:
        raise WrongStatus(
            _("It is too late to take this back: the time is cancelled. You can choose another one.")
        ) from None
    turn_into_appointment(consultation_request, clinician_id=kept.clinician_id, starts_at=kept.starts_at)
    return appointment


def call_off_visit(*, consultation_request: ConsultationRequest, absence: Absence, by: User) -> Appointment:
    """Cancel the booked visit for the clinic, because its clinician cannot come. Call inside a transaction, on a locked
    row. A time that is kept for its patient at another hour or with a colleague stays kept. Raises WrongStatus once the
    visit has begun.
    """
    appointment = (
        Appointment.objects.live().select_for_update(of=("self",)).get(consultation_request=consultation_request)
    )
    if has_begun(appointment):
        raise WrongStatus(_("The visit has begun, so it cannot be called off. Nothing was changed."))
    appointment.called_off_for = absence
    release_slot(appointment, reason=ReleaseReason.CALLED_OFF, actor=_actor(by))
    return appointment


def restore_called_off(*, consultation_request: ConsultationRequest) -> Appointment:
    """Let the visit stand again that was called off last. Call inside a transaction, on a locked row.

    Raises WrongStatus where none was, it would have begun, its clinician is away or somebody else has the time.
    """
    ended = Appointment.objects.select_for_update(of=("self",)).filter(consultation_request=consultation_request)
    appointment = ended.order_by("-booked_at", "-pk").first()
    if appointment is None or appointment.called_off_for_id is None or has_begun(appointment):
        raise WrongStatus(_("There is no visit that was called off and can take place. Nothing was changed."))
    occupation.lock_person(consultation_request)
    resources = {appointment.clinician_id, *filter(None, [appointment.room_id])}
    occupation.lock_resources(resources)
    release_run_out(resources=resources, persons={occupation.person_of(consultation_request)})
    if occupation.is_away(appointment.clinician_id, appointment.starts_at, appointment.ends_at):
        raise WrongStatus(_("The clinician is away at that time. Nothing was changed."))
    appointment.status = AppointmentStatus.BOOKED
    appointment.cancelled_at = appointment.cancelled_by = appointment.called_off_for = None
    calendar_entries.count_change(appointment)
    try:
        with race():
            appointment.save()
    except LostRace:
        raise WrongStatus(_("Somebody else has that time by now. Nothing was changed.")) from None
    return appointment


def free_times_of(*, consultation_request: ConsultationRequest, actor: Actor) -> None:
    """Cancel what is booked or held for a request that ends. Call inside a transaction, on a locked row.

    Raises WrongStatus for a patient whose visit has begun: what became of it is for staff to record.
    """
    release_hold_of(consultation_request, reason=ReleaseReason.REQUEST_ENDED)
    for appointment in (
        Appointment.objects.live().select_for_update(of=("self",)).filter(consultation_request=consultation_request)
    ):
        if actor == Actor.PATIENT and has_begun(appointment):
            raise WrongStatus(_("The consultation has begun."))
        release_slot(appointment, reason=ReleaseReason.REQUEST_ENDED, actor=actor)


def refuse_before_begin(consultation_request: ConsultationRequest) -> None:
    """Raises WrongStatus while the visit lies ahead: nothing can have become of it."""
    appointment = booked(consultation_request)
    if appointment is not None and not has_begun(appointment):
        raise WrongStatus(_("The consultation has not begun yet."))


def finish(*, consultation_request: ConsultationRequest, status: AppointmentStatus) -> None:
    """Keep what became of the visit. Call inside a transaction, on a locked row."""
    for appointment in (
        Appointment.objects.live().select_for_update(of=("self",)).filter(consultation_request=consultation_request)
    ):
        end_visit(appointment, status=status)


def restore(*, consultation_request: ConsultationRequest, ended_as: AppointmentStatus) -> Appointment:
    """Book the visit again that was recorded as over. Call inside a transaction, on a locked row.

    What was left of its time was free meanwhile. Raises WrongStatus where somebody else took it, or the visit is gone.
    """
    ended = Appointment.objects.select_for_update(of=("self",)).filter(
        consultation_request=consultation_request, status=ended_as
    )
    appointment = ended.order_by("-booked_at", "-pk").first()
    if appointment is None:
        raise WrongStatus(_("The visit is no longer on record as it was. Nothing was changed."))
    occupation.lock_person(consultation_request)
    resources = {appointment.clinician_id, *filter(None, [appointment.room_id])}
    occupation.lock_resources(resources)
    release_run_out(resources=resources, persons={occupation.person_of(consultation_request)})
    appointment.status = AppointmentStatus.BOOKED
    try:
        with race():
            appointment.save(update_fields=["status"])
    except LostRace:
        raise WrongStatus(
            _(
                "Somebody else has taken a part of that time since, so the visit cannot be booked again. Nothing was "
                "changed. Add a note that says what is right."
            )
        ) from None
    return appointment


def _actor(by: User | None) -> Actor:
    if by is None:
        return Actor.PATIENT
    for actor in (Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER):
        if actor in actors_of(by):
            return actor
    raise NotAllowed(_("Your role may not do this."))
