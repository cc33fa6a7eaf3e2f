"""Taking back, on the same day, what was recorded of a visit: the request is booked again, its time taken again.

No message is sent: what was queued when it was recorded is due on the next day, and is not wanted then. The patient's
page shows the visit again at once.
"""

from typing import ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core import clock
from clinic.core.actions import NoData
from clinic.core.refusals import WrongStatus
from consultations.actions.base import ActionContext, Ctx, StaffAction
from consultations.enums import AppointmentStatus
from consultations.models import ConsultationRequest
from consultations.services import scheduling
from consultations.services.transitions import WORKFLOW


def is_of_today(consultation_request: ConsultationRequest) -> bool:
    """Whether the status of the request was set on this day of the clinic's calendar."""
    return clock.local(consultation_request.status_changed_at).date() == clock.today()


class UndoOutcome(StaffAction[NoData, None]):
    data_class = NoData
    ended_as: ClassVar[AppointmentStatus]

    def is_wanted(self, situation: ActionContext) -> bool:
        return super().is_wanted(situation) and is_of_today(situation.consultation_request)

    def check(self, ctx: Ctx, data: NoData) -> None:
        """Raises WrongStatus."""
        if not is_of_today(ctx.row):
            raise WrongStatus(
                _("This can be undone only on the day it was recorded. Add a note that says what is right.")
            )

    def perform(self, ctx: Ctx, data: NoData) -> None:
        """Raises WrongStatus where the time, or what is left of it, went to somebody else meanwhile."""
        scheduling.restore(consultation_request=ctx.row, ended_as=self.ended_as)


@WORKFLOW.register
class UndoComplete(UndoOutcome):
    verb = "undo_complete"
    position = 160
    ended_as = AppointmentStatus.FULFILLED
    done = gettext_lazy("Undone: the request is booked again.")
