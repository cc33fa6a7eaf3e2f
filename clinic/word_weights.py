"""Weighs what a text says as a whole: each word, and each pair of neighbors, counts for or against. Pure.

The weights are learned from texts of both sorts (`learned`), not written; what was learned is data.
"""

import dataclasses
import itertools
import math
import random
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from clinic.phrases import END

ENDINGS: Final = ("ing", "ed", "es", "s")
SHORTEST_STEM: Final = 4
ROUNDS: Final = 25
PACE: Final = 0.3
BASE_PACE: Final = 0.02
FORGETTING: Final = 0.006
"""How strongly a weight is drawn back to nothing: what few texts say counts for little."""
WORTH_OF_A_MISS: Final = 2
"""A missed text weighs so many times a false alarm."""
FEWEST_TEXTS: Final = 2
STEEPEST: Final = 30
FEWEST_MARKS: Final = 6
"""A text of fewer is weighed as if it had so many: two odd words alone are no sign."""


@dataclasses.dataclass(frozen=True, slots=True)
class Weights:
    base: float
    weights: Mapping[str, float]

    def of(self, marks: Collection[str]) -> float:
        """What the marks of a text weigh together; above 0 they rather are what was looked for."""
        known = [self.weights[mark] for mark in marks if mark in self.weights]
        return self.base + math.fsum(known) / _size(known)

    def heaviest_sentence(self, words: Sequence[str]) -> tuple[int, int]:
        """The first and the last word of the sentence that weighs most."""
        return max(_sentences(words), key=lambda ends: self.of(marks_of(words[ends[0] : ends[1] + 1])))


def marks_of(words: Sequence[str], names: Iterable[str] = ()) -> frozenset[str]:
    """Words, pairs of words, and the names of what else was found in the text."""
    stems = [_stem(word) for word in words]
    pairs = [f"{one} {other}" for one, other in itertools.pairwise(stems) if END not in (one, other)]
    return frozenset([stem for stem in stems if stem != END] + pairs + [f"<{name}>" for name in names])


def learned(wanted: Iterable[frozenset[str]], others: Iterable[frozenset[str]]) -> Weights:
    """Weights that tell the wanted marks of texts from the others: logistic regression, the same at each run."""
    texts = [(sorted(marks), 1) for marks in wanted] + [(sorted(marks), 0) for marks in others]
    seen = Counter(mark for marks, _ in texts for mark in marks)
    texts = [([mark for mark in marks if seen[mark] >= FEWEST_TEXTS], is_wanted) for marks, is_wanted in texts]
    weights: dict[str, float] = dict.fromkeys(sorted(mark for mark in seen if seen[mark] >= FEWEST_TEXTS), 0.0)
    base = -1.0
    order = random.Random(1)  # noqa: S311  # the order of learning, nothing secret
    for _ in range(ROUNDS):
        order.shuffle(texts)
        for marks, is_wanted in texts:
            size = _size(marks)
            heard = base + math.fsum(weights[mark] for mark in marks) / size
            guess = 1 / (1 + math.exp(-max(-STEEPEST, min(STEEPEST, heard))))
            error = (is_wanted - guess) * (WORTH_OF_A_MISS if is_wanted else 1)
            base += BASE_PACE * error
            for mark in marks:
                weights[mark] += PACE * (error / size - FORGETTING * weights[mark])
    return Weights(base, weights)


def _size(marks: Collection[Any]) -> float:
    return math.sqrt(max(len(marks), FEWEST_MARKS))


def _sentences(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    first = 0
    for place, word in enumerate([*words, END]):
        if word == END:
            if place > first:
                yield first, place - 1
            first = place + 1


def _stem(word: str) -> str:
    for ending in ENDINGS:
        if len(word) >= SHORTEST_STEM + len(ending) and word.endswith(ending):
            return word[: -len(ending)]
    return word
