"""The consultation took place."""

from django.utils.translation import gettext_lazy as _

from consultations.actions.ended_visit import EndedVisit
from consultations.enums import AppointmentStatus
from consultations.services.transitions import WORKFLOW


@WORKFLOW.register
class Complete(EndedVisit):
    verb, status = "complete", AppointmentStatus.FULFILLED
    position = 90
    asks = _("Did this consultation take place?")
    done = _("Recorded: the consultation took place. You can undo this until midnight.")
