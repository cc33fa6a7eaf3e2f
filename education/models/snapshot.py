"""The row that public pages are served from."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Snapshot(models.Model):
    """All small records in one row, renewed with every change, so that a page costs three queries at most.

    `revision` is drawn anew each time; a process that holds the same one need not read the data again.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    revision = models.CharField(max_length=32)
    data = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="one_snapshot")]

    def __str__(self) -> str:
        return self.revision
