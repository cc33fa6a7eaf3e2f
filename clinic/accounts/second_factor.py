"""Whether somebody has shown a second factor: in this session, and lately enough for what is grave."""

import time
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest

from clinic.accounts.models import User

FRESH_FOR = 15 * 60
"""Seconds after which what is grave asks once more who sits there."""
MAIN = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""What somebody signs in with. Recovery codes stand in for one of these, and are none themselves."""


def is_required() -> bool:
    return bool(settings.SECOND_FACTOR_REQUIRED)


def main_ones(user: User) -> Any:
    return Authenticator.objects.filter(user=user, type__in=MAIN).order_by("pk")


def has_one(user: User) -> bool:
    return bool(main_ones(user).exists())


def was_shown(request: HttpRequest, user: User) -> bool:
    """In this session, by the very user who is signed in. Nothing is asked of the database."""
    return any(record["method"] == "mfa" for record in get_authentication_records(request, user))


def is_signed_in(request: HttpRequest, user: User) -> bool:
    """Who has only given a password is not in yet."""
    return not user.is_staff or not is_required() or was_shown(request, user)


def is_fresh(request: HttpRequest) -> bool:
    """Whether who sits there has signed in, or done so once more, within the last quarter of an hour."""
    user = request.user
    if not isinstance(user, User):
        return False
    if not is_required():
        return True
    method = "mfa" if has_one(user) else "password"
    since = time.time() - FRESH_FOR
    return any(
        record["method"] == method and since < record["at"] for record in get_authentication_records(request, user)
    )
