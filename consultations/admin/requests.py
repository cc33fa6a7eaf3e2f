"""The queue and the request page. They stand where the stock list and form would; every action is a POST."""

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core import signing
from django.core.paginator import Paginator
from django.forms import MultipleChoiceField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinic.core import clock
from clinic.core.post_only import post_only
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.unsent import Unsent, gives_back, in_form
from clinic.staff.signed_in import signed_in
from consultations.actions.base import PanelEntry
from consultations.actions.read_text import mark_read
from consultations.admin.calls import CallPages
from consultations.admin.pages import OUT_OF_RANGE, page_title
from consultations.admin.persons import PersonPages
from consultations.admin.searching import SearchedAdmin
from consultations.forms.queue_filters import TABS, Filters, QueueFilterForm
from consultations.forms.staff import StepForm
from consultations.models import ClockAlarm, ConsultationRequest, PatientText
from consultations.presenters import action_panel, queue
from consultations.presenters.formatting import name_of
from consultations.presenters.isolation import load
from consultations.presenters.person_search import search_condition
from consultations.presenters.request_page import banner, request_page
from consultations.services import clock_alarms, readings, scheduling, text_alarms, triage

PAGE_OF_ONE = "admin:consultations_consultationrequest_change"
PREVIEW_SALT = "consultations.decision-preview"
PREVIEW_AGE = 2 * 60 * 60


def _unsent_action(request: HttpRequest) -> list[Unsent]:
    name = request.resolver_match.kwargs["verb"] if request.resolver_match else ""
    entry = action_panel.panel_entries().get(name)
    starts_at = scheduling.start_of(request.POST.get("slot_key", ""))
    chosen = [Unsent(_("Free time"), clock.moment(starts_at), is_choice=True)] if starts_at else []
    return [*chosen, *(in_form(request.POST, entry.form_class or StepForm) if entry else [])]


def _unsent_preview(request: HttpRequest) -> list[Unsent]:
    """The button of a preview carries what was typed before it, under our signature."""
    try:
        signed = signing.loads(request.POST.get("decision", ""), salt=PREVIEW_SALT)
    except signing.BadSignature:
        return []
    return in_form(signed["data"], action_panel.panel_entries()[signed["verb"]].form_class or StepForm)


def posted_in(form: StepForm) -> dict[str, str | list[str]]:
    """What was posted for each field: a list where several can be chosen."""
    several = {name for name, field in form.fields.items() if isinstance(field, MultipleChoiceField)}
    return {
        name: form.data.getlist(name) if name in several and hasattr(form.data, "getlist") else form.data.get(name, "")
        for name in form.fields
    }


def _each(given: str | list[str]) -> list[str]:
    return given if isinstance(given, list) else [given]


def _preview_title(entry: PanelEntry, form: StepForm) -> str:
    if entry.asks:
        return _("%(action)s: nothing is recorded yet") % {"action": entry.panel_title}
    return _("Preview: nothing is settled yet") if entry.preview_sections(form) else _("Preview: nothing is sent yet")


def _is_late(request: HttpRequest) -> bool:
    """Whether a preview was signed so long ago that what it showed may not hold any more."""
    try:
        signing.loads(request.POST["decision"], salt=PREVIEW_SALT, max_age=PREVIEW_AGE)
    except signing.SignatureExpired:
        return True
    return False


