from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from clinic.core.encrypted_rows import EncryptedModel
from clinic.core.fields import EncryptedJSONField, EncryptedTextField
from consultations.enums import SettledHow
from consultations.models.constraints import one_of


class Settlement(EncryptedModel):
    """A doctor settled signs of danger: those of that moment and no others. Never edited.

    `signs` are pairs of question and option, as `candidacy.union.Sign`. What shows it: `proof` says by whom, where and
    when the person was seen, or which letter or call told us; `call` is a call of ours, `entered_by` the member of
    staff who says that they entered it by mistake. `words` are the doctor's own.
    """

    encrypted_under = "response"

    response = models.ForeignKey(
        "consultations.QuestionnaireResponse", on_delete=models.PROTECT, related_name="settlements"
    )
    how = models.CharField(max_length=20, choices=SettledHow.choices)
    signs = EncryptedJSONField(holds=list)
    proof = EncryptedJSONField(default=dict, holds=dict)
    words = EncryptedTextField(blank=True, default="")
    call = models.ForeignKey("consultations.Call", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    settled_at = models.DateTimeField()
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering: ClassVar = ["settled_at", "pk"]
        constraints: ClassVar = [
            one_of("how", SettledHow, name="settlement_how_known"),
            models.CheckConstraint(
                condition=~Q(how=SettledHow.SPOKEN_TO) | Q(call__isnull=False), name="settlement_spoken_to_in_a_call"
            ),
            models.CheckConstraint(
                condition=(Q(how=SettledHow.MISTAKE) & (Q(call__isnull=True) ^ Q(entered_by__isnull=True)))
                | (~Q(how=SettledHow.MISTAKE) & Q(entered_by__isnull=True)),
                name="settlement_mistake_said_by_one",
            ),
        ]

    def __str__(self) -> str:
        return _("Settlement %(number)s") % {"number": self.pk}
