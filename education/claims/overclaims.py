"""The second layer of the claims rules: promises, by the way they are put rather than by single words. Pure.

`overclaims.toml` lists signs, in the language of `clinic.core.phrases`: of kinds of promises (O01 to O12), of the tone
of an advertisement, and of a sober sentence, which doubts, measures, warns or teaches. Each has a weight; the sum over
a sentence decides. A sober sign within a promise ("no side effects") is part of it and does not count.
"""

import bisect
import dataclasses
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from clinic.core.phrases import END, TextWords, classes_of, compiled, read

LISTS: Final = Path(__file__).with_name("overclaims.toml")
BLOCKS_AT: Final = 4
WARNS_AT: Final = 3
PROMISES_AT: Final = 3
"""A sign of this weight is a promise by itself and is named; lighter ones only colour a sentence."""
ASKS: Final = 5
"""What an open question weighs against a promise."""
REACH: Final = 8
"""How many words before a promise a negation reaches."""
TAIL: Final = 40
"""How far behind a sentence its mark and its source may stand."""
NEEDS_CITATION: Final = "O12"
BESIDE: Final = re.compile(r":::+ ?[\w-]*|(?<=\])\([^()\s]*\)|\[@[\w-]+\]|\[\[[a-z0-9-]+\\?\|")
"""Addresses of links, marks of sources and of glossary terms: nobody reads them as words."""
DEFINED: Final = 60
"""In how many letters of a sentence the name of what it defines ends."""
DEFINES: Final = re.compile(
    r"[A-Z][\w-]*(?: [\w-]+){0,3}: (?:an?|to|taken|how|when|any|\w+ing (?:of|back|people|out|up)|\w+ of|\w+ \w+ that)\b"
)
NO_STOP: Final = re.compile(r"\.(?=[^\s\"'”’)\]])")
"""A full stop that ends no sentence: "4.5", "e.g., a cure"."""
CITED: Final = re.compile(r"\[@[\w-]+\]")
Span = tuple[int, int]


