"""Keeps what readers say about a page, and what became of it."""

from django.db import transaction

from clinic.accounts.models import User
from clinic.core import audit, clock
from education.models import Feedback
from education.services.refusals import NotEntitled, ReasonRefused


@transaction.atomic
def give(*, token: str, path: str, is_helpful: bool, text: str) -> Feedback:
    """Keep one answer; sending the same form twice keeps one row."""
    kept, is_new = Feedback.objects.get_or_create(
        token=token,
        defaults={"path": path, "is_helpful": is_helpful, "text": text.strip(), "sent_at": clock.now()},
    )
    if is_new:
        audit.record(action="content.feedback", actor="reader", target=kept)
    return kept


@transaction.atomic
def finish(*, feedback: Feedback, outcome: str, by: User) -> Feedback:
    """Say what became of it. Raises NotEntitled, ReasonRefused."""
    if not by.has_perm("education.change_feedback"):
        raise NotEntitled("You may read this, but not change it. Ask a manager.")
    fresh = Feedback.objects.select_for_update().get(pk=feedback.pk)
    if fresh.done_at is not None:
        return fresh
    if not outcome.strip():
        raise ReasonRefused("Write what became of it, even if it is “nothing to change”.")
    fresh.done_at, fresh.done_by, fresh.outcome = clock.now(), by, outcome.strip()
    fresh.save(update_fields=["done_at", "done_by", "outcome"])
    audit.record(action="content.feedback_done", target=fresh, by=by)
    return fresh
