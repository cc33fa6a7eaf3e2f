"""The page of a clinician's own calendars, inside the staff area."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from clinic.core.post_only import post_only
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.unsent import gives_back
from clinic.staff.base_admin import BaseModelAdmin
from clinic.staff.signed_in import signed_in
from consultations.admin.pages import OUT_OF_RANGE, page_title
from consultations.enums import CalendarFailure
from consultations.forms.own_calendars import OwnCalendarForm
from consultations.models import Clinician, OwnCalendar
from consultations.presenters import own_calendars as pages
from consultations.services import own_calendars, readings

PAGE = "admin:consultations_clinician_own"


class WithOwnCalendars(BaseModelAdmin):
    """Addresses beside the form of a clinician: look, connect a calendar, read it now, disconnect it."""

    def get_urls(self) -> list[URLPattern]:
        view, name, at = self.admin_site.admin_view, "consultations_clinician_own", "<int:pk>/own-calendars/"
        return [
            path(at, view(self.own_view), name=name),
            path(f"{at}connect/", view(self.connect_view), name=f"{name}_connect"),
            path(f"{at}<int:calendar>/read/", view(self.read_view), name=f"{name}_read"),
            path(f"{at}<int:calendar>/disconnect/", view(self.disconnect_view), name=f"{name}_disconnect"),
            *super().get_urls(),
        ]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        clinician = context.get("original")
        if clinician is not None and own_calendars.may_keep(clinician, signed_in(request)):
            context["own_calendars_url"] = reverse(PAGE, args=[clinician.pk])
        return super().render_change_form(request, context, *args, **kwargs)

    @method_decorator(require_safe)
    def own_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._own_page(request, self._connected_by(request, pk), OwnCalendarForm())

    @method_decorator(sensitive_post_parameters("address", "password"))
    @method_decorator(post_only(PAGE, keeps=("pk",)))
    @gives_back(lambda _request: [])
    def connect_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Nothing of a lost form is given back: all of it is secret."""
        clinician, form = self._connected_by(request, pk), OwnCalendarForm(request.POST)
        if not form.is_valid():
            return self._own_page(request, clinician, form)
        try:
            own_calendars.connect(clinician=clinician, source=form.source, by=signed_in(request))
        except TransitionNotAllowed as refusal:
            form.add_error("address", str(refusal))
            return self._own_page(request, clinician, form)
        messages.success(request, _("The calendar is connected. Below stands when it makes the clinician busy."))
        return HttpResponseRedirect(reverse(PAGE, args=[pk]))

    @method_decorator(post_only(PAGE, keeps=("pk",)))
    def read_view(self, request: HttpRequest, pk: int, calendar: int) -> HttpResponse:
        known = self._calendar(self._connected_by(request, pk), calendar)
        try:
            failure = own_calendars.read_now(calendar=known, by=signed_in(request))
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
        else:
            self._say(request, failure)
        return HttpResponseRedirect(reverse(PAGE, args=[pk]))

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def disconnect_view(self, request: HttpRequest, pk: int, calendar: int) -> HttpResponse:
        """GET asks first, and says what becomes free."""
        clinician = self._connected_by(request, pk)
        if request.method == "POST":
            known = (
                OwnCalendar.objects.filter(pk=calendar, clinician=clinician).first()
                if calendar <= OUT_OF_RANGE
                else None
            )
            if known is not None and own_calendars.disconnect(calendar=known, by=signed_in(request)):
                messages.success(request, _("The calendar is disconnected, and its busy times are removed."))
            return HttpResponseRedirect(reverse(PAGE, args=[pk]))
        known = self._calendar(clinician, calendar)
        context = {"title": _("Disconnect this calendar?"), "clinician": clinician, "line": pages.line_of(known)}
        return self._answer(request, "admin/consultations/own_calendar_disconnect.html", context)

    @staticmethod
    def _say(request: HttpRequest, failure: str) -> None:
        if not failure:
            messages.success(request, _("The calendar was read now."))
            return
        sentence = _("It could not be read: %(failure)s. The busy times of the last success stay.")
        messages.error(request, sentence % {"failure": CalendarFailure(failure).label})

    def _connected_by(self, request: HttpRequest, pk: int) -> Clinician:
        clinician = Clinician.objects.select_related("user").filter(pk=pk).first() if pk <= OUT_OF_RANGE else None
        if clinician is None:
            raise Http404
        if not own_calendars.may_keep(clinician, signed_in(request)):
            raise PermissionDenied
        return clinician

    def _calendar(self, clinician: Clinician, pk: int) -> OwnCalendar:
        known = self._found(clinician, pk)
        if known is None:
            raise Http404
        return known

    @staticmethod
    def _found(clinician: Clinician, pk: int) -> OwnCalendar | None:
        calendars = OwnCalendar.objects.select_related("clinician__user", "connected_by")
        return calendars.filter(pk=pk, clinician=clinician).first() if pk <= OUT_OF_RANGE else None

    def _own_page(self, request: HttpRequest, clinician: Clinician, form: OwnCalendarForm) -> HttpResponse:
        title = _("Own calendars of %(name)s") % {"name": clinician.display_name}
        context = pages.page_of(clinician)
        if context["conflict_pks"]:
            readings.log(by=request.user, action="diary.hanging", requests=set(context["conflict_pks"]))
        is_own = clinician.user_id == signed_in(request).pk
        context |= {
            "title": page_title(title, has_errors=bool(form.errors)),
            "heading": title,
            "form": form,
            "is_own": is_own,
        }
        return self._answer(request, "admin/consultations/own_calendars.html", context)

    def _answer(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name
        return TemplateResponse(
            request, template, {**self.admin_site.each_context(request), "opts": self.opts, **context}
        )
