"""What allauth asks the product: how a password is checked, how secrets are kept, when a fresh sign-in is wanted."""

from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest

from clinic.accounts import second_factor
from clinic.accounts.models import SecondFactorSecret, User
from clinic.core import clock
from clinic.core.encryption import DecryptionError
from clinic.core.limits import client_address

PLACE: Final = "secret:"


class AccountAdapter(DefaultAccountAdapter):
    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        """The same work and the same no for a wrong password, an unknown name, and who may not sign in."""
        user = authenticate(request, **credentials)
        return user if isinstance(user, User) and user.is_staff else None

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        return not second_factor.is_fresh(self.request)

    def is_ajax(self, request: HttpRequest) -> bool:
        return False

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Ours go through the outbox, with the change that they tell of (`record.py`)."""

    def send_mail(self, *args: Any, **kwargs: Any) -> None:
        """No way of ours leads here; one that did would send without the outbox, and must not go unnoticed."""
        raise RuntimeError("Mail goes through the outbox.")

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)


class SecondFactorAdapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return f"{PLACE}{SecondFactorSecret.objects.create(secret=text, created_at=clock.now()).pk}"

    def decrypt(self, encrypted_text: str) -> str:
        """Raises DamagedRecord, KeysUnusable."""
        row = SecondFactorSecret.objects.filter(pk=number_of(encrypted_text)).first()
        if row is None:
            raise DecryptionError("The secret of a second factor is gone.")
        return str(row.secret)

    def get_totp_label(self, user: Any) -> str:
        return str(user.get_username())

    def get_totp_issuer(self) -> str:
        return str(settings.CLINIC_NAME)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """The last one stays where one is required."""
        return not second_factor.is_required() or second_factor.main_ones(authenticator.user).count() > 1


def number_of(place: str) -> int:
    return int(place.removeprefix(PLACE)) if place.startswith(PLACE) else 0
