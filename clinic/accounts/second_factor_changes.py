"""What changes somebody's second factors: each in one transaction, with its row in the audit trail and the mail that
tells its owner.
"""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal import flows as recovery
from allauth.mfa.totp.internal import flows as totp
from allauth.mfa.webauthn.internal import flows as webauthn
from django.db import transaction
from django.http import HttpRequest

from clinic.accounts import record, second_factor
from clinic.accounts.adapters import SecondFactorAdapter, number_of
from clinic.accounts.codes import LAST
from clinic.accounts.models import SecondFactorSecret, User
from clinic.accounts.sign_in import AppForm


class LastOne(Exception):
    """The last second factor stays, where one is required."""


@transaction.atomic
def add_app(request: HttpRequest, user: User, form: AppForm) -> bool:
    """Whether recovery codes were made with it; they are when it is the first.

    One that was there ends: whoever lost the phone and signed in with a recovery code has no other way to a new one.
    """
    _hold(user)
    _end_app(user)
    added, codes = totp.activate_totp(request, form)
    added.data[LAST] = form.counter
    added.save(update_fields=["data"])
    return _added(request, user, added, codes)


def _end_app(user: User) -> None:
    before = _secrets_of(user)
    if Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).delete()[0]:
        _forget(before - _secrets_of(user))
        record.changed("staff.second_factor_removed", user, by=user, kind=str(Authenticator.Type.TOTP))


@transaction.atomic
def add_passkey(request: HttpRequest, user: User, *, name: str, credential: dict[str, Any]) -> bool:
    _hold(user)
    added, codes = webauthn.add_authenticator(request, name=name, credential=credential)
    return _added(request, user, added, codes)


def _added(request: HttpRequest, user: User, added: Authenticator, codes: Authenticator | None) -> bool:
    """Whoever has just set one up has shown it, so the session is that of somebody who signed in with it."""
    record_authentication(request, user, "mfa", id=added.pk, type=str(added.type))
    request.session.cycle_key()
    record.changed("staff.second_factor_added", user, by=user, kind=str(added.type))
    return codes is not None


@transaction.atomic
def remove(request: HttpRequest, user: User, authenticator: Authenticator) -> None:
    """Raises LastOne."""
    _hold(user)
    if not SecondFactorAdapter().can_delete_authenticator(authenticator):
        raise LastOne
    kind, before = str(authenticator.type), _secrets_of(user)
    if kind == Authenticator.Type.TOTP:
        totp.deactivate_totp(request, authenticator)
    else:
        webauthn.remove_authenticator(request, authenticator)
    _forget(before - _secrets_of(user))
    record.changed("staff.second_factor_removed", user, by=user, kind=kind)


@transaction.atomic
def make_codes(request: HttpRequest, user: User) -> None:
    _hold(user)
    before = _secrets_of(user)
    recovery.generate_recovery_codes(request)
    _forget(before - _secrets_of(user))
    record.changed("staff.recovery_codes_made", user, by=user)


@transaction.atomic
def reset(user: User, *, actor: str) -> int:
    """Take all of somebody's second factors away, end their sessions, and have them set up a new one at the next
    sign-in. How many there were.
    """
    held = _hold(user)
    secrets = _secrets_of(user)
    count: int = second_factor.main_ones(user).count()
    Authenticator.objects.filter(user=user).delete()
    _forget(secrets)
    held.session_epoch += 1
    held.save(update_fields=["session_epoch"])
    record.changed("staff.second_factor_reset", held, actor=actor)
    return count


def _hold(user: User) -> User:
    """One change of an account after another."""
    return User.objects.select_for_update().get(pk=user.pk)


def _secrets_of(user: User) -> set[int]:
    every = Authenticator.objects.filter(user=user).values_list("data", flat=True)
    return {number_of(str(data.get(name, ""))) for data in every for name in ("secret", "seed")}


def _forget(numbers: set[int]) -> None:
    SecondFactorSecret.objects.filter(pk__in=numbers).delete()
