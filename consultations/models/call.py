from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from clinic.core.encrypted_rows import EncryptedModel
from clinic.core.fields import EncryptedJSONField, EncryptedTextField
from consultations.enums import CallOutcome
from consultations.models.constraints import one_of


class Call(EncryptedModel):
    """One call about a person who answered, or was answered for: their request, their safety case, or both.

    A call in which the danger questions are asked begins without `completed_at`, and `answers` holds what was heard so
    far, raw; `heard_at` is when an answer was last saved, and `assessment` what the rules made of all of it. One in
    which somebody spoke of a danger and could not be asked has an assessment too. `once` is the key of the page that it
    was written down on.
    """

    encrypted_under = "response"

    response = models.ForeignKey("consultations.QuestionnaireResponse", on_delete=models.PROTECT, related_name="calls")
    outcome = models.CharField(max_length=20, choices=CallOutcome.choices)
    note = EncryptedTextField(blank=True, default="")
    answers = EncryptedJSONField(default=dict, holds=dict)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    heard_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    assessment = models.ForeignKey(
        "consultations.Assessment", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    once = models.CharField(max_length=64, blank=True, default="", editable=False)

    class Meta:
        ordering: ClassVar = ["made_at", "pk"]
        constraints: ClassVar = [
            one_of("outcome", CallOutcome, name="call_outcome_known"),
            models.CheckConstraint(
                condition=Q(completed_at__isnull=True, heard_at__isnull=True) | Q(outcome=CallOutcome.DANGER_ASKED),
                name="call_script_only_when_asked",
            ),
            models.CheckConstraint(
                condition=Q(assessment__isnull=True)
                | Q(outcome__in=[CallOutcome.DANGER_ASKED, CallOutcome.REACHED_OTHER, CallOutcome.SOMEONE_ELSE]),
                name="call_heard_only_when_spoken",
            ),
            models.CheckConstraint(
                condition=Q(completed_at__isnull=True) | Q(heard_at__isnull=False), name="call_completed_after_answers"
            ),
            models.UniqueConstraint(fields=["made_by", "once"], condition=~Q(once=""), name="call_made_once"),
            models.CheckConstraint(
                condition=Q(completed_at__isnull=True) | Q(completed_at__gte=models.F("made_at")),
                name="call_completed_after_made",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["response", "made_at"], name="call_of_response")]

    def __str__(self) -> str:
        return _("Call %(number)s") % {"number": self.pk}

    @property
    def was_reached(self) -> bool:
        """Whether the person was spoken to: danger questions that were opened and not answered have reached nobody."""
        if self.outcome == CallOutcome.DANGER_ASKED:
            return self.heard_at is not None
        return self.outcome == CallOutcome.REACHED_OTHER
