"""The sentence that a result shows, and which of its words are marked: the same on every engine."""

import re
from collections.abc import Sequence
from typing import Final

from django.utils.text import slugify

from education.models import SearchEntry
from education.search.index import SECTION
from education.search.synonyms import STOP_WORDS, WORD, Unit, fold, stem, words_of

LONGEST_SNIPPET: Final = 240
WORDS_OF_A_SENTENCE: Final = 5
SENTENCE: Final = re.compile(r"(?<=[.?!]) +(?=[A-Z“])")


def best_sentence(entry: SearchEntry, units: Sequence[Unit]) -> tuple[str, str]:
    """The sentence that meets most of what was asked, the summary first among equals, and its section's anchor."""
    best, best_score, anchor, section = entry.summary, _score(entry.summary, units), "", ""
    seen: set[str] = set()
    for line in entry.text.split("\n"):
        if line.startswith(SECTION):
            section = slugify(line)
            section = "" if section in seen else section
            seen.add(section)
            continue
        for sentence in SENTENCE.split(line):
            score = _score(sentence, units)
            if score > best_score or not best:
                best, best_score, anchor = sentence, score, section
    return anchor, best


def is_named(entry: SearchEntry, units: Sequence[Unit]) -> bool:
    """Whether the title alone has all that was asked: then the whole page is meant, and not a section of it."""
    there = {stem(word) for word in words_of(entry.title)}
    return all(any(there.issuperset(name) for name in unit.stems) for unit in units)


def _score(sentence: str, units: Sequence[Unit]) -> int:
    """Two for each unit a sentence meets, and one if it says enough to be read alone."""
    words = words_of(sentence)
    there = {stem(word) for word in words}
    met = sum(any(there.issuperset(name) for name in unit.stems) for unit in units)
    return 2 * met + (len(words) >= WORDS_OF_A_SENTENCE) if met else 0


def marked(sentence: str, units: Sequence[Unit]) -> tuple[tuple[str, bool], ...]:
    """The sentence, cut around its first mark when it is long, as pieces that are marked or not."""
    there = {stem(word) for word in words_of(sentence)}
    names = [name for unit in units for name in unit.stems]
    whole = [name for name in names if there.issuperset(name)]
    asked = {one for name in whole or names for one in name}
    marks = [
        match.span()
        for match in WORD.finditer(sentence)
        if (word := fold(match.group())) not in STOP_WORDS and stem(word) in asked
    ]
    begin, end = _window(sentence, marks[0][0] if marks else 0)
    pieces, position = [("… ", False)] if begin else [], begin
    for start, stop in marks:
        if begin <= start and stop <= end:
            pieces += [(sentence[position:start], False), (sentence[start:stop], True)]
            position = stop
    pieces.append((sentence[position:end] + (" …" if end < len(sentence) else ""), False))
    return tuple(piece for piece in pieces if piece[0])


def _window(sentence: str, mark: int) -> tuple[int, int]:
    """Where a long sentence is cut, between words, so that its first mark is shown."""
    if len(sentence) <= LONGEST_SNIPPET:
        return 0, len(sentence)
    begin = 0 if mark < LONGEST_SNIPPET // 2 else sentence.rfind(" ", 0, mark - LONGEST_SNIPPET // 3) + 1
    end = begin + LONGEST_SNIPPET
    cut = sentence.rfind(" ", begin, end)
    return begin, len(sentence) if end >= len(sentence) else (cut if cut > mark else end)
