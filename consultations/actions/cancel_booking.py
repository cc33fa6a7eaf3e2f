"""Giving the booked time back; the offer stands."""

import dataclasses

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.form_fields import PatientTextField
from consultations.actions.base import Ctx, Message, StaffAction
from consultations.enums import TextKind
from consultations.forms.staff import StepForm, text
from consultations.models import Appointment
from consultations.services import patient_texts, scheduling
from consultations.services.transitions import WORKFLOW


class GiveBackForm(StepForm):
    reason = text(
        _("Why is the time cancelled?"), hint=_("For colleagues. The patient is told only that it is."), limit=300
    )


class CancelTimeForm(forms.Form):
    """`seen` is the key of the time that the page showed."""

    seen = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    reason = PatientTextField(
        label=_("Why are you cancelling?"),
        required=False,
        max_length=300,
        rows=3,
        error_messages={"max_length": _("Shorten this to 300 characters or fewer.")},
    )


@dataclasses.dataclass(frozen=True, slots=True)
class CancelBookingData:
    """`slot_key` is that of the time which the patient's page showed."""

    reason: str = ""
    slot_key: str = ""


@WORKFLOW.register
class CancelBooking(StaffAction[CancelBookingData, Appointment]):
    verb, data_class = "cancel_booking", CancelBookingData
    position, form_class = 140, GiveBackForm
    done = _("The time is cancelled and the patient is told.")

    def data_of(self, form: forms.Form) -> CancelBookingData:
        slot_key = form.cleaned_data["seen"] if isinstance(form, CancelTimeForm) else ""
        return CancelBookingData(form.cleaned_data["reason"], slot_key)

    def perform(self, ctx: Ctx, data: CancelBookingData) -> Appointment:
        cancelled = scheduling.cancel(consultation_request=ctx.row, reason=data.reason, by=ctx.by, seen=data.slot_key)
        if ctx.by is None:
            patient_texts.keep_about(consultation_request=ctx.row, kind=TextKind.CANCEL_REASON, text=data.reason)
        return cancelled

    def message(self, ctx: Ctx, data: CancelBookingData, result: Appointment) -> Message:
        return Message(f"appointment-cancelled-{result.pk}")
