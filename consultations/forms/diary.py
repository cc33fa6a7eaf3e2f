"""Forms of the diary: stock fields with native date and time inputs, and the rules that need more than one field."""

from typing import Any, Final

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from clinic.core import clock
from consultations.models import Absence, AppointmentType, Availability, Clinician, Room
from consultations.services import diary

SENSIBLE_YEARS: Final = range(2000, 2100)
FAR_DATE: Final = gettext_lazy("Enter a date in this century.")


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


class ClinicianForm(forms.ModelForm):
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


class RoomForm(forms.ModelForm):
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


class AppointmentTypeForm(forms.ModelForm):
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


class AvailabilityForm(forms.ModelForm):
    class Meta:
        model = Availability
        fields = ("clinician", "location", "weekday", "opens", "closes", "starts_on", "ends_on")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("opens") and cleaned.get("closes") and cleaned["closes"] <= cleaned["opens"]:
            self.add_error("closes", _("Enter a time after the one it starts at."))
        if cleaned.get("starts_on") and cleaned.get("ends_on") and cleaned["ends_on"] < cleaned["starts_on"]:
            self.add_error("ends_on", _("Enter a last day that is not before the first day."))
        refuse_far_dates(self, "starts_on", "ends_on")
        if not self.errors and (other := self._overlapping()):
            self.add_error(
                None,
                _(
                    "%(clinician)s has %(hours)s from %(day)s already. "
                    "Change that one, or enter hours that do not overlap it."
                )
                % {"clinician": other.clinician.display_name, "hours": other, "day": clock.day(other.starts_on)},
            )
        return cleaned

    def _overlapping(self) -> Availability | None:
        """Another window of the same clinician on the same weekday that shares hours and days with this one."""
        cleaned = self.cleaned_data
        others = Availability.objects.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=cleaned["starts_on"]),
            clinician=cleaned["clinician"],
            weekday=cleaned["weekday"],
            opens__lt=cleaned["closes"],
            closes__gt=cleaned["opens"],
        ).exclude(pk=self.instance.pk)
        if cleaned["ends_on"]:
            others = others.filter(starts_on__lte=cleaned["ends_on"])
        return others.select_related("clinician").first()


class AbsenceForm(forms.ModelForm):
    class Meta:
        model = Absence
        fields = ("clinician", "starts_at", "ends_at", "reason")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        refuse_far_dates(self, "starts_at", "ends_at")
        starts_at, ends_at, clinician = (cleaned.get(name) for name in ("starts_at", "ends_at", "clinician"))
        if not (starts_at and ends_at and clinician):
            return cleaned
        if ends_at <= starts_at:
            self.add_error("ends_at", _("Enter an end that is after the start."))
        elif refusal := diary.refusal_of(Absence(clinician=clinician, starts_at=starts_at, ends_at=ends_at)):
            self.add_error(None, refusal)
        return cleaned


def refuse_far_dates(form: forms.ModelForm, *names: str) -> None:
    for name in names:
        value = form.cleaned_data.get(name)
        if value is not None and value.year not in SENSIBLE_YEARS:
            form.add_error(name, FAR_DATE)
