from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from clinic.staff.area import NavigationEntry, StaffArea


class StaffConfig(AppConfig):
    """The frame of the staff area, with the entries of what both apps rest on: the audit and the users."""

    name = "clinic.staff"
    label = "staff"
    verbose_name = _("Staff area")
    staff_area = StaffArea(
        entries=(
            NavigationEntry(_("Audit"), "admin:core_auditentry_changelist", "core.view_auditevent", 7),
            NavigationEntry(_("Users"), "admin:accounts_user_changelist", "accounts.view_user", 8),
        ),
        names={"core.auditentry": (_("event"), _("audit"))},
        audit_labels="clinic.staff.audit_labels.audit_labels",
        hints={"core.auditentry": _("Who did what, newest first. Nothing here can be changed.")},
    )
