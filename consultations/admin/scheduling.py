"""The diary: what is booked (a page of our own), and who can be booked when and where (stock forms over a service)."""

import datetime
from collections.abc import Sequence
from itertools import chain
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.utils import NestedObjects
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import models, router
from django.forms import (
    CheckboxSelectMultiple,
    ChoiceField,
    DateTimeField,
    ModelChoiceField,
    ModelMultipleChoiceField,
)
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from clinic.core import clock
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.wording import Wording
from clinic.staff.base_admin import BaseModelAdmin
from clinic.staff.signed_in import signed_in
from consultations.admin.calendar_feeds import WithCalendarFeed
from consultations.admin.calling_off import CallingOffPages
from consultations.admin.own_calendars import WithOwnCalendars
from consultations.admin.week import WeekPages
from consultations.enums import Actor
from consultations.forms.diary import (
    AbsenceForm,
    AppointmentTypeForm,
    ClinicianForm,
    DateInput,
    DateTimeLocal,
    RoomForm,
    TimeInput,
)
from consultations.forms.hours import AvailabilityForm, ExtraSessionForm, WarnsOfVisits
from consultations.models import (
    Absence,
    Appointment,
    AppointmentType,
    Availability,
    Clinician,
    ConsultationRequest,
    ExtraSession,
    Location,
    Room,
    SlotHold,
)
from consultations.permissions import actors_of
from consultations.presenters.diary import diary_page
from consultations.services import calling_off, diary, readings, stranded

NOTHING_CHOSEN: Final = gettext_lazy("Select")
STRANDED: Final = gettext_lazy(
    "These visits stand outside the hours now, or without their room: %(visits)s. Call the patients, and move or "
    "cancel each."
)
WOULD_BE_STRANDED: Final = gettext_lazy(
    "These visits are booked in these hours and would stand outside any: %(visits)s. Move or cancel them first, so "
    "that the patients are told."
)


@admin.register(Appointment)
class AppointmentAdmin(WeekPages, CallingOffPages):
    def get_urls(self) -> list[URLPattern]:
        today = path("", self.guarded(self.changelist_view), name="consultations_appointment_changelist")
        return [today, *self.week_urls(), *self.calling_off_urls()]

    @method_decorator(require_safe)
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self.require_view(request)
        try:
            since = datetime.date.fromisoformat(request.GET.get("from", ""))
            if not 2000 <= since.year < 2100:
                since = clock.today()
        except ValueError:
            since = clock.today()
        context = diary_page(viewer=signed_in(request), since=since)
        readings.log(by=request.user, action="request.list", page="diary", requests=context["request_pks"])
        return self.page(request, "admin/consultations/diary.html", {"title": _("Diary"), **context})


class DiaryAdmin(BaseModelAdmin):
    """A stock form whose save and delete go through the diary service, with its permission check and audit event."""

    actions = None
    show_full_result_count = False
    view_on_site = False
    save_on_top = False
    formfield_overrides = {
        models.DateTimeField: {"form_class": DateTimeField, "widget": DateTimeLocal},
        models.DateField: {"widget": DateInput},
        models.TimeField: {"widget": TimeInput},
        models.ManyToManyField: {"widget": CheckboxSelectMultiple},
    }

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        if isinstance(field, ModelMultipleChoiceField):
            field.help_text = db_field.help_text  # Without the words on keys to press for more than one.
        elif isinstance(field, ModelChoiceField):
            field.empty_label = NOTHING_CHOSEN
        elif isinstance(field, ChoiceField):
            choices: Any = field.choices
            field.choices = [(value, label if value != "" else NOTHING_CHOSEN) for value, label in choices]
        return field

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Whoever only reads an entry is shown what it holds, without the box that answers a warning."""
        fields = super().get_fields(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fields
        return [name for name in fields if name != "seen_visits"]

    def save_model(self, request: HttpRequest, obj: diary.Entry, form: Any, change: bool) -> None:
        chosen = {field.name: form.cleaned_data[field.name] for field in obj._meta.many_to_many}
        diary.save(entry=obj, by=signed_in(request), fields=form.changed_data, chosen=chosen)
        if isinstance(form, WarnsOfVisits):
            self._warn(request, form.stranded, STRANDED)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing is left to save: the service has written what was chosen, with the entry."""

    def delete_model(self, request: HttpRequest, obj: diary.Entry) -> None:
        diary.remove(entry=obj, by=signed_in(request))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        try:
            page = super().changeform_view(request, object_id, form_url, extra_context)
            self._log_named(request, page)
            return page
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(request.path)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        try:
            visits = self._stranded_by_removal(request, object_id)
            seen = ",".join(visit.consultation_request.reference for visit in visits)
            if request.method == "POST" and request.POST.get("seen_visits", "") != seen:
                messages.error(request, _("Nothing was deleted. Tick that you have seen to these visits first."))
                return HttpResponseRedirect(request.path)
            if request.method == "GET":
                self._warn(request, visits, WOULD_BE_STRANDED)
            return super().delete_view(request, object_id, {**(extra_context or {}), "seen_visits": seen})
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(request.path)

    def _stranded_by_removal(self, request: HttpRequest, object_id: str) -> list[Appointment]:
        """Before hours are deleted, whose visits stand in them and in no others."""
        entry = self.get_object(request, object_id)
        if isinstance(entry, Availability | ExtraSession) and self.has_delete_permission(request, entry):
            return stranded.by_change(entry, is_removed=True)
        return []

    @staticmethod
    def _warn(request: HttpRequest, visits: Sequence[Appointment], sentence: Wording) -> None:
        if visits:
            messages.warning(request, sentence % {"visits": stranded.named(list(visits))})
            readings.log(by=request.user, action="diary.hanging", requests={v.consultation_request_id for v in visits})

    @staticmethod
    def _log_named(request: HttpRequest, page: HttpResponse) -> None:
        """A refused form that names visits shows them to whoever sent it."""
        admin_form = (getattr(page, "context_data", None) or {}).get("adminform")
        visits = getattr(admin_form and admin_form.form, "stranded", ())
        if visits:
            readings.log(by=request.user, action="diary.hanging", requests={v.consultation_request_id for v in visits})

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What hangs on an entry stands on the page that asks whether to delete it: bookings and requests too."""
        hanging = NestedObjects(using=router.db_for_write(self.model))
        hanging.collect(objs)
        rows = [*chain.from_iterable(hanging.data.values()), *hanging.protected]
        requests = {row.pk for row in rows if isinstance(row, ConsultationRequest)}
        requests |= {row.consultation_request_id for row in rows if isinstance(row, Appointment | SlotHold)}
        if requests:
            readings.log(by=request.user, action="diary.hanging", requests=requests)
        return super().get_deleted_objects(objs, request)


KEEPS: Final = "keeps_diary"
"""On the HTTP request once it was asked: whether its sender keeps everybody's times."""


