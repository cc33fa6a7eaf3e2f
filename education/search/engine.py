"""Finding what visitors ask for: the engine's own full text behind one function, on SQLite and on PostgreSQL.

Nothing here keeps, counts or logs what was asked.
"""

import dataclasses
from collections.abc import Sequence
from typing import Final

from django.db import connection
from django.db.models import Q
from django.urls import reverse

from clinic.core.danger_words import Danger, dangers_in
from education import library
from education.library import Library
from education.models import SearchEntry, SearchVocabulary
from education.search.answers import Answers, Target
from education.search.index import FIXED
from education.search.snippets import best_sentence, is_named, marked
from education.search.spanish import in_english
from education.search.spelling import Vocabulary, corrected, units_of
from education.search.synonyms import STOP_WORDS, Unit, words_of

LONGEST: Final = 200
"""Letters of a question that are looked for; nobody types more, and what is longer is no question."""
LONGEST_KEPT: Final = 1500
"""Letters that are given back in the field, so that a pasted paragraph is not lost. Danger is looked for in all."""
MOST_WORDS: Final = 16
FIRST_SHOWN: Final = {SearchEntry.Kind.PAGE: 8}
OTHERS_SHOWN: Final = 4
LABELS: Final = {
    SearchEntry.Kind.QUESTION.value: "Question with an answer",
    SearchEntry.Kind.TERM.value: "A word explained",
}
PAGE_LENGTH: Final = 20
SQLITE: Final = """
    SELECT entry.id, entry.kind FROM education_searchentry_fts
    JOIN education_searchentry entry ON entry.id = education_searchentry_fts.rowid
    WHERE education_searchentry_fts MATCH %s
    ORDER BY bm25(education_searchentry_fts, 10.0, 4.0, 3.0, 1.0) * (1 + 2 * (
        entry.id IN (SELECT rowid FROM education_searchentry_fts WHERE education_searchentry_fts MATCH %s)
    )), entry.id
"""
POSTGRESQL: Final = """
    WITH asked AS (SELECT {query} AS query, {typed} AS typed), found AS (
        SELECT entry.id, entry.kind, entry.heads, count(*) OVER () AS total
        FROM education_searchentry entry, asked WHERE entry.words @@ asked.query
    )
    SELECT found.id, found.kind FROM found, asked
    ORDER BY CASE WHEN total > 400 THEN ts_rank('{{0.05, 0.2, 0.4, 1.0}}', heads, query, 1) ELSE (
        SELECT ts_rank('{{0.05, 0.2, 0.4, 1.0}}', entry.words, query, 1)
        FROM education_searchentry entry WHERE entry.id = found.id
    ) END * (1 + 2 * (heads @@ typed)::int) DESC, found.id
"""
"""Title, summary, keywords and text weigh less and less, and the words as typed, outside the text, three times what
means the same. To rank PostgreSQL unpacks each vector: words that hundreds of texts hold are ranked without the texts.
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Hit:
    """One thing found. `snippet` is a sentence of it in pieces, each with whether it is one of the words asked for."""

    kind: str
    key: str
    title: str
    path: str
    snippet: tuple[tuple[str, bool], ...]
    grade: int | None
    is_stem_cell: bool

    @property
    def label(self) -> str:
        """What it is, where things of several kinds stand together; of a page its title says enough."""
        return LABELS.get(self.kind, "")


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind: the first, how many there are, and how many of those stand above as answers."""

    kind: str
    label: str
    total: int
    hits: tuple[Hit, ...]
    above: int = 0

    @property
    def others(self) -> int:
        return self.total - self.above

    @property
    def left(self) -> int:
        return self.others - len(self.hits)


@dataclasses.dataclass(frozen=True, slots=True)
class Results:
    """What a search came to. `words` are those asked for, `answered` those looked for: empty when none says anything.

    `best`: the few places that answer it, of any kind. `english`: what a question in Spanish was read as.
    `meant`: what a misspelt question probably meant. `is_loose`: nothing has all the words, these have some of them.
    `dangers`: what the words may tell of, an emergency of the body or self-harm.
    """

    query: str
    best: tuple[Hit, ...] = ()
    groups: tuple[Group, ...] = ()
    answered: str = ""
    meant: str = ""
    is_loose: bool = False
    dangers: frozenset[Danger] = frozenset()
    english: str = ""

    @property
    def total(self) -> int:
        return len(self.best) + sum(group.others for group in self.groups)


def find(query: str, *, kind: str = "", page: int = 1) -> Results:
    """What visitors may read about these words: the few best answers, then all by kind; of one kind a page at a time.

    Any text is a question: what cannot be read as words finds nothing. Three queries, four when nothing has all words.
    """
    typed, dangers = query[:LONGEST_KEPT], dangers_in(query)
    asked = words_of(query[:LONGEST])[:MOST_WORDS]
    if not set(asked) - STOP_WORDS:
        return Results(typed, dangers=dangers)
    known = _known_of(library.current())
    spanish = in_english(asked, known.vocabulary, known.answers.spanish)
    said = spanish.english if spanish else asked
    units = units_of(said, known.vocabulary)
    # "Kill myself" is no misspelt "call myself": words about self-harm are never put into other words.
    keeps_words = bool(spanish) or Danger.SELF_HARM in dangers
    meant = "" if keeps_words else corrected(said, units, known.vocabulary)
    best = [] if kind else known.answers.to([*(words_of(meant) or said), *(spanish.meant if spanish else ())])
    rows, is_loose = _matches(units, every=True), False
    if rows:
        meant = ""
    elif meant:
        units = units_of(words_of(meant), known.vocabulary)
        rows = _matches(units, every=True)
    answered = meant if rows and meant else typed
    if not rows and len(units) > 1:
        rows = _matches(units, every=False)
        is_loose = bool(rows)
    hits, groups = _shown(best, rows, units, kind, page)
    return Results(typed, hits, groups, answered, meant, is_loose, dangers, " ".join(said) if spanish else "")


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """What one revision of the content answers, and its words."""

    answers: Answers
    vocabulary: Vocabulary


