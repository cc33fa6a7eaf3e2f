"""Closing a request for the clinic; a booked time is freed."""

import dataclasses

from django.utils.translation import gettext_lazy as _

from consultations.actions.base import (
    ActionContext,
    Ctx,
    Message,
    StaffAction,
    may_end,
    refuse_other_words,
    refuse_to_end,
)
from consultations.enums import Actor, TriageAction
from consultations.forms.staff import StepForm, text
from consultations.permissions import require
from consultations.services import scheduling, triage
from consultations.services.transitions import WORKFLOW


class CloseForm(StepForm):
    note = text(
        _("Why does the clinic close this request?"),
        required=_("Write why the request is closed."),
        hint=_("For colleagues. The patient is told that the request is closed."),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class CloseData:
    note: str


@WORKFLOW.register
class CancelRequest(StaffAction[CloseData, None]):
    verb, data_class = "cancel_request", CloseData
    position, form_class = 150, CloseForm
    done = _("The request is closed and the patient is told.")

    def is_wanted(self, situation: ActionContext) -> bool:
        return super().is_wanted(situation) and may_end(situation)

    def check(self, ctx: Ctx, data: CloseData) -> None:
        """Raises FlagsStand."""
        refuse_to_end(ctx)

    def perform(self, ctx: Ctx, data: CloseData) -> None:
        triage.record_decision(consultation_request=ctx.row, action=TriageAction.NOTE, note=data.note, by=ctx.person)
        scheduling.free_times_of(consultation_request=ctx.row, actor=require(ctx.person, Actor.MANAGER, Actor.DOCTOR))

    def result_again(self, ctx: Ctx, data: CloseData) -> None:
        refuse_other_words(triage.notes_of(ctx.row, TriageAction.NOTE), data.note)

    def message(self, ctx: Ctx, data: CloseData, result: None) -> Message:
        return Message(f"cancelled-{ctx.row.pk}")
