"""Correcting the address that mail goes to, or adding one. The link that went to the wrong address dies at once.

By the browser that sent the request, for as long as its session lives, or by staff who made sure whom they speak to.
Never by somebody who came in by a private link: a stranger to whom it was mailed could take the request over.
"""

import dataclasses
import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from clinic.accounts.models import User
from clinic.core import clock, outbox
from clinic.core.addresses import address_key
from clinic.core.models import AuditEvent, OutboxMessage
from consultations.enums import MessageKind
from consultations.models import ConsultationRequest, PrivateLink
from consultations.services import messaging
from consultations.services.moves import apply_move, lock
from consultations.services.private_links import email_index
from consultations.workflow import MOVES, MoveRefused, WrongStatus

VERB: Final = "correct_email"
STOPPED: Final = "Not sent: the address was corrected."


class SameAddress(MoveRefused):
    """The address given is the one that is kept."""


@dataclasses.dataclass(frozen=True, slots=True)
class AddressHistory:
    """What the confirmation tells of corrections; `was_opened`: an earlier link was opened before the last one."""

    is_corrected: bool
    was_opened: bool


def may_correct(request: ConsultationRequest) -> bool:
    """Whether the browser that sent it may still do so: the request is open, and was sent within a session's life."""
    is_recent = clock.now() < request.submitted_at + datetime.timedelta(hours=settings.KEEP_UNSENT_HOURS)
    return is_recent and request.status in MOVES[VERB].sources


@transaction.atomic
def correct_email(*, request: ConsultationRequest, email: str, by: User | None = None) -> ConsultationRequest:
    """Keep another address, end every link and all that they opened, stop mail on its way, and mail a new link.

    `by=None` is the person who sent the request. Twice is harmless. Raises SameAddress for the first address of all,
    WrongStatus, NotAllowed.
    """
    if by is None and not may_correct(request):
        raise WrongStatus("The address can no longer be changed here.")
    current = lock(request)
    earlier = current.patient.email
    if earlier and address_key(earlier) == address_key(email):
        if history_of(current).is_corrected:
            return current
        raise SameAddress("That is the address we have. Nothing was changed.")
    fresh, _ = apply_move(request=request, verb=VERB, by=by, details={"had_address": int(bool(earlier))})
    now, patient = clock.now(), fresh.patient
    patient.email, patient.email_index = email, email_index(email)
    patient.save(update_fields=["email", "email_index"])
    PrivateLink.objects.filter(request=fresh, replaced_at=None).update(replaced_at=now)
    # What was written holds the wrong address and a link that is dead; what was given up for its address is replaced by
    # the mail below. The rest is not written yet, and goes to the right address by itself.
    written = Q(composed_at__isnull=False) | Q(parked_at__isnull=False)
    outbox.stop(OutboxMessage.objects.filter(written, subject__request=fresh), reason=STOPPED)
    times = AuditEvent.objects.about(fresh).filter(action=f"request.{VERB}").count()
    messaging.tell_patient(kind=MessageKind.PRIVATE_LINK, request=fresh, key=f"link-corrected-{fresh.pk}-{times}")
    return fresh


def history_of(request: ConsultationRequest) -> AddressHistory:
    events = AuditEvent.objects.about(request)
    last = events.filter(action=f"request.{VERB}").last()
    if last is None:
        return AddressHistory(is_corrected=False, was_opened=False)
    was_opened = events.filter(action="link.open", sequence__lt=last.sequence).exists()
    return AddressHistory(is_corrected=True, was_opened=was_opened)
