"""What every model with a list in the staff area has in common."""

from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList, ChangeListSearchForm
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from clinic.core.error_summary import say_what_to_do
from clinic.core.permissions import PermittedQuerySet, may
from clinic.core.text_lists import comma_list

LONGEST_SEARCH: Final = 200


class BaseSearchForm(ChangeListSearchForm):
    """Every word is one more condition, and SQLite takes a few hundred of them and no more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[SEARCH_VAR] = forms.CharField(label=_("Search"), required=False, max_length=LONGEST_SEARCH)


class BaseChangeList(ChangeList):
    """Takes from the address what its filters offer, and nothing else.

    Django's own takes any look-up of any field: ranges, transforms, and regular expressions run by the database.
    """

    search_form_class = BaseSearchForm
    UNREADABLE: Final = (ValueError, OverflowError, ValidationError, DataError)

    def get_filters(self, request: HttpRequest) -> Any:
        try:
            filters = super().get_filters(request)
        except self.UNREADABLE as problem:
            raise IncorrectLookupParameters(problem) from problem
        # Each filter has taken out what is its own.
        if unknown := filters[2].keys() - self.plain_lookups():
            raise IncorrectLookupParameters(
                _("No filter of this list offers %(fields)s.") % {"fields": comma_list(sorted(unknown))}
            )
        return filters

    def plain_lookups(self) -> set[str]:
        """A link may name a value of a filtered field in the short way, `?state=draft`."""
        names = [item[0] if isinstance(item, list | tuple) else item for item in self.list_filter]
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
    """Permissions are asked with the row, and lists hold what their reader may see."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BaseChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request)
        return rows.visible_to(request.user) if isinstance(rows, PermittedQuerySet) else rows

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        return field and say_what_to_do(field)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Django makes a new row instead of a change for whoever sends a button that no form of ours has."""
        if "_saveasnew" in request.POST:
            raise PermissionDenied
        return super().changeform_view(request, *args, **kwargs)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Refused before the row is looked for: to somebody who may see no rows, Django would say that it is gone."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, "view", obj) or self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, "delete", obj)

    def message_user(
        self, request: HttpRequest, message: Any, level: int | str = messages.INFO, *args: Any, **kwargs: Any
    ) -> None:
        """What Django says after a save names the record again and explains its own buttons: "Saved." is enough."""
        if level != messages.SUCCESS:
            super().message_user(request, message, level, *args, **kwargs)

    def response_add(self, request: HttpRequest, obj: Model, *args: Any, **kwargs: Any) -> HttpResponse:
        messages.success(request, _("Saved."))
        return super().response_add(request, obj, *args, **kwargs)

    def response_change(self, request: HttpRequest, obj: Model) -> HttpResponse:
        messages.success(request, _("Saved."))
        return super().response_change(request, obj)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        messages.success(request, _("Deleted."))
        return super().response_delete(request, obj_display, obj_id)

    def _may(self, request: HttpRequest, verb: str, row: Model | None) -> bool:
        return may(request.user, f"{self.opts.app_label}.{verb}_{self.opts.model_name}", row)
