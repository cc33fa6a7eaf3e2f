"""What a patient has: "your request" to the patient, "Ana’s request" to who helps Ana. Each is a whole message."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from clinic.core.wording import Wording

OWN: Final[dict[str, Wording]] = {
    "answers": _("your answers"),
    "medicines": _("your medicines"),
    "request": _("your request"),
    "scan report": _("your scan report"),
    "time": _("your time"),
    "words": _("your words"),
}
TO_HELPER: Final[dict[str, Wording]] = {
    "answers": _("%(name)s’s answers"),
    "medicines": _("%(name)s’s medicines"),
    "request": _("%(name)s’s request"),
    "scan report": _("%(name)s’s scan report"),
    "time": _("%(name)s’s time"),
    "words": _("%(name)s’s words"),
}


def whose(thing: str, *, helped_name: str = "") -> str:
    """`thing` is a key of the tables above; without a name, the patient is spoken to."""
    return str(TO_HELPER[thing]) % {"name": helped_name} if helped_name else str(OWN[thing])
