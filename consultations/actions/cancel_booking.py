"""Giving the booked time back; the offer stands. A patient may take that back for three minutes (`undo_cancel`)."""

import dataclasses
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.form_fields import PatientTextField
from consultations.actions.base import Ctx, Message, StaffAction
from consultations.enums import TextKind
from consultations.forms.staff import StepForm, text
from consultations.models import Appointment
from consultations.services import messaging, patient_texts, scheduling
from consultations.services.transitions import WORKFLOW

SENDS = _(
    "For colleagues. The patient reads only that the time is cancelled: by email at once, with the file that takes it "
    "out of a calendar. The time is free at once, and this cannot be undone."
)
SENDS_NOTHING = _(
    "For colleagues. The patient gave no email address, so nothing is sent: call and say it. The time is free at once, "
    "and this cannot be undone."
)


class GiveBackForm(StepForm):
    """It says what is sent."""

    reason = text(_("Why is the time cancelled?"), limit=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        has_address = self.consultation_request.patient.email_index
        self.fields["reason"].help_text = SENDS if has_address else SENDS_NOTHING


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
        """To the patient who cancelled, once that can no longer be taken back."""
        send_at = ctx.now + scheduling.TIME_TO_UNDO if ctx.by is None else None
        return Message(messaging.key_of_cancellation(result), appointment=result, send_at=send_at)