class OwnTimesAdmin(DiaryAdmin):
    """Managers keep everybody's times; a doctor sees all and changes their own."""

    def _may_change(self, request: HttpRequest, obj: Any) -> bool:
        return obj is None or self._keeps_all(request) or obj.clinician.user_id == request.user.pk

    @staticmethod
    def _keeps_all(request: HttpRequest) -> bool:
        if not hasattr(request, KEEPS):
            setattr(request, KEEPS, Actor.MANAGER in actors_of(request.user))
        return bool(getattr(request, KEEPS))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_change(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_change(request, obj)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "clinician" and not self._keeps_all(request):
            kwargs["queryset"] = Clinician.objects.filter(user=signed_in(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Clinician)
class ClinicianAdmin(WithCalendarFeed, WithOwnCalendars, DiaryAdmin):
    form = ClinicianForm

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        clinician = context.get("original")
        if clinician is not None and calling_off.may(clinician, signed_in(request)):
            page = reverse("admin:consultations_appointment_cannot_come")
            context["cannot_come_url"] = f"{page}?{urlencode({'clinician': clinician.pk})}"
        return super().render_change_form(request, context, *args, **kwargs)

    list_display = ("display_name", "user", "is_bookable")
    list_select_related = ("user",)
    ordering = ("display_name",)


@admin.register(Location)
class LocationAdmin(DiaryAdmin):
    fields = ("name", "address", "directions", "step_free")
    list_display = ("name", "address")
    ordering = ("name",)


@admin.register(Room)
class RoomAdmin(DiaryAdmin):
    form = RoomForm
    list_display = ("name", "location", "is_bookable")
    list_select_related = ("location",)
    ordering = ("location__name", "name")


@admin.register(AppointmentType)
class AppointmentTypeAdmin(DiaryAdmin):
    form = AppointmentTypeForm
    list_display = ("name", "minutes", "modality", "price_text", "is_active")
    ordering = ("name",)


@admin.register(Availability)
class AvailabilityAdmin(OwnTimesAdmin):
    form = AvailabilityForm
    list_display = ("clinician", "weekday", "opens", "closes", "location", "starts_on", "ends_on")
    list_filter = ("clinician", "weekday")
    list_select_related = ("clinician", "location")


@admin.register(ExtraSession)
class ExtraSessionAdmin(OwnTimesAdmin):
    form = ExtraSessionForm
    list_display = ("clinician", "on", "opens", "closes", "location")
    list_filter = ("clinician",)
    list_select_related = ("clinician", "location")
    ordering = ("-on", "opens")


@admin.register(Absence)
class AbsenceAdmin(OwnTimesAdmin):
    form = AbsenceForm
    list_display = ("clinician", "starts_at", "ends_at", "reason")
    list_filter = ("clinician",)
    list_select_related = ("clinician",)
    ordering = ("-starts_at",)
