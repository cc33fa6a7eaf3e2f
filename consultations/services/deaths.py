"""A person has died: nothing is written to them any more, as long as a safety case says so.

Nothing of it is remembered but the case: with its reopening, or with the end of a join that was wrong, the mails go on.
"""

from typing import Final

from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from clinic.core import outbox
from clinic.core.models import OutboxMessage
from consultations.enums import CaseOutcome, CaseStatus
from consultations.models import Patient, SafetyCase

REASON: Final = gettext_noop("Held back: the person has died.")


def is_recorded(patient: Patient) -> bool:
    """Whether a case of this person, whatever row it came with, is closed because they died."""
    return _cases().filter(patient__person=patient.person_id).exists()


def stop_mails(patient: Patient) -> int:
    """Hold back what waits to be sent. Call inside a transaction, on locked requests of the person.

    What is queued later is held back when it would be sent (`services/message_kinds.py`).
    """
    about = OutboxMessage.objects.filter(subject__consultation_request__patient__person=patient.person_id)
    return outbox.hold_back(about, reason=REASON)


def restart_mails() -> int:
    """Let go of what was held back for somebody who is not recorded as dead any more."""
    dead = _cases().values("patient__person")
    return outbox.go_on(
        OutboxMessage.objects.exclude(subject__consultation_request__patient__person__in=dead), reason=REASON
    )


def _cases() -> QuerySet[SafetyCase]:
    return SafetyCase.objects.filter(status=CaseStatus.CLOSED, outcome=CaseOutcome.DIED, patient__isnull=False)
