"""Who may review, and what is on file behind accounts of real people and statements of clinicians."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from education import services
from education.models import CaseAccount, ClinicianStatement, Reviewer


class FileAdmin(admin.ModelAdmin):
    actions = None
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was signed or consented to stays on file."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        services.save_file(file=obj, by=request.user, changed=form.changed_data)


@admin.register(Reviewer)
class ReviewerAdmin(FileAdmin):
    list_display = ("name", "role", "register", "register_number", "checked_on")
    autocomplete_fields = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("user",) if obj else ()


@admin.register(CaseAccount)
class CaseAccountAdmin(FileAdmin):
    list_display = ("page", "result", "consent_on", "asked", "agreed")
    list_select_related = ("page",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("page",) if obj else ()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = db_field.related_model.objects.filter(kind="account")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(ClinicianStatement)
class ClinicianStatementAdmin(FileAdmin):
    list_display = ("name", "page", "register_checked_on", "approved_on")
    list_select_related = ("page",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("page",) if obj else ()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = db_field.related_model.objects.filter(kind="statement")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
