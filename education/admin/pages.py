"""Pages: written by editors, signed by reviewers, shown by managers, withdrawn by any of them who may."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from clinic.staff.signed_in import signed_in
from education.admin.desk import desk_view
from education.admin.records import ContentAdmin
from education.models import Page, PageVersion
from education.presenters import comparison, page_desk


@admin.register(Page)
class PageAdmin(ContentAdmin):
    list_display = ("title", "path", "state_words", "next_review", "is_stem_cell_page")
    list_select_related = ("live",)
    list_filter = ("state", "kind")
    search_fields = ("title", "path", "body")
    fieldsets = (
        (_("Words"), {"fields": ("title", "short_title", "summary", "key_facts", "body", "change_note", "seen")}),
        (_("What it rests on"), {"fields": ("evidence", "sources", "related")}),
        (
            _("Frame"),
            {"fields": ("key", "path", "kind", "order", "figure", "is_stem_cell_page", "review_months", "author")},
        ),
    )
    change_form_template = "admin/education/page/change_form.html"

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Any:
        """A summary of 35 words does not fit on a line."""
        if db_field.name == "summary":
            kwargs["widget"] = forms.Textarea(attrs={"rows": 3, "cols": 80})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Page | None = None) -> tuple[str, ...]:
        """The address of a page that exists is part of the site: links and search results point to it."""
        return ("key", "path", "kind") if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A retired page is closed for good: it can be read, and not edited."""
        is_closed = obj is not None and obj.state == Page.State.RETIRED
        return super().has_change_permission(request, obj) and not is_closed

    @admin.display(description=_("State"), ordering="state")
    def state_words(self, page: Page) -> str:
        return page.get_state_display()

    @admin.display(description=_("Next review"))
    def next_review(self, page: Page) -> str:
        if page.live is None or page.live.next_review_on is None:
            return gettext("Not yet reviewed") if page.live else ""
        overdue = " (overdue)" if page.live.next_review_on < clock.today() else ""
        return f"{clock.day(page.live.next_review_on)}{overdue}"

    def get_urls(self) -> list[URLPattern]:
        versions = path(
            "<int:pk>/versions/", self.admin_site.admin_view(self.versions_view), name="education_page_versions"
        )
        desk = path("desk/", self.admin_site.admin_view(desk_view), name="education_page_desk")
        return [versions, desk, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        page, given = self.get_object(request, object_id), extra_context or {}
        context = page_desk.page_desk(page, by=signed_in(request), refused=given.get("refused")) if page else {}
        return super().change_view(request, object_id, form_url, {**context, **given})

    def versions_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Two versions side by side; without a choice, what waits beside what readers see."""
        page = self.row_shown(request, pk)
        versions = list(page.versions.all())
        older, newer = (_version(versions, request.GET.get(name, "")) for name in ("older", "newer"))
        if older is None and versions:
            before = [version for version in versions if newer is None or version.number < newer.number]
            older = before[0] if before else None
        rows = comparison.side_by_side(older.words if older else {}, newer.words if newer else page.words())
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Versions of %(title)s") % {"title": page.title},
            "page": page,
            "original": page,
            "opts": Page._meta,
            "versions": versions,
            "older": older,
            "newer": newer,
            "rows": rows,
        }
        return TemplateResponse(request, "admin/education/page/versions.html", context)


def _version(versions: list[PageVersion], number: str) -> PageVersion | None:
    return next((version for version in versions if str(version.number) == number), None)
