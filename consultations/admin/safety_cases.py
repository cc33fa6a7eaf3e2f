"""Safety cases: the list of people who were shown a danger page, and the page on which one is taken on and closed."""

from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from clinic.core import clock
from clinic.core.post_only import post_only
from clinic.core.refusals import TransitionNotAllowed
from clinic.staff.signed_in import signed_in
from consultations.admin.case_groups import CaseGroupPages
from consultations.admin.case_pages import PAGE_OF_ONE, CaseClosingPages, case_of
from consultations.admin.pages import rows_on
from consultations.admin.searching import SearchedAdmin
from consultations.enums import CaseStatus
from consultations.models import SafetyCase
from consultations.presenters import alarm_groups
from consultations.presenters.alarm_groups import GroupLine
from consultations.presenters.cases import case_query, lines_of
from consultations.presenters.isolation import readable
from consultations.presenters.person_search import search_condition
from consultations.services import cases, handover, readings

PAGE_SIZE = 50
LONGEST_NUMBER = 19
TAKEN = {
    True: gettext_lazy("The case is yours now. Call the person, then close the case with an outcome."),
    False: gettext_lazy("The case is yours now. There is nobody to call: close it as no way to reach the person."),
}
"""By whether somebody left a name."""
DUTY_WORDS = {
    True: gettext_lazy("You are on duty. You get safety cases and their alerts."),
    False: gettext_lazy(
        "You are off duty. Your open cases went to a colleague on duty; with nobody on duty they stay with you."
    ),
}


@admin.register(SafetyCase)
class SafetyCaseAdmin(CaseClosingPages, CaseGroupPages, SearchedAdmin):
    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.guarded, "consultations_safetycase"
        return [
            path("", wrap(self.changelist_view), name=f"{name}_changelist"),
            path("search/", wrap(self.search_view), name=f"{name}_search"),
            path("<int:pk>/change/", wrap(self.case_view), name=f"{name}_change"),
            path("<int:pk>/acknowledge/", wrap(self.acknowledge_view), name=f"{name}_acknowledge"),
            *self.closing_urls(),
            *self.group_urls(),
            path("duty/", wrap(self.duty_view), name=f"{name}_duty"),
            *self.note_urls(),
        ]

    @method_decorator(require_safe)
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self.require_view(request)
        now, shows_closed = clock.now(), request.GET.get("closed") == "1"
        term, group = self.search_term(request), self._group_asked(request)
        rows = case_query(signed_in(request))
        if term is not None:
            rows = rows.filter(search_condition(term, reference="response__consultation_request__reference"))
        elif group is not None:
            rows = rows.filter(alarm_group=group.pk)
        elif shows_closed:
            rows = rows.filter(status=CaseStatus.CLOSED).order_by("-closed_at", "-pk")
        else:
            rows = rows.exclude(status=CaseStatus.CLOSED).filter(alarm_group=None)
        page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
        lines = lines_of(readable(rows_on(page)), viewer=signed_in(request), now=now)
        beside = {patient for line in lines for patient in line.others.patients}
        tab = "search" if term is not None else "group" if group is not None else "closed" if shows_closed else "open"
        shown = [line.pk for line in lines]
        readings.log(by=request.user, action="case.list", page=tab, cases=shown, patients=beside)
        context = {
            "title": _("Safety cases"),
            "lines": lines,
            "page": page,
            "shows_closed": shows_closed,
            "group": group,
            "groups": alarm_groups.open_groups(viewer=signed_in(request), now=now)
            if term is None and group is None and not shows_closed
            else [],
            "page_query": f"group={group.pk}" if group is not None else self.page_query(request),
            "closable": [line.pk for line in lines if line.is_anonymous and not line.is_closed] if group else [],
            **self.search_context(term),
            "shows_all_emergencies": True,
        }
        return self.page(request, "admin/consultations/safety_cases.html", context)

    @method_decorator(require_safe)
    def case_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        return self.show(request, case_of(request, pk))

    @method_decorator(post_only(PAGE_OF_ONE, keeps=("pk",)))
    def acknowledge_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        case = case_of(request, pk)
        try:
            cases.acknowledge(case=case, by=signed_in(request))
            messages.success(request, TAKEN[case.patient_id is not None])
        except (TransitionNotAllowed, cases.CaseClosed) as refusal:
            messages.error(request, str(refusal))
        return self._back(request, case)

    @method_decorator(post_only("admin:today"))
    def duty_view(self, request: HttpRequest) -> HttpResponse:
        self.require_view(request)
        is_on_duty = request.POST.get("on_duty") == "on"
        try:
            handover.switch_duty(is_on_duty=is_on_duty, by=signed_in(request))
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, DUTY_WORDS[is_on_duty])
        return HttpResponseRedirect(reverse("admin:today"))

    @staticmethod
    def _group_asked(request: HttpRequest) -> GroupLine | None:
        asked = request.GET.get("group", "")
        if not asked:
            return None
        number = int(asked) if asked.isdecimal() and len(asked) < LONGEST_NUMBER else 0
        line = alarm_groups.group_line(number, viewer=signed_in(request), now=clock.now())
        if line is None:
            raise Http404
        return line

    @staticmethod
    def _back(request: HttpRequest, case: SafetyCase) -> HttpResponse:
        url = reverse(PAGE_OF_ONE, args=[case.pk])
        return HttpResponseRedirect(reverse("admin:today") if request.POST.get("from") == "today" else url)
