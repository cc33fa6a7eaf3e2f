"""Who is signed in. Django's own middleware takes a password for enough."""

from django.contrib.auth import get_user
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from clinic.accounts import second_factor
from clinic.accounts.models import User


class SignedInMiddleware(AuthenticationMiddleware):
    """Where a second factor is required, whoever has not shown one in this session is nobody, on every page.

    `request.unproven` is who gave the password: the pages on which a second factor is set up ask for it.
    """

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _counted(request))  # type: ignore[assignment]


def _counted(request: HttpRequest) -> User | AnonymousUser:
    user = get_user(request)
    if isinstance(user, User) and not second_factor.is_signed_in(request, user):
        vars(request)["unproven"] = user
        return AnonymousUser()
    return user


def unproven(request: HttpRequest) -> User | None:
    """Who signed in with a password in this session, and has still to show a second factor."""
    if request.user.is_authenticated:
        return None
    user: User | None = getattr(request, "unproven", None)
    return user
