"""Reminders of a visit: so many days before it, by the clinic's wall clock (REMINDER_DAYS).

Nothing is planned ahead. The worker looks which visits are near, so that one that was cancelled or moved has no
reminder to take back; and whether a reminder is still wanted is asked again when it is sent.
"""

import datetime
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from clinic.core import clock, message_hours, outbox, text_messages
from clinic.core.failures import one_by_one
from clinic.core.models import OutboxMessage
from clinic.core.outbox import NotWanted, NotYet
from consultations.enums import MessageKind, ReminderChoice, RequestStatus, SafeToContact
from consultations.models import Appointment, ConsultationRequest, Patient
from consultations.services import messaging
from consultations.services.transitions import lock

LAST_USE: Final = datetime.timedelta(hours=2)
"""So long before the visit the last reminder is too late to be of use."""
DAY: Final = datetime.timedelta(days=1)
OF_A_VISIT: Final = (
    MessageKind.VISIT_REMINDER,
    MessageKind.APPOINTMENT_BOOKED,
    MessageKind.APPOINTMENT_MOVED,
    MessageKind.APPOINTMENT_CANCELLED,
    MessageKind.VISIT_CALLED_OFF,
    MessageKind.EARLIER_TIME,
    MessageKind.REQUEST_CLOSED,
)
"""Mails that say when a visit is, or bring its calendar file, where the patient chose that."""


class DueMoment(NamedTuple):
    """When a reminder is due, and until when one that comes late is still of use."""

    days: int
    due_at: datetime.datetime
    until: datetime.datetime


def moments(starts_at: datetime.datetime) -> list[DueMoment]:
    """The reminders of a visit, the earliest first.

    A late one is of use half the way to the next: so two never come at once, and the nearer one says the same.
    """
    starts = clock.local(starts_at)
    due = [message_hours.within(starts.date() - days * DAY, starts.time()) for days in settings.REMINDER_DAYS]
    until = [first + (second - first) / 2 for first, second in pairwise(due)]
    ends = [*until, starts_at - LAST_USE][: len(due)]
    return [DueMoment(*item) for item in zip(settings.REMINDER_DAYS, due, ends, strict=True)]


def due_now(appointment: Appointment, *, now: datetime.datetime) -> DueMoment | None:
    """The reminder that this visit should have by now; None before it, too late for it, and for one that was booked
    after its moment.
    """
    due = [item for item in moments(appointment.starts_at) if item.due_at <= now]
    if not due or now >= due[-1].until or appointment.booked_at >= due[-1].due_at:
        return None
    return due[-1]


def remind() -> int:
    """Owe each patient whose visit is near the reminder that is due. Returns how many.

    Raises SomeFailed after the others had their turn.
    """
    now = clock.now()
    if not message_hours.are_now(now):
        return 0
    due = dict(_due(now))
    known = set(OutboxMessage.objects.filter(key__in=due).values_list("key", flat=True))
    return one_by_one([pk for key, pk in due.items() if key not in known], _remind, what="reminder")


def _due(now: datetime.datetime) -> Iterator[tuple[str, int]]:
    """The key of each reminder that is due, and its visit."""
    for appointment in _near(now).only("starts_at", "booked_at"):
        moment = due_now(appointment, now=now)
        if moment is not None:
            yield key_of(appointment, moment.days), appointment.pk


def _near(now: datetime.datetime) -> QuerySet[Appointment]:
    """Visits of patients who can be reached and want reminders, until a day after the earliest of them is due."""
    until = now + (max(settings.REMINDER_DAYS, default=0) + 1) * DAY
    return (
        Appointment.objects.live()
        .filter(starts_at__gt=now, starts_at__lte=until)
        .filter(consultation_request__status=RequestStatus.BOOKED, consultation_request__reminders_off_at=None)
        .filter(_reachable())
        .order_by("starts_at", "pk")
    )


def _reachable() -> Q:
    """By mail; without an address by text message, where the clinic sends any and one may be left for them."""
    has_address = ~Q(consultation_request__patient__email_index="")
    if not text_messages.is_on():
        return has_address
    has_number = ~Q(consultation_request__patient__phone_index="")
    return has_address | (has_number & Q(consultation_request__patient__safe_to_contact=SafeToContact.ANY))


def may_be_texted(patient: Patient) -> bool:
    """To a number that is written whole, of somebody for whom a message may be left."""
    is_safe = patient.safe_to_contact == SafeToContact.ANY
    return text_messages.is_on() and is_safe and bool(text_messages.NUMBER.fullmatch(patient.phone))


def key_of(appointment: Appointment, days: int) -> str:
    """One for each visit, time and reminder: a visit that moved is reminded of anew."""
    return f"reminder-{appointment.pk}-{int(appointment.starts_at.timestamp())}-{days}"


@transaction.atomic
def _remind(pk: int) -> bool:
    lock(ConsultationRequest.objects.get(appointments=pk))
    now = clock.now()
    appointment = _near(now).filter(pk=pk).select_related("consultation_request__patient").first()
    moment = due_now(appointment, now=now) if appointment is not None else None
    if appointment is None or moment is None:
        return False
    consultation_request = appointment.consultation_request
    about: dict[str, Any] = {
        "consultation_request": consultation_request,
        "key": key_of(appointment, moment.days),
        "appointment": appointment,
        "more": {"starts_at": appointment.starts_at.isoformat(), "days": moment.days},
    }
    if consultation_request.patient.email_index:
        return messaging.notify_patient(kind=MessageKind.VISIT_REMINDER, **about) is not None
    if not may_be_texted(consultation_request.patient):
        return False
    return messaging.text_patient(kind=MessageKind.TEXT_REMINDER, **about) is not None


def ensure_wanted(message: OutboxMessage, consultation_request: ConsultationRequest) -> None:
    """Raises NotWanted for a visit that is not as it was, NotYet by night. On a locked request."""
    visits = Appointment.objects.live().filter(consultation_request=consultation_request)
    appointment = visits.filter(pk=message.payload.get("appointment")).first()
    if appointment is None or appointment.starts_at.isoformat() != message.payload["starts_at"]:
        raise NotWanted(gettext_noop("Not sent: the time was cancelled or moved."))
    if consultation_request.reminders == ReminderChoice.NONE:
        raise NotWanted(gettext_noop("Not sent: the patient wants no reminders."))
    now = clock.now()
    until = {moment.days: moment.until for moment in moments(appointment.starts_at)}
    if now >= until.get(message.payload["days"], appointment.starts_at - LAST_USE):
        raise NotWanted(gettext_noop("Too late to be of use: not sent."))
    if not message_hours.are_now(now):
        raise NotYet(message_hours.next_begin(now))


def forget_written(consultation_request: ConsultationRequest) -> None:
    """The patient chose otherwise: what was written of a visit and could not be sent yet is written anew."""
    outbox.compose_anew(
        OutboxMessage.objects.filter(kind__in=OF_A_VISIT, subject__consultation_request=consultation_request)
    )


def can_confirm(appointment: Appointment, *, now: datetime.datetime) -> bool:
    """Whether the page asks if the patient will come: from the first reminder that the visit has until it begins."""
    due = [moment.due_at for moment in moments(appointment.starts_at) if moment.due_at > appointment.booked_at]
    return bool(due) and due[0] <= now < appointment.starts_at
