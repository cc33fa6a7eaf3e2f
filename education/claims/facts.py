"""A second reading: every number of a cited sentence stands in what its sources are recorded to support. Pure.

A citation covers the sentence it stands in and the uncited ones before it in the same paragraph, list item or table
cell; what follows the last one belongs to it too. Records with a list of sources are covered by that list, and so are
the summary and the key facts of a page. A figure names its sources in a comment: `{# sources: key key #}`.
"""

import dataclasses
import datetime
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from education.claims.content_checks import KEYS, READ_BY_VISITORS
from education.claims.numbers import SupportedNumbers, held_by, numbers_in
from education.library import Record
from education.markup.blocks import columns_of, pair_of, steps_of
from education.markup.markdown import CITATION, MARKDOWN, TERM, cited_keys, parts

SENTENCE_END: Final = re.compile(r"(?<=[.!?])[”\"*)]*\s+(?=[^a-z])")
ADDRESS: Final = re.compile(r"\]\([^)\s]*\)")
COUNTED: Final = re.compile(
    r"(?:[\s-]+[a-z]+){0,3}?\s+(?:trials?|tests?|studies|reviews?|reports?|insurers?)\b", re.IGNORECASE
)
FIGURE_SOURCES: Final = re.compile(r"\{#\s*sources:\s*([A-Za-z0-9_ ]+?)\s*#\}")
FIGURE_TEXT: Final = re.compile(r"<(desc|li|figcaption|p|td|dd)\b[^>]*>(.*?)</\1>", re.DOTALL)
MARKUP: Final = re.compile(r"<[^>]*>|\{%.*?%\}", re.DOTALL)
COUNTS: Final = {"evidence": (("n_people", "people"), ("n_trials", "trials")), "trials": (("planned", "people"),)}
"""Counts of a record that readers see as numbers."""
UNREAD_FIELDS: Final = frozenset({"author", "owner", "change_note", "name", "title", "short_title"})


@dataclasses.dataclass(frozen=True, slots=True)
class CitingSentence:
    """A sentence as it is written, its place, and the keys of the sources it rests on."""

    where: str
    text: str
    sources: tuple[str, ...]

    @property
    def digest(self) -> str:
        """What an exception is bound to: the sentence letter by letter, and its sources."""
        return hashlib.sha256(f"{self.text}\n{' '.join(sorted(self.sources))}".encode()).hexdigest()[:16]


@dataclasses.dataclass(frozen=True, slots=True)
class Exemption:
    """A written reason why a sentence may hold numbers that its sources do not."""

    where: str
    digest: str
    numbers: tuple[str, ...]
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class UnsourcedNumbers:
    """Numbers of one sentence that none of its sources holds."""

    sentence: CitingSentence
    numbers: tuple[str, ...]


def findings(sentences: Iterable[CitingSentence], sources: Mapping[str, Record]) -> list[UnsourcedNumbers]:
    """Each sentence with a number that is in none of its sources."""
    by_source = {key: _held_by_source(source) for key, source in sources.items()}
    unsourced = []
    for sentence in sentences:
        missing = tuple(
            dict.fromkeys(_missing(sentence, [by_source[key] for key in sentence.sources if key in by_source]))
        )
        if missing:
            unsourced.append(UnsourcedNumbers(sentence, missing))
    return unsourced


def weighed(
    unsourced: Iterable[UnsourcedNumbers], exemptions: Iterable[Exemption]
) -> tuple[list[UnsourcedNumbers], list[tuple[Exemption, tuple[str, ...]]]]:
    """What no exemption covers, and the exemptions with the numbers that no sentence needs exempted."""
    needed = {(entry.sentence.where, entry.sentence.digest): set(entry.numbers) for entry in unsourced}
    given: dict[tuple[str, str], set[str]] = {}
    idle = []
    for entry in exemptions:
        key = (entry.where, entry.digest)
        given.setdefault(key, set()).update(entry.numbers)
        if left := tuple(number for number in entry.numbers if number not in needed.get(key, ())):
            idle.append((entry, left))
    still = []
    for finding in unsourced:
        covered = given.get((finding.sentence.where, finding.sentence.digest), set())
        if left := tuple(number for number in finding.numbers if number not in covered):
            still.append(UnsourcedNumbers(finding.sentence, left))
    return still, idle


def sentences_of(table: str, record: Mapping[str, Any]) -> Iterator[CitingSentence]:
    """The cited sentences of a record, and the counts it shows."""
    listed = tuple(record.get("sources") or ())
    stem = f"{table}.{record[KEYS[table]]}"
    for name in READ_BY_VISITORS[table]:
        if name in UNREAD_FIELDS:
            continue
        if table == "pages" and name == "body":
            yield from _of_body(f"{stem}.body", record["body"])
        elif name == "key_facts":
            for number, fact in enumerate(record[name], 1):
                yield CitingSentence(f"{stem}.{name}.{number}", fact["text"], listed)
        elif value := record.get(name):
            yield from _of_text(f"{stem}.{name}", str(value), listed)
    for name, what in COUNTS.get(table, ()):
        if record[name] > 1:
            yield CitingSentence(f"{stem}.{name}", f"{record[name]} {what}", listed)


