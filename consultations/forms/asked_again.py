"""What is new or worse since a person last told us: one list, and a box for what is not on it."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from clinic.core.form_fields import PatientTextField
from clinic.core.widgets import TileCheckbox
from consultations.candidacy import asked_again, call_script, safety_section
from consultations.forms.check import ScreenForm
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


class SectionForm(ScreenForm):
    """The whole safety section on one page. What only follows an answer to another question may stay blank."""

    section = forms.CharField(required=False, initial="1", max_length=1, widget=forms.HiddenInput)
    """Says that this form was on the page that was sent."""

    def __init__(self, data: Any = None, *, version: str) -> None:
        questions = safety_section.questions(version, settings.CLINIC_REGION)
        super().__init__(data, questions=questions, answers={}, heading="")
        self.version = version
        for name in safety_section.follow_ups(version):
            field: Any = self.fields[name]
            field.required, field.hide_optional = False, True
            field.help_text = _("Only if you ticked something in the question before.")

    @property
    def told(self) -> Mapping[str, Any]:
        """What was ticked and chosen, also in a form with an error elsewhere."""
        self.full_clean()
        return self.ticked_or_valid()

    @property
    def has_signs(self) -> bool:
        """Whether these answers by themselves are a danger."""
        return call_script.level_of(self.told, version=self.version) is not None