_known: dict[str, Known] = {}


def _known_of(content: Library) -> Known:
    """Made once a process for each revision, with one query."""
    known = _known.get(content.revision)
    if known is None:
        answers = Answers(content, [(name, reverse(name), title) for name, title, _, _ in FIXED])
        counts = SearchVocabulary.objects.filter(pk=1).values_list("words", flat=True).first()
        known = Known(answers, Vocabulary(counts or {}, answers.words))
        _known.clear()
        _known[content.revision] = known
    return known


def _matches(units: Sequence[Unit], *, every: bool) -> list[tuple[int, str]]:
    """Ids and kinds of the entries with every unit, or with any, best first."""
    if not units:  # a correction may leave little words alone
        return []
    as_typed = [dataclasses.replace(unit, choices=()) for unit in units]
    if connection.vendor == "postgresql":
        query, names = _tsquery(units, every=every)
        typed, more_names = _tsquery(as_typed, every=every)
        sql, names = POSTGRESQL.format(query=query, typed=typed), names + more_names
    else:
        typed = "{title summary keywords} : (" + _fts_query(as_typed, every=every) + ")"
        sql, names = SQLITE, [_fts_query(units, every=every), typed]
    with connection.cursor() as cursor:
        cursor.execute(sql, names)
        rows: list[tuple[int, str]] = cursor.fetchall()
    return rows


def _names(unit: Unit) -> list[str]:
    return list(dict.fromkeys((unit.typed, *unit.choices)))


def _fts_query(units: Sequence[Unit], *, every: bool) -> str:
    """In FTS5's words. Each word is letters and digits only, so a quotation holds it whole."""
    pieces = []
    for unit in units:
        asked = [f'"{name}"' for name in _names(unit)]
        if " " in unit.typed:
            asked.append("(" + " AND ".join(f'"{word}"' for word in unit.typed.split()) + ")")
        pieces.append("(" + " OR ".join(asked) + ")")
    return (" AND " if every else " OR ").join(pieces)


def _tsquery(units: Sequence[Unit], *, every: bool) -> tuple[str, list[str]]:
    """In PostgreSQL's words: SQL that holds nothing of what was typed, and the texts for its placeholders."""
    pieces, texts = [], []
    for unit in units:
        asked = ["phraseto_tsquery('english', %s)"] * len(_names(unit))
        texts += _names(unit)
        if " " in unit.typed:
            asked.append("plainto_tsquery('english', %s)")
            texts.append(unit.typed)
        pieces.append("(" + " || ".join(asked) + ")")
    return (" && " if every else " || ").join(pieces), texts


def _shown(
    best: Sequence[Target], rows: Sequence[tuple[int, str]], units: Sequence[Unit], kind: str, page: int
) -> tuple[tuple[Hit, ...], tuple[Group, ...]]:
    """The best answers, and the ids of each kind cut to what is shown, with their entries in one query."""
    by_kind = {item: [pk for pk, its_kind in rows if its_kind == item] for item in SearchEntry.Kind}
    shown = {}
    for entry_kind, ids in by_kind.items():
        if kind:
            start = (page - 1) * PAGE_LENGTH
            shown[entry_kind] = ids[start : start + PAGE_LENGTH] if entry_kind == kind else []
        else:
            shown[entry_kind] = ids[: FIRST_SHOWN.get(entry_kind, OTHERS_SHOWN) + len(best)]
    wanted = Q(pk__in=[pk for ids in shown.values() for pk in ids])
    for its_kind, key, _ in best:
        wanted |= Q(kind=its_kind, key=key)
    entries = {entry.pk: entry for entry in SearchEntry.objects.filter(wanted)}
    by_name = {(entry.kind, entry.key): entry for entry in entries.values()}
    above = [(by_name[target[:2]], target[2]) for target in best if target[:2] in by_name]
    taken = {entry.pk for entry, _ in above}
    groups = []
    for entry_kind, ids in shown.items():
        is_shown = by_kind[entry_kind] and kind in ("", entry_kind)
        rest = [pk for pk in ids if pk in entries and pk not in taken]
        first = rest if kind else rest[: FIRST_SHOWN.get(entry_kind, OTHERS_SHOWN)]
        hits = tuple(_hit(entries[pk], units) for pk in first)
        if is_shown and (kind or hits):
            groups.append(
                Group(
                    entry_kind.value,
                    str(entry_kind.label),
                    len(by_kind[entry_kind]),
                    hits,
                    len(taken & set(by_kind[entry_kind])),
                )
            )
    return tuple(_hit(entry, units, section, is_best=True) for entry, section in above), tuple(groups)


def _hit(entry: SearchEntry, units: Sequence[Unit], section: str = "", *, is_best: bool = False) -> Hit:
    anchor, sentence = best_sentence(entry, units)
    if is_best:
        anchor = section or ("" if is_named(entry, units) else anchor)
    path = f"{entry.path}#{anchor}" if anchor else entry.path
    return Hit(entry.kind, entry.key, entry.title, path, marked(sentence, units), entry.grade, entry.is_stem_cell)
