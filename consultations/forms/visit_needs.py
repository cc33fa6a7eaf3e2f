"""What somebody needs for a visit, as the patient ticks it and as staff do on the phone."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.form_fields import LongTextField, PatientTextField
from clinic.core.widgets import TileCheckbox, TileRadio
from consultations.enums import ReminderChoice, VisitNeed
from consultations.services.visit_needs import Needs

LANGUAGE_LIMIT: Final = 60
MORE_LIMIT: Final = 300
MORE: Final = _("Anything else we should know to make the visit work")


class NeedsFields(forms.Form):
    """The three questions; whoever names a language needs an interpreter, ticked or not."""

    codes = forms.MultipleChoiceField(
        label=_("What would make a visit easier?"),
        help_text=_("Select all that apply, or none."),
        required=False,
        choices=VisitNeed.choices,
        widget=TileCheckbox(exclusive=""),
        error_messages={"invalid_choice": _("Select from the list.")},
    )
    language = LongTextField(
        label=_("Language of the interpreter"),
        help_text=_("Also a sign language. Leave it empty without an interpreter."),
        required=False,
        max_length=LANGUAGE_LIMIT,
        widget=forms.TextInput(attrs={"class": "form-control"}),
        error_messages={"max_length": _("Shorten this to 60 characters or fewer.")},
    )
    more: LongTextField = PatientTextField(
        label=MORE,
        required=False,
        max_length=MORE_LIMIT,
        rows=2,
        error_messages={"max_length": _("Shorten this to 300 characters or fewer.")},
    )

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


CHOOSE_WHAT: Final = _("Choose what our reminders may say, or “No reminders”. Nothing was changed.")


class RemindersForm(forms.Form):
    """What reminders of the visit say, as the patient chooses it."""

    choice = forms.ChoiceField(
        label=_("What our reminders of this visit say"),
        choices=ReminderChoice.choices,
        widget=TileRadio,
        error_messages={"required": CHOOSE_WHAT, "invalid_choice": CHOOSE_WHAT},
    )
