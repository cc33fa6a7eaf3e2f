"""What staff type to say that two requests are of one person, or that they are not."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.widgets import TileRadio
from consultations.forms.staff import text
from consultations.models import Patient
from consultations.services import persons


class JoinForm(forms.Form):
    """Which other request, and why. `patient` is the row of the page.

    `named` are the keys of the rows that a refusal names: they were shown as much as those on the page.
    """

    other = forms.CharField(
        label=gettext_lazy("Reference of the other request"),
        max_length=40,
        help_text=gettext_lazy("Or “safety case” and its number, for somebody who only asked for a call."),
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": gettext_lazy("Enter the reference of the other request.")},
    )
    reason = text(
        gettext_lazy("Why is it the same person?"),
        required=gettext_lazy("Write how you know that it is the same person."),
        hint=gettext_lazy("For example: called the number we have, and both dates of birth were given."),
    )

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "join-%s", **kwargs})
        self.patient = patient
        self.named: set[int] = set()

    def clean_other(self) -> Patient:
        """The row behind it: one that is not erased, of another person, and whose visits leave room for these."""
        other = persons.find(self.cleaned_data["other"])
        if other is None:
            example = f"{settings.REFERENCE_PREFIX}-AB23-CD"
            raise forms.ValidationError(
                _("There is no request with this reference. One looks like %(example)s.") % {"example": example}
            )
        if other.pk == self.patient.pk:
            raise forms.ValidationError(_("That is this request. Enter the reference of another one."))
        if other.erased_at is not None:
            raise forms.ValidationError(persons.ERASED)
        if other.person_id == self.patient.person_id:
            raise forms.ValidationError(_("That request is joined with this one already."))
        both = Patient.objects.filter(person__in=[other.person_id, self.patient.person_id])
        if overlap := persons.overlap_of(both.defer(*persons.UNOPENED)):
            self.named = overlap.patients
            raise forms.ValidationError(str(overlap))
        return other


class SeparateForm(forms.Form):
    """What is taken apart, and why. `seen` holds the keys of the rows that the page named."""

    seen = forms.RegexField(r"^\d+(,\d+)*$", widget=forms.HiddenInput)
    what = forms.ChoiceField(
        label=gettext_lazy("Take apart"),
        widget=TileRadio,
        error_messages={
            "required": gettext_lazy("Select what is taken apart."),
            "invalid_choice": gettext_lazy("That has changed since: select what is taken apart."),
        },
    )
    reason = text(
        gettext_lazy("Why is it not the same person?"),
        required=gettext_lazy("Write how you know that it is not the same person."),
    )

    def __init__(self, *args: Any, choices: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "separate-%s", **kwargs})
        field: Any = self.fields["what"]
        field.choices = choices
        if len(choices) == 1:
            self.initial.setdefault("what", choices[0][0])

    @property
    def seen_keys(self) -> list[int]:
        return [int(key) for key in self.cleaned_data["seen"].split(",")]
