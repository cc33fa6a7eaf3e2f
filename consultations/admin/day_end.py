"""How each day ended: the page behind the mail to the managers."""

from typing import Any, Final

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from clinic.core import clock
from consultations.admin.pages import OUT_OF_RANGE, PurposeBuiltAdmin
from consultations.emails import figure_lines, why_words
from consultations.models import DayEnd
from consultations.services import readings

PAGE_SIZE: Final = 31


@admin.register(DayEnd)
class DayEndAdmin(PurposeBuiltAdmin):
    def get_urls(self) -> list[URLPattern]:
        wrap, name = self.guarded, "consultations_dayend"
        return [
            path("", wrap(self.changelist_view), name=f"{name}_changelist"),
            path("<int:pk>/change/", wrap(self.day_view), name=f"{name}_change"),
        ]

    @method_decorator(require_safe)
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self.require_view(request)
        page = Paginator(DayEnd.objects.visible_to(request.user), PAGE_SIZE).get_page(request.GET.get("page"))
        lines = [
            {
                "day": clock.day(row.on),
                "url": reverse("admin:consultations_dayend_change", args=[row.pk]),
                "open": _open_words(len(row.open_items)) if row.open_items else "",
                "told": _told_words(row.told) if row.told else _("nobody was told"),
                "is_late": clock.local(row.made_at).date() != row.on,
            }
            for row in page.object_list
        ]
        context = {"title": _("Day’s ends"), "lines": lines, "page": page, "page_query": ""}
        return self.page(request, "admin/consultations/day_ends.html", context)

    @method_decorator(require_safe)
    def day_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.require_view(request)
        if pk > OUT_OF_RANGE:
            raise Http404
        row = get_object_or_404(DayEnd.objects.visible_to(request.user), pk=pk)
        named = {"case": "cases", "request": "requests", "text": "texts", "message": "messages"}
        shown: dict[str, Any] = {name: [] for name in named.values()}
        for item in row.open_items:
            shown[named[item["what"]]].append(item["pk"])
        readings.log(by=request.user, action="day_end.view", target=row, **shown)
        context = {
            "title": _("Day’s end: %(day)s") % {"day": clock.day(row.on)},
            "day": clock.day(row.on),
            "closed": clock.moment(row.closed_at),
            "made": clock.moment(row.made_at),
            "items": [{**item, "why": why_words(item["why"])} for item in row.open_items],
            "figures": figure_lines(row.figures),
            "gaps": row.figures.get("gaps", []),
            "told": _told_words(row.told),
            "is_told": bool(row.told),
        }
        return self.page(request, "admin/consultations/day_end.html", context)


def _open_words(number: int) -> str:
    return ngettext("%(number)d thing", "%(number)d things", number) % {"number": number}


def _told_words(number: int) -> str:
    return ngettext("%(number)d mail", "%(number)d mails", number) % {"number": number}
