"""What a patient carries over from the decision aid: kept because they asked, gone when they say so."""

from django.db import transaction

from clinic.core import audit, clock
from consultations.enums import Actor
from consultations.models import QuestionnaireResponse
from consultations.services.intake import lock_open


@transaction.atomic
def bring(*, response: QuestionnaireResponse, notes: str) -> None:
    """Keep these words with the response, in place of earlier ones. Raises AlreadySent."""
    fresh = lock_open(response)
    if fresh.brought == notes:
        return
    fresh.brought, fresh.updated_at = notes, clock.now()
    fresh.save(update_fields=["brought", "updated_at"])
    audit.record(action="response.bring", target=fresh, actor=Actor.PATIENT.value, fields=["brought"])


@transaction.atomic
def take_out(*, response: QuestionnaireResponse) -> None:
    """Keep nothing of them any more. Harmless when repeated. Raises AlreadySent."""
    fresh = lock_open(response)
    if not fresh.brought:
        return
    fresh.brought, fresh.updated_at = "", clock.now()
    fresh.save(update_fields=["brought", "updated_at"])
    audit.record(action="response.take_out", target=fresh, actor=Actor.PATIENT.value, fields=["brought"])
