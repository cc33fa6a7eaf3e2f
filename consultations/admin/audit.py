"""The audit trail, to read. Nothing here can be added, changed or removed."""

from django.contrib import admin
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html

from clinic import clock
from clinic.models import AuditEvent

PAGES = {
    "consultations.consultationrequest": "admin:consultations_consultationrequest_change",
    "consultations.safetycase": "admin:consultations_safetycase_change",
}


@admin.register(AuditEvent)
class AuditEventAdmin(admin.ModelAdmin):
    actions = None
    list_display = ("sequence", "when", "who", "action", "about", "request_id")
    list_filter = ("action",)
    list_select_related = ("actor_user",)
    list_per_page = 100
    show_full_result_count = False
    search_fields = ("actor", "action", "=target_id", "=request_id")
    search_help_text = "Search by user name, action, record number or request id."
    ordering = ("-sequence",)
    sortable_by = ()
    fields = (
        "sequence", "when", "who", "action", "about", "target_type", "target_id", "request_id", "fields", "details",
        "previous", "digest",
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
        return (event.actor_user.get_full_name() if event.actor_user else "") or event.actor

    @admin.display(description="About")
    def about(self, event: AuditEvent) -> str:
        if not event.target_type:
            return "–"
        words = f"{event.target_type.rpartition('.')[2]} {event.target_id}"
        try:
            return format_html('<a href="{}">{}</a>', reverse(PAGES[event.target_type], args=[event.target_id]), words)
        except (KeyError, NoReverseMatch):
            return words
