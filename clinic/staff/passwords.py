"""A new password by a mailed link. It opens nothing by itself: the second step is asked for at the next sign-in."""

from typing import Any, Final

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.forms import SetPasswordForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from clinic.accounts import known_browsers, mails, record
from clinic.accounts.models import User
from clinic.accounts.sign_in import PasswordLinkForm
from clinic.core import error_pages, limits
from clinic.core.error_summary import SummaryFirst
from clinic.staff.sign_in import page

KEY: Final = "password_link"
IN_THE_SESSION: Final = "new"
"""Stands in the address in place of the key, which must not stay there."""


class NewPasswordForm(SummaryFirst, SetPasswordForm):
    pass


@csrf_protect
@never_cache
def ask_for_link(request: HttpRequest) -> HttpResponse:
    """Says the same, after the same work, whether or not the address is anybody's."""
    form = PasswordLinkForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return page(request, "password_link_ask.html", title=gettext("Forgotten your password?"), form=form)
    email = form.cleaned_data["email"]
    if not limits.allow(f"password-link:{limits.client_network(request)}", rate=20, per_seconds=3600):
        return error_pages.too_many(request)
    if limits.allow(f"password-link-to:{email.casefold()}", rate=3, per_seconds=3600):
        record.link_asked(list(User.objects.filter(email__iexact=email, is_active=True, is_staff=True)))
    return page(request, "password_link_sent.html", title=gettext("Look in your mailbox"), email=email)


@csrf_protect
@never_cache
@sensitive_post_parameters()
def password_link(request: HttpRequest, key: str) -> HttpResponse:
    """A look at the mailed address changes nothing but the session: the key goes there, out of the address."""
    if key != IN_THE_SESSION:
        if owner_of(key) is None:
            return _too_old(request)
        request.session[KEY] = key
        return HttpResponseRedirect(reverse("admin:password_link", args=[IN_THE_SESSION]))
    user = owner_of(request.session.get(KEY, ""))
    if user is None:
        return _too_old(request)
    form: Any = NewPasswordForm(user, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _set(request, user, form)
    return page(request, "password_link.html", title=gettext("Set a new password"), form=form, owner=user)


def owner_of(key: str) -> User | None:
    number, _, token = key.partition("-")
    if not number.isascii() or not number.isdecimal() or len(number) > 18:
        return None
    user = User.objects.filter(pk=int(number), is_active=True, is_staff=True).first()
    return user if user is not None and mails.link_tokens.check_token(user, token) else None


def _set(request: HttpRequest, user: User, form: Any) -> HttpResponse:
    """Every session of the account ends with the password. This browser has proved the mailbox, so it is known."""
    with transaction.atomic():
        form.save()
        record.changed("staff.set_password", user, actor=user.get_username(), by_way_of="link")
    logout(request)
    messages.success(request, gettext("Your new password is set. Sign in with it."))
    response = HttpResponseRedirect(reverse("admin:login"))
    known_browsers.remember(request, response, user)
    return response


def _too_old(request: HttpRequest) -> HttpResponse:
    return page(request, "password_link_old.html", title=gettext("This link has run out"), status=404)
