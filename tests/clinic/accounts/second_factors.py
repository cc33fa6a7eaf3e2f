"""An app that shows codes, as somebody's phone has it: for tests that sign in."""

import time

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.test import Client

from clinic.accounts.models import User

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
LOGIN, CODE = "/admin/login/", "/admin/login/code/"
PASSWORD = "a quiet passphrase"


def code_now(secret: str = SECRET, *, steps: int = 0) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps)))


def give_app(user: User) -> Authenticator:
    TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user)
    return Authenticator.objects.get(user=user, type="totp")


def recovery_codes_of(user: User) -> list[str]:
    codes: list[str] = Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()
    return codes


def sign_in(client: Client, username: str = "nurse", **fields: str) -> Client:
    client.post(LOGIN, {"username": username, "password": PASSWORD, **fields})
    return client
