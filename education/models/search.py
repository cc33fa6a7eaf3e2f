"""What visitors can find, in words only."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class SearchEntry(models.Model):
    """One thing a visitor can find, in words only: made anew from what readers see with every change, never edited.

    Each engine keeps its own index beside it; the migration that makes the table says which words weigh most.
    """

    class Kind(models.TextChoices):
        PAGE = "page", _("Pages")
        QUESTION = "question", _("Questions and answers")
        TERM = "term", _("Words explained")
        STATEMENT = "statement", _("Graded statements")
        TRIAL = "trial", _("Trials")
        SOURCE = "source", _("Sources")

    kind = models.CharField(max_length=20, choices=Kind.choices)
    key = models.CharField(max_length=80)
    digest = models.CharField(max_length=64)
    path = models.CharField(max_length=220)
    title = models.CharField(max_length=400)
    grade = models.SmallIntegerField(null=True)
    is_stem_cell = models.BooleanField(default=False)
    summary = models.TextField(default="")
    keywords = models.TextField(default="")
    text = models.TextField(default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "key"], name="one_search_entry_per_thing"),
            models.CheckConstraint(
                condition=Q(kind__in=["page", "question", "term", "statement", "trial", "source"]),
                name="search_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(grade__isnull=True) | Q(grade__gte=-1, grade__lte=4), name="search_grade_in_range"
            ),
        ]

    def __str__(self) -> str:
        return self.path


class SearchVocabulary(models.Model):
    """Every word of the entries in one row, each with the number of entries that hold it. For "did you mean"."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    words = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="one_search_vocabulary")]

    def __str__(self) -> str:
        return gettext("%(count)s words") % {"count": len(self.words)}
