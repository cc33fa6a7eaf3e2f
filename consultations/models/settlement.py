from typing import ClassVar

from django.conf import settings
from django.db import models

from clinic.core.encrypted_rows import EncryptedModel
from clinic.core.fields import EncryptedJSONField, EncryptedTextField
from consultations.enums import SettledHow
from consultations.models.constraints import one_of


class Settlement(EncryptedModel):
    """A doctor settled signs of danger: those of that moment and no others. Never edited.

    `signs` are pairs of question and option, as `candidacy.union.Sign`; `words` say by whom, where and when, or what
    the person said; `call` is the call that proves it, if one does.
    """

    encrypted_under = "response"

    response = models.ForeignKey(
        "consultations.QuestionnaireResponse", on_delete=models.PROTECT, related_name="settlements"
    )
    how = models.CharField(max_length=20, choices=SettledHow.choices)
    signs = EncryptedJSONField(holds=list)
    words = EncryptedTextField(blank=True, default="")
    call = models.ForeignKey("consultations.Call", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    settled_at = models.DateTimeField()
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["settled_at", "pk"]
        constraints: ClassVar = [one_of("how", SettledHow, name="settlement_how_known")]

    def __str__(self) -> str:
        return f"Settlement {self.pk}"
