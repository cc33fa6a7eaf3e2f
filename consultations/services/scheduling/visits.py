"""What becomes of a booking: cancelled, given back with its request, taken place, or missed."""

from django.db import transaction

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import Actor, AppointmentStatus, MessageKind, TextKind
from consultations.models import Appointment, ConsultationRequest
from consultations.permissions import actors_of
from consultations.services import messaging, patient_texts
from consultations.services.moves import apply_move
from consultations.services.scheduling.booking import AnotherTime
from consultations.services.scheduling.slots import slot_of
from consultations.services.slot_release import Reason, release_hold_of, release_slot
from consultations.workflow import NotAllowed, WrongStatus


def has_begun(appointment: Appointment) -> bool:
    return appointment.starts_at <= clock.now()


@transaction.atomic
def cancel(
    *, request: ConsultationRequest, reason: str = "", by: User | None = None, seen: str = ""
) -> Appointment | None:
    """Give the booked time back; the offer stands. Cancelling twice is harmless. Raises WrongStatus, NotAllowed.

    A patient cannot once the visit has begun: what became of it is for staff to record. `seen` is the key of the time
    that the page showed; AnotherTime is raised when another one is booked now.
    """
    fresh, changed = apply_move(request=request, verb="cancel_booking", by=by)
    if not changed:
        return None
    appointment = Appointment.objects.live().select_for_update(of=("self",)).get(request=fresh)
    if by is None and has_begun(appointment):
        raise WrongStatus("The consultation has begun.")
    if seen and seen != slot_of(appointment).key:
        raise AnotherTime("You booked another time since, in another tab or window. It is not cancelled.")
    release_slot(appointment, reason=Reason.CANCELLED, actor=_actor(by), words=reason)
    if by is None:
        patient_texts.keep_about(request=fresh, kind=TextKind.CANCEL_REASON, text=reason)
    kind = MessageKind.APPOINTMENT_CANCELLED
    messaging.tell_patient(kind=kind, request=fresh, key=f"appointment-cancelled-{appointment.pk}")
    return appointment


@transaction.atomic
def complete(*, request: ConsultationRequest, by: User) -> ConsultationRequest:
    """Record that the consultation took place. Raises WrongStatus, NotAllowed."""
    return _finish(request, "complete", AppointmentStatus.FULFILLED, by)


@transaction.atomic
def mark_no_show(*, request: ConsultationRequest, by: User) -> ConsultationRequest:
    """Record that the patient did not come. Raises WrongStatus, NotAllowed."""
    return _finish(request, "mark_no_show", AppointmentStatus.NOSHOW, by)


def free_times_of(*, request: ConsultationRequest, actor: Actor) -> None:
    """Cancel what is booked or held for a request that ends. Call inside a transaction, on a locked row.

    Raises WrongStatus for a patient whose visit has begun: what became of it is for staff to record.
    """
    release_hold_of(request, reason=Reason.REQUEST_ENDED)
    for appointment in Appointment.objects.live().select_for_update(of=("self",)).filter(request=request):
        if actor == Actor.PATIENT and has_begun(appointment):
            raise WrongStatus("The consultation has begun.")
        release_slot(appointment, reason=Reason.REQUEST_ENDED, actor=actor)


def _finish(request: ConsultationRequest, verb: str, status: AppointmentStatus, by: User) -> ConsultationRequest:
    appointment = Appointment.objects.live().filter(request=request).first()
    if appointment is not None and not has_begun(appointment):
        raise WrongStatus("The consultation has not begun yet.")
    fresh, changed = apply_move(request=request, verb=verb, by=by)
    if changed:
        Appointment.objects.live().filter(request=fresh).update(status=status)
    return fresh


def _actor(by: User | None) -> Actor:
    if by is None:
        return Actor.PATIENT
    for actor in (Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER):
        if actor in actors_of(by):
            return actor
    raise NotAllowed("Your role may not do this.")
