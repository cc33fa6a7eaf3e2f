"""The forms behind a private link."""

from typing import Any

from django import forms

from clinic.core.form_fields import MailField, PatientTextField
from clinic.core.names import possessive
from consultations.forms.birth_date import BirthDateField

TEXT_LIMIT = 2000
MESSAGE_LIMIT = 1000


class OpenLinkForm(forms.Form):
    """The second half of the key: the first half is the link itself."""

    birth_on = BirthDateField(
        help_text="We ask so that nobody else who finds this link can open it.",
        error_messages={"required": "Enter the date of birth you gave with the request."},
    )

    def __init__(self, *args: Any, helped_name: str = "", **kwargs: Any) -> None:
        """`helped_name`: whom the request is about, when somebody else sent it."""
        super().__init__(*args, **kwargs)
        if helped_name:
            self.fields["birth_on"].label = f"What is {possessive(helped_name)} date of birth?"


class SendLinkForm(forms.Form):
    email = MailField(
        label="What is your email address?",
        help_text="The one you gave with your request.",
    )


class AnswerForm(forms.Form):
    """An answer to the question that the page showed; `asked` says which that was."""

    asked = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    answer = PatientTextField(
        label="Your answer",
        max_length=TEXT_LIMIT,
        error_messages={
            "required": "Write an answer before you send it.",
            "max_length": "Shorten your answer to 2,000 characters or fewer.",
        },
    )


class MessageForm(forms.Form):
    """A message about a request; `once` is the key of the page, so that a double click sends one."""

    once = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    message = PatientTextField(
        label="Your message",
        max_length=MESSAGE_LIMIT,
        rows=4,
        error_messages={
            "required": "Write your message before you send it.",
            "max_length": "Shorten your message to 1,000 characters or fewer.",
        },
    )


class WithdrawForm(forms.Form):
    """One tick, so that a stray press ends nothing. `helped_name`: whom a helper's request is about."""

    sure = forms.BooleanField(
        label="Yes, withdraw my request",
        error_messages={"required": "Tick the box if you want to withdraw your request."},
    )

    def __init__(self, *args: Any, helped_name: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if helped_name:
            whose = possessive(helped_name)
            self.fields["sure"].label = f"Yes, withdraw {whose} request"
            self.fields["sure"].error_messages["required"] = f"Tick the box if you want to withdraw {whose} request."


class CancelTimeForm(forms.Form):
    """`seen` is the key of the time that the page showed."""

    seen = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    reason = PatientTextField(
        label="Why are you cancelling?",
        required=False,
        max_length=300,
        rows=3,
        error_messages={"max_length": "Shorten this to 300 characters or fewer."},
    )


class SlotForm(forms.Form):
    """Carries the key of one free time; whether it is still free is for the service to say."""

    slot = forms.CharField(max_length=60, error_messages={"required": "Choose a time."})

    def clean_slot(self) -> Any:
        return self.cleaned_data["slot"].strip()
