"""Offering a time again without another review: after an offer that ended, and to who did not come.

The doctor's decision stands. While a red flag stands there is no such way.
"""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.actions import NoData
from clinic.core.refusals import WrongStatus
from consultations.actions.base import ActionContext, AskedOnce, Ctx, Message
from consultations.enums import RequestStatus
from consultations.models import ConsultationRequest
from consultations.services.transitions import WORKFLOW, FlagsStand


def can_be_offered_again(consultation_request: ConsultationRequest) -> bool:
    """Whether there was an offer that ended, or a visit that was missed."""
    was_offered = consultation_request.status == RequestStatus.NO_SHOW or consultation_request.is_offer_expired
    return was_offered and consultation_request.appointment_type_id is not None


@WORKFLOW.register
class OfferAgain(AskedOnce[None]):
    verb, data_class = "offer_again", NoData
    position = 75
    asks = gettext_lazy("Offer this patient a time again? They are told, and can choose one.")
    done = gettext_lazy("The consultation is offered again. The patient can choose a time.")

    def is_wanted(self, situation: ActionContext) -> bool:
        consultation_request = situation.consultation_request
        is_free = can_be_offered_again(consultation_request) and not consultation_request.is_blocked_by_flags
        return super().is_wanted(situation) and is_free

    def check(self, ctx: Ctx, data: NoData) -> None:
        if not can_be_offered_again(ctx.row):
            raise WrongStatus(_("No offer of this request has ended. Nothing was changed."))
        if ctx.row.is_blocked_by_flags:
            raise FlagsStand(_("A consultation cannot be offered while a red flag or an escalation is not settled."))

    def changes(self, ctx: Ctx, data: NoData) -> dict[str, object]:
        return {"offer_expired_at": None, "claimed_at": None, "claimed_by": None}

    def perform(self, ctx: Ctx, data: NoData) -> None:
        return None

    def message(self, ctx: Ctx, data: NoData, result: None) -> Message:
        return Message(f"offered-again-{ctx.row.pk}-{int(ctx.now.timestamp())}")
