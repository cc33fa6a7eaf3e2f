from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from clinic.core.encrypted_rows import EncryptedModel
from clinic.core.fields import EncryptedJSONField, EncryptedTextField
from consultations.enums import CallOutcome
from consultations.models.constraints import one_of


class Call(EncryptedModel):
    """One call about a person who answered, or was answered for: their request, their safety case, or both.

    A call in which the danger questions are asked begins without `completed_at`, and `answers` holds what was heard so
    far, raw; `assessment` is what the rules made of all of it.
    """

    encrypted_under = "response"

    response = models.ForeignKey("consultations.QuestionnaireResponse", on_delete=models.PROTECT, related_name="calls")
    outcome = models.CharField(max_length=20, choices=CallOutcome.choices)
    note = EncryptedTextField(blank=True, default="")
    answers = EncryptedJSONField(default=dict, holds=dict)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    completed_at = models.DateTimeField(null=True, blank=True)
    assessment = models.ForeignKey(
        "consultations.Assessment", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ["made_at", "pk"]
        constraints: ClassVar = [
            one_of("outcome", CallOutcome, name="call_outcome_known"),
            models.CheckConstraint(
                condition=Q(completed_at__isnull=True, assessment__isnull=True) | Q(outcome=CallOutcome.DANGER_ASKED),
                name="call_script_only_when_asked",
            ),
            models.CheckConstraint(
                condition=Q(completed_at__isnull=True) | Q(completed_at__gte=models.F("made_at")),
                name="call_completed_after_made",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["response", "made_at"], name="call_of_response")]

    def __str__(self) -> str:
        return f"Call {self.pk}"
