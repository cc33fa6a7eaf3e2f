"""The patient did not come."""

from django.utils.translation import gettext_lazy as _

from clinic.core.actions import NoData
from consultations.actions.base import ActionContext, AskedOnce, Ctx, may_end, refuse_to_end
from consultations.enums import AppointmentStatus
from consultations.services import scheduling
from consultations.services.transitions import WORKFLOW


@WORKFLOW.register
class MarkNoShow(AskedOnce[None]):
    verb, data_class = "mark_no_show", NoData
    position = 100
    asks = _("Did the patient not attend this consultation?")
    done = _("Recorded: the patient did not attend. You can undo this until midnight.")

    def is_wanted(self, situation: ActionContext) -> bool:
        return super().is_wanted(situation) and situation.has_begun and may_end(situation)

    def check(self, ctx: Ctx, data: NoData) -> None:
        scheduling.refuse_before_begin(ctx.row)
        refuse_to_end(ctx)

    def perform(self, ctx: Ctx, data: NoData) -> None:
        scheduling.finish(consultation_request=ctx.row, status=AppointmentStatus.NOSHOW)
