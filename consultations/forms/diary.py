"""Forms of the diary: stock fields with native date and time inputs, and the rules that need more than one field."""

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.error_summary import say_what_to_do
from consultations.forms.hours import WarnsOfVisits, refuse_far_dates
from consultations.models import Absence, Appointment, AppointmentType, Clinician, Room, RoomClosure
from consultations.services import diary, stranded


class DateTimeLocal(forms.DateTimeInput):
    """One input for day and time: the admin's pair of inputs has no label of its own for the second."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%dT%H:%M")


class DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class TimeInput(forms.TimeInput):
    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%H:%M")


class WallTimeField(forms.DateTimeField):
    """A time on the clinic's wall clock. In the hour that comes twice what begins is the first, what ends the last; one
    that the clocks skip is refused in words that say why.
    """

    widget = DateTimeLocal

    def __init__(self, *args: Any, is_end: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fold = int(is_end)

    def to_python(self, value: Any) -> datetime.datetime | None:
        try:
            return super().to_python(value)
        except ValidationError as error:
            if error.code != "ambiguous_timezone":
                raise
        with timezone.override(datetime.UTC):
            typed = super().to_python(value)
        assert typed is not None, "Django reads what is empty in any zone."
        first, last = (clock.instant(typed.date(), typed.time(), fold=fold) for fold in (0, 1))
        if first < last:
            return last if self.fold else first
        sentence = _("There is no %(time)s on %(day)s: the clocks are put forward then. Enter %(next)s or later.")
        words = {"time": clock.time(typed.time()), "day": clock.day(typed.date()), "next": clock.time(first)}
        raise ValidationError(sentence % words)


class ClinicianForm(WarnsOfVisits):
    class Meta:
        model = Clinician
        fields = ("user", "display_name", "is_bookable")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "user" in self.fields:
            doctors = User.objects.filter(groups__name="doctor", is_active=True)
            if self.instance.pk is not None:
                doctors = doctors | User.objects.filter(pk=self.instance.user_id)
            field: Any = self.fields["user"]
            field.queryset = doctors.distinct().order_by("name", "pk")


class RoomForm(WarnsOfVisits):
    class Meta:
        model = Room
        fields = ("name", "location", "is_bookable")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("location") and (
            refusal := diary.refusal_of_move(Room(pk=self.instance.pk, location=cleaned["location"]))
        ):
            self.add_error("location", refusal)
        return cleaned


class AppointmentTypeForm(WarnsOfVisits):
    class Meta:
        model = AppointmentType
        fields = (
            "name", "minutes", "modality", "price_text", "bring", "any_clinician", "clinicians", "needs_room", "rooms",
            "buffer_before_minutes", "buffer_after_minutes", "step_minutes", "notice_hours", "horizon_days",
            "is_active",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("any_clinician") and "clinicians" in cleaned and not cleaned["clinicians"]:
            self.add_error("clinicians", _("Select who gives it, or tick that every bookable clinician does."))
        if cleaned.get("needs_room") and "rooms" in cleaned and not cleaned["rooms"]:
            self.add_error("rooms", _("Select at least one room, or untick that it needs one."))
        return cleaned

    def would_strand(self) -> list[Appointment]:
        chosen = {name: self.cleaned_data.get(name, ()) for name in ("clinicians", "rooms")}
        return stranded.by_type(self.instance, **chosen)


class SpanForm(forms.ModelForm):
    """From when until when, on the clinic's wall clock."""

    starts_at = WallTimeField(label=gettext_lazy("From"))
    ends_at = WallTimeField(label=gettext_lazy("Until"), is_end=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("starts_at", "ends_at"):
            if name in self.fields:  # Not where the page is only to read.
                say_what_to_do(self.fields[name])


def refuse_end_before_start(form: forms.ModelForm) -> None:
    refuse_far_dates(form, "starts_at", "ends_at")
    starts_at, ends_at = (form.cleaned_data.get(name) for name in ("starts_at", "ends_at"))
    if starts_at and ends_at and ends_at <= starts_at:
        form.add_error("ends_at", _("Enter an end that is after the start."))


class RoomClosureForm(SpanForm, WarnsOfVisits):
    class Meta:
        model = RoomClosure
        fields = ("room", "starts_at", "ends_at", "reason")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        refuse_end_before_start(self)
        return cleaned


class AbsenceForm(SpanForm):
    class Meta:
        model = Absence
        fields = ("clinician", "starts_at", "ends_at", "reason")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        refuse_end_before_start(self)
        starts_at, ends_at, clinician = (cleaned.get(name) for name in ("starts_at", "ends_at", "clinician"))
        if not (starts_at and ends_at and clinician) or self.errors:
            return cleaned
        if refusal := diary.refusal_of(Absence(clinician=clinician, starts_at=starts_at, ends_at=ends_at)):
            self.add_error(None, refusal)
        return cleaned
