"""The entries that search reads, brought in line with what readers see. Written only inside a change of content."""

import dataclasses
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from django.db.models import Q
from django.db.models.fields.json import KT
from django.urls import reverse

from education.library import CONDITION_WORDS, Record
from education.markup.blocks import CONTAINERS
from education.markup.markdown import CITATION, MARKDOWN, parts
from education.models import Page, PageVersion, SearchEntry, SearchVocabulary
from education.search.synonyms import words_of

Kind = SearchEntry.Kind
FORM: Final = "1"
"""Change it when entries are made differently: every entry is then written anew at the next change of content."""
LONGEST_TEXT: Final = 200_000
BATCH: Final = 50
"""Entries written by one statement: PostgreSQL stops one that takes longer than a page may."""
SHORTEST_KNOWN: Final = 3
QUOTED: Final = frozenset({"quoted-claim", "scenario"})
"""Words told to be judged, or made up: they lead to their page, and are never shown without what surrounds them."""
SECTION: Final = "## "
"""Begins a line that is a heading of the page, so that a result can lead to the section of its sentence."""
GAP_BEFORE_STOP: Final = re.compile(r" +([.,;:])")
"""What a citation leaves behind when it is taken away."""
FIXED: Final = (
    ("education:faq", "Questions people ask", "Short answers, each with its sources.", "faq answers"),
    ("education:glossary", "Glossary", "Words you may meet, each in one plain sentence.", "dictionary meaning"),
    ("education:sources", "Sources", "What these pages rest on.", "references studies papers literature"),
    (
        "consultations:start",
        "Check your options",
        "Questions about your back, and a way to ask for a consultation.",
        "appointment book booking request see a doctor consultation contact nurse candidate suitable questionnaire",
    ),
    ("consultations:send_link", "Your private link", "Open a request you sent before.", "my request status cancel"),
    ("clinic:privacy", "Privacy", "What we keep about you, why, and who reads it.", "data protection cookies"),
    ("clinic:accessibility", "Accessibility", "How everyone can use this site.", "screen reader large print"),
    ("clinic:complaints", "Complaints", "Tell us when something was wrong.", "complain unhappy feedback mistake"),
)  # fmt: skip
"""Addresses that are no records: name, title, summary, and other words people use for them."""


@dataclasses.dataclass(frozen=True, slots=True)
class EntryDraft:
    """One entry to be: what it is made of, as its digest, and its words. A page's words come from its live version."""

    kind: Kind
    key: str
    path: str
    digest: str
    fields: Mapping[str, Any]
    version: int = 0


def refresh(data: Mapping[str, list[Record]]) -> None:
    """Write what is new or changed, remove what readers no longer see. Call with the snapshot's row locked."""
    wanted = {(draft.kind.value, draft.key): draft for draft in _drafts(data)}
    gone = []
    for pk, kind, key, digest in SearchEntry.objects.values_list("pk", "kind", "key", "digest"):
        if (kind, key) in wanted and wanted[kind, key].digest == digest:
            del wanted[kind, key]
        else:
            gone.append(pk)
    if not gone and not wanted:
        return
    counts: Counter[str] = Counter()
    for start in range(0, len(gone), BATCH):
        old = SearchEntry.objects.filter(pk__in=gone[start : start + BATCH])
        for entry in old:
            counts.subtract(_known_words(entry))
        old.delete()
    drafts = list(wanted.values())
    for start in range(0, len(drafts), BATCH):
        entries = _entries(drafts[start : start + BATCH])
        for entry in entries:
            counts.update(_known_words(entry))
        SearchEntry.objects.bulk_create(entries)
    _count(counts)


def _count(changes: Mapping[str, int]) -> None:
    vocabulary, _ = SearchVocabulary.objects.get_or_create(pk=1)
    counts = Counter(vocabulary.words)
    counts.update(changes)
    vocabulary.words = {word: count for word, count in counts.items() if count > 0}
    vocabulary.save()


def _known_words(entry: SearchEntry) -> set[str]:
    texts = (entry.title, entry.summary, entry.keywords, entry.text)
    distinct = {word for text in texts for word in words_of(text)}
    return {word for word in distinct if len(word) >= SHORTEST_KNOWN and word.isalpha()}


def _entries(drafts: Sequence[EntryDraft]) -> list[SearchEntry]:
    versions = PageVersion.objects.filter(pk__in=[draft.version for draft in drafts if draft.version])
    by_version = {pk: (words, kind) for pk, words, kind in versions.values_list("pk", "words", "live_page__kind")}
    return [
        SearchEntry(
            kind=draft.kind,
            key=draft.key,
            path=draft.path,
            digest=draft.digest,
            **{**draft.fields, **(_page_words(*by_version[draft.version]) if draft.version else {})},
        )
        for draft in drafts
    ]


def _drafts(data: Mapping[str, list[Record]]) -> Iterator[EntryDraft]:
    homes = _homes()
    yield from _pages(data["pages"])
    for name, title, summary, keywords in FIXED:
        yield _draft(Kind.PAGE, name, reverse(name), title=title, summary=summary, keywords=keywords)
    for question in data["questions"]:
        path = f"{reverse('education:faq')}?open={question['code']}#{question['code']}"
        text = "\n".join(_lines(question["answer"]))
        yield _draft(Kind.QUESTION, question["code"], path, title=question["question"], text=text)
    for term in data["terms"]:
        path = f"{reverse('education:glossary')}#{term['slug']}"
        yield _draft(Kind.TERM, term["slug"], path, title=term["term"], summary=term["definition"])
    if "evidence-table" in homes:
        yield from (_statement(record, homes["evidence-table"]) for record in data["evidence"])
    if "trials" in homes:
        yield from (_trial(record, homes["trials"]) for record in data["trials"])
    yield from (_source(record, number) for number, record in enumerate(data["sources"], 1))


