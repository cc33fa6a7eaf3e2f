"""A doctor orders a visit although a red flag stands: a decision of its own, with a reason, void after a new danger.

Staff book the time on the phone. The patient cannot choose one alone, so no mail asks for it.
"""

import dataclasses
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.refusals import WrongStatus
from consultations.actions.base import ActionContext, ChangeOnly, Ctx, refuse_other_words
from consultations.enums import TriageAction
from consultations.forms.staff import StepForm, text
from consultations.models import AppointmentType
from consultations.services import triage
from consultations.services.transitions import WORKFLOW


class OrderForm(StepForm):
    appointment_type = forms.ModelChoiceField(
        label=gettext_lazy("Appointment type"),
        queryset=AppointmentType.objects.none(),
        empty_label=gettext_lazy("Select the appointment type"),
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"required": gettext_lazy("Select the appointment type you order.")},
    )
    reason = text(
        gettext_lazy("Why may this visit be booked while a red flag stands?"),
        required=gettext_lazy("Write why the visit may be booked before the red flags are settled."),
        hint=gettext_lazy("The red flags stay, with their clock. A new danger ends this order."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        type_field: Any = self.fields["appointment_type"]
        type_field.queryset = AppointmentType.objects.filter(is_active=True).order_by("name")
        self.initial.setdefault("appointment_type", self.consultation_request.appointment_type_id)


@dataclasses.dataclass(frozen=True, slots=True)
class OrderData:
    appointment_type: AppointmentType
    reason: str


@WORKFLOW.register
class OrderBooking(ChangeOnly[OrderData]):
    verb, data_class = "order_booking", OrderData
    position, form_class = 65, OrderForm
    button = gettext_lazy("Order the visit")
    done = gettext_lazy("The visit is ordered. Book the time on the phone: the patient cannot choose one alone.")

    def is_wanted(self, situation: ActionContext) -> bool:
        consultation_request = situation.consultation_request
        return (
            super().is_wanted(situation)
            and consultation_request.is_blocked_by_flags
            and consultation_request.booking_ordered_at is None
        )

    def is_repeat(self, ctx: Ctx, data: OrderData) -> bool:
        return ctx.row.booking_ordered_by_id == ctx.person.pk

    def result_again(self, ctx: Ctx, data: OrderData) -> None:
        refuse_other_words(triage.notes_of(ctx.row, TriageAction.ORDER), data.reason)

    def check(self, ctx: Ctx, data: OrderData) -> None:
        """Raises WrongStatus."""
        if not ctx.row.is_blocked_by_flags:
            raise WrongStatus(_("Nothing stands in the way: offer a consultation instead."))

    def changes(self, ctx: Ctx, data: OrderData) -> dict[str, object]:
        return {
            "appointment_type": data.appointment_type,
            "booking_ordered_at": ctx.now,
            "booking_ordered_by": ctx.person,
            # It may not wait for the first day, or the clinician, that an earlier invitation to a follow-up named.
            "follow_up_from": None,
            "follow_up_clinician": None,
        }

    def perform(self, ctx: Ctx, data: OrderData) -> None:
        triage.record_decision(consultation_request=ctx.row, action=TriageAction.ORDER, note=data.reason, by=ctx.person)
