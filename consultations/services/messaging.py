"""What the consultations queue, to a patient and to staff. `services/message_kinds.py` says how each is written."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import outbox
from clinic.core.models import Lane, OutboxMessage
from clinic.core.refusals import TransitionNotAllowed
from consultations.enums import Actor, MessageKind
from consultations.models import Appointment, CaseClosing, ConsultationRequest, MessageSubject, Patient, SafetyCase
from consultations.permissions import require


class ContentGone(TransitionNotAllowed):
    """A parked mail whose content is gone cannot be tried again."""


def notify_patient(
    *,
    kind: MessageKind,
    consultation_request: ConsultationRequest,
    key: str,
    appointment: Appointment | None = None,
    closing: CaseClosing | None = None,
    send_at: datetime.datetime | None = None,
    more: Mapping[str, Any] | None = None,
) -> OutboxMessage | None:
    """Owe the patient, or who sent the request for them, a mail with a fresh private link; None without an address.

    Call inside a transaction, on a locked request. The mail is written when it is sent: to the address that stands
    then, with a link made then. `appointment` for a mail about one; `more` is what its kind wants to know besides.
    """
    email: str = Patient.objects.only("email", "data_key").get(pk=consultation_request.patient_id).email
    if not email:
        return None
    about = {"appointment": appointment, "closing": closing}
    payload = {**(more or {}), **{name: row.pk for name, row in about.items() if row is not None}}
    message = outbox.enqueue(kind=kind, key=key, recipient=email, payload=payload, send_at=send_at)
    if message is not None:
        MessageSubject.objects.create(message=message, consultation_request=consultation_request)
    return message


def text_patient(
    *,
    kind: MessageKind,
    consultation_request: ConsultationRequest,
    key: str,
    appointment: Appointment,
    more: Mapping[str, Any],
) -> OutboxMessage | None:
    """Owe the patient a text message; None if it is owed. Call inside a transaction, on a locked request."""
    number: str = Patient.objects.only("phone", "data_key").get(pk=consultation_request.patient_id).phone
    message = outbox.enqueue(kind=kind, key=key, recipient=number, payload={**more, "appointment": appointment.pk})
    if message is not None:
        MessageSubject.objects.create(message=message, consultation_request=consultation_request)
    return message


def key_of_move(appointment: Appointment) -> str:
    """One message for each time that a visit is moved to: with the next move, what is not sent yet is overtaken."""
    return f"appointment-moved-{appointment.pk}-{appointment.calendar_sequence}"


def key_of_cancellation(appointment: Appointment) -> str:
    """One message each time that it is cancelled: it may be taken back, and cancelled again."""
    return f"appointment-cancelled-{appointment.pk}-{appointment.calendar_sequence}"


def stop_cancellations(appointment: Appointment, *, reason: str) -> None:
    """No mail says of this appointment that it is cancelled. On a locked request."""
    messages = OutboxMessage.objects.filter(
        kind=MessageKind.APPOINTMENT_CANCELLED, subject__consultation_request=appointment.consultation_request_id
    )
    outbox.stop(messages, reason=reason)


def stop_called_off(appointment: Appointment, *, reason: str) -> None:
    """No mail says that the visits of this request cannot take place. On a locked request."""
    messages = OutboxMessage.objects.filter(
        kind=MessageKind.VISIT_CALLED_OFF, subject__consultation_request=appointment.consultation_request_id
    )
    outbox.stop(messages, reason=reason)


def alert_staff(*, user: User, key: str, path: str, lane: Lane | None = None) -> OutboxMessage | None:
    """Owe a member of staff a mail that says only that something waits; None if said already or without address."""
    if not user.email:
        return None
    payload = {"user": user.pk, "path": path}
    return outbox.enqueue(kind=MessageKind.STAFF_ALERT, key=key, recipient=user.email, payload=payload, lane=lane)


def alert_address(
    *,
    address: str,
    key: str,
    path: str,
    first_name: str = "",
    case: SafetyCase | None = None,
    count: int = 1,
    lane: Lane | None = None,
) -> OutboxMessage | None:
    """Owe an address the same mail; None if said already or without address. `count` says how much waits.

    With `case` the row belongs to that case, so that one can tell whether its alert went out.
    """
    if not address:
        return None
    payload = {"first_name": first_name, "path": path}
    if count > 1:
        payload["count"] = str(count)
    message = outbox.enqueue(kind=MessageKind.STAFF_ALERT, key=key, recipient=address, payload=payload, lane=lane)
    if message is not None and case is not None:
        MessageSubject.objects.create(message=message, case=case)
    return message


@transaction.atomic
def retry(*, message: OutboxMessage, by: User) -> OutboxMessage:
    """Let the worker try a parked mail again; harmless on any other. Raises NotAllowed, NothingToSend."""
    require(by, Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER)
    try:
        return outbox.retry(message=message, by=by)
    except outbox.NothingToSend:
        raise ContentGone(
            _(
                "The content of this message was removed: it came too late to be of use, or the address was corrected "
                "since. Call the patient."
            )
        ) from None
