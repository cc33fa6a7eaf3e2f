"""What is new or worse since a person last told us: one list, and a box for what is not on it."""

from typing import Any, Final

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from clinic.core.form_fields import PatientTextField
from clinic.core.widgets import TileCheckbox
from consultations.candidacy import asked_again
from consultations.forms.private import MESSAGE_LIMIT

ELSE: Final = "else"
SAME: Final = frozenset({"same", "none"})
NOTHING_TICKED: Final = _("Tick what is true, or tick “None of these”.")
WRITE_IT: Final = _("Write what else is new, or take the tick away.")


class TicksField(forms.MultipleChoiceField):
    """Cleans to the codes that we know, in the order shown. A danger is never lost over something else in the list."""

    def clean(self, value: Any) -> list[str]:
        given = {item for item in value or () if isinstance(item, str)}
        choices: Any = self.choices
        return [code for code, _label in choices if code in given]


class AskedAgainForm(forms.Form):
    """`once` is the key of the page, for what was written on it."""

    once = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    ticks = TicksField(widget=TileCheckbox(exclusive=""))
    message = PatientTextField(
        label=_("What else is new?"),
        required=False,
        max_length=MESSAGE_LIMIT,
        rows=3,
        error_messages={"max_length": _("Shorten this to 1,000 characters or fewer.")},
    )

    def __init__(self, *args: Any, question: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["ticks"]
        field.label, field.help_text = question, asked_again.hint()
        field.choices = [(code, tick.words_in(settings.CLINIC_REGION)) for code, tick in asked_again.ticks().items()]

    @property
    def ticked(self) -> list[str]:
        """What was ticked, also in a form with an error elsewhere."""
        data: Any = self.data
        ticked: list[str] = self.fields["ticks"].clean(data.getlist("ticks"))
        return ticked

    @property
    def has_signs(self) -> bool:
        """Whether something was ticked that the rules are to judge."""
        return bool(set(self.ticked) - SAME - {ELSE})

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        has_words = bool(data.get("message")) or self.has_error("message")
        if not self.ticked and not has_words:
            self.add_error("ticks", NOTHING_TICKED)
        elif ELSE in self.ticked and not has_words and not self.has_signs:
            self.add_error("message", WRITE_IT)
        return data
