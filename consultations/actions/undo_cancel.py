"""Taking a cancellation back, within three minutes: the visit stands as it was, and no mail tells of either."""

from django.utils.translation import gettext_noop

from clinic.core.actions import NoData
from consultations.actions.base import ConsultationAction, Ctx
from consultations.models import Appointment
from consultations.services import clocks, messaging, scheduling
from consultations.services.transitions import WORKFLOW

TAKEN_BACK = gettext_noop("Not sent: the patient took the cancellation back.")


@WORKFLOW.register
class UndoCancel(ConsultationAction[NoData, Appointment]):
    """Also while a red flag stands: it takes no new time, and a booked one stays until a person decides."""

    verb, data_class = "undo_cancel", NoData

    def perform(self, ctx: Ctx, data: NoData) -> Appointment:
        """Raises WrongStatus once it is too late."""
        appointment = scheduling.undo_cancel(consultation_request=ctx.row)
        messaging.stop_cancellations(appointment, reason=TAKEN_BACK)
        ctx.row.due_at = clocks.visit_due(appointment.ends_at)
        ctx.row.save(update_fields=["due_at"])
        ctx.fields.append("due_at")
        return appointment
