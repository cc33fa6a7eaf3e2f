"""Sending a request back to the top of the list: call the patient today."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consultations.actions.base import Ctx
from consultations.actions.decide import Decision, DecisionData
from consultations.enums import ReviewDecision
from consultations.models import ClinicalReview
from consultations.services import escalation, messaging, triage
from consultations.services.review import ReasonMissing
from consultations.services.transitions import WORKFLOW


@WORKFLOW.register
class MarkUrgent(Decision[DecisionData, ClinicalReview]):
    verb, data_class = "mark_urgent", DecisionData
    decision = ReviewDecision.URGENT
    done = gettext_lazy("The request is back with the nurse, at the top of the list.")

    def check(self, ctx: Ctx, data: DecisionData) -> None:
        if not data.reason.strip():
            raise ReasonMissing(_("Write what the nurse must ask or say when calling the patient."))

    def changes(self, ctx: Ctx, data: DecisionData) -> dict[str, object]:
        return escalation.escalated(ctx.row, by=ctx.person, now=ctx.now)

    def perform(self, ctx: Ctx, data: DecisionData) -> ClinicalReview:
        return self.review(ctx, data)

    def enqueue(self, ctx: Ctx, data: DecisionData, result: ClinicalReview) -> None:
        if ctx.row.claimed_by is not None:
            messaging.alert_staff(
                user=ctx.row.claimed_by,
                key=f"urgent-{ctx.row.pk}-{int(ctx.now.timestamp())}",
                path=triage.page_of(ctx.row),
            )
