"""The kinds of message that the consultations send: who composes each, and how long it is wanted.

Everything is read when the worker is about to send, under the lock of the request: the address that stands then, the
names and the visit as they are then, and a private link made then. The app registers them with the outbox.
"""

from typing import Final

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_noop

from clinic.accounts.models import User
from clinic.core import clock, outbox, text_messages
from clinic.core.channels import MessageDraft
from clinic.core.models import Lane, OutboxMessage
from clinic.core.outbox import MessageKindEntry, NotWanted, NotYet
from consultations import emails
from consultations.enums import CaseStatus, MessageKind, RequestStatus
from consultations.models import Appointment, CaseClosing, ConsultationRequest, DayEnd, SafetyCase
from consultations.services import (
    deaths,
    offers,
    private_links,
    reminders,
    saved_links,
    scheduling,
    visit_mails,
    weekly_question,
)
from consultations.services.transitions import lock
from consultations.services.waiting import mails as waiting_mails

STANDS_WHILE: Final = {
    MessageKind.QUESTION_ASKED: RequestStatus.INFORMATION_ASKED,
    MessageKind.CONSULTATION_OFFERED: RequestStatus.OFFERED,
    MessageKind.OFFERED_AGAIN: RequestStatus.OFFERED,
    MessageKind.VISIT_CALLED_OFF: RequestStatus.OFFERED,
    MessageKind.FOLLOW_UP_INVITED: RequestStatus.OFFERED,
    MessageKind.AFTER_VISIT: RequestStatus.COMPLETED,
    MessageKind.MISSED_VISIT: RequestStatus.NO_SHOW,
}
"""What these mails ask for can be done only while the request waits for it."""
OF_A_BOOKING: Final = (
    MessageKind.APPOINTMENT_BOOKED,
    MessageKind.APPOINTMENT_MOVED,
    MessageKind.VISIT_REMINDER,
    MessageKind.TEXT_REMINDER,
)
"""Mails about one visit, which are lost for good if they find it cancelled."""
BY_TEXT: Final = (MessageKind.TEXT_REMINDER,)
OF_SAVED_CHECKS: Final = {
    MessageKind.SAVED_CHECK: saved_links.ensure_wanted,
    MessageKind.SAVED_CHECK_REMINDER: saved_links.ensure_reminder_wanted,
}
"""Mails to somebody who has sent nothing, and is nobody's patient."""
TO_STAFF: Final = (MessageKind.STAFF_ALERT, MessageKind.STAFF_NOTICE, MessageKind.DAY_END)


def _ensure_expired(message: OutboxMessage, consultation_request: ConsultationRequest) -> None:
    if not consultation_request.is_offer_expired:
        raise NotWanted(offers.ACTED)


OF_VISITS: Final = {
    MessageKind.VISIT_REMINDER: reminders.ensure_wanted,
    MessageKind.TEXT_REMINDER: reminders.ensure_wanted,
    MessageKind.CHOOSE_NUDGE: offers.ensure_nudge_wanted,
    MessageKind.OFFER_EXPIRED: _ensure_expired,
    MessageKind.EARLIER_TIME: waiting_mails.ensure_wanted,
}
"""Mails of the worker, each with its own answer to whether it is still wanted."""


def register() -> None:
    for kind in MessageKind:
        if kind not in (*TO_STAFF, *BY_TEXT, *OF_SAVED_CHECKS):
            outbox.register(
                MessageKindEntry(kind.value, kind.label, Lane.PATIENTS, compose_for_patient, ensure_wanted_by_patient)
            )
    for kind in BY_TEXT:
        lane, channel = Lane.PATIENTS, text_messages.TEXT
        outbox.register(MessageKindEntry(kind.value, kind.label, lane, compose_text, ensure_wanted_by_patient, channel))
    for kind, is_wanted in OF_SAVED_CHECKS.items():
        lane, compose = Lane.PATIENTS, saved_links.compose
        outbox.register(MessageKindEntry(kind.value, kind.label, lane, compose, is_wanted, is_unread=True))
    alert, notice, day_end = MessageKind.STAFF_ALERT, MessageKind.STAFF_NOTICE, MessageKind.DAY_END
    outbox.register(
        MessageKindEntry(alert.value, alert.label, Lane.ALERTS, compose_to_staff, ensure_alert_wanted),
        MessageKindEntry(notice.value, notice.label, Lane.STAFF, compose_to_staff),
        MessageKindEntry(day_end.value, day_end.label, Lane.STAFF, compose_day_end),
    )


def ensure_wanted_by_patient(message: OutboxMessage) -> None:
    """Locks the request, as everybody does who changes what the mail says or where it goes."""
    consultation_request = _request_of(message)
    if deaths.is_recorded(consultation_request.patient):
        raise NotWanted(deaths.REASON, is_kept=True)
    stands_while = STANDS_WHILE.get(MessageKind(message.kind))
    if stands_while is not None and consultation_request.status != stands_while:
        raise NotWanted(gettext_noop("Not sent: the patient has acted on it, or it was taken back."))
    if message.kind in OF_A_BOOKING:
        _wait_while_it_may_be_taken_back(message, consultation_request)
    if message.kind == MessageKind.APPOINTMENT_CANCELLED:
        _ensure_nothing_booked(consultation_request)
    if message.kind in (MessageKind.APPOINTMENT_BOOKED, MessageKind.APPOINTMENT_MOVED):
        _ensure_visit_ahead(message)
    if (ensure_wanted := OF_VISITS.get(MessageKind(message.kind))) is not None:
        ensure_wanted(message, consultation_request)
    if message.kind == MessageKind.WEEKLY_QUESTION and not weekly_question.is_wanted(
        consultation_request, since=message.created_at
    ):
        raise NotWanted(gettext_noop("Not sent: the patient has answered since, or no longer wants to be asked."))
    if message.kind == MessageKind.NEXT_DAY_QUESTION:
        _ensure_question_stands(message)


