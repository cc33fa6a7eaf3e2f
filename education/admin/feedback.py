"""What readers say about pages, and what became of it."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse

from clinic.core.post_only import post_only
from clinic.staff.base_admin import BaseModelAdmin
from education import services
from education.models import Feedback


@admin.register(Feedback)
class FeedbackAdmin(BaseModelAdmin):
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
        return bool(request.user.has_perm("education.view_feedback"))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        to_form = post_only("admin:education_feedback_change", keeps={"object_id": "pk"})
        finish = self.admin_site.admin_view(to_form(self.finish_view))
        return [path("<int:pk>/finish/", finish, name="education_feedback_finish"), *super().get_urls()]

    def finish_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        feedback = get_object_or_404(Feedback, pk=pk)
        try:
            services.finish(feedback=feedback, outcome=request.POST.get("outcome", ""), by=request.user)
        except services.NotEntitled as refusal:
            raise PermissionDenied(str(refusal)) from None
        except services.ReasonRefused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "Kept.")
        return redirect(reverse("admin:education_feedback_change", args=[pk]))
