"""The one door of the staff area: name and password, then a second step; or a passkey, which is both at once."""

import json
from typing import Any, Final

from allauth.account.internal.flows.login import clear_authentication_records, perform_login, perform_password_login
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import Login
from allauth.account.stages import LoginStageController
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm, LoginWebAuthnForm
from allauth.mfa.webauthn.internal import auth as webauthn
from django.contrib import admin
from django.contrib.auth import SESSION_KEY, logout
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from clinic.accounts import known_browsers, record, second_factor
from clinic.accounts.middleware import unproven
from clinic.accounts.models import User
from clinic.accounts.passkeys import is_accepted
from clinic.accounts.sign_in import CodeForm, StaffSignInForm, is_too_early
from clinic.core.post_only import post_only
from clinic.core.unsent import bounded, carried

PASSKEY_REFUSED: Final = _("This passkey was not accepted. Try again, or sign in with your password.")
AFTER_SETTING_UP: Final = "after_second_step"
"""Where somebody wanted to go who had to set up a second step first."""


def safe_next(request: HttpRequest) -> str:
    """Where to go afterwards: a page of the staff area on this very host, or Today."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None, require_https=request.is_secure())
    is_door = wanted.startswith((reverse("admin:login"), reverse("admin:logout")))
    return wanted if is_safe and wanted.startswith("/") and not is_door else reverse("admin:index")


def page(request: HttpRequest, template: str, *, title: str, status: int = 200, **more: Any) -> TemplateResponse:
    request.current_app = admin.site.name
    context = {**admin.site.each_context(request), "title": title, **more}
    return TemplateResponse(request, f"admin/{template}", context, status=status)


@csrf_protect
@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        # Also where somebody is signed in: a colleague at the same desk must not go on under their name.
        return _with_passkey(request) if request.POST.get("credential") else _with_password(request)
    if admin.site.has_permission(request):
        return HttpResponseRedirect(safe_next(request))
    if request.headers.get("Accept") == "application/json":
        # The script asks what it should ask the passkey for.
        return JsonResponse({"request_options": webauthn.begin_authentication(None)})
    if (user := unproven(request)) and not second_factor.has_one(user):
        return to_setting_up(request)
    return sign_in_page(request, StaffSignInForm(request))


def sign_in_page(request: HttpRequest, form: StaffSignInForm, *, status: int = 200, **more: Any) -> TemplateResponse:
    context = {"form": form, "next": safe_next(request), "app_path": reverse("admin:login"), **more}
    status = 429 if is_too_early(form) else status
    return page(request, "login.html", title=gettext("Sign in"), status=status, **context)


def _with_password(request: HttpRequest) -> HttpResponse:
    unsent = bounded(carried(request.POST))
    form = StaffSignInForm(request, request.POST)
    if not form.is_valid() or form.user is None:
        return sign_in_page(request, form, unsent=unsent)
    if SESSION_KEY in request.session:
        logout(request)  # somebody else, or who had not come all the way
    clear_authentication_records(request)
    login = Login(user=form.user, redirect_url=safe_next(request))
    response = perform_password_login(request, {}, login)
    if request.user.is_authenticated:
        return _let_in(request, response, ["password"], unsent)
    # The form that came too late is still only in the hands of the browser: it goes along without a redirect.
    return _code_page(request, form.user, CodeForm(request, form.user), unsent) if unsent else response


@csrf_protect
@never_cache
def second_step(request: HttpRequest) -> HttpResponse:
    """After the right password: a code, or a passkey."""
    stage = LoginStageController.enter(request, AuthenticateStage.key)
    user = stage.login.user if stage else None
    if stage is None or not isinstance(user, User) or not (user.is_active and user.is_staff):
        clear_login(request)
        unsent = bounded(carried(request.POST)) if request.method == "POST" else []
        if unsent:
            return sign_in_page(request, StaffSignInForm(request), unsent=unsent, has_ended=True)
        return HttpResponseRedirect(reverse("admin:login"))
    form: Any = CodeForm(request, user)
    if request.method != "POST":
        return _code_page(request, user, form, [])
    unsent = bounded(carried(request.POST))
    by_passkey = bool(request.POST.get("credential"))
    form = _passkey_form(request, user) if by_passkey else CodeForm(request, user, request.POST)
    if not (is_accepted(form) if by_passkey else form.is_valid()):
        failed = CodeForm(request, user) if by_passkey else form
        return _code_page(request, user, failed, unsent, passkey_refused=by_passkey)
    used: Authenticator = form.cleaned_data["credential"] if by_passkey else form.used
    post_authentication(request, used)
    return _let_in(request, stage.exit(), ["password", str(used.type)], unsent, used=used)


def _passkey_form(request: HttpRequest, user: User) -> AuthenticateWebAuthnForm:
    return AuthenticateWebAuthnForm(user=user, data=request.POST)


def _code_page(
    request: HttpRequest, user: User, form: CodeForm, unsent: list[Any], *, passkey_refused: bool = False
) -> HttpResponse:
    kinds = set(second_factor.main_ones(user).values_list("type", flat=True))
    has_passkey = Authenticator.Type.WEBAUTHN in kinds
    return page(
        request,
        "second_step.html",
        title=gettext("Second step"),
        status=429 if is_too_early(form) else 200,
        form=form,
        unsent=unsent,
        has_app=Authenticator.Type.TOTP in kinds,
        passkey_options=options_for(user) if has_passkey else "",
        passkey_refused=PASSKEY_REFUSED if passkey_refused else "",
    )


def options_for(user: User) -> str:
    return json.dumps({"request_options": webauthn.begin_authentication(user)})


def _with_passkey(request: HttpRequest) -> HttpResponse:
    """It names its owner, and was unlocked by them: there is nothing to type, and nothing to guess."""
    unsent = bounded(carried(request.POST))
    form = LoginWebAuthnForm(data=request.POST)
    user = form.cleaned_data["credential"].user if is_accepted(form) else None
    if user is None or not (user.is_active and user.is_staff):
        return sign_in_page(request, StaffSignInForm(request), passkey_refused=PASSKEY_REFUSED, unsent=unsent)
    if SESSION_KEY in request.session:
        logout(request)
    clear_login(request)
    post_authentication(request, form.cleaned_data["credential"], passwordless=True)
    response = perform_login(request, Login(user=user, redirect_url=safe_next(request)))
    return _let_in(request, response, ["passkey"], unsent)


def _let_in(
    request: HttpRequest,
    response: HttpResponse,
    by_way_of: list[str],
    unsent: list[Any],
    *,
    used: Authenticator | None = None,
) -> HttpResponse:
    """Everything was right. Who has no second factor yet, where one is required, sets it up before anything else."""
    user: Any = request.user
    with transaction.atomic():
        record.signed_in(user, by_way_of=by_way_of)
        if used is not None and used.type == Authenticator.Type.RECOVERY_CODES:
            record.changed("staff.recovery_code_used", user, by=user)
    where = response.headers["Location"]
    if not second_factor.is_signed_in(request, user):
        request.session[AFTER_SETTING_UP] = where
        where = reverse("admin:second_steps")
    answer: HttpResponse = HttpResponseRedirect(where)
    if unsent:
        answer = page(request, "signed_in_again.html", title="", unsent=unsent, page=where)
    known_browsers.remember(request, answer, user)
    return answer


def to_setting_up(request: HttpRequest) -> HttpResponse:
    request.session[AFTER_SETTING_UP] = safe_next(request)
    return HttpResponseRedirect(reverse("admin:second_steps"))


@post_only("admin:login")
@csrf_protect
def start_over(request: HttpRequest) -> HttpResponse:
    """From the second step, or from setting one up, back to name and password."""
    logout(request)
    return HttpResponseRedirect(reverse("admin:login"))
