"""Mails to staff about their own account. None says what was typed, from where, or how to undo a thing by a link."""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from clinic.core import clock, outbox
from clinic.core.channels import MessageDraft
from clinic.core.models import Lane, OutboxMessage
from clinic.core.outbox import MessageKindEntry, NotWanted

PASSWORD_LINK: Final = "staff_password_link"  # noqa: S105
CHANGED: Final = "staff_account_changed"
GUESSED: Final = "staff_account_guessed"
COLLEAGUE_GUESSED: Final = "staff_colleague_guessed"
CHANGES: Final[dict[str, Any]] = {
    "staff.second_factor_added": gettext_lazy("A second step for signing in was added to your account."),
    "staff.second_factor_removed": gettext_lazy("A second step for signing in was removed from your account."),
    "staff.recovery_codes_made": gettext_lazy("New recovery codes were made for your account. The old ones are void."),
    "staff.recovery_code_used": gettext_lazy("Somebody signed in to your account with a recovery code."),
    "staff.second_factor_reset": gettext_lazy(
        "The second step of your account was reset on the server. Set up a new one when you next sign in."
    ),
    "staff.set_password": gettext_lazy("The password of your account was changed."),
}
"""Audit code -> the sentence for the owner."""


class LinkTokens(PasswordResetTokenGenerator):
    """A link is void once it was used, after a sign-in, and after the second factor was reset."""

    key_salt = "clinic.accounts.mails.LinkTokens"

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.session_epoch}"


link_tokens: Final = LinkTokens()


def register() -> None:
    for name, label, compose in (
        (PASSWORD_LINK, gettext_lazy("Link to set a new password"), password_link),
        (CHANGED, gettext_lazy("Staff account changed"), changed),
        (GUESSED, gettext_lazy("Staff account: password guessed at"), guessed),
        (COLLEAGUE_GUESSED, gettext_lazy("Staff account of a colleague: password guessed at"), colleague_guessed),
    ):
        outbox.register(MessageKindEntry(name, label, Lane.STAFF, compose, ensure_wanted=_may_sign_in))


def _recipient(message: OutboxMessage) -> User:
    return User.objects.get(pk=message.payload["user"])


def _may_sign_in(message: OutboxMessage) -> None:
    user = User.objects.filter(pk=message.payload["user"]).first()
    if user is None or not (user.is_active and user.is_staff):
        raise NotWanted("The account may not sign in any more.")


def _drafted(write: Callable[[OutboxMessage, User], tuple[str, str]]) -> Callable[[OutboxMessage], MessageDraft]:
    def compose(message: OutboxMessage) -> MessageDraft:
        user = _recipient(message)
        subject, text = write(message, user)
        return MessageDraft(to=user.email, subject=subject, text=text)

    return compose


@_drafted
def password_link(message: OutboxMessage, user: User) -> tuple[str, str]:
    key = f"{user.pk}-{link_tokens.make_token(user)}"
    text = _(
        "Somebody asked for a new password for your sign-in “%(name)s” at %(clinic)s. If that was you, open this link "
        "within an hour and set one:\n\n%(link)s\n\nYour second step stays as it is: you will be asked for it when you "
        "sign in. If it was not you, nothing has changed, and there is nothing to do."
    ) % {
        "name": user.get_username(),
        "clinic": settings.CLINIC_NAME,
        "link": f"{settings.SITE_URL}{reverse('admin:password_link', args=[key])}",
    }
    return _("Set a new password"), text


@_drafted
def changed(message: OutboxMessage, user: User) -> tuple[str, str]:
    text = _(
        "%(change)s\n\nIt happened on %(when)s. If that was you, there is nothing to do. If it was not, tell a manager "
        "at once, and set a new password: %(site)s"
    ) % {
        "change": str(CHANGES[message.payload["what"]]),
        "when": clock.moment(message.created_at),
        "site": f"{settings.SITE_URL}{reverse('admin:index')}",
    }
    return _("Your sign-in at %(clinic)s was changed") % {"clinic": settings.CLINIC_NAME}, text


@_drafted
def guessed(message: OutboxMessage, user: User) -> tuple[str, str]:
    site = f"{settings.SITE_URL}{reverse('admin:password_change')}"
    if message.payload.get("knows_password"):
        text = _(
            "Somebody gave the password of your account at %(clinic)s, and several wrong codes after it. If that was "
            "not you, they know your password: set a new one at once, here and wherever else you use it, and tell a "
            "manager. The second step has kept them out so far.\n\n%(site)s"
        )
        return _("Somebody knows the password of your account"), text % {"clinic": settings.CLINIC_NAME, "site": site}
    text = _(
        "Somebody tries to sign in to your account at %(clinic)s and does not know how. Nobody got in. Further tries "
        "are slowed down; in a browser in which you signed in before, you notice nothing.\n\nIf you use the same "
        "password anywhere else, set a new one: %(site)s"
    )
    return _("Somebody tries to sign in to your account"), text % {"clinic": settings.CLINIC_NAME, "site": site}


@_drafted
def colleague_guessed(message: OutboxMessage, user: User) -> tuple[str, str]:
    colleague = User.objects.get(pk=message.payload["whose"])
    if message.payload.get("knows_password"):
        text = _(
            "Somebody gave the password of %(name)s at %(clinic)s, and several wrong codes after it. %(name)s was "
            "told. Ask them if it was they: if not, their password is known, and they need a new one now. The audit "
            "trail shows each try: %(site)s"
        )
    else:
        text = _(
            "Somebody tries to sign in as %(name)s at %(clinic)s and does not know how. Nobody got in, and further "
            "tries are slowed down. %(name)s was told. The audit trail shows each try: %(site)s"
        )
    values = {
        "name": colleague.display_name,
        "clinic": settings.CLINIC_NAME,
        "site": f"{settings.SITE_URL}{reverse('admin:core_auditentry_changelist')}",
    }
    return _("Somebody tries to sign in as a colleague"), text % values
