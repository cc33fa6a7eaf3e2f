"""The second layer of the claims rules: promises, by the way they are put rather than by single words. Pure.

`overclaims.toml` lists kinds of promises (P01 to P12), in the language of `clinic.phrases`. A firm line is a finding
wherever it stands, but for a quotation that the sentence tells as somebody else's words; a plain one only where nothing
in its sentence holds it back. A sentence that denies or exposes a promise makes none.
"""

import bisect
import dataclasses
import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from clinic.phrases import END, Reading, classes_of, compiled, read

LISTS: Final = Path(__file__).with_name("overclaims.toml")
QUOTED: Final = re.compile(r"[\"“”«„]([^\"“”«»„]{2,400})[\"”“»]")

BESIDE: Final = re.compile(r"(?<=\])\([^()\s]*\)|\[@[\w-]+\]|\[\[[a-z0-9-]+\\?\|")
"""Addresses of links, marks of sources and of glossary terms: nobody reads them as words."""


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    id: str
    level: str
    why: str
    instead: str


@dataclasses.dataclass(frozen=True, slots=True)
class _Line:
    kind: Kind
    pattern: re.Pattern[str]
    is_firm: bool


@dataclasses.dataclass(frozen=True, slots=True)
class _Lists:
    kinds: dict[str, Kind]
    lines: tuple[_Line, ...]
    held: tuple[re.Pattern[str], ...]
    denied: tuple[re.Pattern[str], ...]
    quoting: frozenset[str]


def kinds() -> dict[str, Kind]:
    return _lists().kinds


@cache
def _lists() -> _Lists:
    data = tomllib.loads(LISTS.read_text(encoding="utf-8"))
    classes = classes_of(data["words"])
    found, lines = {}, []
    for name, entry in data["kind"].items():
        kind = found[name] = Kind(name, entry["level"], entry["why"], entry["instead"])
        for strength in ("firm", "plain"):
            for line in entry[strength]:
                lines += [_Line(kind, pattern, strength == "firm") for pattern in compiled(line.strip(), classes)]
    held, denied = (
        tuple(pattern for line in data["held"][name] for pattern in compiled(line, classes))
        for name in ("words", "denied")
    )
    return _Lists(found, tuple(lines), held, denied, frozenset(data["held"]["quoting"]))


@dataclasses.dataclass(frozen=True, slots=True)
class Promises:
    """`found`: kind, level and place of each promise, one a kind and sentence. `held`: where sentences stand that hold
    themselves back and make no promise.
    """

    found: tuple[tuple[str, str, tuple[int, int]], ...]
    held: tuple[tuple[int, int], ...]


def look(text: str) -> Promises:
    """The promises of a text, in its order."""
    reading = read(BESIDE.sub(lambda match: " " * len(match.group()), text))
    if not reading.words:
        return Promises((), ())
    lists, sentences = _lists(), list(_sentences(reading))
    starts = [start for start, _ in sentences]
    denied = {bisect.bisect_right(starts, place) - 1 for place in _places(reading, lists.denied)}
    held = denied | {bisect.bisect_right(starts, place) - 1 for place in _places(reading, lists.held)}
    quotes = [match.span(1) for match in QUOTED.finditer(text)]
    found: dict[tuple[int, str], tuple[str, str, tuple[int, int]]] = {}
    for line in lists.lines:
        for first, last in reading.find(line.pattern):
            number = bisect.bisect_right(starts, first) - 1
            span = reading.span(first, last)
            if number in (denied if line.is_firm else held) or _is_told(reading, span, quotes):
                continue
            known = found.get((number, line.kind.id))
            if known is None or span < known[2]:
                found[number, line.kind.id] = line.kind.id, line.kind.level, span
    promising = {number for number, _ in found}
    modest = (
        reading.span(start, min(end, len(reading.words) - 1))
        for number, (start, end) in enumerate(sentences)
        if number in held - promising
    )
    return Promises(tuple(sorted(found.values(), key=lambda each: (each[2], each[0]))), tuple(modest))


def _sentences(reading: Reading) -> Iterator[tuple[int, int]]:
    """First and last word of each sentence, its full stop included."""
    start = 0
    for place, word in enumerate(reading.words):
        if word == END:
            yield start, place
            start = place + 1
    yield start, len(reading.words)


def _places(reading: Reading, patterns: Iterable[re.Pattern[str]]) -> set[int]:
    return {first for pattern in patterns for first, _ in reading.find(pattern)}


def _is_told(reading: Reading, span: tuple[int, int], quotes: Iterable[tuple[int, int]]) -> bool:
    """Whether the words stand in quotation marks and the rest of the sentence tells them as somebody's words."""
    for start, end in quotes:
        if start <= span[0] and span[1] <= end:
            around = {
                word
                for word, (begin, stop) in zip(reading.words, reading.spans, strict=True)
                if stop <= start or begin >= end
            }
            return bool(around & _lists().quoting)
    return False
