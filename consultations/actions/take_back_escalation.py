"""Ending an escalation that was made by mistake, within ten minutes, by whoever made it."""

from django.utils.translation import gettext_lazy as _

from clinic.core.actions import NoData
from consultations.actions.base import ActionContext, Ctx, StaffAction
from consultations.enums import TriageAction
from consultations.services import doctors, escalation, triage
from consultations.services.transitions import WORKFLOW

IN_THE_ACTIVITY = _("Made by mistake, and taken back within ten minutes.")


@WORKFLOW.register
class TakeBackEscalation(StaffAction[NoData, None]):
    """The request goes back to where it was, and a doctor is told: somebody else must see that it was a mistake."""

    verb, data_class = "take_back_escalation", NoData
    position = 122
    done = _("The escalation is taken back. It stays in the activity, and a doctor is told.")

    def is_wanted(self, situation: ActionContext) -> bool:
        return super().is_wanted(situation) and escalation.can_take_back(
            situation.consultation_request, by=situation.by
        )

    def is_repeat(self, ctx: Ctx, data: NoData) -> bool:
        return triage.was_just_written(ctx.row, action=TriageAction.TAKE_BACK, note=str(IN_THE_ACTIVITY), by=ctx.person)

    def check(self, ctx: Ctx, data: NoData) -> None:
        escalation.ensure_taken_back(ctx.row, by=ctx.person)

    def target(self, ctx: Ctx) -> str:
        return escalation.status_before(ctx.row)

    def changes(self, ctx: Ctx, data: NoData) -> dict[str, object]:
        return escalation.taken_back(ctx.row)

    def perform(self, ctx: Ctx, data: NoData) -> None:
        triage.record_decision(
            consultation_request=ctx.row, action=TriageAction.TAKE_BACK, note=str(IN_THE_ACTIVITY), by=ctx.person
        )

    def enqueue(self, ctx: Ctx, data: NoData, result: None) -> None:
        doctors.tell(ctx.row, key=f"taken-back-{ctx.row.pk}-{int(ctx.now.timestamp())}")
