"""Finds words about danger in what people type: signs of an emergency, and self-harm. Pure; the lists are data.

`danger_words.toml` holds both lists, in the language of `phrases`. Our own lists, not yet clinically reviewed. They
only ever add a warning: no rule reads them, and nothing is refused because of them.
"""

import dataclasses
import re
import tomllib
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

from clinic.phrases import END, Reading, classes_of, compiled, lines_of, read

LISTS: Final = Path(__file__).with_name("danger_words.toml")
LONGEST_READ: Final = 20_000
SHORTEST_GUESSED: Final = 6
LONGEST_GUESSED: Final = 24
LONG_WORD: Final = re.compile(r"[a-z]{6,}")
NEGATION_REACH: Final = 4


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
    reading = read(text[:LONGEST_READ], spelled=_spelled)
    found: list[Mention] = []
    for danger, first, last in sorted(_matches(reading), key=lambda each: (each[1], each[2])):
        start, end = reading.span(first, last)
        for place, known in enumerate(found):
            if known.danger == danger and start <= known.span[1] and known.span[0] <= end:
                found[place] = Mention(danger, (min(known.span[0], start), max(known.span[1], end)))
                break
        else:
            found.append(Mention(danger, (start, end)))
    return found


def _matches(reading: Reading) -> Iterator[tuple[Danger, int, int]]:
    """Kind, first and last word of each match that is not denied or part of a harmless name."""
    lists = _lists()
    harmless = [place for pattern in lists.harmless for place in reading.find(pattern)]
    for danger, pattern in lists.patterns:
        for first, last in reading.find(pattern):
            if any(start <= first and last <= stop for start, stop in harmless):
                continue
            if danger == Danger.SIGN and lists.is_denied(reading.words, first):
                continue
            yield danger, first, last


@dataclasses.dataclass(frozen=True, slots=True)
class _Lists:
    patterns: tuple[tuple[Danger, re.Pattern[str]], ...]
    harmless: tuple[re.Pattern[str], ...]
    spellings: dict[str, str]
    guesses: dict[str, str]
    known: frozenset[str]
    denials: frozenset[str]
    turns: frozenset[str]

    def is_denied(self, words: list[str], first: int) -> bool:
        """Whether "no" or "not" stands shortly before, in the same sentence, with no "but" between."""
        for word in reversed(words[max(0, first - NEGATION_REACH) : first]):
            if word == END or word in self.turns:
                return False
            if word in self.denials:
                return True
        return False


@cache
def _lists() -> _Lists:
    data = tomllib.loads(LISTS.read_text(encoding="utf-8"))
    classes = classes_of(data["words"])
    lines = [(danger, line) for danger in Danger for line in lines_of(data[danger.value])]
    texts = [*classes.values(), *(line for _, line in lines)]
    listed = {word for text in texts for word in LONG_WORD.findall(text)}
    return _Lists(
        patterns=tuple((danger, pattern) for danger, line in lines for pattern in compiled(line, classes)),
        harmless=tuple(pattern for line in data["harmless"] for pattern in compiled(line, classes)),
        spellings=data["spellings"],
        guesses={shorter: word for word in sorted(listed) for shorter in _shorter(word)},
        known=frozenset(listed | set(data["no_misspelling"].split())),
        denials=frozenset(data["denials"].split()),
        turns=frozenset(data["turns"].split()),
    )


def _spelled(word: str) -> str:
    """The word as the lists spell it; one that is a slip away from a long word of theirs is taken for it."""
    lists = _lists()
    if word in lists.spellings:
        return lists.spellings[word]
    if not SHORTEST_GUESSED <= len(word) <= LONGEST_GUESSED or word in lists.known:
        return word
    for shorter in (word, *_shorter(word)):
        meant = lists.guesses.get(shorter, "")
        if meant[:1] == word[0]:  # hardly anybody mistypes the first letter, and "painting" is not "fainting"
            return meant
    return word


def _shorter(word: str) -> Iterator[str]:
    """The word with each one letter left out: two words that share one are a slip apart."""
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]
