"""The staff area's frame: sign-in, navigation, and Today as its first page."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList, ChangeListSearchForm
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.db import DataError, transaction
from django.db.models import Field, Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, URLResolver, path, reverse
from django.utils.text import capfirst

from clinic.core import audit, limits
from clinic.core.unsent import bounded, carried, unsent_of

QUARTER_HOUR: Final = 15 * 60
TRIES_A_NAME: Final = 10
TRIES_A_NETWORK: Final = 60
LONGEST_SEARCH: Final = 200
APP_ORDER: Final = ("consultations", "education", "clinic", "accounts")
NAVIGATION: Final = (
    ("Today", "admin:index", ""),
    ("Requests", "admin:consultations_consultationrequest_changelist", "consultations.view_consultationrequest"),
    ("Safety cases", "admin:consultations_safetycase_changelist", "consultations.view_safetycase"),
    ("Messages", "admin:consultations_outboxmessage_changelist", "consultations.view_outboxmessage"),
    ("Diary", "admin:consultations_appointment_changelist", "consultations.view_appointment"),
    ("Content", "admin:education_page_desk", "education.view_page"),
    ("Audit", "admin:core_auditentry_changelist", "core.view_auditevent"),
    ("Users", "admin:accounts_user_changelist", "accounts.view_user"),
)
"""Label, URL name (or app label), and the permission (or app label) without which the entry is left out."""
DIARY_MODELS: Final = ("appointment", "availability", "absence", "clinician", "location", "appointmenttype")
SECTIONS: Final = {
    "consultations": ("Diary", "admin:consultations_appointment_changelist"),
    "education": ("Content", "admin:education_page_desk"),
}
"""App label -> what staff call that part, and where it begins."""
NAMES: Final = {
    "consultations.appointment": ("booking", "bookings"),
    "consultations.appointmenttype": ("kind of visit", "kinds of visit"),
    "consultations.availability": ("weekly time", "weekly times"),
    "consultations.consultationrequest": ("request", "requests"),
    "consultations.location": ("place", "places"),
    "consultations.outboxmessage": ("message", "messages"),
    "core.auditentry": ("event", "audit"),
}
"""What staff call one of a model and all of them, where the code calls them otherwise."""
HINTS: Final = {"core.auditentry": "Who did what, newest first. Nothing here can be changed."}


def names_of(model: type[Model]) -> tuple[str, str]:
    """One and many, in the words of the staff area."""
    options = model._meta
    return NAMES.get(options.label_lower) or (str(options.verbose_name), str(options.verbose_name_plural))


def breadcrumbs_of(request: HttpRequest) -> dict[str, Any]:
    """Where a stock page stands: the words for its records, and the steps that lead to it."""
    match = request.resolver_match
    url_name = (match.url_name or "") if match else ""
    if match and url_name == "app_list":
        app_label = match.kwargs["app_label"]
        return {"many": SECTIONS.get(app_label, (capfirst(app_label),))[0], "trail": []}
    app_label, _, rest = url_name.partition("_")
    model_name, _, page = rest.partition("_")
    try:
        model = apps.get_model(app_label, model_name)
    except (LookupError, ValueError):
        return {"trail": []}
    one, many = names_of(model)
    trail = []
    if section := SECTIONS.get(app_label):
        label, name = section
        trail.append({"label": label, "url": reverse(name) if ":" in name else reverse("admin:app_list", args=[name])})
    if page != "changelist":
        trail.append({"label": capfirst(many), "url": reverse(f"admin:{app_label}_{model_name}_changelist")})
    hint = HINTS.get(model._meta.label_lower, "")
    return {"one": one, "many": many, "section": bool(section), "trail": trail, "hint": hint}


def say_what_to_do(field: forms.Field) -> forms.Field:
    """The error summary puts the field's label before this."""
    field.error_messages["required"] = "Fill this in."
    return field


class SummaryFirst:
    """A form that was refused leaves the focus to its error summary."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            say_what_to_do(field)
            if self.is_bound:
                field.widget.attrs.pop("autofocus", None)


class OwnPasswordForm(SummaryFirst, AdminPasswordChangeForm):
    pass


class StaffSignInForm(SummaryFirst, AdminAuthenticationForm):
    """Counts tries a network and name, so that guessing is slow and nobody can lock a colleague out from elsewhere."""

    error_messages = {
        **AdminAuthenticationForm.error_messages,
        "invalid_login": "This name and password do not belong together. Check both: capital letters count.",
        "too_many": "Too many tries to sign in from here. Wait 15 minutes, then try again, or ask a manager.",
    }

    def clean(self) -> dict[str, Any]:
        network = limits.client_network(self.request) if self.request else "unknown"
        name = str(self.cleaned_data.get("username", "")).casefold()
        allowed = limits.allow(f"sign-in:{network}", rate=TRIES_A_NETWORK, per_seconds=QUARTER_HOUR) and limits.allow(
            f"sign-in:{network}:{name}", rate=TRIES_A_NAME, per_seconds=QUARTER_HOUR
        )
        if not allowed:
            raise ValidationError(self.error_messages["too_many"], code="too_many")
        return super().clean()


class StockSearchForm(ChangeListSearchForm):
    """Every word is one more condition, and SQLite takes a few hundred of them and no more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[SEARCH_VAR] = forms.CharField(label="Search", required=False, max_length=LONGEST_SEARCH)


