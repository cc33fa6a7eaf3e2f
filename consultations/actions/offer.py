"""Offering a consultation: the patient may now choose a time."""

import dataclasses

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consultations.actions.base import Ctx, Message, Preview
from consultations.actions.decide import Decision, DecisionData
from consultations.enums import ReviewDecision
from consultations.models import AppointmentType, ClinicalReview
from consultations.services.transitions import WORKFLOW, FlagsStand


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OfferData(DecisionData):
    appointment_type: AppointmentType


@WORKFLOW.register
class Offer(Decision[OfferData, ClinicalReview]):
    verb, data_class = "offer", OfferData
    decision = ReviewDecision.OFFER
    done = gettext_lazy("The consultation is offered. The patient can choose a time.")

    def preview(self, data: OfferData) -> Preview:
        return dataclasses.replace(super().preview(data), appointment_type=data.appointment_type)

    def check(self, ctx: Ctx, data: OfferData) -> None:
        if ctx.row.is_blocked_by_flags:
            raise FlagsStand(
                _("A consultation cannot be offered while a red flag stands: settle it first.")
                if ctx.row.flag_level
                else _("A consultation cannot be offered while an escalation is not settled: settle it first.")
            )

    def changes(self, ctx: Ctx, data: OfferData) -> dict[str, object]:
        # What an earlier invitation to a follow-up asked for is not what is offered now.
        return {"appointment_type": data.appointment_type, "follow_up_from": None, "follow_up_clinician": None}

    def perform(self, ctx: Ctx, data: OfferData) -> ClinicalReview:
        return self.review(ctx, data)

    def message(self, ctx: Ctx, data: OfferData, result: ClinicalReview) -> Message:
        return Message(f"offered-{ctx.row.pk}-{result.pk}")
