"""Learns `clinic/self_harm_weights.toml` from the texts in `data`: `make weigh`.

To be run anew when hints or classes of words change. The last round's held-back half is never learned from.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from clinic import danger_words
from clinic.word_weights import Weights, learned

DATA: Final = Path(__file__).parent / "data"
TARGET: Final = Path(danger_words.__file__).with_name("self_harm_weights.toml")
HEADER: Final = """\
# What each word, pair of words and <kind of words> tells of self-harm (above 0) or of something else (below).
# Learned from texts by tests/clinic/learn_weights.py, not written by hand. Not clinically reviewed.
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
        *(each for each in searches if each["kind"] == "self_harm"),
        *texts_of("self_harm_texts_3 self_harm_searches_3", "dev"),
        *texts_of("own_texts", "self_harm"),
    ]
    others = [
        *texts_of("danger_texts danger_texts_2 ordinary_notes ordinary_notes_2", "dev held_back"),
        *texts_of("search_ordinary search_ordinary_2", "dev held_back"),
        *(each for each in searches if each["kind"] != "self_harm"),
        *texts_of("ordinary_notes_3 search_ordinary_3", "dev"),
        *texts_of("own_texts", "ordinary"),
    ]
    return [each["text"] for each in about], [each["text"] for each in others]


def as_toml(weights: Weights) -> str:
    lines = [f"{json.dumps(mark)} = {weight:.2f}" for mark, weight in sorted(weights.weights.items())]
    return "\n".join([f"{HEADER}base = {weights.base:.2f}", "", "[weights]", *lines, ""])


def main() -> None:
    about, others = corpora()
    weights = learned(map(danger_words.marks, about), map(danger_words.marks, others))
    TARGET.write_text(as_toml(weights), encoding="utf-8")


if __name__ == "__main__":
    main()
