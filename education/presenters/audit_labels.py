"""What the audit trail says of the content, in words for a manager."""

from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from education.services.transitions import WORKFLOW

OTHERS: Final = {
    "content.feedback": _("a reader sent feedback"),
    "content.load": _("loaded with the product"),
    "content.schedule_failed": _("not published at its time, because something stood in the way"),
}
"""What is on record and is no action on a record."""


def audit_labels() -> dict[str, str]:
    """Audit code -> words, for every action of the transition table and for what happens beside them."""
    return {
        code: gettext("Content: %(words)s") % {"words": label}
        for code, label in {**WORKFLOW.activity_words(), **OTHERS}.items()
    }
