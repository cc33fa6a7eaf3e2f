"""Weighs what a text says as a whole: each word, and each pair of neighbors, counts for or against. Pure.

The weights are learned from texts of both sorts by tests/clinic/core/learn_weights.py, not written; what was learned is
data.
"""

import dataclasses
import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from clinic.core.phrases import END

ENDINGS: Final = ("ing", "ed", "es", "s")
SHORTEST_STEM: Final = 4
FEWEST_MARKS: Final = 6
"""A text of fewer is weighed as if it had so many: two odd words alone are no sign."""


@dataclasses.dataclass(frozen=True, slots=True)
class Weights:
    base: float
    weights: Mapping[str, float]

    def of(self, marks: Collection[str]) -> float:
        """What the marks of a text weigh together; above 0 they rather are what was looked for."""
        known = [self.weights[mark] for mark in marks if mark in self.weights]
        return self.base + math.fsum(known) / size_of(known)

    def heaviest_sentence(self, words: Sequence[str]) -> tuple[int, int]:
        """The first and the last word of the sentence that weighs most."""
        return max(_sentences(words), key=lambda ends: self.of(marks_of(words[ends[0] : ends[1] + 1])))


def marks_of(words: Sequence[str], names: Iterable[str] = ()) -> frozenset[str]:
    """Words, pairs of words, and the names of what else was found in the text."""
    stems = [_stem(word) for word in words]
    pairs = [f"{one} {other}" for one, other in itertools.pairwise(stems) if END not in (one, other)]
    return frozenset([stem for stem in stems if stem != END] + pairs + [f"<{name}>" for name in names])


def size_of(marks: Collection[Any]) -> float:
    """What the sum of so many weights is divided by."""
    return math.sqrt(max(len(marks), FEWEST_MARKS))


def _sentences(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    first = 0
    for index, word in enumerate([*words, END]):
        if word == END:
            if index > first:
                yield first, index - 1
            first = index + 1


def _stem(word: str) -> str:
    for ending in ENDINGS:
        if len(word) >= SHORTEST_STEM + len(ending) and word.endswith(ending):
            return word[: -len(ending)]
    return word
