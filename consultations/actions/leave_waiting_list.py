"""Off the waiting list: nothing else changes, and one may ask again at any time."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.actions import NoData
from clinic.core.refusals import WrongStatus
from consultations.actions.base import ActionContext, Ctx, StaffAction
from consultations.services import waiting
from consultations.services.transitions import WORKFLOW


@WORKFLOW.register
class LeaveWaitingList(StaffAction[NoData, None]):
    verb, data_class = "leave_waiting_list", NoData
    position = 129
    button = gettext_lazy("Take off the waiting list")
    done = gettext_lazy("Off the waiting list. What is booked stays as it is.")

    def is_wanted(self, situation: ActionContext) -> bool:
        return super().is_wanted(situation) and waiting.entry_of(situation.consultation_request) is not None

    def is_repeat(self, ctx: Ctx, data: NoData) -> bool:
        return waiting.has_left(ctx.row)

    def check(self, ctx: Ctx, data: NoData) -> None:
        """Raises WrongStatus where it never was on the list, or took a time from it."""
        if waiting.entry_of(ctx.row) is None:
            raise WrongStatus(_("This request is not on the waiting list. Nothing was changed."))

    def perform(self, ctx: Ctx, data: NoData) -> None:
        waiting.leave(ctx.row)
