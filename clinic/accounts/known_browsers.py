"""Browsers that have signed in before: what strangers try elsewhere must not keep a colleague out.

One signed cookie names the browser and the accounts that signed in with it. It opens nothing.
"""

import dataclasses
import secrets
from typing import Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from clinic.accounts.models import User

SALT: Final = "clinic.accounts.known_browsers"
YEAR: Final = 365 * 24 * 60 * 60
MOST: Final = 30
"""Accounts on one workstation; those that signed in last stay."""


@dataclasses.dataclass(frozen=True, slots=True)
class KnownBrowser:
    name: str
    accounts: tuple[str, ...]

    def knows(self, user: User | None) -> bool:
        return user is not None and _mark(user) in self.accounts


def _mark(user: User) -> str:
    """Of an account as it is now: a second factor that was reset takes the browsers along."""
    return f"{user.pk}.{user.session_epoch}"


def of(request: HttpRequest) -> KnownBrowser | None:
    value = request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE_NAME, "")
    try:
        name, accounts = signing.loads(value, salt=SALT, max_age=YEAR)
        return KnownBrowser(str(name), tuple(str(account) for account in accounts))
    except (signing.BadSignature, TypeError, ValueError):
        return None


def remember(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    known = of(request)
    name = known.name if known else secrets.token_urlsafe(12)
    others = [account for account in (known.accounts if known else ()) if account.split(".")[0] != str(user.pk)]
    response.set_cookie(
        settings.KNOWN_BROWSER_COOKIE_NAME,
        signing.dumps([name, [_mark(user), *others][:MOST]], salt=SALT),
        max_age=YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
