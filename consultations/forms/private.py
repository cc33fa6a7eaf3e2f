"""The forms behind a private link."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.form_fields import MailField
from consultations.forms.birth_date import BirthDateField

TEXT_LIMIT = 2000
MESSAGE_LIMIT = 1000


class OpenLinkForm(forms.Form):
    """The second half of the key: the first half is the link itself."""

    birth_on = BirthDateField(
        help_text=gettext_lazy("We ask so that nobody else who finds this link can open it."),
        error_messages={"required": gettext_lazy("Enter the date of birth you gave with the request.")},
    )

    def __init__(self, *args: Any, helped_name: str = "", **kwargs: Any) -> None:
        """`helped_name`: whom the request is about, when somebody else sent it."""
        super().__init__(*args, **kwargs)
        if helped_name:
            self.fields["birth_on"].label = _("What is %(name)s’s date of birth?") % {"name": helped_name}


class SendLinkForm(forms.Form):
    email = MailField(
        label=gettext_lazy("What is your email address?"),
        help_text=gettext_lazy("The one you gave with your request."),
    )


class SlotForm(forms.Form):
    """Carries the key of one free time; whether it is still free is for the service to say."""

    slot = forms.CharField(max_length=60, error_messages={"required": gettext_lazy("Choose a time.")})

    def clean_slot(self) -> Any:
        return self.cleaned_data["slot"].strip()
