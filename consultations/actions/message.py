"""A message of the patient about an open request, with a clock of its own."""

import dataclasses

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.form_fields import PatientTextField
from consultations.actions.base import ConsultationAction, Ctx
from consultations.enums import TextKind
from consultations.forms.private import MESSAGE_LIMIT
from consultations.models import PatientText
from consultations.services import patient_texts
from consultations.services.transitions import WORKFLOW


class MessageForm(forms.Form):
    """A message about a request; `once` is the key of the page, so that a double click sends one."""

    once = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    message = PatientTextField(
        label=_("Your message"),
        max_length=MESSAGE_LIMIT,
        rows=4,
        error_messages={
            "required": _("Write your message before you send it."),
            "max_length": _("Shorten your message to 1,000 characters or fewer."),
        },
    )


@dataclasses.dataclass(frozen=True, slots=True)
class MessageData:
    """`once` is the key of the page: the same text sent again from it is the same message, another text another one."""

    message: str
    once: str = ""


@WORKFLOW.register
class WriteMessage(ConsultationAction[MessageData, PatientText]):
    verb, data_class, form_class = "message", MessageData, MessageForm
    has_own_entry = True

    def is_repeat(self, ctx: Ctx, data: MessageData) -> bool:
        return self.result_again(ctx, data) is not None

    def result_again(self, ctx: Ctx, data: MessageData) -> PatientText | None:
        return patient_texts.sent_before(response_id=ctx.row.response_id, text=data.message, key=data.once)

    def perform(self, ctx: Ctx, data: MessageData) -> PatientText:
        row = patient_texts.keep(
            response_id=ctx.row.response_id,
            kind=TextKind.MESSAGE,
            text=data.message,
            sent_key=patient_texts.sent_key(data.once, data.message),
        )
        if row is None:
            raise ValueError("A message without a word is refused by the form.")
        ctx.details["text"] = row.pk
        ctx.fields += patient_texts.settle(ctx.row)
        return row
