"""Declining what the waiting list offers: the next one is asked, and nothing is lost."""

import dataclasses

from django import forms
from django.utils.translation import gettext_lazy

from consultations.actions.base import ActionContext, Ctx, StaffAction
from consultations.services import waiting
from consultations.services.transitions import WORKFLOW


@dataclasses.dataclass(frozen=True, slots=True)
class DeclineData:
    """`slot_key` is that of the time which the patient's page showed."""

    slot_key: str = ""


@WORKFLOW.register
class DeclineOfferedTime(StaffAction[DeclineData, None]):
    verb, data_class = "decline_offered_time", DeclineData
    position = 81
    done = gettext_lazy("Declined. The patient keeps what they have and their place on the list. The next is asked.")

    def is_wanted(self, situation: ActionContext) -> bool:
        return super().is_wanted(situation) and waiting.live_offer(situation.consultation_request) is not None

    def data_of(self, form: forms.Form) -> DeclineData:
        return DeclineData()

    def is_repeat(self, ctx: Ctx, data: DeclineData) -> bool:
        return waiting.has_declined(ctx.row, seen=data.slot_key)

    def perform(self, ctx: Ctx, data: DeclineData) -> None:
        """Raises AnotherTime."""
        offer = waiting.offer_seen(ctx.row, seen=data.slot_key)
        waiting.decline_offer(offer)
        ctx.details["time_offer"] = offer.pk
