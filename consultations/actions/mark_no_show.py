"""The patient did not come."""

from django.utils.translation import gettext_lazy as _

from consultations.actions.ended_visit import EndedVisit
from consultations.enums import AppointmentStatus
from consultations.services.transitions import WORKFLOW


@WORKFLOW.register
class MarkNoShow(EndedVisit):
    verb, status = "mark_no_show", AppointmentStatus.NOSHOW
    position = 100
    asks = _("Did the patient not attend this consultation?")
    done = _("Recorded: the patient did not attend. You can undo this until midnight.")