@dataclasses.dataclass(frozen=True, slots=True)
class OverclaimKind:
    id: str
    why: str
    instead: str


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class ClaimSign:
    """`is_deniable`: does not count behind a negation. `restrains`: holds back what the first layer finds beside it.
    `is_topic`: says what a sentence is about, and does not count within a promise.
    """

    name: str
    kind: str
    weight: int
    is_deniable: bool
    restrains: bool
    is_topic: bool
    patterns: tuple[re.Pattern[str], ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Restraint:
    """A sentence that promises nothing, and the places of the words that make it sober."""

    span: Span
    word_spans: tuple[Span, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Promises:
    """`findings`: kind, level and place of each promise, one a kind and sentence. `restraints`: the sober sentences."""

    findings: tuple[tuple[str, str, Span], ...]
    restraints: tuple[Restraint, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Match:
    """A sign, and the first and the last of its words."""

    sign: ClaimSign
    first: int
    last: int


@dataclasses.dataclass(frozen=True, slots=True)
class ScoredSentence:
    """`start` and `end` count words, the full stop not among them; `matches` are the signs that stand in it."""

    start: int
    end: int
    matches: list[Match]


@dataclasses.dataclass(frozen=True, slots=True)
class Parsed:
    """A text as words, and its sentences with the signs in them. The end of a line ends a sentence."""

    text: str
    reading: TextWords
    sentences: tuple[ScoredSentence, ...]


@cache
def lists() -> dict[str, Any]:
    return tomllib.loads(LISTS.read_text(encoding="utf-8"))


@cache
def _small(what: str) -> frozenset[str]:
    """Small words by what they do in a sentence."""
    return frozenset(lists()["grammar"][what].split())


@cache
def kinds() -> dict[str, OverclaimKind]:
    return {name: OverclaimKind(name, entry["why"], entry["instead"]) for name, entry in lists()["kind"].items()}


@cache
def signs() -> tuple[ClaimSign, ...]:
    classes = classes_of(lists()["words"])
    return tuple(
        ClaimSign(
            name,
            entry.get("kind", ""),
            entry["weight"],
            entry.get("deniable", False),
            entry.get("restrains", False),
            entry.get("topic", False),
            tuple(pattern for line in entry["lines"] for pattern in compiled(line, classes)),
        )
        for name, entry in lists()["sign"].items()
    )


def parse(text: str) -> Parsed:
    plain = BESIDE.sub(lambda match: " " * len(match.group()), text)
    reading = read(NO_STOP.sub(",", plain).replace("\n", "."))
    return Parsed(text, reading, tuple(_sentences(reading)))


def look(parsed: Parsed) -> Promises:
    """The promises of a text, in its order."""
    text, reading = parsed.text, parsed.reading
    findings: list[tuple[str, str, Span]] = []
    restraints: list[Restraint] = []
    for sentence in parsed.sentences:
        words = reading.words[sentence.start : sentence.end]
        begin, stop = reading.span(sentence.start, sentence.end - 1)
        tail = text[stop : stop + TAIL]
        is_cited = CITED.search(text, begin, stop + TAIL) is not None
        promises_nothing = _asks(words, tail) or _defines(words, text[begin : begin + DEFINED])
        promises = _promises(sentence, reading.words, is_cited=is_cited)
        score = tail.startswith("!") - _restraint(sentence, promises) - promises_nothing * ASKS
        level, named = _judged(promises, score)
        findings += [(match.sign.kind, level, reading.span(match.first, match.last)) for match in named]
        if not named and not _small("ours") & set(words):
            places = {match.sign: match for match in sentence.matches if match.sign.restrains}.values()
            sober = [reading.span(match.first, match.last) for match in places]
            sober += [(stop, stop)] * promises_nothing
            restraints += [Restraint((begin, stop), tuple(sober))] if sober else []
    return Promises(tuple(sorted(findings, key=lambda finding: (finding[2], finding[0]))), tuple(restraints))


def _judged(promises: list[Match], score: int) -> tuple[str, list[Match]]:
    """The level of a sentence, and what in it is a promise; `score` is what else speaks for and against it."""
    named = _named(promises)
    score += _weight(promises)
    if named and named[0].sign.weight < PROMISES_AT:
        score -= 1
    return ("block" if score >= BLOCKS_AT else "warn"), (named if score >= WARNS_AT else [])


def _sentences(reading: TextWords) -> Iterator[ScoredSentence]:
    """The sentences of a text that have words, each with the signs in it."""
    ends = [index for index, word in enumerate(reading.words) if word == END] + [len(reading.words)]
    starts = [0, *(end + 1 for end in ends[:-1])]
    matches: list[list[Match]] = [[] for _ in ends]
    for sign in signs():
        for pattern in sign.patterns:
            for first, last in reading.find(pattern):
                matches[bisect.bisect_left(ends, first)].append(Match(sign, first, last))
    for start, end, here in zip(starts, ends, matches, strict=True):
        if start < end:
            yield ScoredSentence(start, end, here)


def _promises(sentence: ScoredSentence, words: Sequence[str], *, is_cited: bool) -> list[Match]:
    """What speaks for a promise and is neither denied nor, where that matters, cited."""
    return [
        match
        for match in sentence.matches
        if match.sign.weight > 0
        and not (is_cited and match.sign.kind == NEEDS_CITATION)
        and not is_denied(match, sentence, words)
    ]


def _restraint(sentence: ScoredSentence, promises: Iterable[Match]) -> int:
    """How much a sentence holds itself back. What stands within a promise is part of it: "no side effects"."""
    strong = [match for match in promises if match.sign.weight >= PROMISES_AT]
    inside = {index for match in strong for index in range(match.first, match.last + 1)}
    within = {index for match in strong if not match.sign.is_deniable for index in range(match.first, match.last + 1)}
    against = {
        match.sign
        for match in sentence.matches
        if match.sign.weight < 0
        and not (inside if match.sign.is_topic else within).issuperset(range(match.first, match.last + 1))
    }
    return -sum(sign.weight for sign in against)


def is_denied(match: Match, sentence: ScoredSentence, words: Sequence[str]) -> bool:
    """Whether a negation stands before a sign or, if it is deniable, within it. One that it begins with is its own."""
    if match.sign.weight < PROMISES_AT and not match.sign.is_deniable:
        return False
    before = range(max(sentence.start, match.first - REACH), match.first)
    within = range(match.first + 1, match.last) if match.sign.is_deniable else ()
    begins = words[match.first] in _small("denies")
    return any(
        words[index] in _small("denies") and words[index + 1] not in _small("strengthens")
        for index in (*(() if begins else before), *within)
    )


def _asks(words: Sequence[str], tail: str) -> bool:
    """Whether a sentence is an open question, rather than an advertisement's: "Tired of pain?", "Why let us wait?"."""
    if not tail.startswith("?"):
        return False
    if words[0] in _small("wonders") or _small("own") & set(words):
        return True
    opens = words[0] in _small("asks") and (words[0] != "why" or (words[1:2] and words[1] in _small("asks")))
    return bool(opens or {"do", "does"} & set(words[1:6])) and not _small("addresses") & set(words)


def _defines(words: Sequence[str], begin: str) -> bool:
    """Whether a sentence is an entry of a glossary: "Cure: to make an illness go away"."""
    return DEFINES.match(begin) is not None and not _small("addresses") & set(words)


def _weight(promises: Iterable[Match]) -> int:
    """Of each kind its heaviest sign, and 1 more for further ones; signs of tone, which are of no kind, one by one.

    Each word counts once: a sign all of whose words belong to heavier ones adds nothing.
    """
    by_kind: dict[str, set[ClaimSign]] = {}
    taken: set[int] = set()
    for match in sorted(promises, key=lambda match: (-match.sign.weight, match.first, -match.last)):
        places = range(match.first, match.last + 1)
        if not taken.issuperset(places):
            taken.update(places)
            by_kind.setdefault(match.sign.kind or match.sign.name, set()).add(match.sign)
    return sum(max(sign.weight for sign in item) + (len(item) > 1) for item in by_kind.values())


def _named(promises: Iterable[Match]) -> list[Match]:
    """Of each kind that is a promise by itself its heaviest sign, where that stands first; of none, the heaviest."""
    named: dict[str, Match] = {}
    for match in sorted(promises, key=lambda match: (-match.sign.weight, match.first, match.last)):
        if match.sign.kind and (match.sign.weight >= PROMISES_AT or not named):
            named.setdefault(match.sign.kind, match)
    return list(named.values())
