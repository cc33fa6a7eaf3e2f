"""The waiting list: who waits, which offer is out and until when, who was passed over and why."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from clinic.staff.signed_in import signed_in
from consultations.admin.pages import PurposeBuiltAdmin
from consultations.models import WaitingEntry
from consultations.presenters.waiting import hours_words
from consultations.presenters.waiting_list import waiting_list_page
from consultations.services import readings


@admin.register(WaitingEntry)
class WaitingEntryAdmin(PurposeBuiltAdmin):
    def get_urls(self) -> list[URLPattern]:
        return [path("", self.guarded(self.changelist_view), name="consultations_waitingentry_changelist")]

    @method_decorator(require_safe)
    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        self.require_view(request)
        page = waiting_list_page(viewer=signed_in(request))
        if page["request_pks"]:
            readings.log(by=request.user, action="request.list", page="waiting", requests=page["request_pks"])
        return self.page(
            request,
            "admin/consultations/waiting_list.html",
            {"title": _("Waiting list"), "hours": hours_words(), **page},
        )
