"""A doctor looked at the red flags and may go on."""

import dataclasses

from consultations.actions.base import Ctx, Situation, StaffAction
from consultations.enums import OUTCOME_RISK, Outcome, Priority, TriageAction
from consultations.forms.staff import StepForm, text
from consultations.services import triage
from consultations.services.review import ReasonMissing
from consultations.services.transitions import WORKFLOW

ROUTINE_RISK = OUTCOME_RISK[Outcome.NOT_SUITABLE_NOW]


class ClearForm(StepForm):
    reason = text(
        "Why do the red flags not stand in the way?",
        required="Write why the red flags do not stand in the way, before you clear them.",
    )


@dataclasses.dataclass(frozen=True, slots=True)
class ClearData:
    reason: str


@WORKFLOW.register
class Clear(StaffAction[ClearData, None]):
    verb, data_class = "clear", ClearData
    position, form_class = 50, ClearForm
    done = "The red flags are cleared. A consultation can be offered now."

    def is_wanted(self, situation: Situation) -> bool:
        return super().is_wanted(situation) and situation.consultation_request.is_blocked_by_flags

    def is_repeat(self, ctx: Ctx, data: ClearData) -> bool:
        return ctx.row.flags_cleared_by_id == ctx.person.pk

    def check(self, ctx: Ctx, data: ClearData) -> None:
        if not data.reason.strip():
            raise ReasonMissing("Write why the red flags do not stand in the way, before you clear them.")

    def changes(self, ctx: Ctx, data: ClearData) -> dict[str, object]:
        return {
            "flags_cleared_at": ctx.now,
            "flags_cleared_by": ctx.person,
            "flag_level": "",
            "danger_due_at": None,
            "risk": max(ctx.row.risk, ROUTINE_RISK),
            "priority": Priority.ROUTINE,
        }

    def perform(self, ctx: Ctx, data: ClearData) -> None:
        triage.record_decision(consultation_request=ctx.row, action=TriageAction.CLEAR, note=data.reason, by=ctx.person)
