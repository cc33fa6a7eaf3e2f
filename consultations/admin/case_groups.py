"""Groups of visitors who left nothing: stopping their mails, closing what the page showed; and the counts."""

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from clinic.core import clock
from clinic.core.post_only import post_only
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.text_lists import paragraph
from clinic.staff.signed_in import signed_in
from consultations.admin.case_pages import instant_of
from consultations.admin.pages import OUT_OF_RANGE, PurposeBuiltAdmin
from consultations.enums import NextDayAnswer
from consultations.models import AlarmGroup
from consultations.presenters import alarm_groups
from consultations.presenters.case_closing import outcome_lines, rule_lines
from consultations.services import case_groups, cases

LIST: Final = "admin:consultations_safetycase_changelist"
MOST_SHOWN: Final = 200
STOPPED: Final = {
    True: gettext_lazy("The repeated mails of this group have stopped. Its cases are still open."),
    False: gettext_lazy(
        "We could not tell which cases you were shown, so the mails go on. Look at the cases, then press again."
    ),
}


class CaseGroupPages(PurposeBuiltAdmin):
    def group_urls(self) -> list[URLPattern]:
        wrap, name = self.guarded, "consultations_safetycase"
        return [
            path("group/<int:pk>/acknowledge/", wrap(self.group_view), name=f"{name}_acknowledge_group"),
            path("group/<int:pk>/close/", wrap(self.close_group_view), name=f"{name}_close_group"),
            path("outcomes/", wrap(self.outcomes_view), name=f"{name}_outcomes"),
        ]

    @method_decorator(post_only(LIST))
    def group_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stop the repeats of a group, up to the newest alarm that the page showed."""
        self.require_view(request)
        group = _group(request, pk)
        seen = instant_of(request.POST.get("seen", ""))
        try:
            cases.acknowledge_group(group=group, by=signed_in(request), seen=seen)
            messages.success(request, STOPPED[seen is not None])
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
        is_from_today = request.POST.get("from") == "today"
        return HttpResponseRedirect(reverse("admin:today") if is_from_today else _page_of(group))

    @method_decorator(post_only(LIST))
    def close_group_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask once, then close the cases that the page showed and in which nobody has left anything."""
        self.require_view(request)
        group = _group(request, pk)
        shown = _numbers(request.POST.get("shown", ""))
        if request.POST.get("sure") != "yes":
            line = alarm_groups.group_line(group.pk, viewer=signed_in(request), now=clock.now())
            context = {
                "title": _("Confirm: nothing is closed yet"),
                "group": line,
                "number": len(shown),
                "shown": ",".join(map(str, shown)),
                "seen": request.POST.get("seen", ""),
            }
            return self.page(request, "admin/consultations/confirm_close_group.html", context)
        try:
            done = case_groups.close_unnamed(
                group=group, shown=shown, seen=instant_of(request.POST.get("seen", "")), by=signed_in(request)
            )
            messages.success(request, _done_words(done))
        except TransitionNotAllowed as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(_page_of(group))

    @method_decorator(require_safe)
    def outcomes_view(self, request: HttpRequest) -> HttpResponse:
        """What became of people, counted: nobody is named."""
        self.require_view(request)
        context: dict[str, Any] = {
            "title": _("Outcomes"),
            "outcomes": outcome_lines(),
            "answers": [answer.label for answer in NextDayAnswer],
            "rules": rule_lines(),
        }
        return self.page(request, "admin/consultations/case_outcomes.html", context)


def _group(request: HttpRequest, pk: int) -> AlarmGroup:
    if pk > OUT_OF_RANGE:
        raise Http404
    return get_object_or_404(AlarmGroup.objects.visible_to(request.user), pk=pk)


def _page_of(group: AlarmGroup) -> str:
    return f"{reverse(LIST)}?group={group.pk}"


def _numbers(text: str) -> list[int]:
    """The numbers that a page of ours put into its form; none where anything else stands in it."""
    parts = text.split(",")[:MOST_SHOWN]
    if not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in parts):
        return []
    return sorted({int(part) for part in parts})


def _done_words(done: case_groups.GroupClosed) -> str:
    closed = ngettext(
        "%(number)d case closed: no way to reach the person.",
        "%(number)d cases closed: no way to reach the person.",
        done.closed,
    )
    left = ngettext(
        "%(number)d case of those shown is not: somebody left something, or was there again.",
        "%(number)d cases of those shown are not: somebody left something, or was there again.",
        done.left,
    )
    return paragraph([closed % {"number": done.closed}, left % {"number": done.left} if done.left else ""])
