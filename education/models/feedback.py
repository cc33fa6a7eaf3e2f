"""What readers say about a page."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext

from clinic.core.encrypted_rows import CLINIC, EncryptedModel
from clinic.core.fields import EncryptedTextField
from clinic.core.permissions import PermittedQuerySet


class Feedback(EncryptedModel):
    """One reader's answer to "Did this page help you?". Nothing says who they are; the words are sealed all the same.

    `token` comes from the form, so that sending it twice keeps one row.
    """

    encrypted_under = CLINIC

    token = models.CharField(max_length=64, unique=True)
    path = models.CharField(max_length=120)
    is_helpful = models.BooleanField()
    text = EncryptedTextField(blank=True, default="")
    sent_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    outcome = models.TextField(blank=True, default="")

    objects = PermittedQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-sent_at", "-pk"]
        verbose_name_plural = "feedback"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, done_by__isnull=True, outcome="")
                | (Q(done_at__isnull=False, done_by__isnull=False) & ~Q(outcome="")),
                name="feedback_done_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return gettext("Feedback on %(path)s") % {"path": self.path}
