"""The records that pages refer to, held in memory for as long as nothing changed."""

import dataclasses
import datetime
import secrets
import threading
from collections.abc import Iterable
from typing import Any, Self

from django.db.models import Case, F, When
from django.forms.models import model_to_dict
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from education.models import (
    BestBet,
    EvidenceStatement,
    GlossaryTerm,
    Page,
    Question,
    RegulationNote,
    SmallRecord,
    Snapshot,
    Source,
    Trial,
)

CONDITION_WORDS = {
    "ddd": _("Degenerative disc disease"),
    "herniated": _("Herniated disc"),
    "stenosis": _("Spinal stenosis"),
    "facet": _("Facet joint arthritis"),
    "any": _("Any back condition"),
    "chronic": _("Long-lasting back pain"),
    "sciatica": _("Sciatica"),
    "acute": _("New back pain"),
}
PAGE_LINK_WORDS = ("title", "short_title", "summary", "figure", "is_stem_cell_page")
DATES = ("searched_on", "checked_on", "retracted_on", "effective_from", "reviewed_on", "next_due")
Record = dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Library:
    """Each record by its key, in order. `pages` holds what links need of every published page, by address."""

    revision: str
    sources: dict[str, Record]
    evidence: dict[str, Record]
    terms: dict[str, Record]
    questions: dict[str, Record]
    trials: dict[str, Record]
    regulations: dict[str, Record]
    pages: dict[str, Record]
    best_bets: dict[str, Record] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, revision: str, data: dict[str, list[Record]]) -> Self:
        return cls(
            revision,
            _by(data.get("sources", ()), "key"),
            _by(data.get("evidence", ()), "code"),
            _by(data.get("terms", ()), "slug"),
            _by(data.get("questions", ()), "code"),
            _by(data.get("trials", ()), "key"),
            _by(data.get("regulations", ()), "key"),
            _by(data.get("pages", ()), "path"),
            _by(data.get("best_bets", ()), "key"),
        )

    def notes_on(self, jurisdiction: str) -> list[Record]:
        """What we say of the law of one country or state, in order."""
        notes = [note for note in self.regulations.values() if note["jurisdiction"] == jurisdiction]
        return sorted(notes, key=lambda note: note["order"])


def _by(records: Iterable[Record], key: str) -> dict[str, Record]:
    return {record[key]: _with_dates(record) for record in records}


def _with_dates(record: Record) -> Record:
    """Dates as dates again: JSON holds them as text, and pages say them in words."""
    dates = {name: record[name] for name in DATES if isinstance(record.get(name), str)}
    return {**record, **{name: datetime.date.fromisoformat(text) for name, text in dates.items()}}


_held = threading.local()


def revision() -> str:
    """The name of the content as it stands, new with every change; empty before any was loaded."""
    return Snapshot.objects.filter(pk=1).values_list("revision", flat=True).first() or ""


def current() -> Library:
    """The library as it stands, in one query that brings the data only when this thread holds other data."""
    cached: Library | None = getattr(_held, "library", None)
    data = Case(When(revision=cached.revision, then=None), default=F("data")) if cached else F("data")
    row = Snapshot.objects.filter(pk=1).annotate(news=data).values_list("revision", "news").first()
    if row is None:
        return Library.of("", {})
    if cached is None or cached.revision != row[0]:
        cached = _held.library = Library.of(*row)
    return cached


def snapshot_data() -> dict[str, list[Record]]:
    """Everything that readers see of every record, as plain data, as the snapshot keeps it."""
    return {
        "sources": _shown(Source),
        "evidence": _shown(EvidenceStatement),
        "terms": _shown(GlossaryTerm),
        "questions": _shown(Question),
        "trials": _shown(Trial),
        "regulations": _shown(RegulationNote),
        "best_bets": _shown(BestBet),
        "pages": [
            {
                **{name: getattr(page, name) for name in ("path", "key", "kind", "order")},
                **{name: version.words[name] for name in PAGE_LINK_WORDS},
                "changes": _changes(page),
            }
            for page in Page.objects.public()
            if (version := page.live)
        ],
    }


def new_revision() -> str:
    return secrets.token_hex(16)


def _changes(page: Page) -> list[Record]:
    """What changed in each version of an evidence page and why, newest first: its readers see it."""
    if page.kind != Page.Kind.EVIDENCE:
        return []
    told = page.versions.exclude(change_note="").values_list("published_at", "change_note")
    return [{"published_on": clock.local(at).date().isoformat(), "note": note} for at, note in told]


def _shown(model: type[SmallRecord]) -> list[Record]:
    order: Any = model._meta.ordering or ()
    shown: list[Any] = list(
        model._base_manager.filter(shown__isnull=False).order_by(*order).values_list("shown", flat=True)
    )
    return shown


def plain(record: SmallRecord) -> Record:
    """The fields of a record as JSON holds them: dates as ISO text."""
    return {name: _text(value) for name, value in model_to_dict(record).items()}


def _text(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
