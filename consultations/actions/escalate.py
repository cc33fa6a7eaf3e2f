"""Putting a request at the top of the list, whatever it waits for: somebody must call today."""

import dataclasses

from django.utils.translation import gettext_lazy as _

from consultations.actions.base import Ctx, StaffAction, refuse_other_words
from consultations.enums import TriageAction
from consultations.forms.staff import StepForm, text
from consultations.services import escalation, messaging, triage
from consultations.services.transitions import WORKFLOW


class EscalateForm(StepForm):
    note = text(_("Why is it pressing?"), required=_("Write why somebody must call today."))


@dataclasses.dataclass(frozen=True, slots=True)
class EscalateData:
    note: str


@WORKFLOW.register
class Escalate(StaffAction[EscalateData, None]):
    """An offer and a booked visit stay as they are: a person decides about them."""

    verb, data_class = "escalate", EscalateData
    position, form_class = 120, EscalateForm
    done = _("The request is at the top of the list. Call the patient today.")

    def is_repeat(self, ctx: Ctx, data: EscalateData) -> bool:
        return triage.was_just_written(ctx.row, action=TriageAction.ESCALATE, note=data.note, by=ctx.person)

    def changes(self, ctx: Ctx, data: EscalateData) -> dict[str, object]:
        return escalation.escalated(ctx.row, by=ctx.person, now=ctx.now)

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
