"""Showing once more who sits there, before what is grave: roles, second steps, an address that hands data out."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import ReauthenticateWebAuthnForm
from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

from clinic.accounts import second_factor
from clinic.accounts.middleware import unproven
from clinic.accounts.models import User
from clinic.accounts.passkeys import is_accepted
from clinic.accounts.sign_in import CodeForm, OwnPasswordOnceMoreForm, is_too_early
from clinic.core import audit
from clinic.core.unsent import bounded, carried, unsent_of
from clinic.staff.sign_in import PASSKEY_REFUSED, options_for, page, safe_next

View = Callable[..., Any]


def of_oneself(view: View) -> View:
    """For who is signed in, and for who signed in with a password and has no second factor to show yet."""

    @csrf_protect
    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        user = request.user if admin.site.has_permission(request) else unproven(request)
        if not isinstance(user, User) or (user is not request.user and second_factor.has_one(user)):
            if request.method == "POST":
                return admin.site.session_ended(request)  # type: ignore[attr-defined]
            return HttpResponseRedirect(f"{reverse('admin:login')}?{urlencode({'next': request.path})}")
        request.user = user
        return view(request, user, *args, **kwargs)

    return guarded


def ask_first(request: HttpRequest) -> HttpResponse | None:
    """The page on which somebody shows who they are, where they have not done so within the last quarter of an hour.

    A form that was sent is not kept: what was typed goes along in the hands of the browser, and is given back.
    """
    if second_factor.is_fresh(request) or not isinstance(request.user, User):
        return None
    if request.method == "POST":
        return _confirm_page(request, request.user, None, next=request.path, unsent=unsent_of(request), status=403)
    return HttpResponseRedirect(f"{reverse('admin:confirm')}?{urlencode({'next': request.get_full_path()})}")


def freshly(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return ask_first(request) or view(request, *args, **kwargs)

    return guarded


@of_oneself
def confirm(request: HttpRequest, user: User) -> HttpResponse:
    """Showing once more who sits here, before what is grave."""
    if request.method != "POST":
        return _confirm_page(request, user, None, next=safe_next(request))
    by_passkey = bool(request.POST.get("credential"))
    form: Any = (
        ReauthenticateWebAuthnForm(user=user, data=request.POST)
        if by_passkey
        else _confirming(user)(request, user, request.POST)
    )
    unsent = bounded(carried(request.POST))
    if not (is_accepted(form) if by_passkey else form.is_valid()):
        refused = PASSKEY_REFUSED if by_passkey else ""
        shown = None if by_passkey else form
        return _confirm_page(request, user, shown, next=safe_next(request), unsent=unsent, passkey_refused=refused)
    used = form.cleaned_data["credential"] if by_passkey else getattr(form, "used", None)
    _confirmed(request, user, used)
    if unsent:
        return page(request, "signed_in_again.html", title="", unsent=unsent, page=safe_next(request))
    return HttpResponseRedirect(safe_next(request))


def _confirming(user: User) -> type[CodeForm] | type[OwnPasswordOnceMoreForm]:
    return CodeForm if second_factor.has_one(user) else OwnPasswordOnceMoreForm


def _confirm_page(request: HttpRequest, user: User, form: Any, *, status: int = 200, **more: Any) -> HttpResponse:
    form = form or _confirming(user)(request, user)
    kinds = set(second_factor.main_ones(user).values_list("type", flat=True))
    return page(
        request,
        "confirm.html",
        title=gettext("Confirm that it is you"),
        status=429 if is_too_early(form) else status,
        form=form,
        passkey_options=options_for(user) if Authenticator.Type.WEBAUTHN in kinds else "",
        **more,
    )


def _confirmed(request: HttpRequest, user: User, used: Authenticator | None) -> None:
    with transaction.atomic():
        if used is not None:
            post_authentication(request, used, reauthenticated=True)
        else:
            record_authentication(request, user, "password", reauthenticated=True)
        audit.record(action="staff.confirmed", by=user, details={"with": str(used.type) if used else "password"})
