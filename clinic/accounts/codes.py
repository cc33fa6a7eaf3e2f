"""Whether a typed code is right: of the app that shows codes, or one of the recovery codes. Each counts once."""

import unicodedata
from typing import Final

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from django.db import transaction

from clinic.accounts.models import User

LAST: Final = "last_counter"


@transaction.atomic
def used_for(user: User, code: str) -> Authenticator | None:
    """The second factor that this code is right for, which it is from now on no more; None when it is right for none.

    Under the lock of its row: of two who send one code at the same moment, on two machines too, one is refused.
    """
    typed = unicodedata.normalize("NFKC", code)
    with_codes = Authenticator.objects.select_for_update().filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN)
    for authenticator in with_codes.order_by("-type"):
        is_app = authenticator.type == Authenticator.Type.TOTP
        if _is_of_app(authenticator, typed) if is_app else authenticator.wrap().validate_code(typed):
            return authenticator
    return None


def _is_of_app(authenticator: Authenticator, code: str) -> bool:
    counter = counter_of(decrypt(authenticator.data["secret"]), code)
    if counter <= authenticator.data.get(LAST, 0):
        return False
    authenticator.data[LAST] = counter
    authenticator.save(update_fields=["data"])
    return True


def counter_of(secret: str, code: str) -> int:
    """Which half minute a code belongs to: this one, the one before or the one after; 0 when it is wrong."""
    matches = [
        counter
        for counter in yield_hotp_counters_from_time()
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, counter)))
    ]
    return max(matches, default=0)
