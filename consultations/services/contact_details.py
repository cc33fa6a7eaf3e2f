"""Correcting the address that mail goes to, or adding one. The link that went to the wrong address dies at once.

By the browser that sent the request, for as long as its session lives, or by staff who made sure whom they speak to.
Never by somebody who came in by a private link: a stranger to whom it was mailed could take the request over.
"""

import dataclasses
import datetime
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext_noop

from clinic.core import clock, outbox
from clinic.core.addresses import address_key
from clinic.core.models import AuditEvent, OutboxMessage
from clinic.core.refusals import TransitionNotAllowed
from consultations.models import ConsultationRequest, PrivateLink
from consultations.services import verified_emails
from consultations.services.private_links import email_index
from consultations.workflow import TRANSITIONS

VERB: Final = "correct_email"
STOPPED: Final = gettext_noop("Not sent: the address was corrected.")


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
    # Who reads the other mailbox is not known: what reminders may say is chosen anew.
    consultation_request.reminders_full_at = None
    consultation_request.save(update_fields=["reminders_full_at"])
    PrivateLink.objects.filter(consultation_request=consultation_request, replaced_at=None).update(replaced_at=now)
    # What was written holds the wrong address and a link that is dead; what was given up for its address is replaced by
    # the mail of the correction. The rest is not written yet, and goes to the right address by itself.
    written = Q(composed_at__isnull=False) | Q(parked_at__isnull=False)
    outbox.stop(
        OutboxMessage.objects.filter(written, subject__consultation_request=consultation_request), reason=STOPPED
    )


def times_corrected(consultation_request: ConsultationRequest) -> int:
    return AuditEvent.objects.about(consultation_request).filter(action=f"request.{VERB}").count()


def history_of(consultation_request: ConsultationRequest) -> AddressHistory:
    events = AuditEvent.objects.about(consultation_request)
    last = events.filter(action=f"request.{VERB}").last()
    if last is None:
        return AddressHistory(is_corrected=False, was_opened=False)
    was_opened = events.filter(action="link.open", sequence__lt=last.sequence).exists()
    return AddressHistory(is_corrected=True, was_opened=was_opened)