def _ensure_question_stands(message: OutboxMessage) -> None:
    asked = CaseClosing.objects.standing().filter(pk=message.payload.get("closing"), answer="")
    if not asked.exists():
        raise NotWanted(gettext_noop("Not sent: the case was opened again, or the question is answered."))


def _wait_while_it_may_be_taken_back(message: OutboxMessage, consultation_request: ConsultationRequest) -> None:
    """Raises NotYet for a visit whose cancellation its patient may take back: it is wanted if they do."""
    kept = scheduling.to_take_back(consultation_request)
    if kept is not None and kept.gives_back_id == message.payload.get("appointment"):
        raise NotYet(kept.expires_at)


def _ensure_nothing_booked(consultation_request: ConsultationRequest) -> None:
    if consultation_request.is_closed:
        raise NotWanted(gettext_noop("Not sent: the request has ended, which has a message of its own."))
    if Appointment.objects.live().filter(consultation_request=consultation_request).exists():
        raise NotWanted(gettext_noop("Not sent: a time is booked again, which has a message of its own."))


def _ensure_visit_ahead(message: OutboxMessage) -> None:
    appointment = Appointment.objects.live().filter(pk=message.payload.get("appointment")).first()
    if appointment is None:
        raise NotWanted(gettext_noop("Not sent: the time was cancelled."))
    if message.kind == MessageKind.APPOINTMENT_MOVED and _is_overtaken(message):
        raise NotWanted(gettext_noop("Not sent: the time was moved again, which has a message of its own."))
    if appointment.starts_at <= clock.now():
        raise NotWanted(gettext_noop("Too late to be of use: not sent."), needs_staff=True)


def _is_overtaken(message: OutboxMessage) -> bool:
    """Whether a later move has a message. The calendar number would not tell: a cancellation taken back raises it."""
    about = message.subject.consultation_request_id
    later = OutboxMessage.objects.filter(kind=message.kind, subject__consultation_request=about, pk__gt=message.pk)
    return later.exists()


def compose_for_patient(message: OutboxMessage) -> MessageDraft:
    consultation_request = _request_of(message)
    if not consultation_request.patient.email:
        raise NotWanted(gettext_noop("There is no email address to send this to."), needs_staff=True)
    return emails.draft(
        MessageKind(message.kind),
        to=consultation_request.patient.email,
        first_name=consultation_request.addressee,
        helped_name=consultation_request.helped_name,
        reference=consultation_request.reference,
        link=private_links.mint(consultation_request),
        is_large_print=visit_mails.has_large_print(consultation_request),
        wording=visit_mails.wording_of(message, consultation_request),
        **visit_mails.lines(message, consultation_request),
    )


def compose_text(message: OutboxMessage) -> MessageDraft:
    """A neutral one, whatever the patient chose for mails: a telephone shows it to whoever is near."""
    patient = _request_of(message).patient
    if not reminders.may_be_texted(patient):
        raise NotWanted(gettext_noop("There is no number to send this to."), needs_staff=True)
    return MessageDraft(to=patient.phone, text=emails.text_reminder())


def _request_of(message: OutboxMessage) -> ConsultationRequest:
    return lock(ConsultationRequest(pk=message.subject.consultation_request_id))


def ensure_alert_wanted(message: OutboxMessage) -> None:
    """Not once somebody has taken on, or closed, everything that it tells of since it was queued."""
    case = SafetyCase.objects.only("alarm_group_id").filter(message_subjects__message=message).first()
    if case is None:
        return
    told_of = Q(pk=case.pk)
    if case.alarm_group_id is not None:
        told_of |= Q(alarm_group=case.alarm_group_id)
    answered = Q(status=CaseStatus.CLOSED) | Q(acknowledged_at__gte=message.created_at)
    answered |= Q(alarm_group__acknowledged_at__gte=message.created_at)
    if not SafetyCase.objects.filter(told_of).exclude(pk__in=SafetyCase.objects.filter(answered).values("pk")).exists():
        raise NotWanted(gettext_noop("Not sent: somebody has taken this on."))


def compose_to_staff(message: OutboxMessage) -> MessageDraft:
    recipient, first_name = _member_of_staff(message)
    payload = message.payload
    return emails.draft(
        MessageKind(message.kind),
        to=recipient,
        first_name=first_name,
        link=settings.SITE_URL.rstrip("/") + payload["path"],
        count=payload.get("count", ""),
    )


def compose_day_end(message: OutboxMessage) -> MessageDraft:
    recipient, first_name = _member_of_staff(message)
    row = DayEnd.objects.get(pk=message.payload["day_end"])
    site = settings.SITE_URL.rstrip("/")
    return emails.day_end(
        to=recipient,
        first_name=first_name,
        row=row,
        link=site + reverse("admin:consultations_dayend_change", args=[row.pk]),
        site=site,
    )


def _member_of_staff(message: OutboxMessage) -> tuple[str, str]:
    """Address and name of now, where the message is to somebody who signs in. Raises NotWanted."""
    payload = message.payload
    if "user" not in payload:
        return message.recipient, payload.get("first_name", "")
    user = User.objects.get(pk=payload["user"])
    if not (user.is_active and user.email):
        raise NotWanted(gettext_noop("Nobody signs in by this account any more."), needs_staff=True)
    return user.email, user.get_short_name()
