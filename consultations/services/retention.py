"""What is kept only for a time: checks that were begun and never sent, with the contact details in them.

What was sent is a medical record, and so is a check in which somebody was shown a danger: its safety case, open or
closed, rests on the answers, and whoever reopens it needs the number that was left. Both stay.
"""

import datetime
import logging
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from clinic.core import audit, clock
from consultations.enums import Actor, ResponseStatus
from consultations.models import Assessment, QuestionnaireResponse
from consultations.services import saved_links

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
    due = _unsent().filter(updated_at__lt=unsent_since()).order_by("updated_at", "pk")
    locked = due.select_for_update(of=("self",), skip_locked=True)
    keys = list(locked.values_list("pk", flat=True)[:limit])
    if not keys:
        return 0
    _delete(keys, {"unsent_days": settings.KEEP_UNSENT_DAYS})
    logger.info("%s checks that were not sent were deleted", len(keys))
    return len(keys)


def delete_now(responses: list[int]) -> None:
    """Delete those of these checks that were not sent and that no safety case rests on. On locked checks."""
    _delete(sorted(_unsent().filter(pk__in=responses).values_list("pk", flat=True)), {"erased": True})


def _unsent() -> QuerySet[QuestionnaireResponse]:
    """What nothing rests on."""
    return QuestionnaireResponse.objects.filter(
        status=ResponseStatus.IN_PROGRESS,
        safety_case=None,
        consultation_request=None,
        # Nothing makes such a row; if one is there all the same, it must not keep every other from its end.
        patient_texts=None,
    )


def _delete(keys: list[int], details: dict[str, Any]) -> None:
    saved_links.forget(keys)
    Assessment.objects.filter(response__in=keys).only("pk").delete()
    QuestionnaireResponse.objects.filter(pk__in=keys).only("pk").delete()
    for key in keys:
        target = QuestionnaireResponse(pk=key)
        audit.record(action="response.delete", target=target, actor=Actor.SYSTEM.value, details=details)


@transaction.atomic
def delete_saved_links(*, limit: int = BATCH) -> int:
    """Delete links to go on elsewhere that have ended: of checks that were sent, that a safety case keeps, or that are
    gone. Returns how many.
    """
    keys = saved_links.over(limit)
    return saved_links.forget(keys) if keys else 0
