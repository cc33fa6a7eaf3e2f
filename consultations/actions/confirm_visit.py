"""The patient says that they will come: on the private page, or on the phone."""

import dataclasses

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core import clock
from clinic.core.refusals import WrongStatus
from consultations.actions.base import ActionContext, Ctx, StaffAction
from consultations.models import Appointment
from consultations.services import reminders, scheduling
from consultations.services.scheduling import AnotherTime
from consultations.services.transitions import WORKFLOW


@dataclasses.dataclass(frozen=True, slots=True)
class ConfirmVisitData:
    """`slot_key` is that of the time which the patient's page showed."""

    slot_key: str = ""


@WORKFLOW.register
class ConfirmVisit(StaffAction[ConfirmVisitData, None]):
    verb, data_class = "confirm_visit", ConfirmVisitData
    position = 85
    done = gettext_lazy("Recorded: the patient will come.")

    def is_wanted(self, situation: ActionContext) -> bool:
        if not super().is_wanted(situation) or situation.has_begun:
            return False
        appointment = scheduling.booked(situation.consultation_request)
        is_open = appointment is not None and not appointment.is_confirmed
        return is_open and appointment is not None and reminders.can_confirm(appointment, now=clock.now())

    def data_of(self, form: forms.Form) -> ConfirmVisitData:
        """Of staff, who see the time that is booked now on the page with the button."""
        return ConfirmVisitData()

    def is_repeat(self, ctx: Ctx, data: ConfirmVisitData) -> bool:
        appointment = scheduling.booked(ctx.row)
        if appointment is None:
            return False
        _require_shown(appointment, data)
        return appointment.is_confirmed

    def perform(self, ctx: Ctx, data: ConfirmVisitData) -> None:
        """Raises WrongStatus once the visit has begun."""
        appointment = Appointment.objects.live().select_for_update(of=("self",)).get(consultation_request=ctx.row)
        if scheduling.has_begun(appointment):
            raise WrongStatus(_("The consultation has begun."))
        appointment.confirmed_for = appointment.starts_at
        appointment.save(update_fields=["confirmed_for"])
        ctx.details["appointment"] = appointment.pk


def _require_shown(appointment: Appointment, data: ConfirmVisitData) -> None:
    """Raises AnotherTime where the page showed another time than the one that is booked."""
    if data.slot_key and data.slot_key != scheduling.slot_of(appointment).key:
        raise AnotherTime(_("The time was changed since. Look at it again before you confirm it."))
