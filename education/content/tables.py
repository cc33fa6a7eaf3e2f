"""The kinds of records that a content folder holds: in which file, under which name, and with which fields."""

import dataclasses
from collections.abc import Mapping
from typing import Final

from django.db import models

from education.content.files import clean
from education.models import BestBet, EvidenceStatement, GlossaryTerm, Page, Question, RegulationNote, Source, Trial
from education.models.review import ClaimWaiver


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """One kind of record: its file and name there, its model, the field that names it, and which fields it has."""

    name: str
    file: str
    entry: str
    model: type[models.Model]
    key: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    renamed: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Names in the file that are others in the model."""

    def location_of(self, entry: object, number: int) -> str:
        """How a sentence names a record: by its key where it has one."""
        key = entry.get(self.key) if isinstance(entry, Mapping) else None
        return f"{self.entry} {clean(key) if isinstance(key, str) and key.strip() else number}"


PAGES: Final = Table(
    "pages", "pages/", "page", Page, "key",
    (
        "key", "path", "kind", "title", "short_title", "summary", "order", "key_facts", "evidence", "sources",
        "related", "figure", "review_months", "author",
    ),
    ("stem_cell_page", "body"),
    {"stem_cell_page": "is_stem_cell_page"},
)  # fmt: skip
SOURCES: Final = Table(
    "sources", "sources.json", "source", Source, "key",
    ("key", "kind", "title"),
    ("authors", "container", "year", "doi", "pmid", "url", "verified", "supports", "note"),
    {"verified": "is_verified"},
)  # fmt: skip
EVIDENCE: Final = Table(
    "evidence", "evidence.toml", "statement", EvidenceStatement, "code",
    (
        "code", "kind", "condition", "treatment", "comparator", "outcome", "timepoint", "direction", "grade",
        "grade_owner", "plain_text", "size_text", "harms_text", "n_people", "n_trials", "downgrade_reasons",
        "sources", "searched_on",
    ),
)  # fmt: skip
TERMS: Final = Table("terms", "glossary.toml", "term", GlossaryTerm, "slug", ("slug", "term", "definition", "see_also"))
QUESTIONS: Final = Table(
    "questions", "faq.toml", "question", Question, "code", ("code", "group", "question", "answer", "sources")
)
TRIALS: Final = Table(
    "trials", "trials.toml", "trial", Trial, "name",
    ("registry_id", "name", "phase", "cells", "control", "planned", "status", "finding", "sources"),
    ("key", "checked_on"),
)  # fmt: skip
REGULATIONS: Final = Table(
    "regulations", "regulation.toml", "note", RegulationNote, "key",
    ("key", "jurisdiction", "body", "title", "text", "sources", "owner", "next_due", "order"),
    ("effective_from", "reviewed_on"),
)  # fmt: skip
BEST_BETS: Final = Table(
    "best_bets", "best_bets.toml", "best_bet", BestBet, "key", ("key", "target", "phrases"), ("spanish",)
)
WAIVERS: Final = Table(
    "waivers", "waivers.toml", "waiver", ClaimWaiver, "where", ("where", "rule", "passage", "reason", "until")
)
