from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _


class MessageSubject(models.Model):
    """What a message of the outbox is about, which the core knows nothing of: a request, or, for an alert, one safety
    case. Made with the message; a message about neither has no such row.
    """

    message = models.OneToOneField(
        "core.OutboxMessage", on_delete=models.CASCADE, primary_key=True, related_name="subject"
    )
    consultation_request = models.ForeignKey(
        "consultations.ConsultationRequest",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="message_subjects",
    )
    case = models.ForeignKey(
        "consultations.SafetyCase", on_delete=models.PROTECT, null=True, blank=True, related_name="message_subjects"
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(consultation_request__isnull=False, case__isnull=True)
                | Q(consultation_request__isnull=True, case__isnull=False),
                name="message_subject_request_or_case",
            ),
        ]

    def __str__(self) -> str:
        return _("Subject of message %(number)s") % {"number": self.message_id}
