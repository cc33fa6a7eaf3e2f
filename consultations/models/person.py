from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _

from clinic.core.encrypted_rows import EncryptedModel
from clinic.core.fields import EncryptedTextField


class Person(models.Model):
    """Somebody who stands behind one or more patient rows. One is made with every patient row, and holds nothing else.

    All rows of one person point to the one that was made with the oldest of them. The others stay, with no row pointing
    to them: each is where its own row goes back to when it is taken apart.
    """

    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return _("Person %(number)s") % {"number": self.pk}


class PersonJoinQuerySet(models.QuerySet["PersonJoin"]):
    def live(self) -> Self:
        """Those that hold."""
        return self.filter(ended_at=None)

    def of(self, patient: models.Model) -> Self:
        return self.filter(Q(first=patient) | Q(second=patient))


class PersonJoin(EncryptedModel):
    """Two patient rows are of one person: made when somebody says so, ended when they are taken apart.

    Rows that hang together by joins that hold have one person. The joins among them are as few as can be, so that
    ending any one of them parts exactly what it had brought together. `joined_by` and `ended_by` are empty for what
    the software did by itself. When a patient row is erased, its joins go with it.
    """

    encrypted_under = "first"

    first = models.ForeignKey("consultations.Patient", on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey("consultations.Patient", on_delete=models.CASCADE, related_name="+")
    joined_at = models.DateTimeField()
    joined_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = EncryptedTextField(blank=True, default="")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_reason = EncryptedTextField(blank=True, default="")

    objects = PersonJoinQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="person_join_older_row_first"),
            models.UniqueConstraint(
                fields=["first", "second"], condition=Q(ended_at__isnull=True), name="one_live_join_of_two_rows"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("joined_at")), name="person_join_ends_after_made"
            ),
            models.CheckConstraint(
                condition=Q(ended_by__isnull=True) | Q(ended_at__isnull=False), name="person_join_ended_by_with_at"
            ),
        ]

    def __str__(self) -> str:
        return _("Join %(number)s") % {"number": self.pk}
