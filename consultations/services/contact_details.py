"""Correcting the address that mail goes to, or adding one. The link that went to the wrong address dies at once.

By the browser that sent the request, for as long as its session lives, or by staff who made sure whom they speak to.
Never by somebody who came in by a private link: a stranger to whom it was mailed could take the request over.
"""

import dataclasses
import datetime
from typing import Final

from django.conf import settings

from clinic.core import clock
from clinic.core.addresses import address_key
from clinic.core.models import AuditEvent
from clinic.core.refusals import TransitionNotAllowed
from consultations.models import ConsultationRequest, OutboxMessage, PrivateLink
from consultations.models.message import STOPPED
from consultations.services import verified_emails
from consultations.services.private_links import email_index
from consultations.workflow import TRANSITIONS

VERB: Final = "correct_email"


class SameAddress(TransitionNotAllowed):
    """The address given is the one that is kept."""


@dataclasses.dataclass(frozen=True, slots=True)
class AddressHistory:
    """What the confirmation tells of corrections; `was_opened`: an earlier link was opened before the last one."""

    is_corrected: bool
    was_opened: bool


def may_correct(consultation_request: ConsultationRequest) -> bool:
    """Whether the browser that sent it may still do so: the request is open, and was sent within a session's life."""
    is_recent = clock.now() < consultation_request.submitted_at + datetime.timedelta(hours=settings.KEEP_UNSENT_HOURS)
    return is_recent and consultation_request.status in TRANSITIONS[VERB].sources


def is_same_address(consultation_request: ConsultationRequest, email: str) -> bool:
    earlier = consultation_request.patient.email
    return bool(earlier) and address_key(earlier) == address_key(email)


def replace_address(*, consultation_request: ConsultationRequest, email: str) -> None:
    """Keep another address, end every link and all that they opened, and stop mail on its way.

    Call inside a transaction, on a locked row.
    """
    now, patient = clock.now(), consultation_request.patient
    verified_emails.forget(patient)
    patient.email, patient.email_index = email, email_index(email)
    patient.save(update_fields=["email", "email_index"])
    PrivateLink.objects.filter(request=consultation_request, replaced_at=None).update(replaced_at=now)
    # One that a worker is sending this moment still goes, with a link that is dead; none is ever tried again.
    waiting = OutboxMessage.objects.filter(request=consultation_request, sent_at=None)
    waiting.update(parked_at=now, staff_told_at=now, last_error=STOPPED, payload={})


def times_corrected(consultation_request: ConsultationRequest) -> int:
    return AuditEvent.objects.about(consultation_request).filter(action=f"request.{VERB}").count()


def history_of(consultation_request: ConsultationRequest) -> AddressHistory:
    events = AuditEvent.objects.about(consultation_request)
    last = events.filter(action=f"request.{VERB}").last()
    if last is None:
        return AddressHistory(is_corrected=False, was_opened=False)
    was_opened = events.filter(action="link.open", sequence__lt=last.sequence).exists()
    return AddressHistory(is_corrected=True, was_opened=was_opened)
