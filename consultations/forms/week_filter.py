"""What the week of the diary shows: by doctor or by room, of whom, where, and the free times of which visit."""

import dataclasses
import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from consultations.models import AppointmentType, Clinician, Location, Room
from consultations.models.diary import MAX_HORIZON_DAYS

DOCTOR, ROOM = "doctor", "room"
WEEK, DAY = "week", "day"


@dataclasses.dataclass(frozen=True, slots=True)
class WeekFilter:
    """`on` is a day of the week that is shown, or the day itself. `kind`: whose free times are shown."""

    on: datetime.date
    by: str = DOCTOR
    span: str = WEEK
    clinician: Clinician | None = None
    room: Room | None = None
    location: Location | None = None
    kind: AppointmentType | None = None

    @property
    def is_by_room(self) -> bool:
        return self.by == ROOM

    @property
    def is_one_day(self) -> bool:
        return self.span == DAY


class WeekFilterForm(forms.Form):
    """A value that makes no sense narrows nothing: no typing error hides a visit."""

    by = forms.ChoiceField(required=False, choices=[(DOCTOR, ""), (ROOM, "")], widget=forms.HiddenInput)
    span = forms.ChoiceField(required=False, choices=[(WEEK, ""), (DAY, "")], widget=forms.HiddenInput)
    clinician = forms.ModelChoiceField(
        Clinician.objects.order_by("display_name", "pk"),
        label=_("Doctor"),
        required=False,
        empty_label=_("All doctors"),
    )
    room = forms.ModelChoiceField(
        Room.objects.select_related("location").order_by("name", "pk"),
        label=_("Room"),
        required=False,
        empty_label=_("All rooms"),
    )
    location = forms.ModelChoiceField(
        Location.objects.order_by("name"), label=_("Location"), required=False, empty_label=_("All locations")
    )
    kind = forms.ModelChoiceField(
        AppointmentType.objects.filter(is_active=True).order_by("name"),
        label=_("Free times for"),
        required=False,
        empty_label=None,
    )
    on = forms.DateField(label=_("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, data: Any) -> None:
        super().__init__(data, auto_id="week-%s")
        fields: dict[str, Any] = self.fields
        for name, field in fields.items():
            field.widget.attrs["class"] = "form-control" if name == "on" else "form-select"
            field.hide_optional = True

    def filter(self) -> WeekFilter:
        self.is_valid()
        chosen = {name: value for name, value in self.cleaned_data.items() if value}
        on = chosen.pop("on", None)
        today = clock.today()
        if on is None or abs((on - today).days) > 2 * MAX_HORIZON_DAYS:
            on = today
        return WeekFilter(on=on, **chosen)