@admin.register(ConsultationRequest)
class ConsultationRequestAdmin(CallPages, PersonPages, SearchedAdmin):
    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.guarded, "consultations_consultationrequest"
        return [
            path("", wrap(self.changelist_view), name=f"{name}_changelist"),
            path("search/", wrap(self.search_view), name=f"{name}_search"),
            path("<int:pk>/change/", wrap(self.request_view), name=f"{name}_change"),
            path("<int:pk>/preview/", wrap(self.confirm_view), name=f"{name}_confirm"),
            path("texts/<int:pk>/read/", wrap(self.read_view), name=f"{name}_read"),
            path("alarms/<int:pk>/acknowledge/", wrap(self.alarm_view), name=f"{name}_alarm"),
            *self.person_urls(),
            *self.call_urls(),
            path("<int:pk>/<slug:verb>/", wrap(self.action_view), name=f"{name}_action"),
        ]

    # --- The queue --------------------------------------------------------------------------------------------------

    @method_decorator(require_http_methods(["GET", "HEAD"]))
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self.require_view(request)
        now, form = clock.now(), QueueFilterForm(request.GET)
        filters = form.filters()
        term = self.search_term(request)
        if term is None:
            condition = queue.condition_of(filters, viewer=signed_in(request), now=now)
        else:
            condition = search_condition(term)
        counts = queue.tab_counts(condition, viewer=signed_in(request))
        pages = Paginator(range(counts["narrowed"]), queue.PAGE_SIZE)
        page = pages.get_page(request.GET.get("page"))
        rows = queue.rows_of(condition, page=page.number, viewer=signed_in(request), now=now)
        tab = "search" if term is not None else filters.tab
        beside = {patient for row in rows for patient in row.patients}
        shown = [row.pk for row in rows]
        readings.log(by=request.user, action="request.list", page=tab, requests=shown, patients=beside)
        context = {
            "title": _("Requests"),
            "tabs": self._tabs(filters, counts, is_search=term is not None),
            "rows": rows,
            "page": page,
            "total": counts["narrowed"],
            "page_query": self.page_query(request),
            "filter_form": form,
            "filters": filters,
            "hidden_by_filters": counts[f"in_{filters.tab}"] - counts["narrowed"] if term is None else 0,
            **self.search_context(term),
            "open_total": counts["in_all"],
            "shows_all_emergencies": True,
        }
        return self.page(request, "admin/consultations/queue.html", context)

    @staticmethod
    def _tabs(filters: Filters, counts: dict[str, Any], *, is_search: bool) -> list[queue.Tab]:
        return [
            queue.Tab(
                label, f"?{urlencode({'tab': name})}", counts[f"in_{name}"], not is_search and name == filters.tab
            )
            for name, (label, _statuses) in TABS.items()
        ]

    # --- One request ------------------------------------------------------------------------------------------------

    @method_decorator(require_http_methods(["GET", "HEAD"]))
    def request_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        return self._show(request, self._load(request, pk))

    @method_decorator(post_only(PAGE_OF_ONE, keeps=("pk",)))
    @gives_back(_unsent_action)
    def action_view(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """One entry of the panel. Texts for the patient go on to the preview instead of being sent."""
        self.require_view(request)
        consultation_request = self._load(request, pk)
        entry = action_panel.panel_entries().get(verb)
        if entry is None:
            raise Http404
        form = self._form(entry, request, consultation_request, request.POST)
        if not form.is_valid():
            return self._show(request, consultation_request, {verb: form})
        if entry.is_previewed:
            if "edit" in request.POST:
                return self._show(request, consultation_request, {verb: form})
            return self._preview(request, consultation_request, entry, form)
        return self._do(request, consultation_request, entry, form)

    @method_decorator(post_only(PAGE_OF_ONE, keeps=("pk",)))
    @gives_back(_unsent_preview)
    def confirm_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Do exactly what the preview showed: the signed text of that page is the only thing read here."""
        self.require_view(request)
        consultation_request = self._load(request, pk)
        try:
            signed = signing.loads(request.POST.get("decision", ""), salt=PREVIEW_SALT)
        except signing.BadSignature:
            messages.error(request, _("That preview has expired. Nothing was sent. Write the message again."))
            return self._back(consultation_request)
        if signed["request"] != consultation_request.pk or signed["by"] != request.user.pk:
            messages.error(request, _("That preview belongs to another page. Nothing was sent."))
            return self._back(consultation_request)
        entry = action_panel.panel_entries()[signed["verb"]]
        form = self._form(entry, request, consultation_request, signed["data"])
        if not form.is_valid():
            return self._show(request, consultation_request, {entry.name: form})
        if _is_late(request):
            messages.error(request, _("That preview has expired. Nothing was sent. What you wrote is kept below."))
            return self._show_refused(request, consultation_request, entry, form)
        return self._do(request, consultation_request, entry, form)

    @method_decorator(post_only("admin:consultations_consultationrequest_changelist"))
    def read_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say that a text of a patient is read, and go on with its request or safety case."""
        self.require_view(request)
        texts = PatientText.objects.visible_to(request.user).defer("text")
        text = get_object_or_404(texts, pk=min(pk, OUT_OF_RANGE))
        try:
            text = mark_read(text=text, by=signed_in(request))
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
        else:
            message = _("Marked as read by %(name)s. Now call or answer the patient where it is needed.")
            if text.read_by_id == request.user.pk:
                message = _("Marked as read by you. Now call or answer the patient where it is needed.")
            messages.success(request, message % {"name": name_of(text.read_by)})
        return HttpResponseRedirect(text_alarms.page_of(text))

    @method_decorator(post_only("admin:consultations_consultationrequest_changelist"))
    def alarm_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say that somebody acts on a clock that ran out: its mails end, the clock goes on."""
        self.require_view(request)
        alarm = get_object_or_404(ClockAlarm.objects.visible_to(request.user), pk=min(pk, OUT_OF_RANGE))
        try:
            alarm = clock_alarms.acknowledge(alarm=alarm, by=signed_in(request))
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
        else:
            message = _("The alarm is acknowledged by %(name)s. Its clock goes on until you have acted.")
            if alarm.acknowledged_by_id == request.user.pk:
                message = _("The alarm is acknowledged by you. Its clock goes on until you have acted.")
            messages.success(request, message % {"name": name_of(alarm.acknowledged_by)})
        return HttpResponseRedirect(clock_alarms.page_of(alarm))

    @staticmethod
    def _form(
        entry: PanelEntry, request: HttpRequest, consultation_request: ConsultationRequest, data: Mapping[str, Any]
    ) -> StepForm:
        return action_panel.form_of(entry, consultation_request=consultation_request, by=signed_in(request), data=data)

    def _preview(
        self, request: HttpRequest, consultation_request: ConsultationRequest, entry: PanelEntry, form: StepForm
    ) -> HttpResponse:
        data = posted_in(form)
        signed = {"request": consultation_request.pk, "by": request.user.pk, "verb": form.verb, "data": data}
        context = {
            "title": _preview_title(entry, form),
            "consultation_request": consultation_request,
            "banner": banner(consultation_request, viewer=signed_in(request), now=clock.now()),
            "preview": action_panel.preview_of(entry, form, entry.choice_of(form)),
            "decision": signing.dumps(signed, salt=PREVIEW_SALT, compress=True),
            "data": data,
            "hidden": [(name, item) for name, given in data.items() for item in _each(given)],
            "edit_url": reverse(
                "admin:consultations_consultationrequest_action", args=[consultation_request.pk, form.verb]
            ),
            "confirm_url": reverse("admin:consultations_consultationrequest_confirm", args=[consultation_request.pk]),
        }
        self._log_view(request, consultation_request)
        return self.page(request, "admin/consultations/preview.html", context)

    def _do(
        self, request: HttpRequest, consultation_request: ConsultationRequest, entry: PanelEntry, form: StepForm
    ) -> HttpResponse:
        try:
            choice = entry.choice_of(form)
            choice.perform(consultation_request, by=signed_in(request), seen=form.cleaned_data["seen"])
        except scheduling.SlotTaken:
            messages.error(request, _("Someone just took that time. Choose another one: these are free now."))
            return self._show(request, self._load(request, consultation_request.pk), {})
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
            return self._show_refused(request, self._load(request, consultation_request.pk), entry, form)
        messages.success(request, choice.done_message)
        return self._back(consultation_request)

    def _show_refused(
        self, request: HttpRequest, consultation_request: ConsultationRequest, entry: PanelEntry, form: StepForm
    ) -> HttpResponse:
        """The page as it stands now, with what was typed kept; a form that is gone shows its text to copy."""
        panel = action_panel.action_panel(consultation_request, by=signed_in(request))
        if entry.name in {item.name for item in (*panel.actions, *filter(None, [panel.decision]))}:
            data = form.data.copy() if hasattr(form.data, "copy") else dict(form.data)
            fresh = self._form(entry, request, consultation_request, data)
            for name, value in fresh.shown_now().items():
                data[name] = value
            return self._show(request, consultation_request, {entry.name: fresh})
        return self._show(request, consultation_request, {}, unsent=action_panel.typed_text(form))

    def _show(
        self,
        request: HttpRequest,
        consultation_request: ConsultationRequest,
        bound: dict[str, StepForm] | None = None,
        unsent: str = "",
    ) -> HttpResponse:
        """The whole record, and on record that it was shown: a form that was refused shows it too."""
        now = clock.now()
        context = request_page(consultation_request, viewer=signed_in(request), now=now)
        panel = action_panel.action_panel(
            consultation_request,
            by=signed_in(request),
            bound=bound or {},
            told=context["flags"].told,
            asked=request.GET,
        )
        has_errors = any(form.errors for form in (bound or {}).values())
        label = _("Request %(reference)s") % {"reference": consultation_request.reference}
        title = page_title(label, has_errors=has_errors)
        self._log_view(request, consultation_request, context["beside"].patients)
        return self.page(
            request,
            "admin/consultations/request.html",
            {**context, "title": title, "panel": panel, "unsent": unsent, "bound": bound or {}},
        )

    @staticmethod
    def _log_view(
        request: HttpRequest, consultation_request: ConsultationRequest, beside: Collection[int] = ()
    ) -> None:
        """`beside` are the patient rows of what else is named there."""
        patients = {consultation_request.patient_id, *beside}
        readings.log(by=request.user, action="request.view", target=consultation_request, patients=patients)

    @classmethod
    def _load(cls, request: HttpRequest, pk: int) -> ConsultationRequest:
        if pk > OUT_OF_RANGE:
            raise Http404
        query = ConsultationRequest.objects.visible_to(request.user).select_related(
            "patient", "claimed_by", "doctor", "appointment_type", "as_pressing_as"
        )
        consultation_request: ConsultationRequest | None = load(query.filter(pk=pk))
        if consultation_request is None:
            raise Http404
        cls.require_not_erased(consultation_request.patient)
        return consultation_request

    @staticmethod
    def _back(consultation_request: ConsultationRequest) -> HttpResponse:
        return HttpResponseRedirect(triage.page_of(consultation_request))
