"""The small records that pages refer to by key: sources, statements, terms, answers, trials, notes on law."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.core.permissions import PermittedQuerySet


class ShippedRecord(models.Model):
    """A record that came with the product. The loader updates it until a person edits it, and never after that."""

    shipped_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    edited_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True


class SmallRecord(ShippedRecord):
    """A record that stands on many pages. Readers see `shown`, the values last published; an edit waits beside them."""

    shown = models.JSONField(null=True, blank=True, editable=False)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )

    objects = PermittedQuerySet.as_manager()

    class Meta:
        abstract = True


class Source(SmallRecord):
    """A paper, guideline or other document that pages cite. `is_verified`: somebody read it, or its record."""

    key = models.CharField(max_length=60, unique=True)
    kind = models.CharField(max_length=80)
    authors = models.CharField(max_length=300, blank=True, default="")
    title = models.CharField(max_length=400)
    container = models.CharField(max_length=300, blank=True, default="")
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    doi = models.CharField(max_length=120, blank=True, default="")
    pmid = models.CharField(max_length=20, blank=True, default="")
    url = models.URLField(max_length=500, blank=True, default="")
    is_verified = models.BooleanField(
        default=False,
        help_text=_("Somebody read it, or its record. A page that cites an unchecked source stays unpublished."),
    )
    retracted_on = models.DateField(
        null=True,
        blank=True,
        help_text=_("The day its journal took it back. Every page that cites it is reopened when this is published."),
    )
    supports = models.TextField(blank=True, default="")
    note = models.TextField(blank=True, default="")

    class Meta:
        ordering: ClassVar = ["key"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(year__isnull=True) | Q(year__gte=1900, year__lte=2100), name="source_year_in_range"
            )
        ]

    def __str__(self) -> str:
        return self.key


class EvidenceStatement(SmallRecord):
    """What one treatment does for one outcome against one comparator, and how sure we are."""

    class Kind(models.TextChoices):
        STEM_CELL = "stem_cell", _("Stem-cell product")
        COMPARATOR = "comparator", _("Other treatment")

    class Direction(models.TextChoices):
        HELPS = "helps", _("Helps")
        NO_DIFFERENCE = "no_difference", _("No clear difference")
        HARMS = "harms", _("Harms")
        UNCLEAR = "unclear", _("Not known")

    code = models.CharField(max_length=10, unique=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    condition = models.CharField(max_length=20)
    treatment = models.CharField(max_length=200)
    comparator = models.CharField(max_length=200)
    outcome = models.CharField(max_length=120)
    timepoint = models.CharField(max_length=80, blank=True, default="")
    direction = models.CharField(max_length=20, choices=Direction.choices)
    grade = models.SmallIntegerField(
        help_text=_("4 high, 3 moderate, 2 low, 1 very low, 0 no usable study, -1 a guideline.")
    )
    grade_owner = models.CharField(max_length=20)
    plain_text = models.TextField()
    size_text = models.TextField(blank=True, default="")
    harms_text = models.TextField(
        blank=True, default="", help_text=_("What harm is known, and what it takes. Where nothing was read, say that.")
    )
    n_people = models.PositiveIntegerField(default=0)
    n_trials = models.PositiveIntegerField(default=0)
    downgrade_reasons = models.TextField(blank=True, default="")
    sources = models.JSONField(default=list, blank=True)
    searched_on = models.DateField()

    class Meta:
        ordering: ClassVar = ["kind", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(grade__gte=-1, grade__lte=4), name="evidence_grade_in_range"),
            models.CheckConstraint(
                condition=Q(direction__in=["helps", "no_difference", "harms", "unclear"]),
                name="evidence_direction_known",
            ),
            models.CheckConstraint(condition=Q(kind__in=["stem_cell", "comparator"]), name="evidence_kind_known"),
        ]

    def __str__(self) -> str:
        return gettext("%(code)s: %(treatment)s, %(outcome)s") % {
            "code": self.code,
            "treatment": self.treatment,
            "outcome": self.outcome,
        }


class GlossaryTerm(SmallRecord):
    """A word patients meet, in one plain sentence."""

    slug = models.SlugField(max_length=60, unique=True)
    term = models.CharField(max_length=80)
    definition = models.TextField()
    see_also = models.JSONField(default=list, blank=True)

    class Meta:
        ordering: ClassVar = ["term"]

    def __str__(self) -> str:
        return self.term


class Question(SmallRecord):
    """A question people ask, with an answer whose first sentence says yes, no or we do not know."""

    class Group(models.TextChoices):
        TREATMENT = "treatment", _("The treatment")
        SAFETY = "safety", _("Safety")
        COST = "cost", _("Cost and approval")
        CHOOSING = "choosing", _("Choosing")

    code = models.CharField(max_length=10, unique=True)
    group = models.CharField(max_length=20, choices=Group.choices)
    question = models.CharField(max_length=200)
    answer = models.TextField(help_text=_("Markdown, 80 words at most. The first sentence answers the question."))
    sources = models.JSONField(default=list, blank=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(group__in=["treatment", "safety", "cost", "choosing"]), name="question_group_known"
            )
        ]

    def __str__(self) -> str:
        return gettext("%(code)s: %(question)s") % {"code": self.code, "question": self.question}


class Trial(SmallRecord):
    """A trial we follow. `checked_on` is the day somebody last looked at its record; empty where we do not know."""

    key = models.SlugField(max_length=80, unique=True)
    registry_id = models.CharField(max_length=40, blank=True, default="")
    name = models.CharField(max_length=120)
    phase = models.CharField(max_length=20, blank=True, default="")
    cells = models.CharField(max_length=200)
    control = models.CharField(max_length=200)
    planned = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=40)
    checked_on = models.DateField(null=True, blank=True)
    finding = models.TextField(blank=True, default="")
    sources = models.JSONField(default=list, blank=True)

    class Meta:
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.name


class RegulationNote(SmallRecord):
    """What one authority says in one jurisdiction. The owner looks at it again by `next_due`."""

    key = models.SlugField(max_length=60, unique=True)
    jurisdiction = models.CharField(max_length=10, help_text=_("US, US-FL, EU or GB: the heading it stands under."))
    body = models.CharField(max_length=120, help_text=_("The authority, as it calls itself."))
    title = models.CharField(max_length=160)
    text = models.TextField(
        help_text=_("Markdown. Say what the law says, not what it might allow. Cite as [@source_key].")
    )
    sources = models.JSONField(default=list, blank=True)
    owner = models.CharField(max_length=120)
    effective_from = models.DateField(null=True, blank=True)
    reviewed_on = models.DateField(null=True, blank=True, help_text=_("When a lawyer last looked at it. Empty: never."))
    next_due = models.DateField(help_text=_("When the owner looks at it again: within a year."))
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["order", "key"]

    def __str__(self) -> str:
        return gettext("%(jurisdiction)s: %(title)s") % {"jurisdiction": self.jurisdiction, "title": self.title}


class BestBet(SmallRecord):
    """What people type when they look for one place of this site. Search puts that place first; nobody reads the words.

    `target` is an address as visitors have it, of a page, of a section of one, of an answer or of a word explained.
    """

    key = models.SlugField(max_length=80, unique=True)
    target = models.CharField(
        max_length=220, help_text=_("For example /stem-cells/risks/, or /faq/#F4, or /glossary/#prp.")
    )
    phrases = models.JSONField(
        default=list, help_text=_("Questions and words as people type them. Spelling and word endings are no matter.")
    )
    spanish = models.JSONField(default=list, blank=True, help_text=_("The same in Spanish."))

    class Meta:
        ordering: ClassVar = ["target"]

    def __str__(self) -> str:
        return self.target
