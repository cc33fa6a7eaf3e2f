"""Lists of phrases as data, in a small language of their own, and reading a text as words to find them in. Pure.

In a line of a list, words are in small letters without accents and apostrophes. `a b` stand side by side; `~3` lets up
to three other words between, in the same sentence; `a & b` stand in any order, up to seven words apart; `<name>` is any
of the words of that name; what is left is a regular expression without spaces of its own, where `\\w*` ends a stem.
"""

import dataclasses
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Final

APOSTROPHES: Final = frozenset("'’‘ʼ′`´＇ʹʻ‛ˈ᾿")
SENTENCE_ENDS: Final = frozenset(".!?;¡¿…")
END: Final = "."
"""Stands among the words for the end of a sentence."""


@dataclasses.dataclass(frozen=True, slots=True)
class TextWords:
    """A text as words, each with its start and end in the text; `line` is the words with one space around each."""

    words: list[str]
    spans: list[tuple[int, int]]
    line: str
    starts: dict[int, int]

    def find(self, pattern: re.Pattern[str]) -> Iterator[tuple[int, int]]:
        """The first and the last word of each match."""
        for match in pattern.finditer(self.line):
            first = self.starts[match.start() + 1]
            yield first, first + match.group().strip().count(" ")

    def span(self, first: int, last: int) -> tuple[int, int]:
        return self.spans[first][0], self.spans[last][1]


def read(text: str, *, spelled: Callable[[str], str] = str) -> TextWords:
    """Small letters without accents, whatever width; what is invisible and every apostrophe is passed over.

    `spelled` may put one or several words, or none, in the place of one.
    """
    words: list[str] = []
    spans: list[tuple[int, int]] = []
    letters: list[str] = []
    start = 0

    def close(end: int) -> None:
        if letters:
            for word in spelled("".join(letters)).split():
                words.append(word)
                spans.append((start, end))
            letters.clear()

    for position, character in _characters(text):
        if character.isalnum():
            if not letters:
                start = position
            letters.append(character)
        else:
            close(position)
            if character in SENTENCE_ENDS and words and words[-1] != END:
                words.append(END)
                spans.append((position, position + 1))
    close(len(text))
    starts, position = {}, 1
    for index, word in enumerate(words):
        starts[position] = index
        position += len(word) + 1
    return TextWords(words, spans, f" {' '.join(words)} ", starts)


def _characters(text: str) -> Iterator[tuple[int, str]]:
    """What is read of each place: nothing of what is invisible, sometimes several letters."""
    for position, character in enumerate(text):
        if character in APOSTROPHES or unicodedata.category(character) in ("Cf", "Mn"):
            continue
        for item in _plain(character):
            yield position, item


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    bare = unicodedata.normalize("NFKD", character).casefold()
    return "".join(item for item in bare if unicodedata.category(item) != "Mn") or character


def classes_of(definitions: Mapping[str, str]) -> dict[str, str]:
    """The classes of words, each of which may use those before it."""
    classes: dict[str, str] = {}
    for name, alternatives in definitions.items():
        classes[name] = _expanded(alternatives, classes)
    return classes


def compiled(line: str, classes: Mapping[str, str]) -> Iterator[re.Pattern[str]]:
    """A line of a list as patterns over `Reading.line`. Raises KeyError for a class that is not there."""
    parts = line.split(" & ")
    for order in [parts] if len(parts) == 1 else [parts, parts[::-1]]:
        pieces = [re.sub(r" ~(\d+) ", r"(?: [^ .]+){0,\1} ", piece) for piece in order]
        yield re.compile(r" " + r"(?: [^ .]+){0,7} ".join(_expanded(piece, classes) for piece in pieces) + r"(?= )")


def _expanded(text: str, classes: Mapping[str, str]) -> str:
    return re.sub(r"<(\w+)>", lambda match: f"(?:{classes[match[1]]})", text)
