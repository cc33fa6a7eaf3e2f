"""Who may review, and what is on file behind accounts of real people and statements of clinicians."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Q
from django.http import HttpRequest

from clinic.accounts.models import User
from clinic.staff.base_admin import BaseModelAdmin
from clinic.staff.signed_in import signed_in
from education import workflow
from education.forms.consent_records import AccountForm, UserChoice
from education.models import CaseAccount, ClinicianStatement, Page, Reviewer
from education.services import consent_records

BACKEND = "django.contrib.auth.backends.ModelBackend"


class ConsentRecordAdmin(BaseModelAdmin):
    actions = None
    show_full_result_count = False
    formfield_overrides: ClassVar = {models.TextField: {"widget": forms.Textarea(attrs={"rows": 3, "cols": 80})}}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was signed or consented to stays on file."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        consent_records.save_consent_record(record=obj, by=signed_in(request), changed=form.changed_data)


@admin.register(Reviewer)
class ReviewerAdmin(ConsentRecordAdmin):
    list_display = ("name", "role", "register", "register_number", "checked_on")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("user",) if obj else ()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only people who may review, and are not entered yet."""
        may = User.objects.with_perm(workflow.REVIEW, backend=BACKEND, include_superusers=False)
        free = may.filter(is_active=True, reviewer__isnull=True).order_by("name", "username")
        return super().formfield_for_foreignkey(db_field, request, form_class=UserChoice, queryset=free, **kwargs)


class PageConsentRecordAdmin(ConsentRecordAdmin):
    """What is on file for one page, of one kind."""

    kind = ""
    list_select_related = ("page",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("page",) if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A retired page is closed for good, and so is what is on file for it."""
        is_closed = obj is not None and obj.page.state == Page.State.RETIRED
        return super().has_change_permission(request, obj) and not is_closed

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        to_page: Any = self.opts.get_field("page")
        without = Q(**{f"{to_page.remote_field.related_name}__isnull": True})
        kwargs["queryset"] = Page.objects.filter(without, kind=self.kind).exclude(state=Page.State.RETIRED)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(CaseAccount)
class CaseAccountAdmin(PageConsentRecordAdmin):
    form = AccountForm
    kind = Page.Kind.ACCOUNT
    list_display = ("page", "result", "consent_on", "asked", "agreed")


@admin.register(ClinicianStatement)
class ClinicianStatementAdmin(PageConsentRecordAdmin):
    kind = Page.Kind.STATEMENT
    list_display = ("name", "page", "register_checked_on", "approved_on")
