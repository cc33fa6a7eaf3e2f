"""What a person is asked the day after their safety case was closed."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.form_fields import PatientTextField
from clinic.core.widgets import TileRadio
from consultations.enums import NextDayAnswer
from consultations.forms.private import MESSAGE_LIMIT

SEEN = [(item.value, item.label) for item in NextDayAnswer if item != NextDayAnswer.WORSE]


class NextDayForm(forms.Form):
    """`asked` names the closing, `once` the page. That somebody is worse counts whatever else they choose."""

    asked = forms.IntegerField(widget=forms.HiddenInput, required=False)
    once = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    seen = forms.ChoiceField(label=gettext_lazy("Were you seen?"), choices=SEEN, widget=TileRadio, required=False)
    is_worse = forms.BooleanField(label=gettext_lazy("I am worse"), required=False)
    found = PatientTextField(
        label=gettext_lazy("What did they find? (optional)"),
        max_length=MESSAGE_LIMIT,
        rows=4,
        required=False,
        error_messages={"max_length": gettext_lazy("Shorten what you wrote to 1,000 characters or fewer.")},
    )

    def __init__(self, *args: Any, helped_name: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if helped_name:
            self.fields["seen"].label = _("Was %(name)s seen?") % {"name": helped_name}
            self.fields["is_worse"].label = _("%(name)s is worse") % {"name": helped_name}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.answer is None and "seen" not in self.errors:
            self.add_error("seen", _("Choose an answer."))
        return cleaned

    @property
    def answer(self) -> NextDayAnswer | None:
        """What was chosen, also where something else in the form is wrong."""
        if self.cleaned_data.get("is_worse"):
            return NextDayAnswer.WORSE
        seen = self.cleaned_data.get("seen")
        return NextDayAnswer(seen) if seen else None
