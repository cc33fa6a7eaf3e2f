"""Forms of hours, weekly and on one date, and the warning before one leaves booked visits without hours or a room."""

from typing import Any, Final

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core import clock
from consultations.models import Appointment, Availability, ExtraSession
from consultations.services import diary, stranded

SENSIBLE_YEARS: Final = range(2000, 2100)
FAR_DATE: Final = gettext_lazy("Enter a date in this century.")


class SeenVisitsField(forms.CharField):
    """The references of the visits that a warning named. It is no field of the entry, so it never counts as changed."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class SeenVisits(forms.CheckboxInput):
    """One box, unticked whenever it is shown: its value are the visits that the page names."""

    def __init__(self, references: str) -> None:
        super().__init__(check_test=lambda value: False)
        self.references = references

    def format_value(self, value: Any) -> str:
        return self.references


class WarnsOfVisits(forms.ModelForm):
    """A form that names the visits it would strand, and saves once somebody has ticked that they were seen.

    Where another visit would be stranded since, it names them all again.
    """

    seen_visits = SeenVisitsField(
        label=gettext_lazy("Save it all the same: we see to these visits"), required=False, widget=forms.HiddenInput
    )
    stranded: tuple[Appointment, ...] = ()

    def would_strand(self) -> list[Appointment]:
        return stranded.by_change(self.instance)

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's own step that fills the instance
        if self.errors or "seen_visits" not in self.fields:
            return
        self.stranded = tuple(self.would_strand())
        references = ",".join(visit.consultation_request.reference for visit in self.stranded)
        if references and self.cleaned_data.get("seen_visits") != references:
            self.fields["seen_visits"].widget = SeenVisits(references)
            sentence = _(
                "These visits are booked and would be left outside the hours, or without their room: %(visits)s. Move "
                "or cancel them first, so that the patients are told, or tick the box."
            )
            self.add_error("seen_visits", sentence % {"visits": stranded.named(list(self.stranded))})


class AvailabilityForm(WarnsOfVisits):
    class Meta:
        model = Availability
        fields = ("clinician", "location", "weekday", "opens", "closes", "starts_on", "ends_on")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        refuse_wrong_order(self)
        if cleaned.get("starts_on") and cleaned.get("ends_on") and cleaned["ends_on"] < cleaned["starts_on"]:
            self.add_error("ends_on", _("Enter a last day that is not before the first day."))
        refuse_far_dates(self, "starts_on", "ends_on")
        if not self.errors and (other := self._overlapping() or self._overlapping_session()):
            self.add_error(None, other)
        return cleaned

    def _overlapping(self) -> str:
        """What to say of another window of the same clinician that shares hours and days with this one."""
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
        other = others.select_related("clinician").first()
        if other is None:
            return ""
        return _(
            "%(clinician)s has %(hours)s from %(day)s already. Change that one, or enter hours that do not overlap it."
        ) % {"clinician": other.clinician.display_name, "hours": other, "day": clock.day(other.starts_on)}

    def _overlapping_session(self) -> str:
        cleaned = self.cleaned_data
        sessions = ExtraSession.objects.filter(
            clinician=cleaned["clinician"],
            on__gte=max(cleaned["starts_on"], clock.today()),
            on__iso_week_day=cleaned["weekday"] + 1,
            opens__lt=cleaned["closes"],
            closes__gt=cleaned["opens"],
        )
        if cleaned["ends_on"]:
            sessions = sessions.filter(on__lte=cleaned["ends_on"])
        session = sessions.select_related("clinician").first()
        return diary.has_already(session) if session else ""


class ExtraSessionForm(WarnsOfVisits):
    class Meta:
        model = ExtraSession
        fields = ("clinician", "location", "on", "opens", "closes")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        refuse_wrong_order(self)
        refuse_far_dates(self, "on")
        if cleaned.get("on") and cleaned["on"] < clock.today():
            self.add_error("on", _("Enter a date that is not over."))
        elif cleaned.get("on") in clock.closed_dates():
            self.add_error(
                "on", _("The clinic is closed on that date, so no time would be offered. Enter another date.")
            )
        if not self.errors:
            named = {name: cleaned[name] for name in ExtraSessionForm.Meta.fields}
            if refusal := diary.refusal_of_session(ExtraSession(pk=self.instance.pk, **named)):
                self.add_error(None, refusal)
        return cleaned


def refuse_wrong_order(form: forms.ModelForm) -> None:
    """Hours end after they begin, on the same day."""
    opens, closes = (form.cleaned_data.get(name) for name in ("opens", "closes"))
    if opens and closes and closes <= opens:
        form.add_error("closes", _("Enter a time after the one it starts at."))


def refuse_far_dates(form: forms.ModelForm, *names: str) -> None:
    for name in names:
        value = form.cleaned_data.get(name)
        if value is not None and value.year not in SENSIBLE_YEARS:
            form.add_error(name, FAR_DATE)
