"""Who signs in to the staff area."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.core import addresses, permissions
from clinic.core.encrypted_rows import CLINIC, EncryptedModel
from clinic.core.fields import EncryptedTextField, PersonNameField
from clinic.core.names import greeting_name
from clinic.core.people import NamedModel, NamedQuerySet


def check_mailable(address: str) -> None:
    """Also where no form stands in between, as in `createsuperuser`."""
    try:
        addresses.mailable(address)
    except addresses.AddressRefused as refused:
        raise ValidationError(str(refused), code="invalid") from None


class StaffManager(UserManager["User"]):
    """Django's own, which keeps the key by which staff are found."""

    use_in_migrations = False

    def get_queryset(self) -> NamedQuerySet["User"]:
        return NamedQuerySet(self.model, using=self._db)


class User(NamedModel, AbstractUser):
    """A member of staff. Made by a manager, never removed: what somebody did stays on record under this row.

    `duty_changed_at` is when they last went on or off duty, by themselves or by the rota; `duty_pressed_at` is there
    while their own press is what counts (`consultations/services/rota.py`).

    What they may do follows from their groups. Staff need an address, because a safety case they own is mailed to it.
    """

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = PersonNameField(max_length=150, help_text=_("First and last name, as colleagues and patients know them."))
    email = models.EmailField(
        _("email address"), validators=[check_mailable], help_text=_("Alerts about safety cases go here.")
    )
    is_on_duty = models.BooleanField(
        _("on duty"),
        default=True,
        help_text=_("Gets safety cases and their alerts. Untick it for leave, and tick it again when you are back."),
    )
    duty_changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    duty_pressed_at = models.DateTimeField(null=True, blank=True, editable=False)
    session_epoch = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    objects: ClassVar[StaffManager] = StaffManager()

    REQUIRED_FIELDS: ClassVar = ["name", "email"]

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(is_staff=False) | ~Q(email=""), name="user_staff_have_an_address"),
            models.CheckConstraint(condition=Q(name="") | ~Q(name_key=""), name="user_name_key_not_empty"),
        ]

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """A rule has the last word, also over superusers; what a group may do, it may do to every row."""
        decided = permissions.decided(self, perm, obj) if self.is_active else None
        return super().has_perm(perm) if decided is None else decided

    def get_session_auth_hash(self) -> str:
        return self._of_this_epoch(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for digest in super().get_session_auth_fallback_hash():
            yield self._of_this_epoch(digest)

    def _of_this_epoch(self, digest: str) -> str:
        return f"{digest}.{self.session_epoch}" if self.session_epoch else digest

    @property
    def display_name(self) -> str:
        return self.name or self.get_username()

    def get_full_name(self) -> str:
        """What Django's own pages ask for."""
        return self.name

    def get_short_name(self) -> str:
        return greeting_name(self.name) or self.get_username()


class SecondFactorSecret(EncryptedModel):
    """The secret of one second factor: of the app that shows codes, or that recovery codes are made from.

    The row of the second factor itself names this one. It stands here so that it is encrypted, and rotated with the
    keys, as everything else is.
    """

    encrypted_under = CLINIC
    secret = EncryptedTextField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)
