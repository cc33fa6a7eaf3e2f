"""What reminders of the visit say, or that none is sent: the patient's choice, or that of staff who were told so."""

import dataclasses
from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core import text_messages
from consultations.actions.base import ActionContext, Ctx, StaffAction
from consultations.enums import ReminderChoice
from consultations.forms.staff import StepForm
from consultations.services import reminders
from consultations.services.transitions import WORKFLOW


class StaffRemindersForm(StepForm):
    choice = forms.ChoiceField(
        label=_("Reminders of the visit"),
        choices=ReminderChoice.choices,
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={
            "required": _("Select what reminders say."),
            "invalid_choice": _("Select what reminders say."),
        },
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.initial.setdefault("choice", self.consultation_request.reminders)


@dataclasses.dataclass(frozen=True, slots=True)
class RemindersData:
    choice: str


@WORKFLOW.register
class ChooseReminders(StaffAction[RemindersData, None]):
    verb, data_class = "choose_reminders", RemindersData
    position, form_class = 128, StaffRemindersForm
    button = _("Save")
    done = _("What reminders say is changed.")

    def is_wanted(self, situation: ActionContext) -> bool:
        """Without an address, and without text messages, there is nothing to choose."""
        has_address = bool(situation.consultation_request.patient.email_index)
        return super().is_wanted(situation) and (has_address or text_messages.is_on())

    def is_repeat(self, ctx: Ctx, data: RemindersData) -> bool:
        return str(ctx.row.reminders) == data.choice

    def changes(self, ctx: Ctx, data: RemindersData) -> Mapping[str, object]:
        return {
            "reminders_off_at": ctx.now if data.choice == ReminderChoice.NONE else None,
            "reminders_full_at": ctx.now if data.choice == ReminderChoice.FULL else None,
        }

    def perform(self, ctx: Ctx, data: RemindersData) -> None:
        reminders.forget_written(ctx.row)
        ctx.details["choice"] = data.choice
