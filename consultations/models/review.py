from typing import ClassVar

from django.conf import settings
from django.db import models

from clinic.core.encrypted_rows import EncryptedModel
from clinic.core.fields import EncryptedTextField
from consultations.enums import Outcome, ReviewDecision, TriageAction
from consultations.models.constraints import one_of


class TriageDecision(EncryptedModel):
    """One thing triage did or wrote about a request: a note, a call, an escalation, a hand-over. Never edited."""

    encrypted_under = "consultation_request__patient"

    consultation_request = models.ForeignKey(
        "consultations.ConsultationRequest", on_delete=models.PROTECT, related_name="triage_decisions"
    )
    action = models.CharField(max_length=20, choices=TriageAction.choices)
    note = EncryptedTextField(blank=True, default="")
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["decided_at", "pk"]
        constraints: ClassVar = [one_of("action", TriageAction, name="triage_action_known")]

    def __str__(self) -> str:
        return self.get_action_display()


class ClinicalReview(EncryptedModel):
    """A doctor's decision on a request, with the exact note the patient reads. Never edited: a new one is a new row.

    `suggestion` is what the rules suggested at that moment: the red flag that stood, or what the other answers said.
    """

    encrypted_under = "consultation_request__patient"

    consultation_request = models.ForeignKey(
        "consultations.ConsultationRequest", on_delete=models.PROTECT, related_name="reviews"
    )
    decision = models.CharField(max_length=20, choices=ReviewDecision.choices)
    suggestion = models.CharField(max_length=20, choices=Outcome.choices)
    reason = EncryptedTextField(blank=True, default="")
    patient_note = EncryptedTextField(blank=True, default="")
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["decided_at", "pk"]
        constraints: ClassVar = [
            one_of("decision", ReviewDecision, name="review_decision_known"),
            one_of("suggestion", Outcome, name="review_suggestion_known"),
        ]

    def __str__(self) -> str:
        return self.get_decision_display()
