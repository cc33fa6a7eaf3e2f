"""Safety cases: the list of people who were shown a danger page, and the page on which one is taken on and closed."""

import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe

from clinic.core import clock
from clinic.core.encrypted_rows import with_keys
from clinic.core.post_only import post_only
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.unsent import gives_back, of_form
from consultations.admin.notes import CaseNotePages, case_notes
from consultations.admin.pages import OUT_OF_RANGE
from consultations.admin.searching import SearchedAdmin
from consultations.enums import CaseStatus
from consultations.forms.notes import NoteForm
from consultations.forms.staff import CaseNoteForm
from consultations.models import AlarmGroup, SafetyCase
from consultations.presenters import alarm_groups
from consultations.presenters.alarm_groups import GroupLine
from consultations.presenters.case_page import case_page
from consultations.presenters.cases import case_query, line_of
from consultations.presenters.isolation import load, readable
from consultations.presenters.person_search import search_condition
from consultations.services import cases, handover, readings

PAGE_SIZE = 50
LONGEST_NUMBER = 19
TAKEN = {
    True: "The case is yours now. Call, then write what became of the person.",
    False: "The case is yours now. There is nobody to call: close it with a note.",
}
"""By whether somebody left a name."""
DUTY_WORDS = {
    True: "You are on duty. You get safety cases and their alerts.",
    False: "You are off duty. Your open cases went to a colleague on duty; with nobody on duty they stay with you.",
}
GROUP_WORDS = {
    True: "The repeated mails of this group have stopped. Its cases are still open.",
    False: "We could not tell which cases you were shown, so the mails go on. Look at the cases, then press again.",
}
PAGE_OF_ONE = "admin:consultations_safetycase_change"


