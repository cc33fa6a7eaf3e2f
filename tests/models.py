"""Rows that only the tests know: the test run creates their tables without a migration."""

from django.db import models

from clinic.fields import SealedJSONField, SealedTextField


class SealedNote(models.Model):
    text = SealedTextField(blank=True)
    maybe = SealedTextField(null=True)
    data = SealedJSONField(null=True)

    def __str__(self) -> str:
        return str(self.pk)
