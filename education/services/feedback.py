"""Keeps what readers say about a page."""

from django.db import transaction

from clinic.core import audit, clock
from education.models import Feedback


@transaction.atomic
def submit_feedback(*, token: str, path: str, is_helpful: bool, text: str) -> Feedback:
    """Keep one answer; sending the same form twice keeps one row."""
    feedback, is_new = Feedback.objects.get_or_create(
        token=token,
        defaults={"path": path, "is_helpful": is_helpful, "text": text.strip(), "sent_at": clock.now()},
    )
    if is_new:
        audit.record(action="content.feedback", actor="reader", target=feedback)
    return feedback
