"""Small records: sources, statements, terms, answers, trials and notes on law. An edit waits until another shows it."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from clinic.core.refusals import TransitionNotAllowed
from clinic.staff.signed_in import signed_in
from education import library
from education.admin.actions import ActionAdmin
from education.forms import lines
from education.forms.records import ContentForm
from education.models import (
    BestBet,
    EvidenceStatement,
    GlossaryTerm,
    Question,
    RegulationNote,
    SmallRecord,
    Source,
    Trial,
)
from education.presenters.above_form import above_form
from education.services import records, reopening

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


class ContentAdmin(ActionAdmin):
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
        changed = [name for name in form.changed_data if name != "seen"]
        try:
            records.save_record(record=obj, by=signed_in(request), changed=changed)
        except TransitionNotAllowed as refusal:
            # It was closed while the form was being read.
            raise PermissionDenied(str(refusal)) from None


class SmallRecordAdmin(ContentAdmin):
    change_form_template = "admin/education/record/change_form.html"
    readonly_fields = ("state_words", "used_on")

    def written_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        names = [name for name in self.get_fields(request, obj) if name not in self.readonly_fields]
        return ((gettext("Publication"), {"fields": self.readonly_fields}), (gettext("Record"), {"fields": names}))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Pages name a record by its key, so the key of one that exists stays as it is."""
        key = FIELD_OF[self.model][1]
        return (*self.readonly_fields, key) if obj else self.readonly_fields

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        record, given = self.get_object(request, object_id), extra_context or {}
        context = above_form(record, by=signed_in(request), refused=given.get("refused")) if record else {}
        return super().change_view(request, object_id, form_url, {**context, **given})

    @admin.display(description=_("State"))
    def state_words(self, record: SmallRecord) -> str:
        if record.pk is None:
            return gettext("New. Readers see it once somebody else publishes it.")
        if not waits(record):
            return gettext("Readers see it as it stands here.")
        who = record.edited_by.display_name if record.edited_by else ""
        if record.edited_at is None:
            waiting = gettext("A change waits.")
        elif not who:
            waiting = gettext("A change waits since %(moment)s.") % {"moment": clock.moment(record.edited_at)}
        else:
            waiting = gettext("A change by %(who)s waits since %(moment)s.") % {
                "who": who,
                "moment": clock.moment(record.edited_at),
            }
        if record.shown:
            return gettext("%(waiting)s Readers see the words published before.") % {"waiting": waiting}
        return gettext("%(waiting)s Readers see nothing of it yet.") % {"waiting": waiting}

    @admin.display(description=_("Pages that use it"))
    def used_on(self, record: SmallRecord) -> str:
        if record.pk is None:
            return gettext("None yet.")
        field, key = FIELD_OF[type(record)]
        pages = reopening.pages_using(field, getattr(record, key))
        links = ((reverse("admin:education_page_change", args=[page.pk]), page.title) for page in pages)
        return format_html_join(", ", '<a href="{}">{}</a>', links) or gettext("No public page.")


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
