"""Rows that only the tests know: the test run creates their tables without a migration."""

from django.db import models

from clinic.core.fields import EncryptedJSONField, EncryptedTextField


class SealedNote(models.Model):
    text = EncryptedTextField(blank=True)
    maybe = EncryptedTextField(null=True)
    data = EncryptedJSONField(null=True)

    def __str__(self) -> str:
        return str(self.pk)
