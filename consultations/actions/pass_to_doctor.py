"""Handing a request to a doctor."""

import dataclasses
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from clinic.core.refusals import NotAllowed
from consultations.actions.base import Ctx, StaffAction, refuse_other_words
from consultations.enums import Actor, TriageAction
from consultations.forms.staff import PersonChoiceField, StepForm, text
from consultations.permissions import actors_of
from consultations.services import triage
from consultations.services.transitions import WORKFLOW


class PassForm(StepForm):
    doctor = PersonChoiceField(
        label=gettext_lazy("Doctor"),
        queryset=User.objects.none(),
        empty_label=gettext_lazy("Select a doctor"),
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={
            "required": gettext_lazy("Select a doctor."),
            "invalid_choice": gettext_lazy("That person is not in the doctor group any more. Select another doctor."),
        },
    )
    note = text(gettext_lazy("Note for the doctor"), rows=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        doctors = User.objects.filter(groups__name="doctor", is_active=True, is_staff=True)
        doctor_field: Any = self.fields["doctor"]
        doctor_field.queryset = doctors.order_by("name", "pk")
        if any(group.name == "doctor" for group in self.by.groups.all()):
            self.initial.setdefault("doctor", self.by.pk)


@dataclasses.dataclass(frozen=True, slots=True)
class PassData:
    doctor: User
    note: str = ""


@WORKFLOW.register
class PassToDoctor(StaffAction[PassData, None]):
    verb, data_class = "pass_to_doctor", PassData
    position, form_class = 40, PassForm
    button = gettext_lazy("Pass to this doctor")
    done = gettext_lazy("The request is with %(doctor)s now.")

    def done_message(self, data: PassData) -> str:
        return super().done_message(data) % {"doctor": triage.author_of(data.doctor)}

    def check(self, ctx: Ctx, data: PassData) -> None:
        if Actor.DOCTOR not in actors_of(data.doctor):
            raise NotAllowed(_("%(name)s is not in the doctor group.") % {"name": data.doctor.display_name})

    def changes(self, ctx: Ctx, data: PassData) -> dict[str, object]:
        return {"doctor": data.doctor}

    def perform(self, ctx: Ctx, data: PassData) -> None:
        triage.record_decision(consultation_request=ctx.row, action=TriageAction.PASS, note=data.note, by=ctx.person)

    def result_again(self, ctx: Ctx, data: PassData) -> None:
        refuse_other_words(triage.notes_of(ctx.row, TriageAction.PASS), data.note)
