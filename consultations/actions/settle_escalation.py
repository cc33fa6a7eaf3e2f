"""A doctor's answer to an escalation: what was found, and that it is settled."""

import dataclasses

from django.utils.translation import gettext_lazy as _

from consultations.actions.base import ActionContext, Ctx, StaffAction, refuse_other_words
from consultations.enums import RequestStatus, TriageAction
from consultations.forms.staff import StepForm, text
from consultations.services import escalation, triage
from consultations.services.transitions import WORKFLOW


class SettleEscalationForm(StepForm):
    note = text(_("What did you find?"), required=_("Write what you found before you settle the escalation."))


@dataclasses.dataclass(frozen=True, slots=True)
class SettleEscalationData:
    note: str


@WORKFLOW.register
class SettleEscalation(StaffAction[SettleEscalationData, None]):
    """It settles no red flag: those stand until they are settled by themselves. A request that was put at the top of
    the list is with this doctor now.
    """

    verb, data_class = "settle_escalation", SettleEscalationData
    position, form_class = 55, SettleEscalationForm
    button = _("Settle it")
    done = _("The escalation is settled. The reason stays in the activity.")

    def is_wanted(self, situation: ActionContext) -> bool:
        return super().is_wanted(situation) and situation.consultation_request.is_escalated

    def is_repeat(self, ctx: Ctx, data: SettleEscalationData) -> bool:
        return not ctx.row.is_escalated

    def result_again(self, ctx: Ctx, data: SettleEscalationData) -> None:
        refuse_other_words(triage.notes_of(ctx.row, TriageAction.SETTLE), data.note)

    def changes(self, ctx: Ctx, data: SettleEscalationData) -> dict[str, object]:
        changes = escalation.settled(ctx.row, now=ctx.now)
        return {**changes, "doctor": ctx.person} if ctx.before == RequestStatus.URGENT else changes

    def perform(self, ctx: Ctx, data: SettleEscalationData) -> None:
        triage.record_decision(consultation_request=ctx.row, action=TriageAction.SETTLE, note=data.note, by=ctx.person)
