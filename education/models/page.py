"""Pages as editors work on them, and each version that was published."""

import copy
import hashlib
import json
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.core.permissions import PermittedQuerySet
from education import workflow
from education.models.record import ShippedRecord


class PageQuerySet(PermittedQuerySet):
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
        DRAFT = workflow.DRAFT, _("Draft")
        IN_REVIEW = workflow.IN_REVIEW, _("In review")
        PUBLISHED = workflow.PUBLISHED, _("Published")
        UPDATING = workflow.UPDATING, _("Update in progress")
        WITHDRAWN = workflow.WITHDRAWN, _("Withdrawn")
        RETIRED = workflow.RETIRED, _("Archived")

    class Kind(models.TextChoices):
        HOME = "home", _("Home")
        HUB = "hub", _("Index")
        TOPIC = "topic", _("Back pain")
        CONDITION = "condition", _("Condition")
        TREATMENT = "treatment", _("Treatment")
        STEM_CELLS = "stemcells", _("Stem cells")
        PROCEDURE = "procedure", _("Procedure")
        RISKS = "risks", _("Harms")
        EVIDENCE = "evidence", _("Evidence")
        JOURNEY = "journey", _("If someone goes ahead")
        LAW = "law", _("Approval and law")
        COST = "cost", _("Costs")
        STORIES = "stories", _("Stories and opinions")
        ACCOUNT = "account", _("Account of a real person")
        STATEMENT = "statement", _("Statement of a clinician")
        TOOL = "tool", _("Tool")
        HELP = "help", _("When to get help")
        ABOUT = "about", _("About")

    key = models.SlugField(max_length=60, unique=True)
    path = models.CharField(
        max_length=120,
        unique=True,
        help_text=_("The address, with a slash at both ends, for example /conditions/name/."),
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    title = models.CharField(
        max_length=120, help_text=_("What the page is about, in words patients use. It promises nothing.")
    )
    short_title = models.CharField(max_length=60, help_text=_("As it stands in menus and links."))
    summary = models.CharField(max_length=400, help_text=_("35 words at most: one message and one uncertainty."))
    body = models.TextField(
        help_text=(
            _(
                "Markdown; HTML is shown as typed, never run. Cite as [@source_key], link a term as [[term-slug|words "
                "shown]]. A page cannot be published while a citation, a term or an evidence code in it leads "
                "nowhere, or while it claims more than its sources. "
                "Say numbers for both groups, out of 100, with the time."
            )
        )
    )
    key_facts = models.JSONField(
        default=list,
        blank=True,
        help_text=_("Three or four a patient would repeat at home: what it is about, a colon, and the fact."),
    )
    evidence = models.JSONField(
        default=list, blank=True, help_text=_("Codes of the graded statements this page rests on, for example “E1”.")
    )
    sources = models.JSONField(
        default=list, blank=True, help_text=_("Keys of the sources, in the order of their numbers.")
    )
    related = models.JSONField(default=list, blank=True, help_text=_("Addresses of three to five other pages."))
    order = models.PositiveSmallIntegerField(default=0)
    figure = models.CharField(max_length=20, blank=True, default="")
    is_stem_cell_page = models.BooleanField(
        default=False,
        help_text=_("Such a page needs graded statements, the approval statement, and two people to sign."),
    )
    review_months = models.PositiveSmallIntegerField(
        default=36, help_text=_("Months to the next review: 12 at most for stem cells, 36 for all else.")
    )
    author = models.CharField(max_length=120, help_text=_("Who wrote it, as readers see it. They cannot review it."))
    change_note = models.TextField(
        blank=True,
        default="",
        help_text=_("What changed since the version before, and why. Readers of evidence pages see it."),
    )
    state = models.CharField(max_length=20, choices=State.choices, default=State.DRAFT, editable=False)
    live = models.OneToOneField(
        "PageVersion", null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="live_page"
    )
    drafted_by = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        editable=False,
        related_name="+",
        help_text=_("Who wrote the words that wait. They cannot sign them."),
    )
    publish_at = models.DateTimeField(null=True, blank=True, editable=False)
    publish_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    closed_reason = models.TextField(blank=True, default="", editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    moved_to = models.CharField(max_length=120, blank=True, default="", editable=False)
    self_check = models.JSONField(default=dict, blank=True, editable=False)

    objects = PageQuerySet.as_manager()
    shown_beside: dict[str, Any] = {}

    class Meta:
        ordering: ClassVar = ["order", "path"]
        permissions: ClassVar = [
            ("publish_page", _("Can publish and archive pages and records")),
            ("review_page", _("Can review pages as a clinician")),
            ("second_sign_page", _("Can give the second sign-off")),
            ("withdraw_page", _("Can withdraw pages at once")),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "in_review", "published", "updating", "withdrawn", "retired"]),
                name="page_state_known",
            ),
            models.CheckConstraint(
                condition=Q(path__startswith="/") & Q(path__endswith="/"), name="page_path_has_slashes"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["published", "updating"], live__isnull=False)
                | (~Q(state__in=["published", "updating"]) & Q(live__isnull=True)),
                name="page_public_has_version",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["withdrawn", "retired"], closed_at__isnull=False)
                | (~Q(state__in=["withdrawn", "retired"]) & Q(closed_at__isnull=True)),
                name="page_closed_has_day",
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | ~Q(closed_reason=""), name="page_withdrawn_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(publish_at__isnull=True, publish_by__isnull=True)
                | Q(publish_at__isnull=False, publish_by__isnull=False),
                name="page_schedule_has_day_and_name",
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
        """What a version keeps: the fields of `WORDS`, and what is printed beside an account or a statement."""
        return {**{name: getattr(self, name) for name in self.WORDS}, "beside": self.beside()}

    def beside(self) -> dict[str, Any]:
        for kind, name in ((self.Kind.ACCOUNT, "case_account"), (self.Kind.STATEMENT, "clinician_statement")):
            if self.kind == kind:
                file = getattr(self, name, None)
                return file.beside() if file else {}
        return {}

    @property
    def digest(self) -> str:
        """What a reviewer signs: change a letter, and it is another."""
        signed = {"path": self.path, "kind": self.kind, **self.words()}
        text = json.dumps(signed, sort_keys=True, ensure_ascii=False, cls=DjangoJSONEncoder)
        return hashlib.sha256(text.encode()).hexdigest()

    def as_version(self, version: "PageVersion") -> "Page":
        """A copy, not to be saved, that holds the words of a version; `beside` is then in `shown_beside`."""
        shown = copy.copy(self)
        for name in self.WORDS:
            setattr(shown, name, version.words[name])
        shown.shown_beside = version.words.get("beside", {})
        return shown

    def as_published(self) -> "Page":
        """The words readers see. The page must be public."""
        if self.live is None:
            raise ValueError(f"{self.key} is not public.")
        return self.as_version(self.live)


class PageVersion(models.Model):
    """The words of a page as they were published once. Kept for good and never changed."""

    page = models.ForeignKey(Page, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    words = models.JSONField()
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=160)
    reviewed_on = models.DateField(null=True, blank=True)
    reviewed_by = models.CharField(max_length=400, blank=True, default="")
    next_review_on = models.DateField(null=True, blank=True)
    change_note = models.TextField(blank=True, default="")

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
        return gettext("%(page_id)s, version %(number)s") % {"page_id": self.page_id, "number": self.number}