class BaseChangeList(ChangeList):
    """Takes from the address what its filters offer, and nothing else.

    Django's own takes any look-up of any field: ranges, transforms, and regular expressions run by the database.
    """

    search_form_class = StockSearchForm
    UNREADABLE: Final = (ValueError, OverflowError, ValidationError, DataError)

    def get_filters(self, request: HttpRequest) -> Any:
        try:
            found = super().get_filters(request)
        except self.UNREADABLE as problem:
            raise IncorrectLookupParameters(problem) from problem
        # Each filter has taken out what is its own.
        if unknown := found[2].keys() - self.plain_lookups():
            raise IncorrectLookupParameters(f"No filter of this list offers {', '.join(sorted(unknown))}.")
        return found

    def plain_lookups(self) -> set[str]:
        """A link may name a value of a filtered field in the short way, `?state=draft`."""
        names = [each[0] if isinstance(each, list | tuple) else each for each in self.list_filter]
        offered = {f"{name}{end}" for name in names if isinstance(name, str) for end in ("", "__exact", "__isnull")}
        if self.date_hierarchy:
            # The year, month and day in the address have become these two.
            offered |= {f"{self.date_hierarchy}__gte", f"{self.date_hierarchy}__lt"}
        return offered

    def get_results(self, request: HttpRequest) -> None:
        """The first query of the list is made here: some values fail no earlier."""
        try:
            super().get_results(request)
        except self.UNREADABLE as problem:
            raise IncorrectLookupParameters(problem) from problem


class BaseModelAdmin(admin.ModelAdmin):
    """What every model with a stock list has in common."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BaseChangeList

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        return field and say_what_to_do(field)


class ClinicAdminSite(admin.AdminSite):
    site_header = "Staff area"
    site_title = "Staff area"
    index_title = "Today"
    enable_nav_sidebar = False
    login_form = StaffSignInForm
    index_template = "admin/consultations/today.html"

    def admin_view(self, view: Callable[..., HttpResponse], cacheable: bool = False) -> Callable[..., HttpResponse]:
        """A form that comes after the session has ended is answered with the sign-in and what was typed.

        Django sends it on to the sign-in page by a redirect, and the form is lost.
        """
        stock = super().admin_view(view, cacheable)

        @wraps(stock)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            is_late = request.method == "POST" and not self.has_permission(request)
            if is_late and request.path != reverse("admin:logout"):
                return self.session_ended(request)
            return stock(request, *args, **kwargs)

        return guarded

    def session_ended(self, request: HttpRequest) -> HttpResponse:
        """The sign-in page, with what was typed in the form that came too late. It is kept nowhere."""
        context = {
            **self.each_context(request),
            "title": "Sign in",
            "form": StaffSignInForm(request),
            "next": request.get_full_path(),
            "app_path": reverse("admin:login"),
            "has_ended": True,
            "unsent": unsent_of(request),
        }
        request.current_app = self.name
        return TemplateResponse(request, "admin/login.html", context, status=403)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [path("today/", self.admin_view(self.index), name="today"), *super().get_urls()]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        user = request.user
        staff_name = (user.display_name) if user.is_authenticated else ""
        return {
            **context,
            "staff_nav": self.staff_nav(request),
            "staff_name": staff_name,
            "place": breadcrumbs_of(request),
        }

    def staff_nav(self, request: HttpRequest) -> list[dict[str, Any]]:
        """The entries this person may open: label, url, and whether it is the place they are in."""
        if not self.has_permission(request):
            return []
        entries = []
        for label, name, permission in NAVIGATION:
            user = request.user
            allowed = user.has_perm(permission) if "." in permission else user.has_module_perms(permission)
            if permission and not allowed:
                continue
            try:
                url = reverse(name) if ":" in name else reverse("admin:app_list", args=[name])
            except NoReverseMatch:
                continue
            entries.append({"label": label, "url": url, "current": self._is_in(request.path, label, url)})
        return entries

    @staticmethod
    def _is_in(path: str, label: str, url: str) -> bool:
        if label == "Today":
            return path in (url, f"{url}today/")
        if label == "Diary":
            home = reverse("admin:app_list", args=["consultations"])
            return any(path.startswith(f"{home}{name}/") for name in DIARY_MODELS)
        if label == "Content":
            return path.startswith(reverse("admin:app_list", args=["education"]))
        return path.startswith(url)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        # Here the frame meets the domain: the clinic package knows no other way into the consultations app.
        from consultations.admin.today import today_context

        context = {**today_context(request.user), **(extra_context or {})}
        return super().index(request, context)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        unsent = bounded(carried(request.POST)) if request.method == "POST" else []
        response = super().login(request, {**(extra_context or {}), "unsent": unsent})
        if request.method != "POST":
            return response
        form = (getattr(response, "context_data", None) or {}).get("form")
        if form is not None and form.has_error("__all__", "too_many"):
            response.status_code = 429
        elif form is None and request.user.is_authenticated:
            with transaction.atomic():
                audit.record(action="staff.sign_in", by=request.user)
            if unsent:
                # The form that came too late is still only in the hands of the browser: it is shown once more.
                context = {**self.each_context(request), "unsent": unsent, "page": response["Location"]}
                return TemplateResponse(request, "admin/signed_in_again.html", context)
        return response

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        view = PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        response = view(request)
        if request.method == "POST" and response.status_code == 302:
            with transaction.atomic():
                audit.record(action="staff.set_password", target=request.user, by=request.user)
        return response

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        listed = super().get_app_list(request, app_label)
        for app in listed:
            for model in app["models"]:
                model["name"] = capfirst(names_of(model["model"])[1])
        order = {label: place for place, label in enumerate(APP_ORDER)}
        return sorted(listed, key=lambda app: order.get(app["app_label"], len(order)))
