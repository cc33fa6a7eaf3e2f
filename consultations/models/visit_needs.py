"""What somebody needs so that a visit works for them. Told once, by them or to staff."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _

from clinic.core.encrypted_rows import EncryptedModel
from clinic.core.fields import EncryptedJSONField


class VisitNeeds(EncryptedModel):
    """The needs that stand, of one patient row; shown with every row that is joined with it.

    `record` holds `codes` (VisitNeed), `language` (of an interpreter) and `more` (in their own words).
    """

    encrypted_under = "patient"

    patient = models.OneToOneField("consultations.Patient", on_delete=models.PROTECT, related_name="visit_needs")
    record = EncryptedJSONField(holds=dict)
    told_at = models.DateTimeField()
    told_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ["-told_at", "-pk"]

    def __str__(self) -> str:
        return _("Needs %(number)s") % {"number": self.pk}
