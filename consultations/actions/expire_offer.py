"""An offer ends of which no time was taken: the request is with staff again, who call the patient.

The worker ends it after OFFER_DAYS; staff may do so sooner.
"""

from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from clinic.core.actions import NoData, perform_action
from clinic.core.failures import one_by_one
from consultations.actions.base import AskedOnce, Ctx, Message
from consultations.enums import Outcome
from consultations.models import ConsultationRequest
from consultations.services import offers
from consultations.services.slot_release import ReleaseReason, release_hold_of
from consultations.services.targets import due_after
from consultations.services.transitions import SYSTEM_WORKFLOW, WORKFLOW


@WORKFLOW.register
class ExpireOffer(AskedOnce[None]):
    verb, data_class = "expire_offer", NoData
    position = 135
    asks = _("End the wait for a time? The request is in the queue again, and somebody calls the patient.")
    done = _("The offer has ended. The request is in the queue: somebody calls the patient.")

    def changes(self, ctx: Ctx, data: NoData) -> dict[str, object]:
        return {
            "offer_expired_at": ctx.now,
            "claimed_at": None,
            "claimed_by": None,
            "due_at": due_after(Outcome.LIKELY_SUITABLE, since=ctx.now),
        }

    def perform(self, ctx: Ctx, data: NoData) -> None:
        release_hold_of(ctx.row, reason=ReleaseReason.REQUEST_ENDED)

    def message(self, ctx: Ctx, data: NoData, result: None) -> Message:
        return Message(f"offer-expired-{ctx.row.pk}-{int(ctx.now.timestamp())}")


class ExpireInTime(ExpireOffer):
    """The same, by the worker; not once something was done to the offer at this very moment."""

    workflow = SYSTEM_WORKFLOW

    def is_repeat(self, ctx: Ctx, data: NoData) -> bool:
        return not offers.is_ended(ctx.row, now=ctx.now) or ctx.row.is_blocked_by_flags


def expire_ended() -> int:
    """End the offers whose time is up. Returns how many. Raises SomeFailed after the others had their turn."""
    return one_by_one(offers.ended(now=clock.now()), _expire, what="ended offer")


def _expire(pk: int) -> bool:
    return not perform_action(ExpireInTime(), ConsultationRequest(pk=pk), NoData()).is_repeat
