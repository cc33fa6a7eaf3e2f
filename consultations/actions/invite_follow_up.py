"""Inviting somebody who was seen to another visit, without another questionnaire.

The request is on offer again, for the visit that is named: everything that follows an offer follows this one too. Only
the safety section is asked again, by the patient's page or in a call, before a time is booked.
"""

import dataclasses
import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core import clock
from clinic.core.refusals import WrongStatus
from consultations.actions.base import ActionContext, Ctx, Message, StaffAction
from consultations.forms.staff import StepForm
from consultations.models import AppointmentType, Clinician
from consultations.services import deaths
from consultations.services.transitions import WORKFLOW, FlagsStand


class InviteFollowUpForm(StepForm):
    appointment_type = forms.ModelChoiceField(
        label=gettext_lazy("Appointment type"),
        queryset=AppointmentType.objects.none(),
        empty_label=gettext_lazy("Select the appointment type"),
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"required": gettext_lazy("Select the appointment type.")},
    )
    not_before = forms.DateField(
        label=gettext_lazy("Not before"),
        help_text=gettext_lazy("The patient sees the times from this day on. Empty: from now on."),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "form-control"}),
        error_messages={"invalid": gettext_lazy("Enter a date.")},
    )
    clinician = forms.ModelChoiceField(
        label=gettext_lazy("With"),
        help_text=gettext_lazy("Only times with this person are offered."),
        queryset=Clinician.objects.none(),
        required=False,
        empty_label=gettext_lazy("Anybody who gives this type"),
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = dict[str, Any](self.fields)
        fields["appointment_type"].queryset = AppointmentType.objects.filter(is_active=True).order_by("name")
        bookable = Clinician.objects.filter(is_bookable=True, user__is_active=True)
        fields["clinician"].queryset = bookable.order_by("display_name", "pk")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        kind, day, clinician = data.get("appointment_type"), data.get("not_before"), data.get("clinician")
        if kind is None:
            return data
        last = clock.today() + kind.horizon - datetime.timedelta(days=1)
        if day is not None and not clock.today() <= day <= last:
            self.add_error(
                "not_before",
                _("Enter a day from today to %(day)s: times of this type are on offer for %(number)d days.")
                % {"day": clock.day(last), "number": kind.horizon_days},
            )
        if clinician is not None and not kind.is_given_by(clinician):
            self.add_error("clinician", _("%(name)s does not give this type.") % {"name": clinician.display_name})
        return data


@dataclasses.dataclass(frozen=True, slots=True)
class InviteFollowUpData:
    appointment_type: AppointmentType
    not_before: datetime.date | None = None
    clinician: Clinician | None = None


class Invitation(StaffAction[InviteFollowUpData, None]):
    data_class, form_class = InviteFollowUpData, InviteFollowUpForm
    button = gettext_lazy("Invite")
    done = gettext_lazy("The patient is invited, and can choose a time once the danger questions are answered again.")

    def is_wanted(self, situation: ActionContext) -> bool:
        return super().is_wanted(situation) and not situation.consultation_request.is_blocked_by_flags

    def check(self, ctx: Ctx, data: InviteFollowUpData) -> None:
        """Raises FlagsStand, WrongStatus."""
        if ctx.row.is_blocked_by_flags:
            raise FlagsStand(_("A visit cannot be offered while a red flag or an escalation is not settled."))
        if deaths.is_recorded(ctx.row.patient):
            raise WrongStatus(_("It is recorded that this person died. Nothing was changed."))

    def changes(self, ctx: Ctx, data: InviteFollowUpData) -> dict[str, object]:
        return {
            "appointment_type": data.appointment_type,
            "follow_up_at": ctx.now,
            "follow_up_from": data.not_before,
            "follow_up_clinician": data.clinician,
            "offer_expired_at": None,
        }

    def perform(self, ctx: Ctx, data: InviteFollowUpData) -> None:
        return None

    def message(self, ctx: Ctx, data: InviteFollowUpData, result: None) -> Message:
        return Message(f"follow-up-{ctx.row.pk}-{int(ctx.now.timestamp())}")


@WORKFLOW.register
class InviteFollowUp(Invitation):
    verb, position = "invite_follow_up", 76
