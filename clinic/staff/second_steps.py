"""The second steps of one's own account: set up, looked at, taken away."""

import json
import time
from typing import Final

import qrcode
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from allauth.mfa.webauthn.internal import auth as webauthn
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from clinic.accounts import second_factor, second_factor_changes
from clinic.accounts.adapters import SecondFactorAdapter
from clinic.accounts.models import User
from clinic.accounts.passkeys import is_accepted
from clinic.accounts.sign_in import AppForm
from clinic.core import encryption
from clinic.core.post_only import post_only
from clinic.staff.confirm import freshly, of_oneself
from clinic.staff.sign_in import AFTER_SETTING_UP, PASSKEY_REFUSED, page

SECRET: Final = "second_step_secret"  # noqa: S105
CODES_UNTIL: Final = "recovery_codes_until"
OPTIONS: Final = "passkey_options"
SHOWN_FOR: Final = 10 * 60
"""Seconds in which recovery codes stand on their page after they were made."""


@of_oneself
@require_safe
def second_steps(request: HttpRequest, user: User) -> HttpResponse:
    own = Authenticator.objects.filter(user=user).order_by("pk")
    codes = own.filter(type=Authenticator.Type.RECOVERY_CODES).first()
    main = list(second_factor.main_ones(user))
    return page(
        request,
        "second_steps.html",
        title=gettext("Second step"),
        app=next((item for item in main if item.type == Authenticator.Type.TOTP), None),
        passkeys=[item for item in main if item.type == Authenticator.Type.WEBAUTHN],
        is_first=not main,
        is_required=second_factor.is_required(),
        may_remove=not second_factor.is_required() or len(main) > 1,
        codes_left=len(codes.wrap().get_unused_codes()) if codes else None,
    )


@of_oneself
@freshly
def add_app(request: HttpRequest, user: User) -> HttpResponse:
    """A press makes the secret. It waits encrypted in the session until the app has shown that it knows it.

    Until then an app that was set up before stays as it is.
    """
    if request.method == "POST" and "code" not in request.POST:
        request.session[SECRET] = encryption.encrypt(generate_totp_secret(), context=SECRET)
        return HttpResponseRedirect(reverse("admin:add_app"))
    waiting = request.session.get(SECRET, "")
    if not waiting:
        return HttpResponseRedirect(reverse("admin:second_steps"))
    form = AppForm(encryption.decrypt(waiting, context=SECRET), request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _app_page(request, user, form)
    made_codes = second_factor_changes.add_app(request, user, form)
    del request.session[SECRET]
    return _after_adding(request, made_codes)


def _app_page(request: HttpRequest, user: User, form: AppForm) -> HttpResponse:
    groups = [form.secret[start : start + 4] for start in range(0, len(form.secret), 4)]
    path, size = picture(SecondFactorAdapter().build_totp_url(user, form.secret))
    return page(
        request,
        "second_step_app.html",
        title=gettext("Set up an app"),
        form=form,
        secret=" ".join(groups),
        qr_path=path,
        qr_size=size,
    )


def picture(text: str) -> tuple[str, int]:
    """A QR code as the path of an SVG, and how many squares it has to a side."""
    code = qrcode.QRCode(border=4)
    code.add_data(text)
    rows = code.get_matrix()
    squares = (f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark)
    return "".join(squares), len(rows)


@of_oneself
@freshly
def add_passkey(request: HttpRequest, user: User) -> HttpResponse:
    """A press draws what the browser is to ask the device for; what the device answers comes by another."""
    if request.method == "POST" and "credential" not in request.POST:
        request.session[OPTIONS] = json.dumps(
            {"creation_options": webauthn.begin_registration(user, passwordless=True)}
        )
        return HttpResponseRedirect(reverse("admin:add_passkey"))
    drawn = request.session.get(OPTIONS, "")
    if not drawn:
        return HttpResponseRedirect(reverse("admin:second_steps"))
    form = AddWebAuthnForm(user=user, data=request.POST) if request.method == "POST" else None
    if form is not None and is_accepted(form):
        name, credential = form.cleaned_data["name"][:60], form.cleaned_data["credential"]
        made_codes = second_factor_changes.add_passkey(request, user, name=name, credential=credential)
        del request.session[OPTIONS]
        return _after_adding(request, made_codes)
    return page(
        request,
        "second_step_passkey.html",
        title=gettext("Add a passkey"),
        passkey_refused=PASSKEY_REFUSED if form is not None else "",
        passkey_options=drawn,
        suggested=gettext("Passkey %(number)s") % {"number": second_factor.main_ones(user).count() + 1},
    )


def _after_adding(request: HttpRequest, made_codes: bool) -> HttpResponse:
    if made_codes:
        request.session[CODES_UNTIL] = time.time() + SHOWN_FOR
        return HttpResponseRedirect(reverse("admin:recovery_codes"))
    messages.success(request, gettext("Your second step is set up."))
    return HttpResponseRedirect(reverse("admin:second_steps"))


@of_oneself
@post_only("admin:second_steps")
@freshly
def remove_step(request: HttpRequest, user: User) -> HttpResponse:
    number = request.POST.get("step", "")
    key = int(number) if number.isdecimal() and len(number) < 19 else 0
    step = get_object_or_404(second_factor.main_ones(user), pk=key)
    try:
        second_factor_changes.remove(request, user, step)
    except second_factor_changes.LastOne:
        messages.error(request, gettext("This is your only second step. Set up another one first."))
    else:
        messages.success(request, gettext("The second step is removed."))
    return HttpResponseRedirect(reverse("admin:second_steps"))


@of_oneself
@freshly
def recovery_codes(request: HttpRequest, user: User) -> HttpResponse:
    """They stand here only for the minutes after they were made, in the session in which they were made."""
    codes = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    if request.method == "POST" and second_factor.has_one(user):
        second_factor_changes.make_codes(request, user)
        request.session[CODES_UNTIL] = time.time() + SHOWN_FOR
        return HttpResponseRedirect(reverse("admin:recovery_codes"))
    if codes is None or request.session.get(CODES_UNTIL, 0) < time.time():
        return HttpResponseRedirect(reverse("admin:second_steps"))
    shown = [f"{code[:5]} {code[5:]}" for code in codes.wrap().get_unused_codes()]
    go_on = request.session.get(AFTER_SETTING_UP) or reverse("admin:index")
    return page(request, "recovery_codes.html", title=gettext("Recovery codes"), codes=shown, go_on=go_on)
