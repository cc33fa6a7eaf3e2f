from django.apps import AppConfig

from clinic.staff.area import NavigationEntry, StaffArea


class StaffConfig(AppConfig):
    """The frame of the staff area, with the entries of what both apps rest on: the audit and the users."""

    name = "clinic.staff"
    label = "staff"
    verbose_name = "Staff area"
    staff_area = StaffArea(
        entries=(
            NavigationEntry("Audit", "admin:core_auditentry_changelist", "core.view_auditevent", 7),
            NavigationEntry("Users", "admin:accounts_user_changelist", "accounts.view_user", 8),
        ),
        names={"core.auditentry": ("event", "audit")},
        audit_words="clinic.staff.audit_words.audit_words",
        hints={"core.auditentry": "Who did what, newest first. Nothing here can be changed."},
    )
