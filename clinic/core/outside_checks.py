"""System checks of what is seen and kept outside: figures, the head of the audit trail, and where mails go."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

MIN_TOKEN_LENGTH = 24


@register("clinic")
def check_outside(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < MIN_TOKEN_LENGTH:
        found.append(
            Error(
                f"METRICS_TOKEN has fewer than {MIN_TOKEN_LENGTH} characters, so it can be guessed.",
                hint="Make one: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
                id="clinic.E060",
            )
        )
    if settings.AUDIT_HEAD_EMAIL and not _is_address(settings.AUDIT_HEAD_EMAIL):
        found.append(
            Error(
                "AUDIT_HEAD_EMAIL is not one e-mail address, so the audit trail's head would reach nobody.",
                hint="Write one address, as in AUDIT_HEAD_EMAIL=records@elsewhere.example, or leave it empty.",
                id="clinic.E061",
            )
        )
    if settings.AUDIT_HEAD_FILE and not Path(settings.AUDIT_HEAD_FILE).is_absolute():
        found.append(
            Error(
                "AUDIT_HEAD_FILE is not a whole path, so each process would write another file.",
                hint="Write it from the root, as in AUDIT_HEAD_FILE=/var/lib/clinic/audit-heads.",
                id="clinic.E062",
            )
        )
    return found


@register("clinic", deploy=True)
def check_mail(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """With every mail in the log goes every private link."""
    if settings.EMAIL_BACKEND != "django.core.mail.backends.console.EmailBackend" or settings.DEBUG:
        return []
    return [
        Warning(
            "EMAIL_URL is not set: mails reach nobody, and the log holds them whole, with the links to private pages.",
            hint="Set EMAIL_URL, as in EMAIL_URL=smtp+tls://user:password@mail.example:587.",
            id="clinic.W060",
        )
    ]


def _is_address(given: str) -> bool:
    try:
        validate_email(given)
    except ValidationError:
        return False
    return True
