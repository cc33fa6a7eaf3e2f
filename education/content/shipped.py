"""The content that comes with the product, read from `content/` and checked as a whole before anything is written."""

import dataclasses
import datetime
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils.text import slugify

from clinic.core import region_words
from education.claims import template_text
from education.claims.content_checks import READ_BY_VISITORS, Remark, Waiver, remarks_in, remarks_of
from education.content import checks
from education.content.fields import is_sound, kind_of
from education.content.files import (
    UNREAD,
    Problems,
    clean,
    is_folder,
    page_files,
    parse_json,
    parse_toml,
    read_page,
    read_text,
)
from education.content.tables import (
    BEST_BETS,
    EVIDENCE,
    PAGES,
    QUESTIONS,
    REGULATIONS,
    SOURCES,
    TERMS,
    TRIALS,
    WAIVERS,
    Table,
)
from education.library import Record

CONTENT: Final = Path(__file__).parent
UNDATED: Final[Record] = {"effective_from": None, "reviewed_on": None}
"""A note on the law that names no day it applies from, and that no lawyer has looked at."""


class ContentError(Exception):
    """The shipped content has problems; `problems` lists every one as `file: location: what is wrong; what to do.`"""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclasses.dataclass(frozen=True, slots=True)
class Shipped:
    """All records of the content folder as field values, by table. `page_files` says where each page's key stands."""

    pages: list[Record]
    sources: list[Record]
    evidence: list[Record]
    terms: list[Record]
    questions: list[Record]
    trials: list[Record]
    regulations: list[Record]
    best_bets: list[Record]
    waivers: list[Waiver]
    page_files: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def location_of(self, table: str, record: Mapping[str, Any]) -> str:
        """`file: record`, as a problem begins."""
        return checks.location_of(table, record, self.page_files)


def digest(record: Record) -> str:
    text = json.dumps(record, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read(folder: Path = CONTENT, *, region: str = "") -> Shipped:
    """Read and check everything, in the words of a region: the clinic's own if none is named. Raises ContentError."""
    problems = Problems()
    if not is_folder(folder):
        problems.add(str(folder), "", "there is no such folder", "name the folder that holds “pages” and the records")
        raise ContentError(problems.sentences)
    page_names: dict[str, str] = {}
    region = region or settings.CLINIC_REGION
    shipped = Shipped(
        pages=list(_pages(folder, problems, page_names, region)),
        sources=[_source(entry, region) for entry in _entries(folder, SOURCES, problems)],
        evidence=list(_entries(folder, EVIDENCE, problems, region)),
        terms=list(_entries(folder, TERMS, problems, region)),
        questions=list(_entries(folder, QUESTIONS, problems, region)),
        trials=list(_trials(folder, problems, region)),
        regulations=[{**UNDATED, **entry} for entry in _entries(folder, REGULATIONS, problems, region)],
        best_bets=[{"spanish": [], **entry} for entry in _entries(folder, BEST_BETS, problems)],
        waivers=[Waiver(**entry) for entry in _entries(folder, WAIVERS, problems, region)],
        page_files=page_names,
    )
    tables = {table: getattr(shipped, table) for table in checks.TABLES}
    checks.check(tables, page_names, problems)
    if problems.sentences:
        raise ContentError(problems.sentences)
    return shipped


def source_titles() -> list[str]:
    """Raises ContentError."""
    problems = Problems()
    titles = [entry["title"] for entry in _entries(CONTENT, SOURCES, problems)]
    if problems.sentences:
        raise ContentError(problems.sentences)
    return titles


def remarks(shipped: Shipped, *, today: datetime.date) -> list[Remark]:
    """What the claims rules find in every text that a visitor meets: of the records, the templates and the files."""
    library = checks.library_of({table: getattr(shipped, table) for table in checks.TABLES})
    all_remarks = [
        remark
        for table in READ_BY_VISITORS
        for record in getattr(shipped, table)
        for remark in remarks_of(table, record, library, today=today)
    ]
    return all_remarks + remarks_in(template_text.texts(), library)


def _pages(folder: Path, problems: Problems, page_names: dict[str, str], region: str) -> Iterator[Record]:
    for path, file in page_files(folder, problems):
        parsed = read_page(path, file, problems, region=region)
        if parsed is None:
            continue
        front, body = parsed
        if "body" in front:
            problems.add(file, "body", "the text of a page is no field", "write it after the front matter")
            continue
        entry = {**front, "body": body}
        if is_sound(entry, PAGES, file, "", problems):
            is_stem_cell_page = entry.pop("stem_cell_page", False)
            page_names[file] = entry["key"]
            yield {**entry, "is_stem_cell_page": is_stem_cell_page}


def _source(entry: Record, region: str) -> Record:
    """Titles and names stay as they are; the kind is our own word."""
    names = ("key", "kind", "authors", "title", "container", "year", "doi", "pmid", "url", "supports", "note")
    source: Record = {name: entry.get(name) or "" for name in names}
    kind = region_words.put_in(source["kind"], region)
    return {**source, "kind": kind, "year": entry.get("year"), "is_verified": entry.get("verified", False)}


def _trials(folder: Path, problems: Problems, region: str) -> Iterator[Record]:
    """A trial without a key gets one from its name, which must then have a letter of the alphabet in it."""
    for entry in _entries(folder, TRIALS, problems, region):
        key = slugify(entry["name"])[:80]
        if not entry.get("key", key):
            remedy = 'give the trial a field key = "…"'
            problems.add(TRIALS.file, TRIALS.location_of(entry, 0), "no key can be made of this name", remedy)
        else:
            yield {"key": key, **entry}


def _entries(folder: Path, table: Table, problems: Problems, region: str = "") -> Iterator[Record]:
    """The sound records of one file, in order. A file that cannot be read has none, and is a problem.

    Without a region they stay as they are written: titles of sources, and what people type into the search.
    """
    text = read_text(folder / table.file, table.file, problems, region=region)
    if text is None:
        return
    if table is SOURCES:
        entries = parse_json(text, table.file, problems)
    else:
        entries = _toml_entries(text, table, problems)
    if entries is UNREAD:
        return
    if entries == [] and table is not WAIVERS:  # nothing may need a waiver
        problems.add(table.file, "", f"it holds no {table.entry}", _how_to(table))
        return
    if not isinstance(entries, list):
        problems.add(table.file, "", f"a list of records is needed, but this is {kind_of(entries)}", _how_to(table))
        return
    for number, entry in enumerate(entries, 1):
        if is_sound(entry, table, table.file, table.location_of(entry, number), problems):
            yield entry


def _toml_entries(text: str, table: Table, problems: Problems) -> Any:
    data = parse_toml(text, table.file, problems)
    if data is None:
        return UNREAD
    for name in sorted(data.keys() - {table.entry}):
        problems.add(table.file, "", f"there is no “{clean(name)}” here", _how_to(table))
    return data.get(table.entry, UNREAD if len(data) else [])


def _how_to(table: Table) -> str:
    return "put records in [ … ]" if table is SOURCES else f"begin each record with [[{table.entry}]]"
