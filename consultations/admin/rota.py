"""The rota: a week of it that the care team reads, and its entries, which managers keep."""

import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from clinic.core import clock
from clinic.staff.signed_in import signed_in
from consultations.admin.scheduling import DiaryAdmin
from consultations.forms.rota import ShiftChangeForm, ShiftForm
from consultations.models import Shift, ShiftChange
from consultations.presenters.rota import rota_page
from consultations.services import rota_entries


class RotaAdmin(DiaryAdmin):
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        rota_entries.save(entry=obj, by=signed_in(request), fields=form.changed_data)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        rota_entries.remove(entry=obj, by=signed_in(request))

    @admin.display(description=gettext_lazy("Who"), ordering="user__name")
    def who(self, entry: rota_entries.Entry) -> str:
        return entry.user.display_name


@admin.register(Shift)
class ShiftAdmin(RotaAdmin):
    form = ShiftForm
    list_display = ("who", "weekday", "starts", "ends", "starts_on", "ends_on")
    list_filter = ("weekday",)
    list_select_related = ("user",)

    def get_urls(self) -> list[URLPattern]:
        week = path("week/", self.admin_site.admin_view(self.week_view), name="consultations_shift_week")
        return [week, *super().get_urls()]

    @method_decorator(require_safe)
    def week_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            since = datetime.date.fromisoformat(request.GET.get("from", ""))
            if not 2000 <= since.year < 2100:
                since = clock.today()
        except ValueError:
            since = clock.today()
        whole = {**self.admin_site.each_context(request), "title": _("Rota"), "opts": self.opts, "subtitle": None}
        request.current_app = self.admin_site.name
        page = rota_page(viewer=signed_in(request), since=since)
        return TemplateResponse(request, "admin/consultations/rota.html", {**whole, **page})


@admin.register(ShiftChange)
class ShiftChangeAdmin(RotaAdmin):
    form = ShiftChangeForm
    list_display = ("who", "kind", "first_on", "last_on", "starts", "ends", "reason")
    list_filter = ("kind",)
    list_select_related = ("user",)
