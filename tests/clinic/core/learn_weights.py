"""Learns `clinic/core/self_harm_weights.toml` from the texts in `data`: `make weigh`.

To be run anew when hints or classes of words change. The last round's held-back half is never learned from.
"""

import json
import math
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from clinic.core import danger_words
from clinic.core.word_weights import Weights, size_of

DATA: Final = Path(__file__).parent / "data"
TARGET: Final = Path(danger_words.__file__).with_name("self_harm_weights.toml")
ROUNDS: Final = 25
PACE: Final = 0.3
BASE_PACE: Final = 0.02
FORGETTING: Final = 0.006
"""How strongly a weight is drawn back to nothing: what few texts say counts for little."""
WORTH_OF_A_MISS: Final = 2
"""A missed text weighs so many times a false alarm."""
FEWEST_TEXTS: Final = 2
STEEPEST: Final = 30
HEADER: Final = """\
# What each word, pair of words and <kind of words> tells of self-harm (above 0) or of something else (below).
# Learned from texts by tests/clinic/core/learn_weights.py, not written by hand. Not clinically reviewed.
"""


def texts_of(names: str, halves: str) -> Iterator[dict[str, Any]]:
    for name in names.split():
        corpus = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
        for half in halves.split():
            yield from corpus[half]


def corpora() -> tuple[list[str], list[str]]:
    """Texts about self-harm, and others."""
    searches = list(texts_of("search_danger search_danger_2", "dev held_back"))
    about = [
        *texts_of("self_harm_texts self_harm_texts_2", "dev held_back"),
        *(search for search in searches if search["kind"] == "self_harm"),
        *texts_of("self_harm_texts_3 self_harm_searches_3", "dev"),
        *texts_of("own_texts", "self_harm"),
    ]
    others = [
        *texts_of("danger_texts danger_texts_2 ordinary_notes ordinary_notes_2", "dev held_back"),
        *texts_of("search_ordinary search_ordinary_2", "dev held_back"),
        *(search for search in searches if search["kind"] != "self_harm"),
        *texts_of("ordinary_notes_3 search_ordinary_3", "dev"),
        *texts_of("own_texts", "ordinary"),
    ]
    return [item["text"] for item in about], [other["text"] for other in others]


def learned(wanted: Iterable[frozenset[str]], others: Iterable[frozenset[str]]) -> Weights:
    """Weights that tell the wanted marks of texts from the others: logistic regression, the same at each run."""
    texts = [(sorted(marks), 1) for marks in wanted] + [(sorted(marks), 0) for marks in others]
    seen = Counter(mark for marks, _ in texts for mark in marks)
    texts = [([mark for mark in marks if seen[mark] >= FEWEST_TEXTS], is_wanted) for marks, is_wanted in texts]
    weights: dict[str, float] = dict.fromkeys(sorted(mark for mark in seen if seen[mark] >= FEWEST_TEXTS), 0.0)
    base = -1.0
    order = random.Random(1)  # the order of learning, nothing secret
    for _ in range(ROUNDS):
        order.shuffle(texts)
        for marks, is_wanted in texts:
            size = size_of(marks)
            heard = base + math.fsum(weights[mark] for mark in marks) / size
            guess = 1 / (1 + math.exp(-max(-STEEPEST, min(STEEPEST, heard))))
            error = (is_wanted - guess) * (WORTH_OF_A_MISS if is_wanted else 1)
            base += BASE_PACE * error
            for mark in marks:
                weights[mark] += PACE * (error / size - FORGETTING * weights[mark])
    return Weights(base, weights)


def as_toml(weights: Weights) -> str:
    lines = [f"{json.dumps(mark)} = {weight:.2f}" for mark, weight in sorted(weights.weights.items())]
    return "\n".join([f"{HEADER}base = {weights.base:.2f}", "", "[weights]", *lines, ""])


def main() -> None:
    about, others = corpora()
    weights = learned(map(danger_words.marks, about), map(danger_words.marks, others))
    TARGET.write_text(as_toml(weights), encoding="utf-8")


if __name__ == "__main__":
    main()
