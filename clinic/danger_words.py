"""Finds words about danger in what people type: signs of an emergency, and self-harm. Pure; the lists are data.

`danger_words.toml` holds both lists in a small language of its own, which `_compiled` explains. Our own lists, not yet
clinically reviewed. They only ever add a warning: no rule reads them and nothing is refused because of them.
"""

import dataclasses
import re
import tomllib
import unicodedata
from collections.abc import Iterator
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

LISTS: Final = Path(__file__).with_name("danger_words.toml")
LONGEST_READ: Final = 20_000
APOSTROPHES: Final = frozenset("'’‘ʼ′`´＇ʹʻ‛ˈ᾿＇")
SENTENCE_ENDS: Final = frozenset(".!?;¡¿…")
END: Final = "."
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
    words, spans = _words_of(text[:LONGEST_READ])
    if not words:
        return []
    line = f" {' '.join(words)} "
    starts = {}
    place = 1
    for index, word in enumerate(words):
        starts[place] = index
        place += len(word) + 1
    found: list[Mention] = []
    for danger, first, last in sorted(_matches(line, words, starts), key=lambda each: (each[1], each[2])):
        span = spans[first][0], spans[last][1]
        for place, known in enumerate(found):
            if known.danger == danger and span[0] <= known.span[1] and known.span[0] <= span[1]:
                found[place] = Mention(danger, (min(known.span[0], span[0]), max(known.span[1], span[1])))
                break
        else:
            found.append(Mention(danger, span))
    return found


def _matches(line: str, words: list[str], starts: dict[int, int]) -> Iterator[tuple[Danger, int, int]]:
    """Kind, first and last word of each match that is not negated or part of a harmless name."""
    lists = _lists()
    harmless = [match.span() for match in lists.harmless.finditer(line)]
    for danger, pattern in lists.patterns:
        for match in pattern.finditer(line):
            begin, end = match.start() + 1, match.end()
            if any(start <= match.start() and end <= stop + 1 for start, stop in harmless):
                continue
            first = starts[begin]
            if danger == Danger.SIGN and lists.is_negated(words, first):
                continue
            yield danger, first, first + match.group().strip().count(" ")


@dataclasses.dataclass(frozen=True, slots=True)
class _Lists:
    patterns: tuple[tuple[Danger, re.Pattern[str]], ...]
    harmless: re.Pattern[str]
    spellings: dict[str, str]
    guesses: dict[str, str]
    known: frozenset[str]
    negations: frozenset[str]
    turns: frozenset[str]

    def is_negated(self, words: list[str], first: int) -> bool:
        """Whether "no" or "not" stands shortly before, in the same sentence, with no "but" between."""
        for word in reversed(words[max(0, first - NEGATION_REACH) : first]):
            if word == END or word in self.turns:
                return False
            if word in self.negations:
                return True
        return False


@cache
def _lists() -> _Lists:
    data = tomllib.loads(LISTS.read_text(encoding="utf-8"))
    classes: dict[str, str] = {}
    for name, words in data["words"].items():
        classes[name] = _expanded(words, classes)
    patterns = tuple(
        (danger, pattern)
        for danger in Danger
        for line in _lines(data[danger.value])
        for pattern in _compiled(line, classes)
    )
    texts = [*classes.values(), *(line for danger in Danger for line in _lines(data[danger.value]))]
    listed = {word for text in texts for word in LONG_WORD.findall(text)}
    guesses = {shorter: word for word in sorted(listed) for shorter in _shorter(word)}
    return _Lists(
        patterns,
        re.compile("|".join(f" (?:{each}) " for each in _lines(data["harmless"]))),
        data["spellings"],
        guesses,
        frozenset(listed | set(data["no_misspelling"].split())),
        frozenset(data["negations"].split()),
        frozenset(data["turns"].split()),
    )


def _lines(section: Any) -> list[str]:
    """The lines of a section, whose lists are named only to be read."""
    if isinstance(section, dict):
        return [line for lines in section.values() for line in lines]
    return list(section)


def _expanded(text: str, classes: dict[str, str]) -> str:
    return re.sub(r"<(\w+)>", lambda match: f"(?:{classes[match[1]]})", text)


def _compiled(line: str, classes: dict[str, str]) -> Iterator[re.Pattern[str]]:
    """A line of the lists as patterns over words with one space between.

    `a b` words in this order, side by side; `~3` up to three other words between, in the same sentence; `a & b` in any
    order, up to seven words apart; `<name>` any of the words of that name; otherwise a regular expression without
    spaces of its own, where `\\w*` ends a stem.
    """
    for order in _orders(line.split(" & ")):
        pieces = [re.sub(r" ~(\d+) ", r"(?: [^ .]+){0,\1} ", piece) for piece in order]
        yield re.compile(r" " + r"(?: [^ .]+){0,7} ".join(_expanded(piece, classes) for piece in pieces) + r"(?= )")


def _orders(parts: list[str]) -> list[list[str]]:
    return [parts] if len(parts) == 1 else [parts, parts[::-1]]


def _words_of(text: str) -> tuple[list[str], list[tuple[int, int]]]:
    """Words as the lists spell them, a full stop for the end of a sentence, and where each stands in the text."""
    words: list[str] = []
    spans: list[tuple[int, int]] = []
    letters: list[str] = []
    start = 0

    def close(place: int) -> None:
        if letters:
            for word in _spelled("".join(letters)).split():
                words.append(word)
                spans.append((start, place))
            letters.clear()

    for place, character in enumerate(text):
        if character in APOSTROPHES or unicodedata.category(character) in ("Cf", "Mn"):
            continue
        for each in _plain(character):
            if each.isalnum():
                if not letters:
                    start = place
                letters.append(each)
            else:
                close(place)
                if each in SENTENCE_ENDS and words and words[-1] != END:
                    words.append(END)
                    spans.append((place, place + 1))
    close(len(text))
    return words, spans


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    bare = unicodedata.normalize("NFKD", character).casefold()
    return "".join(each for each in bare if unicodedata.category(each) != "Mn") or character


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