def _draft(kind: Kind, key: str, path: str, **fields: Any) -> EntryDraft:
    made_of = json.dumps([FORM, path, fields], sort_keys=True)
    return EntryDraft(kind, key, path, hashlib.sha256(made_of.encode()).hexdigest(), fields)


def _pages(links: Iterable[Record]) -> Iterator[EntryDraft]:
    live = dict(PageVersion.objects.filter(live_page__isnull=False).values_list("live_page__path", "pk"))
    for link in links:
        version = live[link["path"]]
        made_of = f"{FORM} {version} {link['kind']} {link['path']}"
        yield EntryDraft(
            Kind.PAGE, link["key"], link["path"], hashlib.sha256(made_of.encode()).hexdigest(), {}, version
        )


def _homes() -> dict[str, str]:
    """Which page shows the table of all statements, and which the trials: the first one that readers see."""
    shown = PageVersion.objects.filter(live_page__isnull=False).annotate(body=KT("words__body"))
    pages = shown.filter(Q(body__contains="::: evidence-table") | Q(body__contains="::: trials"))
    homes: dict[str, str] = {}
    for path, body in pages.order_by("live_page__order", "live_page__path").values_list("live_page__path", "body"):
        for part in parts(body):
            homes.setdefault(part.name, path)
    return homes


def _statement(record: Record, home: str) -> EntryDraft:
    details = (record["size_text"], record["downgrade_reasons"], f"Compared with: {record['comparator']}.")
    return _draft(
        Kind.STATEMENT,
        record["code"],
        f"{home}#{record['code']}",
        title=f"{record['treatment']}: {record['outcome'][:1].lower()}{record['outcome'][1:]}",
        summary=record["plain_text"],
        keywords=f"{CONDITION_WORDS.get(record['condition'], '')} {record['timepoint']} {record['code']}",
        text="\n".join(filter(None, details)),
        grade=record["grade"],
        is_stem_cell=record["kind"] == "stem_cell",
    )


def _trial(record: Record, home: str) -> EntryDraft:
    return _draft(
        Kind.TRIAL,
        record["key"],
        f"{home}#trial-{record['key']}",
        title=record["name"],
        summary=record["finding"] or "No results yet.",
        keywords=f"{record['registry_id']} trial study {record['phase']} {record['status']}",
        text=f"{record['cells']}, compared with: {record['control']}.",
    )


def _source(record: Record, number: int) -> EntryDraft:
    """A source as the list of sources says it. That list counts, so a place is part of the address."""
    said = (record["kind"], record["authors"], record["container"], str(record["year"] or ""))
    checked = "" if record["is_verified"] else " Not yet checked by us."
    return _draft(
        Kind.SOURCE,
        record["key"],
        f"{reverse('education:sources')}#source-{number}",
        title=record["title"],
        summary=". ".join(part.rstrip(".") for part in said if part) + "." + checked,
    )


def _page_words(words: Record, kind: str) -> dict[str, Any]:
    """The words of a page. An index of pages shows no facts in brief."""
    facts = () if kind == Page.Kind.HUB else words["key_facts"]
    lines, hidden = [f"{fact['label']}: {fact['text']}" for fact in facts], [words["short_title"]]
    for part in parts(words["body"]):
        if part.name in QUOTED:
            hidden += _lines(part.text)
        elif part.name == "pair":
            hidden.append(CITATION.sub("", part.text.rpartition("|")[2]))
        elif not part.name or part.name in CONTAINERS:
            lines += _lines(part.text)
    headings = [line.removeprefix(SECTION) for line in lines if line.startswith(SECTION)]
    return {
        "title": words["title"],
        "summary": words["summary"],
        "keywords": "\n".join((*headings, *hidden)),
        "text": "\n".join(lines)[:LONGEST_TEXT],
        "is_stem_cell": words["is_stem_cell_page"],
    }


def _lines(markdown: str) -> list[str]:
    """A text as plain lines: each paragraph or item, each row of a table as one, and headings of sections marked."""
    lines: list[str] = []
    row: list[str] | None = None
    for before, token in pairwise(MARKDOWN.parse(markdown)):
        if token.type == "tr_open":
            row = []
        elif token.type == "tr_close":
            lines.append("; ".join(filter(None, row or ())))
            row = None
        elif token.type == "inline":
            text = _plain(token.content)
            if row is not None:
                row.append(text)
            else:
                lines.append(f"{SECTION if before.tag == 'h2' else ''}{text}")
    return [line for line in lines if line.strip()]


def _plain(markdown: str) -> str:
    """The words of a line, without its marks, citations and addresses."""
    (inline,) = MARKDOWN.parseInline(markdown)
    spoken = []
    for token in inline.children or ():
        if token.type == "term":
            spoken.append(token.meta["parts"][1])
        elif token.type in ("softbreak", "hardbreak"):
            spoken.append(" ")
        else:
            spoken.append(token.content)
    return GAP_BEFORE_STOP.sub(r"\1", " ".join("".join(spoken).split()))
