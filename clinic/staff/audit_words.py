"""What the audit trail says of what both apps rest on: staff, keys, messages and the trail itself."""

WORDS = {
    "audit.list": "Audit: looked at the list",
    "audit.view": "Audit: looked at an entry",
    "key.retire": "Field key: nothing is encrypted under it any more",
    "message.retry": "Message: tried again",
    "message.list": "Messages: looked at the list",
    "message.view": "Message: read",
    "reading.batch": "Reading log: added to the chain",
    "staff.save": "User: details or groups changed",
    "staff.set_password": "User: password set",
    "staff.sign_in": "Signed in",
}


def audit_words() -> dict[str, str]:
    """Code -> what a manager reads."""
    return dict(WORDS)
