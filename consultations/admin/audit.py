"""The audit trail, to read. Nothing here can be added, changed or removed."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.text import capfirst

from clinic.core import clock
from clinic.core.models import AuditEvent
from clinic.staff.area import audit_words, names_of
from clinic.staff.base_admin import BaseModelAdmin
from consultations.presenters.activity import who_of

PAGES = {
    "consultations.consultationrequest": "admin:consultations_consultationrequest_change",
    "consultations.safetycase": "admin:consultations_safetycase_change",
}


class ActionFilter(admin.SimpleListFilter):
    title = "what happened"
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return sorted(audit_words().items(), key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(AuditEvent)
class AuditEventAdmin(BaseModelAdmin):
    actions = None
    list_display = ("sequence", "when", "who", "what", "about")
    list_filter = (ActionFilter,)
    list_select_related = ("actor_user",)
    list_per_page = 100
    show_full_result_count = False
    search_fields = ("actor", "action", "=target_id", "=request_id")
    search_help_text = "By user name, code of an action (request.view), record number or log number."
    ordering = ("-sequence",)
    sortable_by = ()
    fields = (
        "sequence", "when", "who", "what", "about", "action", "log_number", "fields", "details", "previous", "digest",
    )  # fmt: skip
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        return False

    @admin.display(description="When")
    def when(self, event: AuditEvent) -> str:
        return f"{clock.moment(event.at)} ({clock.local(event.at):%H:%M:%S})"

    @admin.display(description="Who")
    def who(self, event: AuditEvent) -> str:
        return who_of(event)

    @admin.display(description="What")
    def what(self, event: AuditEvent) -> str:
        return audit_words().get(event.action, event.action)

    @admin.display(description="Log number")
    def log_number(self, event: AuditEvent) -> str:
        return event.request_id or "–"

    @admin.display(description="About")
    def about(self, event: AuditEvent) -> str:
        if not event.target_type:
            return "–"
        try:
            kind = names_of(apps.get_model(event.target_type))[0]
        except (LookupError, ValueError):
            kind = event.target_type
        words = f"{capfirst(kind)} {event.target_id}"
        try:
            return format_html('<a href="{}">{}</a>', reverse(PAGES[event.target_type], args=[event.target_id]), words)
        except (KeyError, NoReverseMatch):
            return words
