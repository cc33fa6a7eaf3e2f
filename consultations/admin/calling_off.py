"""A clinician cannot come: the page that asks, the list of whom to call, and the way back."""

from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from clinic.core.post_only import post_only
from clinic.core.refusals import ChangedMeanwhile, TransitionNotAllowed
from clinic.core.unsent import gives_back, of_form
from clinic.staff.signed_in import signed_in
from consultations.actions.book import Book, BookData, take
from consultations.actions.call_off import CalledOff, call_off_all
from consultations.actions.undo_call_off import back_after_all
from consultations.admin.pages import OUT_OF_RANGE, PurposeBuiltAdmin, page_title
from consultations.enums import CallOutcome
from consultations.forms.calling_off import CallOffForm
from consultations.models import Absence, ConsultationRequest
from consultations.presenters import called_off
from consultations.services import calling_off, calls, other_times, readings, scheduling

LIST: Final = "admin:consultations_appointment_called_off"
OUTCOMES: Final = {"reached": CallOutcome.REACHED_OTHER, "missed": CallOutcome.NOT_REACHED}


class CallingOffPages(PurposeBuiltAdmin):
    def calling_off_urls(self) -> list[URLPattern]:
        wrap, name = self.guarded, "consultations_appointment"
        return [
            path("cannot-come/", wrap(self.cannot_come_view), name=f"{name}_cannot_come"),
            path("called-off/<int:pk>/", wrap(self.called_off_view), name=f"{name}_called_off"),
            path("called-off/<int:pk>/place/", wrap(self.place_view), name=f"{name}_place"),
            path("called-off/<int:pk>/call/", wrap(self.call_view), name=f"{name}_call"),
            path("called-off/<int:pk>/back/", wrap(self.back_view), name=f"{name}_back"),
        ]

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    @gives_back(of_form(CallOffForm))
    def cannot_come_view(self, request: HttpRequest) -> HttpResponse:
        """The form; with it filled in, whom it concerns; and by POST it is done, for those whom that page named."""
        self.require_view(request)
        user, given = signed_in(request), request.POST if request.method == "POST" else request.GET
        is_asked = request.method == "POST" or "first_on" in given
        initial = {name: value for name, value in given.items() if name == "clinician"}
        form = CallOffForm(given if is_asked else None, by=user, initial=initial)
        if not is_asked or not form.is_valid():
            return self._show_form(request, form)
        clinician, stretch = form.cleaned_data["clinician"], form.stretch
        if request.method == "POST":
            try:
                done = call_off_all(clinician=clinician, stretch=stretch, seen=form.references, by=user)
            except ChangedMeanwhile as refusal:
                messages.error(request, str(refusal))
            except TransitionNotAllowed as refusal:
                messages.error(request, str(refusal))
                return HttpResponseRedirect(reverse("admin:consultations_appointment_cannot_come"))
            else:
                self._say(request, done)
                return HttpResponseRedirect(reverse(LIST, args=[done.absence.pk]))
        page = called_off.preview(clinician, stretch, viewer=user)
        readings.log(by=user, action="request.list", page="calling_off", requests=page["request_pks"])
        return self._show_form(request, form, page)

    @method_decorator(require_safe)
    def called_off_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        page = called_off.called_off_page(self._absence(pk), viewer=signed_in(request))
        readings.log(by=request.user, action="request.list", page="called_off", requests=page["request_pks"])
        return self.page(request, "admin/consultations/called_off.html", {"title": _("Visits called off"), **page})

    @method_decorator(post_only(LIST, keeps=("pk",)))
    def place_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Book one of the times that the list proposes, as on the phone."""
        self.require_view(request)
        absence = self._absence(pk)
        consultation_request, key = self._of_list(request, absence)
        try:
            slot, is_near = other_times.find(consultation_request, key)
            reason = _("In place of a visit that the clinic called off.") if is_near else None
            take(Book(), consultation_request, BookData(slot, reason=reason), by=signed_in(request))
        except scheduling.SlotTaken:
            messages.error(request, _("Someone just took that time. The times below are free now."))
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("%(reference)s is booked.") % {"reference": consultation_request.reference})
        return HttpResponseRedirect(reverse(LIST, args=[absence.pk]))

    @method_decorator(post_only(LIST, keeps=("pk",)))
    def call_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Write down in one press whether a call reached the patient; the page of calls takes what was said."""
        self.require_view(request)
        absence = self._absence(pk)
        consultation_request, once = self._of_list(request, absence)
        outcome = OUTCOMES.get(request.POST.get("outcome", ""))
        if outcome is None:
            return HttpResponseRedirect(reverse(LIST, args=[absence.pk]))
        try:
            calls.log(
                response=consultation_request.response, outcome=outcome, note="", by=signed_in(request), once=once
            )
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse(LIST, args=[absence.pk]))

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def back_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        absence = self._absence(pk)
        if not calling_off.may(absence.clinician, signed_in(request)):
            raise PermissionDenied
        if request.method != "POST":
            context = {"title": _("Back after all"), **called_off.back_page(absence)}
            return self.page(request, "admin/consultations/back_after_all.html", context)
        done = back_after_all(absence=absence, by=signed_in(request))
        sentence = ngettext(
            "%(number)d visit takes place after all.", "%(number)d visits take place after all.", done.restored
        )
        messages.success(request, sentence % {"number": done.restored})
        return HttpResponseRedirect(reverse(LIST, args=[absence.pk]))

    @staticmethod
    def _say(request: HttpRequest, done: CalledOff) -> None:
        if done.is_repeat:
            messages.info(request, _("This was done already. Nothing was changed."))
            return
        sentence = ngettext("%(number)d visit is called off.", "%(number)d visits are called off.", done.visits)
        messages.success(request, sentence % {"number": done.visits})

    def _show_form(self, request: HttpRequest, form: CallOffForm, page: dict[str, Any] | None = None) -> HttpResponse:
        title = page_title(_("A doctor cannot come"), has_errors=bool(form.errors))
        context = {"title": title, "form": form, "preview": page}
        return self.page(request, "admin/consultations/cannot_come.html", context)

    @staticmethod
    def _absence(pk: int) -> Absence:
        rows = Absence.objects.select_related("clinician").filter(called_off_at__isnull=False)
        absence: Absence = get_object_or_404(rows, pk=min(pk, OUT_OF_RANGE))
        return absence

    @staticmethod
    def _of_list(request: HttpRequest, absence: Absence) -> tuple[ConsultationRequest, str]:
        """The request that a button of the list names, and what it carries for it: "12-20261124T1400Z-1-1"."""
        key, _dash, carried = request.POST.get("of", "").partition("-")
        listed = calling_off.called_off_for(absence).values("consultation_request")
        rows = ConsultationRequest.objects.visible_to(request.user).filter(pk__in=listed)
        number = int(key) if key.isdecimal() and len(key) < 19 else 0
        found: ConsultationRequest = get_object_or_404(
            rows.select_related("patient", "response", "appointment_type"), pk=number
        )
        return found, carried
