"""Finds words about danger in what people type: signs of an emergency, and self-harm. Pure; the lists are data.

`danger_signs.toml` and `self_harm_words.toml` hold the two lists, each group of phrases with its reason, in the
language of `word_patterns`; `danger_words.toml` holds the words they share. `self_harm_hints.toml` holds what is
harmless alone: hints of two kinds, not far apart, are about self-harm. `self_harm_weights.toml` holds what each word
tells; it is learned from the texts of the tests (`make weigh`) and hears what no list names.
Our own lists, not yet clinically reviewed.
They only ever add a warning: no rule reads them, and nothing is refused because of them.
"""

import dataclasses
import itertools
import re
import tomllib
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

from clinic.core.misspellings import Speller
from clinic.core.phrases import END, TextWords, read
from clinic.core.word_patterns import PatternBook, Text, WordPattern, find_spans
from clinic.core.word_weights import Weights, marks_of

FOLDER: Final = Path(__file__).parent
LONGEST_READ: Final = 20_000
PAUSE: Final = re.compile(r"\.{2,}|…|(?<=\d)\.(?=\d)")
"""Points that end no sentence: "my legs... they will not work", "38.5"."""
DENIAL_REACH: Final = 12
HINTS_REACH: Final = 60
"""Words that two hints of self-harm may lie apart."""
HEAVY_ENOUGH: Final = 1
"""What a text weighs that is taken for self-harm. A lower bound hears more of what is only hinted at, and takes more
everyday sentences for it: each of those shows a stranger the support box and calls somebody from their work."""


class Danger(StrEnum):
    """SIGN: may be an emergency of the body. SELF_HARM: may be about suicide or self-harm."""

    SIGN = "sign"
    SELF_HARM = "self_harm"


@dataclasses.dataclass(frozen=True, slots=True)
class Mention:
    """Words about a danger; `span` holds their start and end in the text."""

    danger: Danger
    span: tuple[int, int]


def dangers_in(text: str) -> frozenset[Danger]:
    return frozenset(mention.danger for mention in mentions(text))


def mentions(text: str) -> list[Mention]:
    """Every stretch of the text that a list knows, in order; overlapping ones of one kind are one."""
    reading = _read(text)
    places = sorted(_matches(_lists(), reading), key=lambda match: (match[1], match[2]))
    known: dict[Danger, list[tuple[int, int]]] = {danger: [] for danger in Danger}
    for danger, first, last in places:
        start, end = reading.span(first, last)
        spans = known[danger]
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end))
        else:
            spans.append((start, end))
    if not known[Danger.SELF_HARM] and _weighs_enough(reading):
        known[Danger.SELF_HARM].append(reading.span(*_lists().weights.heaviest_sentence(reading.words)))
    found_all = [Mention(danger, span) for danger, spans in known.items() for span in spans]
    return sorted(found_all, key=lambda mention: (mention.span, mention.danger))


def _read(text: str) -> TextWords:
    speller = _lists().speller
    spelled: dict[str, str] = {}
    return read(
        PAUSE.sub(lambda pause: "," * len(pause[0]), text[:LONGEST_READ]),
        spelled=lambda word: spelled.get(word) or spelled.setdefault(word, speller.spelled(word)),
    )


def _matches(lists: "_Lists", reading: TextWords) -> Iterator[tuple[Danger, int, int]]:
    """Kind, first and last word of each match that is not denied, long past or part of a harmless phrase."""
    text = Text(reading.words, lists.book)
    signs: list[tuple[int, int, bool]] = []
    for danger, patterns in lists.harmless.items():
        harmless = [span for pattern in patterns for span in find_spans(pattern, text)]
        for group in lists.groups:
            if group.danger != danger:
                continue
            for first, last in _unharmed(group.patterns, text, harmless):
                if danger == Danger.SELF_HARM:
                    yield danger, first, last
                else:
                    signs.append((first, last, group.may_be_long_past))
        if danger == Danger.SELF_HARM:
            for first, last in _hinted([list(_unharmed(hints, text, harmless)) for hints in lists.hints.values()]):
                yield danger, first, last
    for first, last in _standing(lists, reading, text, sorted(signs)):
        yield Danger.SIGN, first, last


