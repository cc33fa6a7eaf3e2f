"""Small records: sources, statements, terms, answers, trials and notes on law. An edit waits until another shows it."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join

from clinic.core import clock
from clinic.core.post_only import post_only
from clinic.staff.base_admin import BaseModelAdmin
from education import library, services, workflow
from education.admin import lines
from education.claims import linter
from education.models import (
    BestBet,
    ClaimWaiver,
    EvidenceStatement,
    GlossaryTerm,
    Page,
    Question,
    RegulationNote,
    SmallRecord,
    Source,
    Trial,
)
from education.services import NotComplete, NotEntitled, ReasonRefused

FIELD_OF: dict[type[SmallRecord], tuple[str, str]] = {
    Source: ("sources", "key"),
    EvidenceStatement: ("evidence", "code"),
    GlossaryTerm: ("terms", "slug"),
    Question: ("questions", "code"),
    Trial: ("trials", "key"),
    RegulationNote: ("regulations", "key"),
    BestBet: ("best_bets", "key"),
}
"""Where the references of a page name a record, and by which of its fields."""


class ContentForm(forms.ModelForm):
    """Refuses references that lead nowhere, and an edit of words that somebody else changed meanwhile."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "seen" in self.fields:
            self.fields["seen"].initial = _stamp(self.instance)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.instance.pk and cleaned.get("seen", "") != _stamp(self._meta.model.objects.get(pk=self.instance.pk)):
            self.add_error(
                None,
                "Somebody else changed this while you wrote. Your words are still below: open the page in a second "
                "window, bring both together, and save there.",
            )
        if self.errors:
            return cleaned
        record = self._meta.model(pk=self.instance.pk)
        for field in record._meta.concrete_fields:
            setattr(record, field.name, cleaned.get(field.name, getattr(self.instance, field.name)))
        # A page may be saved while it is unfinished. A small record may not point nowhere, nor claim too much.
        if not isinstance(record, Page):
            blocked = [each for each in services.remarks_of(record) if each.level == linter.BLOCK]
            for problem in (*services.problems_of(record), *map(services.sentence_of, blocked)):
                self.add_error(None, problem)
        return cleaned


def _stamp(record: models.Model) -> str:
    edited_at = getattr(record, "edited_at", None)
    return edited_at.isoformat() if edited_at else ""


def wording_lines(record: models.Model) -> list[dict[str, Any]]:
    """Every finding at its place in the text, and the reason where one was given."""
    remarks = services.remarks_of(record)
    waiting = services.open_remarks(record)
    given = {
        (each.where, each.rule, each.digest): each
        for each in ClaimWaiver.objects.filter(where__in={each.where for each in remarks})
    }
    return [
        {
            "remark": each,
            "why": services.full_stop(each.why),
            "instead": services.full_stop(each.instead),
            "field": each.where.split(".")[2].replace("_", " ") if each.where.count(".") > 1 else "the page",
            "around": each.passage.split(each.words, 1) if each.words and each.words in each.passage else None,
            "is_open": each in waiting,
            "is_block": each.level == linter.BLOCK,
            "waiver": given.get((each.where, each.rule, each.digest)),
        }
        for each in remarks
    ]


class ContentAdmin(BaseModelAdmin):
    """Saves through the service, so that every edit is audited and the public pages follow."""

    form = ContentForm
    show_full_result_count = False
    actions = None
    formfield_overrides: ClassVar = {
        models.URLField: {"assume_scheme": "https"},
        models.TextField: {"widget": forms.Textarea(attrs={"rows": 6, "cols": 80})},
    }

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Any:
        """Every list of this app is written an entry a line."""
        if isinstance(db_field, models.JSONField):
            return lines.field_for(db_field)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who only reads sees lists as they are written, and no mark of an edit that could cross another's."""
        given = self.written_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return given
        return [(title, {"fields": lines.to_read(self.model, options["fields"])}) for title, options in given]

    def written_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_fieldsets(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Pages cite these records by key; taking one away would leave a citation that leads nowhere."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        services.save(record=obj, by=request.user, changed=[name for name in form.changed_data if name != "seen"])

    def button(self, name: str, view: Callable[..., HttpResponse]) -> URLPattern:
        """An address that only takes a press of a button."""
        model = self.model._meta.model_name
        return path(
            f"<int:pk>/{name.replace('_', '-')}/",
            self.admin_site.admin_view(post_only(f"admin:education_{model}_change", keeps={"object_id": "pk"})(view)),
            name=f"education_{model}_{name}",
        )

    def pressed(self, request: HttpRequest, pk: int, act: Callable[[Any], Any], done: str) -> HttpResponse:
        """Do what a button says and go back to the record, with a sentence either way."""
        record = get_object_or_404(self.model, pk=pk)
        if not self.has_view_permission(request, record):
            raise PermissionDenied
        try:
            act(record)
        except NotEntitled as refusal:
            raise PermissionDenied(str(refusal)) from None
        except NotComplete as refusal:
            for problem in refusal.problems:
                messages.error(request, problem)
        except (ReasonRefused, workflow.MoveRefused) as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, done.format(record))
        return redirect(reverse(f"admin:education_{self.model._meta.model_name}_change", args=[pk]))

    def waive_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        given = {name: request.POST.get(name, "") for name in ("rule", "digest", "reason")}
        return self.pressed(
            request,
            pk,
            lambda record: services.waive(record=record, by=request.user, **given),
            "The reason is kept. It holds until the next review.",
        )


