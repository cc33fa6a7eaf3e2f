"""Who may sign in, and in which groups: a short form in place of Django's own, with every change on record."""

from typing import Any, Final

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, UserCreationForm
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q
from django.forms import CheckboxSelectMultiple, ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.accounts import record
from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.error_summary import SummaryFirst
from clinic.core.form_fields import MailField
from clinic.core.people import is_named
from clinic.core.text_lists import comma_list
from clinic.staff import area, confirm
from clinic.staff.base_admin import BaseModelAdmin

SIGN_IN_NAME: Final = _("For signing in. Letters, digits and @ . + - _ only.")

admin.site.unregister([Authenticator, EmailAddress])  # Second factors are their owner's; addresses stand with the user.
admin.site.unregister(Group)  # What each group may do is part of the product and comes with its migrations.


class NewUserForm(SummaryFirst, UserCreationForm):
    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username", "name", "email")
        field_classes = {**UserCreationForm.Meta.field_classes, "email": MailField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].help_text = SIGN_IN_NAME


class StaffPasswordForm(SummaryFirst, AdminPasswordChangeForm):
    """Everybody signs in with a password, so there is no choice to be without one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("usable_password", None)
        self.fields["password1"].required = self.fields["password2"].required = True


class StaffUserForm(ModelForm):
    class Meta:
        model = User
        fields = ("username", "name", "email", "is_on_duty", "is_active", "is_staff", "groups")
        field_classes = {"email": MailField}
        labels = {
            "is_active": _("May sign in"),
            "is_staff": _("May open the staff area"),
            "groups": _("Groups"),
        }
        help_texts = {
            "username": SIGN_IN_NAME,
            "is_active": _("Untick when somebody leaves. What they did stays on record."),
            "is_staff": "",
            "groups": _("What somebody may see and do follows from the group, from the next page on."),
        }
        widgets = {"groups": CheckboxSelectMultiple}


@admin.register(User)
class StaffUserAdmin(BaseModelAdmin, UserAdmin):
    form = StaffUserForm
    add_form = NewUserForm
    add_form_template = "admin/change_form.html"
    change_password_form = StaffPasswordForm
    change_user_password_template = "admin/accounts/user/change_password.html"  # noqa: S105
    actions = None
    show_full_result_count = False
    fieldsets = (
        (_("Person"), {"fields": ("username", "name", "email", "is_on_duty")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "groups")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "name", "email", "password1", "password2")}),)
    filter_horizontal = ()
    list_display = ("username", "full_name", "group_names", "is_on_duty", "is_active", "last_seen")
    list_filter = ("is_active", "groups")
    search_fields = ("username", "name", "email")

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Who may do what is for somebody who has just shown who they are."""
        return confirm.ask_first(request) or super().changeform_view(request, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        """Django's own names the address of the password after its stock user, whatever the model is called."""
        view = self.admin_site.admin_view(confirm.freshly(self.user_change_password))
        return [path("<id>/password/", view, name="accounts_user_password_change"), *BaseModelAdmin.get_urls(self)]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Names as people type them; a sign-in name or an address by any part of it."""
        condition = Q()
        for word in search_term.replace("\x00", "").split():
            condition &= is_named(word) | Q(username__icontains=word) | Q(email__icontains=word)
        return queryset.filter(condition), False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What somebody did names them for ever; who leaves may not sign in any more, and that is all."""
        return False

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "groups":
            return db_field.formfield(**{"widget": CheckboxSelectMultiple, **kwargs})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Who goes off duty here gives away what they had taken on before, as by their own press."""
        if "is_on_duty" in form.changed_data:
            obj.duty_changed_at = obj.duty_pressed_at = clock.now()
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """After the groups are saved too, so that one event holds the whole change."""
        super().save_related(request, form, formsets, change)
        names = sorted(form.instance.groups.values_list("name", flat=True))
        with transaction.atomic():
            audit.record(
                action="staff.save",
                target=form.instance,
                by=request.user,
                fields=[name for name in form.changed_data if not name.startswith("password")],
                details={"groups": names},
            )
        for sentence in area.hand_over(form.instance, by=request.user):
            messages.warning(request, sentence)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        user = self.get_object(request, object_id) if self.has_view_permission(request) else None
        holdings = area.holdings_of(user) if user is not None else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "holdings": holdings})

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            with transaction.atomic():
                record.changed("staff.set_password", User.objects.get(pk=id), by=request.user)
        return response

    @admin.display(description=_("Name"))
    def full_name(self, user: User) -> str:
        return user.name or "–"

    @admin.display(description=_("Groups"))
    def group_names(self, user: User) -> str:
        return comma_list(sorted(group.name for group in user.groups.all())) or gettext("None")

    @admin.display(description=_("Last sign-in"))
    def last_seen(self, user: User) -> str:
        return clock.moment(user.last_login) if user.last_login else gettext("Never")
