"""Safety cases: the list of people who were shown a danger page, and the page on which one is taken on and closed."""

from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST, require_safe

from clinic import audit, clock
from clinic.buttons import post_from
from consultations.admin.pages import OUT_OF_RANGE, PurposeBuiltAdmin
from consultations.enums import CaseStatus
from consultations.forms.staff import CaseNoteForm
from consultations.models import SafetyCase
from consultations.presenters.case_page import case_page
from consultations.presenters.cases import case_query, line_of
from consultations.presenters.isolation import load, readable
from consultations.services import cases
from consultations.workflow import MoveRefused

PAGE_SIZE = 50
PAGE_OF_ONE = "admin:consultations_safetycase_change"


@admin.register(SafetyCase)
class SafetyCaseAdmin(PurposeBuiltAdmin):
    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.guarded, "consultations_safetycase"
        return [
            path("", wrap(self.changelist_view), name=f"{name}_changelist"),
            path("<int:pk>/change/", wrap(self.case_view), name=f"{name}_change"),
            path("<int:pk>/acknowledge/", wrap(self.acknowledge_view), name=f"{name}_acknowledge"),
            path("<int:pk>/close/", wrap(self.close_view), name=f"{name}_close"),
        ]

    @method_decorator(require_safe)
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self.require_view(request)
        now, shows_closed = clock.now(), request.GET.get("closed") == "1"
        rows = case_query()
        rows = (
            rows.filter(status=CaseStatus.CLOSED).order_by("-closed_at", "-pk")
            if shows_closed
            else rows.exclude(status=CaseStatus.CLOSED)
        )
        page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
        lines = [line_of(each, viewer=request.user, now=now) for each in readable(page.object_list)]
        with transaction.atomic():
            audit.record(action="case.list", by=request.user, details={"cases": [line.pk for line in lines]})
        context = {"title": "Safety cases", "lines": lines, "page": page, "shows_closed": shows_closed}
        return self.page(request, "admin/consultations/safety_cases.html", context)

    @method_decorator(require_safe)
    def case_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        return self._show(request, self._case(pk), CaseNoteForm(auto_id="case-%s"))

    @method_decorator(require_POST)
    def acknowledge_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        case = self._case(pk)
        try:
            cases.acknowledge(case=case, by=request.user)
            messages.success(request, "The case is yours now. Ring, then write what became of the person.")
        except (MoveRefused, cases.CaseClosed) as refusal:
            messages.error(request, str(refusal))
        return self._back(request, case)

    @method_decorator(post_from(PAGE_OF_ONE, keeps=("pk",)))
    def close_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        case = self._case(pk)
        form = CaseNoteForm(request.POST, auto_id="case-%s")
        if not form.is_valid():
            return self._show(request, case, form)
        try:
            cases.close(case=case, note=form.cleaned_data["note"], by=request.user)
        except (MoveRefused, cases.CaseClosed) as refusal:
            messages.error(request, str(refusal))
            return self._show(request, case, form)
        messages.success(request, "The case is closed.")
        return HttpResponseRedirect(reverse("admin:today"))

    def _case(self, pk: int) -> SafetyCase:
        if pk > OUT_OF_RANGE:
            raise Http404
        case: SafetyCase | None = load(case_query().filter(pk=pk))
        if case is None:
            raise Http404
        return case

    def _show(self, request: HttpRequest, case: SafetyCase, form: CaseNoteForm) -> HttpResponse:
        with transaction.atomic():
            audit.record(action="case.view", target=case, by=request.user)
        context = case_page(case, viewer=request.user, now=clock.now())
        title = f"Error: {context['title']}" if form.errors else context["title"]
        return self.page(
            request, "admin/consultations/safety_case.html", {**context, "title": title, "note_form": form}
        )

    @staticmethod
    def _back(request: HttpRequest, case: SafetyCase) -> HttpResponse:
        url = reverse(PAGE_OF_ONE, args=[case.pk])
        return HttpResponseRedirect(reverse("admin:today") if request.POST.get("from") == "today" else url)
