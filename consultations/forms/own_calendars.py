"""What connects a clinician's own calendar. Address and password are secrets: once it is connected,
no page shows them.
"""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.widgets import TileRadio
from consultations.enums import CalendarKind
from consultations.services import own_calendars
from consultations.services.calendar_readings import CalendarSource

PLAIN: dict[str, str] = {
    "class": "form-control",
    "autocomplete": "off",
    "spellcheck": "false",
    "autocapitalize": "none",
}


class OwnCalendarForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("How is it read?"),
        choices=CalendarKind.choices,
        initial=CalendarKind.ICS,
        widget=TileRadio,
        error_messages={"required": _("Select how it is read."), "invalid_choice": _("Select one of these.")},
    )
    address = forms.CharField(
        label=_("Address of the calendar"),
        help_text=_("Copied from the settings of the calendar. It is sealed, and shown to nobody again."),
        max_length=2000,
        widget=forms.TextInput(attrs=PLAIN),
        error_messages={
            "required": _("Paste the address of the calendar."),
            "max_length": _("That is longer than the address of a calendar."),
        },
    )
    user_name = forms.CharField(
        label=_("User name"),
        help_text=_("Only where the calendar asks for one."),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs=PLAIN),
        error_messages={"max_length": _("Shorten the user name to 200 characters or fewer.")},
    )
    password = forms.CharField(
        label=_("Password"),
        help_text=_("Best one made for this alone (an “app password”), which can be ended without changing yours."),
        required=False,
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs=PLAIN),
        error_messages={"max_length": _("Shorten the password to 200 characters or fewer.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "own-%s", **kwargs})

    def clean_address(self) -> str:
        return own_calendars.as_web_address(self.cleaned_data["address"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind") == CalendarKind.CALDAV and not data.get("password"):
            self.add_error("password", _("A CalDAV calendar asks for a user name and a password."))
        if not self.errors and (refusal := own_calendars.refusal_of(self.source)):
            self.add_error("address", refusal)
        return data

    @property
    def source(self) -> CalendarSource:
        data = self.cleaned_data
        return CalendarSource(CalendarKind(data["kind"]), data["address"], data["user_name"], data["password"])