def _unharmed(
    patterns: tuple[WordPattern, ...], text: Text, harmless: list[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Where the patterns match outside every harmless phrase."""
    for first, last in (span for pattern in patterns for span in find_spans(pattern, text)):
        if not any(start <= first <= stop or start <= last <= stop for start, stop in harmless):
            yield first, last


def _hinted(kinds: list[list[tuple[int, int]]]) -> Iterator[tuple[int, int]]:
    """The hints that stand near one of another kind and do not share a word with it."""
    for one, other in itertools.combinations(kinds, 2):
        for (first, last), (start, stop) in itertools.product(one, other):
            if not (first <= stop and start <= last) and max(start - last, first - stop) <= HINTS_REACH:
                yield first, last
                yield start, stop


def _weighs_enough(reading: TextWords) -> bool:
    lists = _lists()
    names = _names(lists, Text(reading.words, lists.book))
    return lists.weights.of(marks_of(reading.words, names)) > HEAVY_ENOUGH


def marks(text: str) -> frozenset[str]:
    """What the weights are learned from, and weighed by."""
    lists, reading = _lists(), _read(text)
    return marks_of(reading.words, _names(lists, Text(reading.words, lists.book)))


def _names(lists: "_Lists", text: Text) -> list[str]:
    """The classes of words in the text, the kinds of hints, and each two of those kinds."""
    kinds = [kind for kind, hints in lists.hints.items() if any(_is_found(hint, text) for hint in hints)]
    pairs = [f"{one} and {other}" for one, other in itertools.combinations(kinds, 2)]
    return [name for name, pattern in lists.book.classes() if _is_found(pattern, text)] + kinds + pairs


def _is_found(pattern: WordPattern, text: Text) -> bool:
    return pattern.may_match(text) and bool(pattern.ends(text, text.everywhere))


def _standing(
    lists: "_Lists", reading: TextWords, text: Text, signs: list[tuple[int, int, bool]]
) -> Iterator[tuple[int, int]]:
    """The signs that nobody denies and that do not lie years back."""
    denied: set[int] = set()
    long_past = _long_past(lists, reading, text) if signs else []
    for first, last, may_be_long_past in signs:
        if lists.is_denied(reading.words, first, denied):
            denied.update(range(first, last + 1))
        elif not (may_be_long_past and long_past[first]):
            yield first, last


def _long_past(lists: "_Lists", reading: TextWords, text: Text) -> list[bool]:
    """For each word, whether its sentence tells of years ago and names no recent day."""
    past = {first for first, _ in find_spans(lists.long_past, text)}
    recent = {first for first, _ in find_spans(lists.recent, text)}
    told: list[bool] = []
    sentence: list[int] = []
    for index, word in enumerate([*reading.words, END]):
        sentence.append(index)
        if word == END:
            told += [bool(past.intersection(sentence)) and not recent.intersection(sentence)] * len(sentence)
            sentence = []
    return told


@dataclasses.dataclass(frozen=True, slots=True)
class _Group:
    danger: Danger
    may_be_long_past: bool
    patterns: tuple[WordPattern, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class _Lists:
    book: PatternBook
    groups: tuple[_Group, ...]
    hints: dict[str, tuple[WordPattern, ...]]
    weights: Weights
    harmless: dict[Danger, tuple[WordPattern, ...]]
    long_past: WordPattern
    recent: WordPattern
    speller: Speller
    denials: frozenset[str]
    passed_over: frozenset[str]
    negative: frozenset[str]

    def is_denied(self, words: list[str], first: int, denied: set[int]) -> bool:
        """Whether "no" or "not" governs the sign: only words such as "any", or others denied, stand between.

        What is negative in itself ("can't pee", "no feeling") is a sign whatever stands before it.
        """
        if words[first] in self.negative:
            return False
        for index in range(first - 1, max(-1, first - 1 - DENIAL_REACH), -1):
            if words[index] in self.denials:
                return True
            if words[index] not in self.passed_over and index not in denied:
                return False
        return False


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def _lists() -> _Lists:
    data = _toml("danger_words")
    book = PatternBook({name: "|".join(lines) for name, lines in data["words"].items()})
    groups = tuple(
        _Group(danger, group.get("may_be_long_past", False), tuple(map(book.pattern, group["phrases"])))
        for danger, name in ((Danger.SIGN, "danger_signs"), (Danger.SELF_HARM, "self_harm_words"))
        for group in _toml(name).values()
    )
    harmless = {
        danger: tuple(
            book.pattern(line)
            for group in data["harmless"].values()
            if group.get("of", danger) == danger
            for line in group["phrases"]
        )
        for danger in Danger
    }
    denial = data["denial"]
    return _Lists(
        book=book,
        groups=groups,
        hints={name: tuple(map(book.pattern, kind["phrases"])) for name, kind in _toml("self_harm_hints").items()},
        weights=Weights(**_toml("self_harm_weights")),
        harmless=harmless,
        long_past=book.named("long_past"),
        recent=book.named("recent_day"),
        speller=Speller(
            spellings=data["spellings"],
            vocabulary=book.vocabulary() | set(data["spelling"]["key_words"].split()),
            key_words=data["spelling"]["key_words"].split(),
            other_words=data["spelling"]["other_words"].split(),
        ),
        denials=frozenset(denial["denials"].split()),
        passed_over=frozenset(denial["passed_over"].split()),
        negative=frozenset(denial["negative_in_itself"].split()),
    )
