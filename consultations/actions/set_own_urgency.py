"""A request that is as pressing as another one of the same person is set back to what its own answers say."""

import dataclasses

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.refusals import TransitionNotAllowed
from consultations.actions.base import ActionContext, Ctx, StaffAction
from consultations.enums import TriageAction
from consultations.forms.staff import StepForm, text
from consultations.services import pressing, triage
from consultations.services.review import ReasonMissing
from consultations.services.transitions import WORKFLOW

MISSING = gettext_lazy("Write why this request is less pressing than the other one.")


class OwnUrgencyForm(StepForm):
    reason = text(gettext_lazy("Why is it less pressing than the other request?"), required=MISSING)


@dataclasses.dataclass(frozen=True, slots=True)
class OwnUrgencyData:
    reason: str


@WORKFLOW.register
class SetOwnUrgency(StaffAction[OwnUrgencyData, None]):
    verb, data_class = "set_own_urgency", OwnUrgencyData
    position, form_class = 57, OwnUrgencyForm
    done = gettext_lazy("The request has the urgency of its own answers again.")

    def is_wanted(self, situation: ActionContext) -> bool:
        return (
            super().is_wanted(situation)
            and situation.consultation_request.is_as_pressing
            and (not situation.consultation_request.flag_level)
        )

    def is_repeat(self, ctx: Ctx, data: OwnUrgencyData) -> bool:
        return triage.was_just_written(ctx.row, action=TriageAction.OWN_URGENCY, note=data.reason, by=ctx.person)

    def check(self, ctx: Ctx, data: OwnUrgencyData) -> None:
        if not data.reason.strip():
            raise ReasonMissing(MISSING)
        if ctx.row.flag_level:
            raise TransitionNotAllowed(
                _("A red flag of this person stands. A doctor settles it first. Nothing was changed.")
            )
        if ctx.row.as_pressing_as_id is None:
            raise TransitionNotAllowed(
                _("This request has the urgency of its own answers already. Nothing was changed.")
            )

    def changes(self, ctx: Ctx, data: OwnUrgencyData) -> dict[str, object]:
        return pressing.own_urgency(ctx.row)

    def perform(self, ctx: Ctx, data: OwnUrgencyData) -> None:
        triage.record_decision(
            consultation_request=ctx.row, action=TriageAction.OWN_URGENCY, note=data.reason, by=ctx.person
        )