class SmallRecordAdmin(ContentAdmin):
    change_form_template = "admin/education/record/change_form.html"
    readonly_fields = ("state_words", "used_on")

    def written_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        names = [name for name in self.get_fields(request, obj) if name not in self.readonly_fields]
        return (("Publication", {"fields": self.readonly_fields}), ("Record", {"fields": names}))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Pages name a record by its key, so the key of one that exists stays as it is."""
        key = FIELD_OF[self.model][1]
        return (*self.readonly_fields, key) if obj else self.readonly_fields

    def get_urls(self) -> list[URLPattern]:
        return [self.button("publish", self.publish_view), self.button("waive", self.waive_view), *super().get_urls()]

    def publish_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.pressed(
            request,
            pk,
            lambda record: services.publish_record(
                record=record, by=request.user, digest=request.POST.get("digest", "")
            ),
            "Readers see “{}” as it stands here.",
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        record = self.get_object(request, object_id)
        context = (
            {"wording": wording_lines(record), "waits": waits(record), "digest": services.digest_of(record)}
            if record
            else {}
        )
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    @admin.display(description="State")
    def state_words(self, record: SmallRecord) -> str:
        if record.pk is None:
            return "New. Readers see it once somebody else publishes it."
        if not waits(record):
            return "Readers see it as it stands here."
        who = record.edited_by.display_name if record.edited_by else ""
        since = f" since {clock.moment(record.edited_at)}" if record.edited_at else ""
        shown = "the words published before" if record.shown else "nothing of it yet"
        return f"A change{f' by {who}' if who else ''} waits{since}. Readers see {shown}."

    @admin.display(description="Pages that use it")
    def used_on(self, record: SmallRecord) -> str:
        if record.pk is None:
            return "None yet."
        field, key = FIELD_OF[type(record)]
        pages = services.pages_using(field, getattr(record, key))
        links = ((reverse("admin:education_page_change", args=[page.pk]), page.title) for page in pages)
        return format_html_join(", ", '<a href="{}">{}</a>', links) or "No public page."


def waits(record: SmallRecord) -> bool:
    """Whether readers see something else than what stands in the record."""
    return record.shown != library.plain(record)


@admin.register(Source)
class SourceAdmin(SmallRecordAdmin):
    list_display = ("key", "kind", "title", "year", "is_verified", "retracted_on")
    list_filter = ("is_verified", ("retracted_on", admin.EmptyFieldListFilter))
    search_fields = ("key", "title", "authors")


@admin.register(EvidenceStatement)
class EvidenceStatementAdmin(SmallRecordAdmin):
    list_display = ("code", "treatment", "outcome", "grade", "searched_on")
    list_filter = ("kind", "condition")


@admin.register(GlossaryTerm)
class GlossaryTermAdmin(SmallRecordAdmin):
    list_display = ("term", "definition")
    search_fields = ("term",)


@admin.register(Question)
class QuestionAdmin(SmallRecordAdmin):
    list_display = ("code", "question", "group")
    list_filter = ("group",)


@admin.register(Trial)
class TrialAdmin(SmallRecordAdmin):
    list_display = ("name", "registry_id", "status", "checked_on")


@admin.register(RegulationNote)
class RegulationNoteAdmin(SmallRecordAdmin):
    list_display = ("title", "jurisdiction", "body", "owner", "next_due")
    list_filter = ("jurisdiction",)
