"""What the purpose-built staff pages share: no stock form exists behind them, and each answers in the staff frame."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from clinic.core.encryption import DamagedRecord, Erased
from consultations.models import Patient
from consultations.presenters.isolation import log_damage

OUT_OF_RANGE: Final = 2**62
"""Keys beyond this fit no column of either database."""


def rows_on(page: Page[Any]) -> QuerySet[Any]:
    """What a paginator cut out of a queryset is one too."""
    rows: QuerySet[Any] = page.object_list  # type: ignore[assignment]
    return rows


def page_title(title: str, *, has_errors: bool) -> str:
    """The title of a page with a form: whoever reads no more of it hears that something is wrong with it."""
    return _("Error: %(title)s") % {"title": title} if has_errors else title


class PurposeBuiltAdmin(admin.ModelAdmin):
    """A model that staff see only on pages of our own: there is nothing to add, change or delete by a stock form."""

    actions = None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def require_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def guarded(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        """The view behind sign-in; a record that cannot be read, or was erased, gets a page that says so."""

        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                return view(request, *args, **kwargs)
            except Erased:
                return self.page(request, "admin/consultations/erased.html", {"title": _("This record was erased")})
            except DamagedRecord as damage:
                log_damage(self.opts.label_lower, kwargs.get("pk", ""), damage)
                context = {"title": _("This record cannot be read"), "pk": kwargs.get("pk")}
                return self.page(request, "admin/consultations/damaged.html", context)

        return self.admin_site.admin_view(inner)

    @staticmethod
    def require_not_erased(patient: Patient | None) -> None:
        """Nothing is left of it to show or to work on. Raises Erased."""
        if patient is not None and patient.erased_at is not None:
            raise Erased(f"patient:{patient.pk}")

    def page(
        self, request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
    ) -> TemplateResponse:
        whole = {**self.admin_site.each_context(request), "opts": self.opts, "subtitle": None, **context}
        request.current_app = self.admin_site.name
        return TemplateResponse(request, template, whole, status=status)
