"""How often somebody may try a password or a code: a delay that grows, and that strangers cannot make for a colleague.

A browser that has signed in to the account before has a count of its own, with short waits. Every other browser shares
the count of the account, from whichever network it comes, and that of its network. So guessing from many networks is
slow, and whoever guesses makes the owner wait nowhere but in a new browser: there a passkey or a mailed link helps.
"""

import dataclasses
from typing import Final

from django.http import HttpRequest

from clinic.accounts import known_browsers
from clinic.accounts.models import User
from clinic.core import delays, limits
from clinic.core.delays import GrowingDelay

OF_A_KNOWN_BROWSER: Final = GrowingDelay(free=5, longest=60)
OF_AN_ACCOUNT: Final = GrowingDelay(free=5, longest=15 * 60)
OF_A_NETWORK: Final = GrowingDelay(free=30, longest=60)
TOLD_AFTER: Final = 10
"""Wrong passwords in a row from browsers that nobody signed in with."""
TOLD_AFTER_CODES: Final = 5
"""Wrong codes: whoever tries them knows the password."""


@dataclasses.dataclass(slots=True)
class Try:
    """One try, counted before it is made."""

    counted: list[str]
    wait: int = 0
    tries_of_account: int = 0
    is_known: bool = False

    def was_right(self) -> None:
        for key in self.counted:
            delays.forgive(key, all_of_them=self.is_known)


def of_password(request: HttpRequest, *, name: str, user: User | None) -> Try:
    return _counted(request, "password", account=f"name:{name.casefold()}", user=user)


def of_code(request: HttpRequest, user: User) -> Try:
    return _counted(request, "code", account=f"user:{user.pk}", user=user)


def _counted(request: HttpRequest, kind: str, *, account: str, user: User | None) -> Try:
    known = known_browsers.of(request)
    if known is not None and known.knows(user):
        return _claimed([(f"{kind}:browser:{known.name}:{account}", OF_A_KNOWN_BROWSER)], is_known=True)
    network = f"{kind}:network:{limits.client_network(request)}"
    return _claimed([(network, OF_A_NETWORK), (f"{kind}:{account}", OF_AN_ACCOUNT)], is_known=False)


def _claimed(keys: list[tuple[str, GrowingDelay]], *, is_known: bool) -> Try:
    made = Try([], is_known=is_known)
    for key, patience in keys:
        claim = delays.claim(key, patience)
        if claim.wait:
            made.was_right()  # it is not made, so what was counted of it is taken back
            made.wait = claim.wait
            return made
        made.counted.append(key)
        made.tries_of_account = 0 if is_known else claim.tries
    return made
