"""What the audit trail says of what both apps rest on: staff, keys, messages and the trail itself."""

from django.utils.translation import gettext_lazy as _

WORDS = {
    "audit.list": _("Audit: looked at the list"),
    "audit.restored": _("Audit: the database was put back to an earlier time"),
    "audit.view": _("Audit: looked at an entry"),
    "database.restore": _("Database: restored from a backup"),
    "key.retire": _("Field key: nothing is encrypted under it any more"),
    "message.retry": _("Message: tried again"),
    "message.list": _("Messages: looked at the list"),
    "message.view": _("Message: read"),
    "reading.batch": _("Reading log: added to the chain"),
    "staff.code_refused": _("Sign-in: wrong code after the right password"),
    "staff.confirmed": _("Confirmed who they are"),
    "staff.link_asked": _("Sign-in: a link to a new password was asked for"),
    "staff.password_refused": _("Sign-in: wrong name or password"),
    "staff.recovery_code_used": _("Sign-in: a recovery code was used"),
    "staff.recovery_codes_made": _("User: new recovery codes"),
    "staff.save": _("User: details or groups changed"),
    "staff.second_factor_added": _("User: second step added"),
    "staff.second_factor_removed": _("User: second step removed"),
    "staff.second_factor_reset": _("User: second step reset on the server"),
    "staff.set_password": _("User: password set"),
    "staff.sign_in": _("Signed in"),
}


def audit_labels() -> dict[str, str]:
    """Code -> what a manager reads."""
    return {code: str(label) for code, label in WORDS.items()}
