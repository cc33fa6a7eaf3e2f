"""The page of a clinician's calendar address, inside the staff area."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from clinic.core import clock
from clinic.core.post_only import post_only
from clinic.staff.base_admin import BaseModelAdmin
from clinic.staff.confirm import freshly
from clinic.staff.signed_in import signed_in
from consultations.admin.pages import OUT_OF_RANGE
from consultations.models import Clinician
from consultations.services import calendar_feeds

PAGE = "admin:consultations_clinician_feed"


class WithCalendarFeed(BaseModelAdmin):
    """Three addresses beside the form of a clinician: look, make a new address, end it."""

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "consultations_clinician_feed"
        return [
            path("<int:pk>/calendar/", view(self.feed_view), name=name),
            path("<int:pk>/calendar/renew/", view(freshly(self.renew_view)), name=f"{name}_renew"),
            path("<int:pk>/calendar/end/", view(self.end_view), name=f"{name}_end"),
            *super().get_urls(),
        ]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        clinician = context.get("original")
        if clinician is not None and calendar_feeds.may_keep(clinician, signed_in(request)):
            context["feed_url"] = reverse(PAGE, args=[clinician.pk])
        return super().render_change_form(request, context, *args, **kwargs)

    @method_decorator(require_safe)
    def feed_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._feed_page(request, self._kept_by(request, pk))

    @method_decorator(post_only(PAGE, keeps=("pk",)))
    def renew_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The answer shows the address, this once: it is nowhere to be read again."""
        clinician = self._kept_by(request, pk)
        address = calendar_feeds.renew(clinician=clinician, by=signed_in(request))
        return self._feed_page(request, clinician, address=address)

    @method_decorator(post_only(PAGE, keeps=("pk",)))
    def end_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if calendar_feeds.end(clinician=self._kept_by(request, pk), by=signed_in(request)):
            messages.success(request, _("The address is ended."))
        return HttpResponseRedirect(reverse(PAGE, args=[pk]))

    def _kept_by(self, request: HttpRequest, pk: int) -> Clinician:
        clinician = Clinician.objects.select_related("user").filter(pk=pk).first() if pk <= OUT_OF_RANGE else None
        if clinician is None:
            raise Http404
        if not calendar_feeds.may_keep(clinician, signed_in(request)):
            raise PermissionDenied
        return clinician

    def _feed_page(self, request: HttpRequest, clinician: Clinician, *, address: str = "") -> HttpResponse:
        feed = calendar_feeds.current(clinician)
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Calendar address of %(name)s") % {"name": clinician.display_name},
            "clinician": clinician,
            "is_own": clinician.user_id == signed_in(request).pk,
            "address": address,
            "made": clock.moment(feed.made_at) if feed else "",
            "made_by": feed.made_by.display_name if feed else "",
        }
        return TemplateResponse(request, "admin/consultations/calendar_feed.html", context)
