"""How a visit ended: what both answers share, that it took place and that the patient did not come."""

from typing import ClassVar

from clinic.core.actions import NoData
from consultations.actions.base import ActionContext, AskedOnce, Ctx, may_end, refuse_to_end
from consultations.enums import AppointmentStatus
from consultations.services import scheduling


class EndedVisit(AskedOnce[None]):
    data_class = NoData
    status: ClassVar[AppointmentStatus]

    def is_wanted(self, situation: ActionContext) -> bool:
        return super().is_wanted(situation) and situation.has_begun and may_end(situation)

    def check(self, ctx: Ctx, data: NoData) -> None:
        scheduling.refuse_before_begin(ctx.row)
        refuse_to_end(ctx)

    def perform(self, ctx: Ctx, data: NoData) -> None:
        scheduling.finish(consultation_request=ctx.row, status=self.status)
