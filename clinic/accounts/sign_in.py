"""The forms at the door of the staff area: password, code, the app that shows codes, a new password."""

from typing import Any, Final

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth.forms import UsernameField
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from clinic.accounts import codes, record, tries
from clinic.accounts.adapters import AccountAdapter
from clinic.accounts.models import User
from clinic.accounts.tries import Try
from clinic.core import clock
from clinic.core.error_summary import SummaryFirst
from clinic.core.form_fields import MailField

TOO_MANY: Final = "too_many"
WRONG_PASSWORD: Final = _("This name and password do not belong together. Check both: capital letters count.")
WRONG_CODE: Final = _("This code is not right, or was used before. Wait until the app shows a new one, and type that.")
WAIT: Final = _("Too many tries, so there is a pause of %(wait)s. Then try again.")
WAIT_OR_PROVE: Final = _(
    "Too many tries for this account from browsers that it was never signed in with, so there is a pause of %(wait)s. "
    "If it is your account, you need not wait: use your passkey, or have a link to a new password mailed to you."
)


def refuse_too_early(made: Try) -> None:
    """Raises ValidationError for a try that comes before its time."""
    if made.wait:
        wait = clock.minutes(-(-made.wait // 60)) if made.wait > 60 else clock.seconds(made.wait)
        raise ValidationError(WAIT if made.is_known else WAIT_OR_PROVE, code=TOO_MANY, params={"wait": wait})


def is_too_early(form: forms.BaseForm) -> bool:
    return any(form.has_error(name, TOO_MANY) for name in form.errors)


class OwnPasswordForm(SummaryFirst, AdminPasswordChangeForm):
    pass


def code_field() -> forms.CharField:
    attrs = {"autocomplete": "one-time-code", "spellcheck": "false", "autocapitalize": "none"}
    return forms.CharField(label=_("Code"), max_length=40, widget=forms.TextInput(attrs=attrs))


class StaffSignInForm(SummaryFirst, forms.Form):
    username = UsernameField(
        label=_("Name for signing in"),
        max_length=150,
        widget=forms.TextInput(attrs={"autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.user: User | None = None

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if self.errors:
            return cleaned
        name = cleaned["username"]
        named = User.objects.filter(username=name, is_staff=True, is_active=True).first()
        made = tries.of_password(self.request, name=name, user=named)
        refuse_too_early(made)
        self.user = AccountAdapter(self.request).authenticate(self.request, username=name, password=cleaned["password"])
        if self.user is None:
            record.password_refused(named, made)
            raise ValidationError(WRONG_PASSWORD, code="invalid_login")
        made.was_right()
        return cleaned


class CodeForm(SummaryFirst, forms.Form):
    """A code of the app, or a recovery code: whichever it is, it is right for nothing afterwards."""

    code = code_field()
    code.help_text = _("Six digits from your app, or one of your recovery codes.")

    def __init__(self, request: HttpRequest, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.user = request, user
        self.used: Authenticator | None = None

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        made = tries.of_code(self.request, self.user)
        refuse_too_early(made)
        self.used = codes.used_for(self.user, code)
        if self.used is None:
            record.code_refused(self.user, made)
            raise ValidationError(WRONG_CODE, code="wrong_code")
        made.was_right()
        return code


class OwnPasswordOnceMoreForm(SummaryFirst, forms.Form):
    """For who has no second factor yet, before they set one up."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request: HttpRequest, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request, self.user = request, user

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        made = tries.of_password(self.request, name=self.user.get_username(), user=self.user)
        refuse_too_early(made)
        if not self.user.check_password(password):
            record.password_refused(self.user, made)
            raise ValidationError(_("This is not your password."), code="invalid_login")
        made.was_right()
        return password


class AppForm(SummaryFirst, forms.Form):
    """Proves that the app got the secret. `counter` is the half minute that the code belongs to: it is used up."""

    code = code_field()
    code.label = _("Code that the app shows")

    def __init__(self, secret: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.secret = secret
        self.counter = 0

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        self.counter = codes.counter_of(self.secret, code)
        if not self.counter:
            raise ValidationError(
                _("This code is not right. Check that the time on your phone is set by itself, and type the next one."),
                code="wrong_code",
            )
        return code


class PasswordLinkForm(SummaryFirst, forms.Form):
    email = MailField(label=_("Your email address at the clinic"))
