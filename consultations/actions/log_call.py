"""A call to the patient: whether they were reached and asked the danger signs again."""

import dataclasses

from django import forms

from clinic.core.widgets import TileRadio
from consultations.actions.base import Ctx, StaffAction
from consultations.enums import TriageAction
from consultations.forms.staff import StepForm, text
from consultations.models import TriageDecision
from consultations.services import triage
from consultations.services.transitions import WORKFLOW


class CallForm(StepForm):
    was_reached = forms.TypedChoiceField(
        label="How did the call go?",
        choices=[("yes", "Reached: red flags repeated by phone"), ("no", "Not reached")],
        coerce=lambda value: value == "yes",
        widget=TileRadio,
        error_messages={"required": "Choose whether you reached the patient."},
    )
    note = text("What was said", hint="For example: no change since the answers were sent.")


@dataclasses.dataclass(frozen=True, slots=True)
class CallData:
    was_reached: bool
    note: str

    @property
    def result(self) -> TriageAction:
        return TriageAction.CALLED if self.was_reached else TriageAction.NOT_REACHED


@WORKFLOW.register
class LogCall(StaffAction[CallData, TriageDecision]):
    verb, data_class = "log_call", CallData
    position, form_class = 30, CallForm
    button = "Save the call"
    done = "The call is recorded."
    has_own_entry = True

    def is_repeat(self, ctx: Ctx, data: CallData) -> bool:
        return triage.was_just_written(ctx.row, action=data.result, note=data.note, by=ctx.person)

    def perform(self, ctx: Ctx, data: CallData) -> TriageDecision:
        ctx.details["call"] = data.result.value
        return triage.record_decision(consultation_request=ctx.row, action=data.result, note=data.note, by=ctx.person)
