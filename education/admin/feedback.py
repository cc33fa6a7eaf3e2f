"""What readers say about pages, and what became of it."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from clinic.core.permissions import may
from clinic.staff.signed_in import signed_in
from education.admin.actions import ActionAdmin
from education.models import Feedback
from education.presenters.above_form import above_form


@admin.register(Feedback)
class FeedbackAdmin(ActionAdmin):
    list_display = ("path", "is_helpful", "sent_at", "done_at")
    list_filter = ("is_helpful", ("done_at", admin.EmptyFieldListFilter))
    fields = ("path", "is_helpful", "text", "sent_at", "done_at", "done_by", "outcome")
    readonly_fields = fields
    actions = None
    show_full_result_count = False
    change_form_template = "admin/education/feedback/change_form.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits what a reader wrote; what became of it is a button of its own."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request.user, "education.view_feedback", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        feedback, given = self.get_object(request, object_id), extra_context or {}
        context = above_form(feedback, by=signed_in(request), refused=given.get("refused")) if feedback else {}
        return super().change_view(request, object_id, form_url, {**context, **given})
