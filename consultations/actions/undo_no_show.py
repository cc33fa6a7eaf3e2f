"""The patient did attend, or may still: what was recorded is taken back on the same day."""

from django.utils.translation import gettext_lazy as _

from consultations.actions.undo_complete import UndoOutcome
from consultations.enums import AppointmentStatus
from consultations.services.transitions import WORKFLOW


@WORKFLOW.register
class UndoNoShow(UndoOutcome):
    verb = "undo_no_show"
    position = 170
    ended_as = AppointmentStatus.NOSHOW
    done = _("Undone: the request is booked again.")
