"""The staff area's frame: sign-in, navigation, and Today as its first page."""

from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from clinic.accounts import record, second_factor
from clinic.accounts.models import User
from clinic.accounts.sign_in import OwnPasswordForm, StaffSignInForm
from clinic.core.post_only import post_only
from clinic.core.unsent import unsent_of
from clinic.staff import confirm, news, passwords, second_steps, sign_in
from clinic.staff.area import NO_BADGES, breadcrumbs, names_of, navigation, position_of, today_context
from clinic.staff.signed_in import signed_in


class ClinicAdminSite(admin.AdminSite):
    site_header = _("Staff area")
    site_title = _("Staff area")
    index_title = _("Today")
    enable_nav_sidebar = False
    index_template = "admin/today.html"

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """A form that comes after the session has ended is answered with the sign-in and what was typed.

        Django sends it on to the sign-in page by a redirect, and the form is lost.
        """
        stock = super().admin_view(view, cacheable)

        @wraps(stock)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            is_late = request.method == "POST" and not self.has_permission(request)
            if is_late and request.path != reverse("admin:logout"):
                return self.session_ended(request)
            return stock(request, *args, **kwargs)

        return guarded

    def has_permission(self, request: HttpRequest) -> bool:
        """Also while somebody sets up a second step: until then they see nothing of the area."""
        user = request.user
        return super().has_permission(request) and isinstance(user, User) and second_factor.is_signed_in(request, user)

    def session_ended(self, request: HttpRequest) -> HttpResponse:
        """The sign-in page, with what was typed in the form that came too late. It is kept nowhere."""
        form = StaffSignInForm(request)
        after = {"has_ended": True, "unsent": unsent_of(request), "next": request.get_full_path()}
        return sign_in.sign_in_page(request, form, status=403, **after)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [
            path("today/", self.admin_view(self.index), name="today"),
            path("news/", self.news, name="news"),
            path("sound/", self.admin_view(post_only("admin:today")(self.sound)), name="sound"),
            path("login/code/", sign_in.second_step, name="second_step"),
            path("login/again/", sign_in.start_over, name="start_over"),
            path("login/password/", passwords.ask_for_link, name="ask_for_password_link"),
            path("login/password/<str:key>/", passwords.password_link, name="password_link"),
            path("confirm/", confirm.confirm, name="confirm"),
            path("second-step/", second_steps.second_steps, name="second_steps"),
            path("second-step/app/", second_steps.add_app, name="add_app"),
            path("second-step/passkey/", second_steps.add_passkey, name="add_passkey"),
            path("second-step/codes/", second_steps.recovery_codes, name="recovery_codes"),
            path("second-step/remove/", second_steps.remove_step, name="remove_step"),
            *super().get_urls(),
        ]

    def news(self, request: HttpRequest) -> HttpResponse:
        """For the script of an open page: whoever is signed out is told so, and not sent to the sign-in page."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return news.answer(request) if self.has_permission(request) else JsonResponse({}, status=403)

    def sound(self, request: HttpRequest) -> HttpResponse:
        if news.news_of(request.user) is None:
            raise PermissionDenied
        return news.switch_sound(request)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page needs. Not Django's own: that one lists all models, for a side bar that this site has not."""
        user = request.user
        staff_name = user.display_name if user.is_authenticated else ""
        is_staff = self.has_permission(request)
        latest = news.news_of(user) if is_staff else None
        nav = navigation(request, latest.badges if latest else NO_BADGES) if is_staff else []
        return {
            "site_title": self.site_title,
            "site_header": self.site_header,
            "site_url": self.site_url,
            "has_permission": is_staff,
            "is_popup": False,
            "is_nav_sidebar_enabled": False,
            "staff_nav": nav,
            "news": latest,
            "has_sound": news.has_sound(request),
            "staff_name": staff_name,
            "breadcrumbs": breadcrumbs(request),
        }

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        context = {**today_context()(signed_in(request)), **(extra_context or {})}
        return super().index(request, context)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return sign_in.sign_in(request)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        view = PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        response = view(request)
        if request.method == "POST" and response.status_code == 302:
            with transaction.atomic():
                record.changed("staff.set_password", signed_in(request), by=request.user)
        return response

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        listed = super().get_app_list(request, app_label)
        for app in listed:
            for model in app["models"]:
                model["name"] = capfirst(names_of(model["model"])[1])
        return sorted(listed, key=lambda app: position_of(app["app_label"]))
