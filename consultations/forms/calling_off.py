"""Who cannot come, and until when."""

import datetime
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from clinic.core import clock
from consultations.models import Clinician
from consultations.services import calling_off
from consultations.services.calling_off import Stretch

LONGEST: Final = datetime.timedelta(days=92)


class CallOffForm(forms.Form):
    """`seen` are the references of the visits that the page named."""

    clinician = forms.ModelChoiceField(
        label=gettext_lazy("Who cannot come?"),
        queryset=Clinician.objects.none(),
        empty_label=gettext_lazy("Select"),
        widget=forms.Select(attrs={"class": "form-select"}),
        error_messages={"required": gettext_lazy("Select who cannot come.")},
    )
    first_on = forms.DateField(
        label=gettext_lazy("First day"),
        help_text=gettext_lazy("Today counts from now on."),
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
        error_messages={"required": gettext_lazy("Enter the first day.")},
    )
    last_on = forms.DateField(
        label=gettext_lazy("Last day"),
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
        error_messages={"required": gettext_lazy("Enter the last day.")},
    )
    seen = forms.CharField(required=False, max_length=20_000, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, by: User, initial: dict[str, Any]) -> None:
        super().__init__(data, auto_id="off-%s", initial=initial)
        people = Clinician.objects.select_related("user").order_by("display_name", "pk")
        allowed = sorted(calling_off.whom(people, by))
        field: Any = self.fields["clinician"]
        field.queryset = people.filter(pk__in=allowed)
        today = clock.today()
        self.initial.setdefault("first_on", today)
        self.initial.setdefault("last_on", today)
        if len(allowed) == 1:
            self.initial.setdefault("clinician", allowed[0])

    def clean_first_on(self) -> datetime.date:
        first: datetime.date = self.cleaned_data["first_on"]
        if not clock.today() <= first <= clock.today() + LONGEST:
            raise forms.ValidationError(_("Enter today, or a day within the next three months."))
        return first

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        first, last = data.get("first_on"), data.get("last_on")
        if first and last and not first <= last <= first + LONGEST:
            self.add_error("last_on", _("Enter a last day that is not before the first, within three months."))
        return data

    @property
    def stretch(self) -> Stretch:
        return calling_off.stretch_of(self.cleaned_data["first_on"], self.cleaned_data["last_on"])

    @property
    def references(self) -> list[str]:
        return [item for item in self.cleaned_data["seen"].split(",") if item]
