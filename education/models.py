"""What patients read: pages, and the records that pages refer to by key."""

import copy
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q


class ShippedRecord(models.Model):
    """A record that came with the product. The loader updates it until a person edits it, and never after that."""

    shipped_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    edited_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True


class PageQuerySet(models.QuerySet["Page"]):
    def public(self) -> Self:
        return self.filter(live__isnull=False).select_related("live")


class Page(ShippedRecord):
    """One page of the site, in Markdown with citations, as editors work on it.

    Readers never see these words but those of `live`, the version last published: an edit changes nothing on the site
    until someone entitled publishes it, and takes nothing off the site either.
    """

    WORDS: ClassVar = (
        "title", "short_title", "summary", "body", "key_facts", "evidence", "sources", "related", "figure",
        "is_stem_cell_page", "author",
    )  # fmt: skip
    """The fields that a version keeps."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        IN_REVIEW = "in_review", "In review"
        PUBLISHED = "published", "Published"

    class Kind(models.TextChoices):
        HOME = "home", "Home"
        HUB = "hub", "Index"
        TOPIC = "topic", "Back pain"
        CONDITION = "condition", "Condition"
        TREATMENT = "treatment", "Treatment"
        STEM_CELLS = "stemcells", "Stem cells"
        PROCEDURE = "procedure", "Procedure"
        RISKS = "risks", "Harms"
        EVIDENCE = "evidence", "Evidence"
        JOURNEY = "journey", "If someone goes ahead"
        LAW = "law", "Approval and law"
        COST = "cost", "Costs"
        STORIES = "stories", "Stories and opinions"
        TOOL = "tool", "Tool"
        HELP = "help", "When to get help"
        ABOUT = "about", "About"

    key = models.SlugField(max_length=60, unique=True)
    path = models.CharField(
        max_length=120, unique=True, help_text="The address, with a slash at both ends, for example /conditions/name/."
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    title = models.CharField(max_length=120)
    short_title = models.CharField(max_length=60, help_text="As it stands in menus and links.")
    summary = models.CharField(max_length=400, help_text="35 words at most: one message and one uncertainty.")
    body = models.TextField(
        help_text=(
            "Markdown. Cite as [@source_key], link a term as [[term-slug|words shown]]. A page cannot be published "
            "while a citation, a term or an evidence code in it leads nowhere."
        )
    )
    key_facts = models.JSONField(default=list, blank=True, help_text='A list of {"label": "…", "text": "…"}.')
    evidence = models.JSONField(default=list, blank=True, help_text="Codes of the statements this page rests on.")
    sources = models.JSONField(
        default=list, blank=True, help_text="Keys of the sources, in the order of their numbers."
    )
    related = models.JSONField(default=list, blank=True, help_text="Addresses of three to five other pages.")
    order = models.PositiveSmallIntegerField(default=0)
    figure = models.CharField(max_length=20, blank=True, default="")
    is_stem_cell_page = models.BooleanField(default=False)
    review_months = models.PositiveSmallIntegerField(default=36)
    author = models.CharField(max_length=120)
    state = models.CharField(max_length=20, choices=State.choices, default=State.DRAFT, editable=False)
    live = models.OneToOneField(
        "PageVersion", null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="live_page"
    )

    objects = PageQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["order", "path"]
        permissions: ClassVar = [("publish_page", "Can publish pages and take them back")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=["draft", "in_review", "published"]), name="page_state_known"),
            models.CheckConstraint(
                condition=Q(path__startswith="/") & Q(path__endswith="/"), name="page_path_has_slashes"
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | Q(live__isnull=False), name="page_published_has_version"
            ),
            models.CheckConstraint(
                condition=Q(review_months__gte=1, review_months__lte=36), name="page_review_months_in_range"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_published(self) -> bool:
        """Whether readers see these very words. See `live` for whether they see any."""
        return self.state == self.State.PUBLISHED

    def words(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.WORDS}

    def as_published(self) -> "Page":
        """A copy, not to be saved, that holds the words readers see. The page must be public."""
        shown = copy.copy(self)
        for name, value in self.live.words.items():
            setattr(shown, name, value)
        return shown


class PageVersion(models.Model):
    """The words of a page as they were published once. Kept for good and never changed."""

    page = models.ForeignKey(Page, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    words = models.JSONField()
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=160)
    reviewed_on = models.DateField(null=True, blank=True)
    reviewed_by = models.CharField(max_length=160, blank=True, default="")

    class Meta:
        ordering: ClassVar = ["page", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["page", "number"], name="one_page_version_per_number"),
            models.CheckConstraint(
                condition=Q(reviewed_on__isnull=True, reviewed_by="")
                | (Q(reviewed_on__isnull=False) & ~Q(reviewed_by="")),
                name="page_version_review_has_date_and_name",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.page_id}, version {self.number}"


class ClaimWaiver(models.Model):
    """A written reason why a warned wording may stand. It holds for one sentence, letter by letter, until a day."""

    where = models.CharField(max_length=200)
    rule = models.CharField(max_length=4)
    passage = models.TextField()
    digest = models.CharField(max_length=32)
    reason = models.TextField()
    until = models.DateField()
    given_by = models.CharField(max_length=160)
    given_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["where", "rule"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["where", "rule", "digest"], name="one_reason_per_wording"),
            models.CheckConstraint(condition=~Q(reason=""), name="waiver_reason_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.rule} in {self.where}"


class Source(ShippedRecord):
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
    is_verified = models.BooleanField(default=False)
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


class EvidenceStatement(ShippedRecord):
    """What one treatment does for one outcome against one comparator, and how sure we are."""

    class Kind(models.TextChoices):
        STEM_CELL = "stem_cell", "Stem-cell product"
        COMPARATOR = "comparator", "Other treatment"

    class Direction(models.TextChoices):
        HELPS = "helps", "Helps"
        NO_DIFFERENCE = "no_difference", "No clear difference"
        HARMS = "harms", "Harms"
        UNCLEAR = "unclear", "Not known"

    code = models.CharField(max_length=10, unique=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    condition = models.CharField(max_length=20)
    treatment = models.CharField(max_length=200)
    comparator = models.CharField(max_length=200)
    outcome = models.CharField(max_length=120)
    timepoint = models.CharField(max_length=80, blank=True, default="")
    direction = models.CharField(max_length=20, choices=Direction.choices)
    grade = models.SmallIntegerField(
        help_text="4 high, 3 moderate, 2 low, 1 very low, 0 no usable study, -1 a guideline."
    )
    grade_owner = models.CharField(max_length=20)
    plain_text = models.TextField()
    size_text = models.TextField(blank=True, default="")
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
        return f"{self.code}: {self.treatment}, {self.outcome}"


class GlossaryTerm(ShippedRecord):
    """A word patients meet, in one plain sentence."""

    slug = models.SlugField(max_length=60, unique=True)
    term = models.CharField(max_length=80)
    definition = models.TextField()
    see_also = models.JSONField(default=list, blank=True)

    class Meta:
        ordering: ClassVar = ["term"]

    def __str__(self) -> str:
        return self.term


class Question(ShippedRecord):
    """A question people ask, with an answer whose first sentence says yes, no or we do not know."""

    class Group(models.TextChoices):
        TREATMENT = "treatment", "The treatment"
        SAFETY = "safety", "Safety"
        COST = "cost", "Cost and approval"
        CHOOSING = "choosing", "Choosing"

    code = models.CharField(max_length=10, unique=True)
    group = models.CharField(max_length=20, choices=Group.choices)
    question = models.CharField(max_length=200)
    answer = models.TextField(help_text="Markdown, 80 words at most. The first sentence answers the question.")
    sources = models.JSONField(default=list, blank=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(group__in=["treatment", "safety", "cost", "choosing"]), name="question_group_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.question}"


class Trial(ShippedRecord):
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


class SearchEntry(models.Model):
    """One thing a visitor can find, in words only: made anew from what readers see with every change, never edited.

    Each engine keeps its own index beside it; the migration that makes the table says which words weigh most.
    """

    class Kind(models.TextChoices):
        PAGE = "page", "Pages"
        QUESTION = "question", "Questions and answers"
        TERM = "term", "Words explained"
        STATEMENT = "statement", "Graded statements"
        TRIAL = "trial", "Trials"
        SOURCE = "source", "Sources"

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
        return f"{len(self.words)} words"
