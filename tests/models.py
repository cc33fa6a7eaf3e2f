"""Rows that only the tests know: the test run creates their tables without a migration."""

from django.db import models

from clinic.core.encrypted_rows import CLINIC, EncryptedModel, KeyHolder
from clinic.core.fields import EncryptedJSONField, EncryptedTextField


class EncryptedNote(EncryptedModel):
    """Under the clinic's own keys."""

    encrypted_under = CLINIC

    text = EncryptedTextField(blank=True)
    maybe = EncryptedTextField(null=True)
    data = EncryptedJSONField(null=True)

    def __str__(self) -> str:
        return str(self.pk)


class Holder(KeyHolder):
    """Under a key of its own, as a patient is."""

    text = EncryptedTextField(blank=True)

    def __str__(self) -> str:
        return str(self.pk)


class Guest(KeyHolder):
    """Under a key of its own, which it hands to a holder in time, as a response does to its patient."""

    key_owner = "host"

    host = models.ForeignKey(Holder, on_delete=models.PROTECT, null=True)
    text = EncryptedTextField(blank=True)

    def __str__(self) -> str:
        return str(self.pk)

    def hand_over(self, host: Holder) -> None:
        self.host = host
        self.save()
        self.hand_key_to(host)


class Entry(EncryptedModel):
    """Under the key of its holder, as a note about a patient is."""

    encrypted_under = "holder"

    holder = models.ForeignKey(Holder, on_delete=models.PROTECT)
    text = EncryptedTextField(blank=True)

    def __str__(self) -> str:
        return str(self.pk)


class Page(EncryptedModel):
    """Under the key of a guest, and with that under the guest's host's."""

    encrypted_under = "guest"

    guest = models.ForeignKey(Guest, on_delete=models.PROTECT)
    text = EncryptedTextField(blank=True)

    def __str__(self) -> str:
        return str(self.pk)
