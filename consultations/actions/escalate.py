"""Putting a request at the top of the list: somebody must call today."""

import dataclasses

from consultations.actions.base import Ctx, StaffAction, refuse_other_words
from consultations.enums import OUTCOME_RISK, Outcome, Priority, TriageAction
from consultations.forms.staff import StepForm, text
from consultations.services import messaging, triage
from consultations.services.transitions import WORKFLOW


class EscalateForm(StepForm):
    note = text("Why is it pressing?", required="Write why somebody must ring today.")


@dataclasses.dataclass(frozen=True, slots=True)
class EscalateData:
    note: str


@WORKFLOW.register
class Escalate(StaffAction[EscalateData, None]):
    verb, data_class = "escalate", EscalateData
    position, form_class = 120, EscalateForm
    done = "The request is at the top of the list."

    def changes(self, ctx: Ctx, data: EscalateData) -> dict[str, object]:
        changes = triage.called_today(ctx.row)
        is_emergency = changes["risk"] == OUTCOME_RISK[Outcome.EMERGENCY]
        return {**changes, "priority": Priority.STAT if is_emergency else Priority.ASAP}

    def perform(self, ctx: Ctx, data: EscalateData) -> None:
        triage.record_decision(
            consultation_request=ctx.row, action=TriageAction.ESCALATE, note=data.note, by=ctx.person
        )

    def result_again(self, ctx: Ctx, data: EscalateData) -> None:
        refuse_other_words(triage.notes_of(ctx.row, TriageAction.ESCALATE), data.note)

    def enqueue(self, ctx: Ctx, data: EscalateData, result: None) -> None:
        if ctx.row.doctor is not None:
            messaging.alert_staff(
                user=ctx.row.doctor,
                key=f"escalated-{ctx.row.pk}-{int(ctx.now.timestamp())}",
                path=triage.page_of(ctx.row),
            )
