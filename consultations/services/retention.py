"""What is kept only for a time: checks that were begun and never sent, with the contact details in them.

What was sent is a medical record, and so is a check in which somebody was shown a danger: its safety case, open or
closed, rests on the answers, and whoever reopens it needs the number that was left. Both stay.
"""

import datetime
import logging
from typing import Final

from django.conf import settings
from django.db import transaction

from clinic.core import audit, clock
from consultations.enums import Actor, ResponseStatus
from consultations.models import Assessment, QuestionnaireResponse

logger = logging.getLogger(__name__)
BATCH: Final = 100


def unsent_since() -> datetime.datetime:
    """What was saved last before this instant, and never sent, is deleted."""
    return clock.now() - datetime.timedelta(days=settings.KEEP_UNSENT_DAYS)


@transaction.atomic
def delete_unsent(*, limit: int = BATCH) -> int:
    """Delete the oldest checks that were not sent in time, each with an audit event. Returns how many.

    A row that somebody is saving or sending at this moment is passed over: it is theirs, and counts anew. Nothing that
    is sealed is read, so a damaged row goes like any other.
    """
    due = QuestionnaireResponse.objects.filter(
        status=ResponseStatus.IN_PROGRESS,
        updated_at__lt=unsent_since(),
        safety_case=None,
        consultation_request=None,
        # Nothing makes such a row; if one is there all the same, it must not keep every other from its end.
        patient_texts=None,
    ).order_by("updated_at", "pk")
    locked = due.select_for_update(of=("self",), skip_locked=True)
    keys = list(locked.values_list("pk", flat=True)[:limit])
    if not keys:
        return 0
    Assessment.objects.filter(response__in=keys).only("pk").delete()
    QuestionnaireResponse.objects.filter(pk__in=keys).only("pk").delete()
    for key in keys:
        audit.record(
            action="response.delete",
            target=QuestionnaireResponse(pk=key),
            actor=Actor.SYSTEM.value,
            details={"unsent_days": settings.KEEP_UNSENT_DAYS},
        )
    logger.info("%s checks that were not sent were deleted", len(keys))
    return len(keys)
