"""Where editors work. Editing never publishes; publishing is an action of its own, for those entitled to it."""

import json
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from education import claims, services
from education.models import ClaimWaiver, EvidenceStatement, GlossaryTerm, Page, Question, Source, Trial
from education.services import NotComplete, NotEntitled, ReasonRefused

FRAME = ("key", "path", "kind", "order", "figure", "is_stem_cell_page", "review_months", "author")


class JSONTextarea(forms.Textarea):
    """Shows JSON as people read it, one entry a line."""

    def format_value(self, value: Any) -> str | None:
        if not isinstance(value, str):
            return super().format_value(value)
        try:
            return json.dumps(json.loads(value), indent=2, ensure_ascii=False)
        except ValueError:
            return value


class ContentForm(forms.ModelForm):
    """Refuses references that lead nowhere, in sentences, before anything is saved."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        record = self._meta.model(pk=self.instance.pk)
        for field in record._meta.fields:
            setattr(record, field.name, cleaned.get(field.name, getattr(self.instance, field.name)))
        # A page may be saved while it is unfinished. A statement or term is public at once, so it may not point
        # nowhere, and may not claim too much.
        if not isinstance(record, Page):
            blocked = [each for each in services.remarks_of(record) if each.level == claims.BLOCK]
            for problem in (*services.problems_of(record), *map(services.sentence_of, blocked)):
                self.add_error(None, problem)
        return cleaned


class ContentAdmin(admin.ModelAdmin):
    """Saves through the service, so that every edit is audited and the public pages follow."""

    form = ContentForm
    show_full_result_count = False
    actions = None
    formfield_overrides: ClassVar = {
        models.JSONField: {"widget": JSONTextarea(attrs={"rows": 6, "cols": 80})},
        models.URLField: {"assume_scheme": "https"},
        models.TextField: {"widget": forms.Textarea(attrs={"rows": 6, "cols": 80})},
    }

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Pages cite these records by key; taking one away would leave a citation that leads nowhere."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        services.save(record=obj, by=request.user, changed=form.changed_data)


@admin.register(Page)
class PageAdmin(ContentAdmin):
    list_display = ("title", "path", "state_words", "is_stem_cell_page")
    list_select_related = ("live",)
    list_filter = ("state", "kind")
    search_fields = ("title", "path", "body")
    readonly_fields = ("state_words", "publication", "preview")
    fieldsets = (
        ("Publication", {"fields": ("state_words", "publication", "preview")}),
        ("Words", {"fields": ("title", "short_title", "summary", "key_facts", "body")}),
        ("What it rests on", {"fields": ("evidence", "sources", "related")}),
        (
            "Frame",
            {"fields": ("key", "path", "kind", "order", "figure", "is_stem_cell_page", "review_months", "author")},
        ),
    )
    change_form_template = "admin/education/page/change_form.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Page | None = None) -> tuple[str, ...]:
        """The address of a page that exists is part of the site: links and search results point to it."""
        fixed = ("key", "path", "kind") if obj else ()
        return (*self.readonly_fields, *fixed)

    @admin.display(description="State", ordering="state")
    def state_words(self, page: Page) -> str:
        if page.live and not page.is_published:
            return "Published, with changes that wait"
        return page.get_state_display()

    @admin.display(description="What keeps it from being published")
    def publication(self, page: Page) -> str:
        if not page.pk:
            return "Save the page first."
        problems = services.problems_of(page)
        return " ".join(problems) if problems else "Nothing: it is complete."

    @admin.display(description="As readers see it")
    def preview(self, page: Page) -> str:
        if not page.pk:
            return "Save the page first."
        if page.is_published:
            return format_html('<a href="{}">Open the page</a>', page.path)
        return format_html('<a href="{}?preview">Open these words as a preview</a>', page.path)

    def get_urls(self) -> list[URLPattern]:
        verbs = [
            path(f"<int:pk>/{verb}/", self.admin_site.admin_view(require_POST(view)), name=f"education_page_{verb}")
            for verb, view in (
                ("publish", self.publish_view),
                ("take_back", self.take_back_view),
                ("waive", self.waive_view),
            )
        ]
        return [*verbs, *super().get_urls()]

    def publish_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._move(request, pk, services.publish, "“{}” is published.")

    def take_back_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._move(request, pk, services.take_back, "“{}” is no longer public.")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        page = self.get_object(request, object_id)
        context = {"wording": self._wording(page)} if page else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def _wording(self, page: Page) -> list[dict[str, Any]]:
        """Every finding at its place in the text, and the reason where one was given."""
        remarks = services.remarks_of(page)
        waiting = services.open_remarks(page)
        given = {
            (each.where, each.rule, each.digest): each
            for each in ClaimWaiver.objects.filter(where__in={each.where for each in remarks})
        }
        return [
            {
                "remark": each,
                "field": each.where.split(".")[2] if each.where.count(".") > 1 else "the page",
                "around": each.passage.split(each.words, 1) if each.words and each.words in each.passage else None,
                "is_open": each in waiting,
                "is_block": each.level == claims.BLOCK,
                "waiver": given.get((each.where, each.rule, each.digest)),
            }
            for each in remarks
        ]

    def waive_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        page = get_object_or_404(Page, pk=pk)
        if not self.has_view_permission(request, page):
            raise PermissionDenied
        rule, digest, reason = (request.POST.get(name, "") for name in ("rule", "digest", "reason"))
        try:
            services.waive(page=page, rule=rule, digest=digest, reason=reason, by=request.user)
        except NotEntitled as refusal:
            raise PermissionDenied(str(refusal)) from None
        except ReasonRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "The reason is kept. It holds until the next review.")
        return redirect(reverse("admin:education_page_change", args=[pk]) + "#wording")

    def _move(self, request: HttpRequest, pk: int, verb: Any, done: str) -> HttpResponse:
        page = get_object_or_404(Page, pk=pk)
        if not self.has_view_permission(request, page):
            raise PermissionDenied
        try:
            verb(page=page, by=request.user)
        except NotEntitled as refusal:
            raise PermissionDenied(str(refusal)) from None
        except NotComplete as refusal:
            for problem in refusal.problems:
                messages.error(request, problem)
        else:
            messages.success(request, done.format(page.title))
        return redirect(reverse("admin:education_page_change", args=[pk]))


@admin.register(Source)
class SourceAdmin(ContentAdmin):
    list_display = ("key", "kind", "title", "year", "is_verified")
    list_filter = ("is_verified",)
    search_fields = ("key", "title", "authors")


@admin.register(EvidenceStatement)
class EvidenceStatementAdmin(ContentAdmin):
    list_display = ("code", "treatment", "outcome", "grade")
    list_filter = ("kind", "condition")


@admin.register(GlossaryTerm)
class GlossaryTermAdmin(ContentAdmin):
    list_display = ("term", "definition")
    search_fields = ("term",)


@admin.register(Question)
class QuestionAdmin(ContentAdmin):
    list_display = ("code", "question", "group")
    list_filter = ("group",)


@admin.register(Trial)
class TrialAdmin(ContentAdmin):
    list_display = ("name", "registry_id", "status", "checked_on")
