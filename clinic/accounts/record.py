"""What happens at the door goes into the audit trail, and to whom it concerns. Never a password, a code, or a name that
is nobody's.
"""

from typing import Any, Final

from django.db import transaction

from clinic.accounts import mails, tries
from clinic.accounts.models import User
from clinic.accounts.tries import Try
from clinic.core import audit, clock, outbox

STRANGER: Final = "somebody"
"""Who has not signed in, and may be anybody."""


@transaction.atomic
def signed_in(user: User, *, by_way_of: list[str]) -> None:
    audit.record(action="staff.sign_in", by=user, details={"with": by_way_of})


@transaction.atomic
def password_refused(user: User | None, made: Try) -> None:
    """The same row for an account and for a name that is nobody's."""
    audit.record(action="staff.password_refused", actor=STRANGER, target=user)
    if user is not None and made.tries_of_account >= tries.TOLD_AFTER:
        _tell_of_guessing(user)


@transaction.atomic
def code_refused(user: User, made: Try) -> None:
    audit.record(action="staff.code_refused", actor=STRANGER, target=user)
    if made.tries_of_account >= tries.TOLD_AFTER_CODES:
        _tell_of_guessing(user, knows_password=True)


def changed(action: str, user: User, *, by: Any = None, actor: str = "", **details: Any) -> None:
    """A change to how somebody signs in, told to them. Call inside the transaction of the change."""
    event = audit.record(action=action, target=user, by=by, actor=actor, details=details)
    _owe(mails.CHANGED, user, key=str(event.pk), what=action)


@transaction.atomic
def link_asked(users: list[User]) -> None:
    """The same work whether or not the address is anybody's: what was written for nobody is taken back."""
    for user in users:
        event = audit.record(action="staff.link_asked", actor=STRANGER, target=user)
        _owe(mails.PASSWORD_LINK, user, key=str(event.pk))
    if not users:
        with transaction.atomic():
            event = audit.record(action="staff.link_asked", actor=STRANGER)
            outbox.enqueue(kind=mails.PASSWORD_LINK, key=f"{mails.PASSWORD_LINK}:{event.pk}", payload={"user": 0})
            transaction.set_rollback(True)


def _tell_of_guessing(user: User, *, knows_password: bool = False) -> None:
    """Its owner and the managers, once a day; once more when whoever guesses has got as far as the second step."""
    today = f"{clock.today().isoformat()}{':code' if knows_password else ''}"
    _owe(mails.GUESSED, user, key=today, knows_password=knows_password)
    managers = User.objects.filter(groups__name="manager", is_active=True, is_staff=True).exclude(pk=user.pk)
    for manager in managers:
        _owe(
            mails.COLLEAGUE_GUESSED,
            manager,
            key=f"{user.pk}:{today}",
            whose=user.pk,
            knows_password=knows_password,
        )


def _owe(kind: str, user: User, *, key: str, **payload: Any) -> None:
    outbox.enqueue(kind=kind, key=f"{kind}:{user.pk}:{key}", recipient=user.email, payload={"user": user.pk, **payload})
