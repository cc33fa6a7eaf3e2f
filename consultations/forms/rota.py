"""Forms of the rota: stock fields, and the rules that need more than one of them."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from consultations.forms.hours import refuse_far_dates
from consultations.models import Shift, ShiftChange
from consultations.services import duty

OVER_MIDNIGHT: Final = gettext_lazy(
    "A shift ends on the day on which it begins. For a night, end this one at 23:59, which is taken as midnight, and "
    "add another one from 00:00."
)


class _RotaForm(forms.ModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "user" in self.fields:
            who: Any = self.fields["user"]
            keys = set(duty.care_team().order_by().values_list("pk", flat=True)) | {self.instance.user_id}
            who.queryset = User.objects.filter(pk__in=keys - {None}).order_by("name", "pk")
            who.label_from_instance = lambda user: user.display_name

    def refuse_hours(self, cleaned: dict[str, Any]) -> None:
        starts, ends = cleaned.get("starts"), cleaned.get("ends")
        if starts and ends and ends <= starts:
            self.add_error("ends", OVER_MIDNIGHT)

    def refuse_days(self, cleaned: dict[str, Any], first: str, last: str) -> None:
        if cleaned.get(first) and cleaned.get(last) and cleaned[last] < cleaned[first]:
            self.add_error(last, _("Enter a last day that is not before the first day."))
        refuse_far_dates(self, first, last)


class ShiftForm(_RotaForm):
    class Meta:
        model = Shift
        fields = ("user", "weekday", "starts", "ends", "starts_on", "ends_on")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.refuse_hours(cleaned)
        self.refuse_days(cleaned, "starts_on", "ends_on")
        return cleaned


class ShiftChangeForm(_RotaForm):
    class Meta:
        model = ShiftChange
        fields = ("user", "kind", "first_on", "last_on", "starts", "ends", "reason")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if (cleaned.get("starts") is None) != (cleaned.get("ends") is None) and not self.errors:
            self.add_error("ends", _("Enter both times, or none for the whole day."))
        self.refuse_hours(cleaned)
        self.refuse_days(cleaned, "first_on", "last_on")
        return cleaned
