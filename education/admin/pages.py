"""Pages: written by editors, signed by reviewers, shown by managers, withdrawn by any of them who may."""

import datetime
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html

from clinic.core import clock
from education import services, workflow
from education.admin.desk import desk_view
from education.admin.records import ContentAdmin, wording_lines
from education.models import Page, PageVersion, SignOff
from education.presenters import comparison, editor_aids

SIGN_ACT = "The sign-off is kept."


class ScheduleForm(forms.Form):
    at = forms.DateTimeField(
        label="Publish on",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )


@admin.register(Page)
class PageAdmin(ContentAdmin):
    list_display = ("title", "path", "state_words", "next_review", "is_stem_cell_page")
    list_select_related = ("live",)
    list_filter = ("state", "kind")
    search_fields = ("title", "path", "body")
    fieldsets = (
        ("Words", {"fields": ("title", "short_title", "summary", "key_facts", "body", "change_note", "seen")}),
        ("What it rests on", {"fields": ("evidence", "sources", "related")}),
        (
            "Frame",
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

    def has_change_permission(self, request: HttpRequest, obj: Page | None = None) -> bool:
        """A retired page is closed for good: it can be read, and not edited."""
        is_closed = obj is not None and obj.state == Page.State.RETIRED
        return super().has_change_permission(request, obj) and not is_closed

    @admin.display(description="State", ordering="state")
    def state_words(self, page: Page) -> str:
        return page.get_state_display()

    @admin.display(description="Next review")
    def next_review(self, page: Page) -> str:
        if page.live is None or page.live.next_review_on is None:
            return "Not yet reviewed" if page.live else ""
        overdue = " (overdue)" if page.live.next_review_on < clock.today() else ""
        return f"{clock.day(page.live.next_review_on)}{overdue}"

    def get_urls(self) -> list[URLPattern]:
        buttons = (
            ("send", self.send_view),
            ("send_back", self.send_back_view),
            ("take_up", self.take_up_view),
            ("sign", self.sign_view),
            ("publish", self.publish_view),
            ("schedule", self.schedule_view),
            ("withdraw", self.withdraw_view),
            ("retire", self.retire_view),
            ("waive", self.waive_view),
            ("self_check", self.self_check_view),
        )
        versions = path(
            "<int:pk>/versions/", self.admin_site.admin_view(self.versions_view), name="education_page_versions"
        )
        desk = path("desk/", self.admin_site.admin_view(desk_view), name="education_page_desk")
        return [*(self.button(name, view) for name, view in buttons), versions, desk, *super().get_urls()]

    def _press(self, request: HttpRequest, pk: int, verb: Callable[..., Any], done: str, **given: Any) -> HttpResponse:
        return self.pressed(request, pk, lambda page: verb(page=page, by=request.user, **given), done)

    def send_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._press(request, pk, services.send, "“{}” is in review.")

    def send_back_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._press(request, pk, services.send_back, "“{}” is a draft again.")

    def take_up_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._press(request, pk, services.take_up, "“{}” is a draft again, and not on the site.")

    def publish_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._press(request, pk, services.publish, "“{}” is published.")

    def sign_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        given = {name: request.POST.get(name, "") for name in ("part", "decision", "comment", "digest")}
        if given["part"] not in SignOff.Part.values or given["decision"] not in SignOff.Decision.values:
            raise PermissionDenied
        return self._press(request, pk, services.sign, SIGN_ACT, **given)

    def schedule_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm(workflow.PERMISSIONS["publish"]):
            raise PermissionDenied
        form = ScheduleForm(request.POST)

        def schedule(page: Page) -> None:
            if not form.is_valid():
                raise services.ReasonRefused("Choose a day and a time, for example 2027-01-31 09:00.")
            services.schedule(page=page, at=form.cleaned_data["at"], by=request.user)

        return self.pressed(request, pk, schedule, "“{}” will be published at that time.")

    def withdraw_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        reason = request.POST.get("reason", "")
        return self._press(request, pk, services.withdraw, "“{}” is off the site.", reason=reason)

    def retire_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        given = {"reason": request.POST.get("reason", "").strip(), "moved_to": request.POST.get("moved_to", "").strip()}
        return self._press(request, pk, services.retire, "“{}” is retired.", **given)

    def self_check_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        answers = editor_aids.answers_from(request.POST)
        return self._press(request, pk, services.keep_self_check, "Your self-check is kept.", answers=answers)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        page = self.get_object(request, object_id)
        context = _desk_of(page, request) if page else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def versions_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Two versions side by side; without a choice, what waits beside what readers see."""
        page = get_object_or_404(Page, pk=pk)
        if not self.has_view_permission(request, page):
            raise PermissionDenied
        versions = list(page.versions.all())
        older, newer = (_version(versions, request.GET.get(name, "")) for name in ("older", "newer"))
        if older is None and versions:
            before = [each for each in versions if newer is None or each.number < newer.number]
            older = before[0] if before else None
        rows = comparison.side_by_side(older.words if older else {}, newer.words if newer else page.words())
        context = {
            **self.admin_site.each_context(request),
            "title": f"Versions of {page.title}",
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
    return next((each for each in versions if str(each.number) == number), None)


def _desk_of(page: Page, request: HttpRequest) -> dict[str, Any]:
    """What stands above the form: state, what it waits for, the acts this person may do, wording, and aids."""
    user = request.user
    given = services.standing(page)
    wrote = services.wrote(page, user)
    parts = workflow.parts_to_sign(page.kind, is_stem_cell_page=page.is_stem_cell_page)
    signing = page.state in workflow.SIGNABLE
    may = {
        verb: user.has_perm(permission) and (page.state, verb) in workflow.MOVES
        for verb, permission in workflow.PERMISSIONS.items()
    }
    sign_parts = [
        {"part": part, "label": SignOff.Part(part).label, "given": given.get(part)}
        for part in parts
        if signing and user.has_perm(workflow.PERMISSIONS[f"sign_{part}"]) and not wrote
    ]
    is_open = page.state not in (Page.State.PUBLISHED, Page.State.RETIRED)
    return {
        "state_words": page.get_state_display(),
        "preview_link": _preview(page),
        "waits_for": services.waits_for(page) if is_open else [],
        "signed": [{"label": SignOff.Part(part).label, "given": given.get(part)} for part in parts],
        "earlier": page.sign_offs.exclude(digest=page.digest)[:5],
        "sign_parts": sign_parts,
        "wrote": wrote and signing,
        "may": may,
        "digest": page.digest,
        "schedule_form": ScheduleForm(initial={"at": _tomorrow()}, auto_id="schedule-%s"),
        "reopenings": page.reopenings.filter(closed_at__isnull=True),
        "wording": wording_lines(page),
        "may_waive": not wrote and any(user.has_perm(name) for name in services.MAY_GIVE_REASONS),
        "reading": editor_aids.reading(page),
        "self_check": editor_aids.self_check(page),
        "overdue": bool(page.live and page.live.next_review_on and page.live.next_review_on < clock.today()),
    }


def _preview(page: Page) -> str:
    if page.is_published:
        return format_html('<a href="{}">Open the page</a>', page.path)
    return format_html('<a href="{}?preview">Open these words as readers would see them</a>', page.path)


def _tomorrow() -> datetime.datetime:
    return clock.local(clock.now()).replace(hour=9, minute=0, second=0, microsecond=0) + datetime.timedelta(days=1)
