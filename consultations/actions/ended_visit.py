"""How a visit ended: what both answers share, that it took place and that the patient did not come."""

import datetime
from typing import ClassVar, Final

from clinic.core import clock, message_hours
from clinic.core.actions import NoData
from consultations.actions.base import ActionContext, AskedOnce, Ctx, Message, may_end, refuse_to_end
from consultations.enums import AppointmentStatus
from consultations.services import scheduling

TOMORROW: Final = datetime.timedelta(days=1)
MORNING: Final = datetime.time(9)


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

    def message(self, ctx: Ctx, data: NoData, result: None) -> Message:
        """On the next morning: until midnight it can be undone, and then nothing is sent."""
        day = clock.local(ctx.now).date()
        return Message(f"{self.verb}-{ctx.row.pk}-{day}", send_at=message_hours.within(day + TOMORROW, MORNING))
