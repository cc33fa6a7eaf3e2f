"""System checks for what travels to another machine in plain sight: the database's and the mail server's connection."""

import ipaddress
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

ENCRYPTED: Final = ("require", "verify-ca", "verify-full")


@register("clinic", deploy=True)
def check_transport(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    if settings.DEBUG:
        return []
    messages: list[CheckMessage] = []
    if is_database_plain(settings.DATABASES["default"]):
        hint = "Write ?sslmode=verify-full (or require) at the end of DATABASE_URL."
        sentence = "The database is on another machine, and its connection need not be encrypted."
        messages.append(Warning(sentence, hint=hint, id="clinic.W080"))
    is_encrypted = settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL
    if "smtp" in settings.EMAIL_BACKEND and not is_encrypted and not is_near(settings.EMAIL_HOST):
        hint = "Begin EMAIL_URL with smtp+tls:// (or smtp+ssl://)."
        sentence = "The mail server is on another machine, and mails with private links go there without encryption."
        messages.append(Warning(sentence, hint=hint, id="clinic.W081"))
    return messages


def is_database_plain(database: Mapping[str, Any]) -> bool:
    is_far = "postgresql" in database["ENGINE"] and not is_near(str(database.get("HOST", "")))
    return is_far and database.get("OPTIONS", {}).get("sslmode") not in ENCRYPTED


def is_near(host: str) -> bool:
    """This machine, by a socket or its loopback; or a name without a dot, as containers of one machine have it."""
    if not host or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return "." not in host
