"""The content that comes with the product, read from `content/` and checked as a whole before anything is written."""

import dataclasses
import datetime
import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any, Final

from django.utils.text import slugify

from education import static_words
from education.library import Library, Record
from education.rules import page_problems, question_problems, record_problems, regulation_problems
from education.wording import READ_BY_VISITORS, Remark, Waiver, remarks_in, remarks_of

CONTENT: Final = Path(__file__).parent / "content"
PAGE_FIELDS: Final = (
    "key",
    "path",
    "kind",
    "title",
    "short_title",
    "summary",
    "order",
    "key_facts",
    "evidence",
    "sources",
    "related",
    "figure",
    "review_months",
    "author",
)
UNDATED: Final[Record] = {"effective_from": None, "reviewed_on": None}
"""A note on the law that names no day it applies from, and that no lawyer has looked at."""


class ContentError(Exception):
    """The shipped content has problems; `problems` lists every one, each naming its file or record."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclasses.dataclass(frozen=True, slots=True)
class Shipped:
    """All records of the content folder as field values, by table."""

    pages: list[Record]
    sources: list[Record]
    evidence: list[Record]
    terms: list[Record]
    questions: list[Record]
    trials: list[Record]
    regulations: list[Record]
    waivers: list[Waiver]


def digest(record: Record) -> str:
    text = json.dumps(record, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read(folder: Path = CONTENT) -> Shipped:
    """Read and check everything. Raises ContentError."""
    problems: list[str] = []
    pages = [page for path in sorted((folder / "pages").glob("*.md")) if (page := _page(path, problems))]
    shipped = Shipped(
        pages=pages,
        sources=[_source(entry) for entry in json.loads((folder / "sources.json").read_text(encoding="utf-8"))],
        evidence=_toml(folder / "evidence.toml", "statement"),
        terms=_toml(folder / "glossary.toml", "term"),
        questions=_toml(folder / "faq.toml", "question"),
        trials=[{"key": slugify(entry["name"])[:80], **entry} for entry in _toml(folder / "trials.toml", "trial")],
        regulations=[{**UNDATED, **entry} for entry in _toml(folder / "regulation.toml", "note")],
        waivers=[Waiver(**entry) for entry in _toml(folder / "waivers.toml", "waiver")],
    )
    problems += check(shipped)
    if problems:
        raise ContentError(problems)
    return shipped


def source_titles() -> list[str]:
    return [entry["title"] for entry in json.loads((CONTENT / "sources.json").read_text(encoding="utf-8"))]


def remarks(shipped: Shipped, *, today: datetime.date) -> list[Remark]:
    """What the claims rules find in every text that a visitor meets: of the records, the templates and the files."""
    library = _library(shipped)
    found = [
        remark
        for table in READ_BY_VISITORS
        for record in getattr(shipped, table)
        for remark in remarks_of(table, record, library, today=today)
    ]
    return found + remarks_in(static_words.texts(), library)


def _library(shipped: Shipped) -> Library:
    tables = ("sources", "evidence", "terms", "questions", "trials", "regulations")
    return Library.of("", {table: getattr(shipped, table) for table in tables})


def check(shipped: Shipped) -> list[str]:
    library = _library(shipped)
    paths = {page["path"] for page in shipped.pages} | {"/faq/", "/glossary/", "/sources/"}
    problems = []
    for name, records, key in (
        ("page", shipped.pages, "path"),
        ("page", shipped.pages, "key"),
        ("source", shipped.sources, "key"),
        ("statement", shipped.evidence, "code"),
        ("term", shipped.terms, "slug"),
        ("question", shipped.questions, "code"),
        ("trial", shipped.trials, "key"),
        ("note on the law", shipped.regulations, "key"),
    ):
        seen = [record[key] for record in records]
        problems += [f"{name} {twice}: it stands twice." for twice in sorted({k for k in seen if seen.count(k) > 1})]
    for page in shipped.pages:
        problems += [f"{page['key']}: {problem}" for problem in page_problems(page, library, paths=paths)]
    for question in shipped.questions:
        problems += [f"{question['code']}: {problem}" for problem in question_problems(question, library)]
    for note in shipped.regulations:
        problems += [f"{note['key']}: {problem}" for problem in regulation_problems(note, library)]
    for record in (*shipped.evidence, *shipped.terms, *shipped.trials):
        name = record.get("code") or record.get("slug") or record["key"]
        problems += [f"{name}: {problem}" for problem in record_problems(record, library)]
    return problems


def _page(path: Path, problems: list[str]) -> Record | None:
    pieces = path.read_text(encoding="utf-8").split("+++\n", 2)
    if len(pieces) != 3 or pieces[0].strip():
        problems.append(f"{path.name}: it must begin with front matter between two lines “+++”.")
        return None
    try:
        front = tomllib.loads(pieces[1])
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{path.name}: the front matter is not TOML ({error}).")
        return None
    missing = [field for field in PAGE_FIELDS if field not in front]
    if missing:
        problems.append(f"{path.name}: the front matter lacks {', '.join(missing)}.")
        return None
    page: Record = {field: front[field] for field in PAGE_FIELDS}
    return {**page, "is_stem_cell_page": front.get("stem_cell_page", False), "body": pieces[2].strip() + "\n"}


def _source(entry: Record) -> Record:
    names = ("key", "kind", "authors", "title", "container", "year", "doi", "pmid", "url", "supports", "note")
    source: Record = {name: entry.get(name) or "" for name in names}
    return {**source, "year": entry.get("year") or None, "is_verified": bool(entry.get("verified"))}


def _toml(path: Path, name: str) -> list[Any]:
    entries: list[Any] = tomllib.loads(path.read_text(encoding="utf-8"))[name]
    return entries
