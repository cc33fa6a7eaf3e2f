"""Saying that a consultation would not help now, with advice."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consultations.actions.base import Ctx, Message
from consultations.actions.decide import Decision, DecisionData
from consultations.enums import ReviewDecision
from consultations.models import ClinicalReview
from consultations.services.review import ReasonMissing
from consultations.services.transitions import WORKFLOW


@WORKFLOW.register
class Decline(Decision[DecisionData, ClinicalReview]):
    verb, data_class = "decline", DecisionData
    decision = ReviewDecision.NOT_SUITABLE
    done = gettext_lazy("The patient is told, with your advice.")

    def check(self, ctx: Ctx, data: DecisionData) -> None:
        if not data.patient_note.strip():
            raise ReasonMissing(_("Write the advice the patient will read: a no without a reason is no help."))

    def perform(self, ctx: Ctx, data: DecisionData) -> ClinicalReview:
        return self.review(ctx, data)

    def message(self, ctx: Ctx, data: DecisionData, result: ClinicalReview) -> Message:
        return Message(f"declined-{ctx.row.pk}")
