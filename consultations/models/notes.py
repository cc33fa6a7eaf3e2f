from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext as _

from clinic.core.encrypted_rows import EncryptedModel
from clinic.core.fields import EncryptedTextField


class WrittenNote(EncryptedModel):
    """Words of staff for colleagues. Never edited: a second thought is a second note."""

    text = EncryptedTextField()
    written_at = models.DateTimeField()
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True
        ordering: ClassVar = ["-written_at", "-pk"]

    def __str__(self) -> str:
        return _("Note %(number)s") % {"number": self.pk}


class CaseNote(WrittenNote):
    """A note about a safety case, open or closed. `says_mistake`: its author entered what led to it by
    mistake.
    """

    encrypted_under = "case__response"

    case = models.ForeignKey("consultations.SafetyCase", on_delete=models.PROTECT, related_name="notes")
    says_mistake = models.BooleanField(default=False)


class PersonNote(WrittenNote):
    """A note about somebody, whatever they ask for. It stays with the patient row that it was written beside, and is
    shown with every row that is joined with it.
    """

    encrypted_under = "patient"

    patient = models.ForeignKey("consultations.Patient", on_delete=models.PROTECT, related_name="notes")
