"""Who looks at a page of the staff area. Its frame lets nobody in who has not signed in."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from clinic.accounts.models import User


def signed_in(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