@admin.register(SafetyCase)
class SafetyCaseAdmin(CaseNotePages, SearchedAdmin):
    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.guarded, "consultations_safetycase"
        return [
            path("", wrap(self.changelist_view), name=f"{name}_changelist"),
            path("search/", wrap(self.search_view), name=f"{name}_search"),
            path("<int:pk>/change/", wrap(self.case_view), name=f"{name}_change"),
            path("<int:pk>/acknowledge/", wrap(self.acknowledge_view), name=f"{name}_acknowledge"),
            path("<int:pk>/close/", wrap(self.close_view), name=f"{name}_close"),
            path("group/<int:pk>/acknowledge/", wrap(self.group_view), name=f"{name}_acknowledge_group"),
            path("duty/", wrap(self.duty_view), name=f"{name}_duty"),
            *self.note_urls(),
        ]

    @method_decorator(require_safe)
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self.require_view(request)
        now, shows_closed = clock.now(), request.GET.get("closed") == "1"
        term, group = self.search_term(request), self._group_asked(request)
        rows = case_query(request.user)
        if term is not None:
            rows = rows.filter(search_condition(term, reference="response__request__reference"))
        elif group is not None:
            rows = rows.filter(alarm_group=group.pk)
        elif shows_closed:
            rows = rows.filter(status=CaseStatus.CLOSED).order_by("-closed_at", "-pk")
        else:
            rows = rows.exclude(status=CaseStatus.CLOSED).filter(alarm_group=None)
        page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
        lines = [line_of(each, viewer=request.user, now=now) for each in readable(page.object_list)]
        tab = "search" if term is not None else "group" if group is not None else "closed" if shows_closed else "open"
        readings.log(by=request.user, action="case.list", page=tab, cases=[line.pk for line in lines])
        context = {
            "title": "Safety cases",
            "lines": lines,
            "page": page,
            "shows_closed": shows_closed,
            "group": group,
            "groups": alarm_groups.open_groups(viewer=request.user, now=now)
            if term is None and group is None and not shows_closed
            else [],
            "page_query": f"group={group.pk}" if group is not None else self.page_query(request),
            **self.search_context(term),
        }
        return self.page(request, "admin/consultations/safety_cases.html", context)

    @method_decorator(require_safe)
    def case_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        return self._show(request, self._case(request, pk), CaseNoteForm(auto_id="case-%s"))

    @method_decorator(post_only(PAGE_OF_ONE, keeps=("pk",)))
    def acknowledge_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        case = self._case(request, pk)
        try:
            cases.acknowledge(case=case, by=request.user)
            messages.success(request, TAKEN[case.patient_id is not None])
        except (TransitionNotAllowed, cases.CaseClosed) as refusal:
            messages.error(request, str(refusal))
        return self._back(request, case)

    @method_decorator(post_only(PAGE_OF_ONE, keeps=("pk",)))
    @gives_back(of_form(CaseNoteForm))
    def close_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        case = self._case(request, pk)
        form = CaseNoteForm(request.POST, auto_id="case-%s")
        if not form.is_valid():
            return self._show(request, case, form)
        try:
            cases.close(case=case, note=form.cleaned_data["note"], by=request.user)
        except (TransitionNotAllowed, cases.CaseClosed) as refusal:
            messages.error(request, str(refusal))
            return self._show(request, case, form)
        messages.success(request, "The case is closed.")
        return HttpResponseRedirect(reverse("admin:today"))

    @method_decorator(post_only("admin:consultations_safetycase_changelist"))
    def group_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stop the repeats of a group, up to the newest alarm that the page showed."""
        self.require_view(request)
        if pk > OUT_OF_RANGE:
            raise Http404
        group = get_object_or_404(AlarmGroup.objects.visible_to(request.user), pk=pk)
        seen = _instant(request.POST.get("seen", ""))
        try:
            cases.acknowledge_group(group=group, by=request.user, seen=seen)
            messages.success(request, GROUP_WORDS[seen is not None])
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
        is_from_today = request.POST.get("from") == "today"
        url = reverse("admin:consultations_safetycase_changelist")
        return HttpResponseRedirect(reverse("admin:today") if is_from_today else f"{url}?group={group.pk}")

    @method_decorator(post_only("admin:today"))
    def duty_view(self, request: HttpRequest) -> HttpResponse:
        self.require_view(request)
        is_on_duty = request.POST.get("on_duty") == "on"
        try:
            handover.switch_duty(is_on_duty=is_on_duty, by=request.user)
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
        line = alarm_groups.group_line(number, viewer=request.user, now=clock.now())
        if line is None:
            raise Http404
        return line

    def _case(self, request: HttpRequest, pk: int) -> SafetyCase:
        if pk > OUT_OF_RANGE:
            raise Http404
        case: SafetyCase | None = load(with_keys(case_query(request.user).filter(pk=pk)))
        if case is None:
            raise Http404
        self.require_not_erased(case.patient)
        return case

    def _show_with_note(self, request: HttpRequest, case: SafetyCase, form: NoteForm) -> HttpResponse:
        return self._show(request, case, CaseNoteForm(auto_id="case-%s"), form)

    def _show(
        self, request: HttpRequest, case: SafetyCase, form: CaseNoteForm, note: NoteForm | None = None
    ) -> HttpResponse:
        context = case_page(case, viewer=request.user, now=clock.now())
        sent = context["consultation"]
        requests = [sent.pk] if sent is not None else []
        readings.log(by=request.user, action="case.view", target=case, patients=[case.patient_id], requests=requests)
        title = f"Error: {context['title']}" if form.errors or (note and note.errors) else context["title"]
        whole = {**context, "title": title, "note_form": form, **case_notes(case, note)}
        return self.page(request, "admin/consultations/safety_case.html", whole)

    @staticmethod
    def _back(request: HttpRequest, case: SafetyCase) -> HttpResponse:
        url = reverse(PAGE_OF_ONE, args=[case.pk])
        return HttpResponseRedirect(reverse("admin:today") if request.POST.get("from") == "today" else url)


def _instant(text: str) -> datetime.datetime | None:
    """What a page of ours put into its form, an instant in UTC. None for anything else."""
    try:
        instant = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.utcoffset() == datetime.timedelta(0) else None