def sentences_of_template(name: str, template: str) -> Iterator[CitingSentence]:
    """The sentences of a figure that names its sources."""
    named = FIGURE_SOURCES.search(template)
    if named is None:
        return
    keys = tuple(named[1].split())
    for match in FIGURE_TEXT.finditer(template):
        text = " ".join(MARKUP.sub(" ", match[2]).split())
        yield from (CitingSentence(f"templates.{name}", word, keys) for word in _split(text))


def old_records(tables: Mapping[str, Sequence[Record]], *, today: datetime.date, months: int) -> list[str]:
    """Records that nobody has looked at for so long, each as a sentence."""
    oldest = _months_before(today, months)
    said = []
    for table, name in (("trials", "checked_on"), ("evidence", "searched_on")):
        for record in tables[table]:
            day = record.get(name)
            record_name = f"{table}.{record[KEYS[table]]}"
            if day is None:
                said.append(f"{record_name}: what we read has no date")
            elif day < oldest:
                said.append(f"{record_name}: recorded on {day.isoformat()}, more than {months} months ago")
    said += [
        f"regulations.{note['key']}: a check was due on {note['next_due'].isoformat()}"
        for note in tables["regulations"]
        if note["next_due"] < today
    ]
    return said


def _held_by_source(source: Record) -> SupportedNumbers:
    numbers = held_by(source["supports"])
    year = {source["year"]} if source.get("year") else set()
    return SupportedNumbers(numbers.values | frozenset(year), numbers.shares)


def _missing(sentence: CitingSentence, supported: list[SupportedNumbers]) -> Iterator[str]:
    plain = _plain(sentence.text)
    values: frozenset[Fraction] = frozenset().union(*(entry.values for entry in supported))
    shares: frozenset[Fraction] = frozenset().union(*(entry.shares for entry in supported))
    together = SupportedNumbers(values, shares)
    for number in numbers_in(plain):
        counts_sources = number.value == len(sentence.sources) and COUNTED.match(plain, number.end)
        if number not in together and not counts_sources:
            yield number.text


def _plain(text: str) -> str:
    text = TERM.sub(lambda match: match[2], CITATION.sub("", text))
    return ADDRESS.sub("]", text).replace("**", "").replace("\xa0", " ")


def _of_body(where: str, body: str) -> Iterator[CitingSentence]:
    for part in parts(body):
        if part.name == "pair":
            if pair := pair_of(part.text):
                lead = f"{pair.first} of 100 {pair.first_group}, {pair.second} of 100 {pair.second_group}: "
                yield from _of_text(where, lead + pair.what_happened, ())
        elif part.name == "steps":
            for _, _, text in steps_of(part.text):
                yield from _of_text(where, text, ())
        elif part.name == "know":
            for _, text in columns_of(part.text):
                yield from _of_text(where, text, ())
        elif part.name in ("", "note", "warning"):
            yield from _of_text(where, part.text, ())


def _of_text(where: str, text: str, listed: tuple[str, ...]) -> Iterator[CitingSentence]:
    """Cited sentences of a text; where nothing is cited, `listed` holds, and without it there is nothing to compare."""
    for paragraph, around in _paragraphs(text):
        pieces = _split(paragraph)
        own = [tuple(cited_keys(piece)) for piece in pieces]
        for index, piece in enumerate(pieces):
            after = next((keys for keys in own[index:] if keys), ())
            before = next((keys for keys in reversed(own[:index]) if keys), ())
            if sources := after or before or around or listed:
                yield CitingSentence(where, piece, sources)


def _paragraphs(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each paragraph, list item and table cell, a cell with what is cited elsewhere in its row."""
    tokens = MARKDOWN.parse(text)
    is_heading = False
    row: list[str] | None = None
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            is_heading = token.type == "heading_open"
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            keys = tuple(cited_keys(" ".join(row)))
            yield from ((cell, keys) for cell in row)
            row = None
        elif token.type == "inline" and not is_heading:
            line = " ".join(token.content.split())
            if row is None:
                yield line, ()
            else:
                row.append(line)


def _split(paragraph: str) -> list[str]:
    return [piece for piece in SENTENCE_END.split(paragraph) if piece.strip()]


def _months_before(day: datetime.date, months: int) -> datetime.date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return datetime.date(year, month + 1, min(day.day, 28))
