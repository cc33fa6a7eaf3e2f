"""What somebody needs for a visit, as the patient ticks it and as staff do on the phone."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.form_fields import PatientTextField
from consultations.enums import VisitNeed
from consultations.services.visit_needs import Needs

LANGUAGE_LIMIT: Final = 60
MORE_LIMIT: Final = 300


def codes_field() -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=_("What would make a visit easier?"),
        help_text=_("Select all that apply, or none."),
        required=False,
        choices=VisitNeed.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Select from the list.")},
    )


def language_field() -> PatientTextField:
    return PatientTextField(
        label=_("Language of the interpreter"),
        help_text=_("Also a sign language. Leave it empty without an interpreter."),
        required=False,
        max_length=LANGUAGE_LIMIT,
        rows=1,
        error_messages={"max_length": _("Shorten this to 60 characters or fewer.")},
    )


def more_field() -> PatientTextField:
    return PatientTextField(
        label=_("Anything else we should know to make the visit work"),
        help_text=_("Nothing about your health: for that, write us a message."),
        required=False,
        max_length=MORE_LIMIT,
        rows=2,
        error_messages={"max_length": _("Shorten this to 300 characters or fewer.")},
    )


class NeedsFields(forms.Form):
    """The three questions; whoever names a language needs an interpreter, ticked or not."""

    codes = codes_field()
    language = language_field()
    more = more_field()

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        codes = cleaned.get("codes") or []
        if cleaned.get("language") and VisitNeed.INTERPRETER.value not in codes:
            cleaned["codes"] = [VisitNeed.INTERPRETER.value, *codes]
        return cleaned

    def needs(self) -> Needs:
        told = set(self.cleaned_data["codes"])
        return Needs(
            codes=tuple(code for code in VisitNeed.values if code in told),
            language=self.cleaned_data["language"],
            more=self.cleaned_data["more"],
        )


def initial_of(needs: Needs) -> dict[str, Any]:
    return {"codes": list(needs.codes), "language": needs.language, "more": needs.more}
