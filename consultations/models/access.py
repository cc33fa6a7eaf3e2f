from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from clinic.core import clock
from clinic.core.encrypted_rows import CLINIC, EncryptedModel
from clinic.core.fields import EncryptedTextField


class PrivateLinkQuerySet(models.QuerySet["PrivateLink"]):
    def live(self) -> Self:
        """Those that still open something."""
        return self.filter(locked_at=None, replaced_at=None, expires_at__gt=clock.now())


class PrivateLink(models.Model):
    """A way in for one patient to one request. Only the token's SHA-256 is kept here; the token stands
    in the one mail that it was made for, and sealed in the outbox for as long as that mail is kept.

    Every mail carries a link of its own, so an older mail keeps working. Wrong birth dates count up to a lock; a lock,
    a replacement or the expiry ends a link for good.
    """

    consultation_request = models.ForeignKey(
        "consultations.ConsultationRequest", on_delete=models.PROTECT, related_name="private_links"
    )
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    wrong_dates = models.PositiveSmallIntegerField(default=0)
    locked_at = models.DateTimeField(null=True, blank=True)
    replaced_at = models.DateTimeField(null=True, blank=True)

    objects = PrivateLinkQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(expires_at__gt=models.F("created_at")), name="link_expires_after_made"),
        ]

    def __str__(self) -> str:
        return _("Link %(number)s") % {"number": self.pk}


class LinkAsked(EncryptedModel):
    """A private link was asked for at this address, known or not. The worker looks it up, then the row is gone.

    A row that cannot be answered waits until `due_at`, is parked for staff to see that there is one, and is forgotten
    after a week.
    """

    encrypted_under = CLINIC

    email = EncryptedTextField()
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    parked_at = models.DateTimeField(null=True, blank=True)
    staff_told_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return _("Link asked for %(number)s") % {"number": self.pk}
