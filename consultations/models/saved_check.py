from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from clinic.core.encrypted_rows import EncryptedModel
from clinic.core.fields import EncryptedTextField


class SavedCheck(EncryptedModel):
    """The way from another device to one check that is not sent: whom to mail its link, and what opens it.

    One a check. `token_hash` is the SHA-256 of the newest link alone, and empty until its mail is written; `secret` is
    a slow hash of the word that the person chose, encrypted besides, because people use one word in several places.
    `asked` numbers the mails: only the newest is wanted. With the check sent, the address goes, and link and word only
    lead to the page that says so.
    """

    encrypted_under = "response"

    # No constraint in the database: the release before deletes checks and knows nothing of this table. The worker
    # deletes a row whose check is gone.
    response = models.OneToOneField(
        "consultations.QuestionnaireResponse", on_delete=models.CASCADE, related_name="saved", db_constraint=False
    )
    email = EncryptedTextField(blank=True, default="")
    email_index = models.CharField(max_length=64, blank=True, default="")
    secret = EncryptedTextField()
    token_hash = models.CharField(max_length=64, unique=True, null=True, blank=True)
    asked = models.PositiveIntegerField(default=0)
    wants_reminder = models.BooleanField(default=False)
    wrong_words = models.PositiveSmallIntegerField(default=0)
    locked_at = models.DateTimeField(null=True, blank=True)
    saved_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["email_index"], condition=~Q(email_index=""), name="saved_check_of_address"),
        ]

    def __str__(self) -> str:
        return _("Saved check %(number)s") % {"number": self.pk}
