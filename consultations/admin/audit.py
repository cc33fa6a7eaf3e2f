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
from clinic.staff.area import names_of
from clinic.staff.base_admin import BaseModelAdmin
from consultations.presenters.activity import event_words, who_of

PAGES = {
    "consultations.consultationrequest": "admin:consultations_consultationrequest_change",
    "consultations.safetycase": "admin:consultations_safetycase_change",
}
OTHER_WORDS = {
    "request.view": "Request: opened",
    "request.list": "Requests: looked at a list",
    "case.acknowledge": "Safety case: taken on",
    "case.close": "Safety case: closed",
    "case.list": "Safety cases: looked at the list",
    "case.named": "Safety case: the person gave a name",
    "case.open": "Safety case: opened by the answers",
    "case.owner": "Safety case: given to whoever is there",
    "case.raise": "Safety case: raised to a higher level",
    "case.reopen": "Safety case: opened again",
    "case.view": "Safety case: looked at",
    "content.edit": "Content: edited",
    "content.load": "Content: loaded with the product",
    "content.publish": "Content: published",
    "content.take_back": "Content: taken back from the site",
    "diary.add": "Diary: entry added",
    "diary.change": "Diary: entry changed",
    "diary.remove": "Diary: entry removed",
    "key.retire": "Field key: nothing is sealed under it any more",
    "message.retry": "Message: tried again",
    "message.view": "Message: read",
    "response.bring": "Answers: carried over from the decision aid",
    "response.contact": "Answers: contact details given",
    "response.delete": "Answers: never sent, deleted in time",
    "response.read_text": "Answers: what was written with them was read",
    "response.save": "Answers: saved",
    "response.start": "Answers: started",
    "response.take_out": "Answers: what was carried over taken out",
    "staff.save": "User: details or groups changed",
    "staff.set_password": "User: password set",
    "staff.sign_in": "Signed in",
}
"""What is on record and is no action on a request."""


def audit_words() -> dict[str, str]:
    """Code -> what a manager reads. One that is missing here is shown by its code."""
    return {**{code: f"Request: {words}" for code, words in event_words().items()}, **OTHER_WORDS}


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
