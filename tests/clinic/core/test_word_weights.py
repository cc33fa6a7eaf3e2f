"""Weights learned from texts: what tells one sort from another, and the same at each run."""

import tomllib
from pathlib import Path

from clinic.core import word_weights
from clinic.core.word_weights import Weights, marks_of
from tests.clinic.core.learn_weights import learned

WANTED = ["red apple", "a red pear", "the red plum", "red cherries"]
OTHERS = ["green apple", "a green pear", "the green plum", "green cherries"]


def test_what_sets_the_texts_apart_weighs_most() -> None:
    weights = learned((marks_of(text.split()) for text in WANTED), (marks_of(text.split()) for text in OTHERS))
    assert weights.of(marks_of(["red", "grape"])) > 0 > weights.of(marks_of(["green", "grape"]))
    assert max(weights.weights, key=weights.weights.__getitem__) == "red"
    assert "cherri" in weights.weights


def test_learning_twice_gives_the_same() -> None:
    first, second = (learned(map(marks_of, map(str.split, WANTED)), [marks_of(["green"])] * 2) for _ in range(2))
    assert first == second


def test_marks_are_words_pairs_and_names() -> None:
    assert marks_of(["i", "jumped", ".", "no"], ["way"]) == {"i", "jump", "no", "i jump", "<way>"}


def test_the_heaviest_sentence_is_told() -> None:
    weights = Weights(0.0, {"bad": 1.0, "good": -1.0})
    assert weights.heaviest_sentence(["good", "day", ".", "bad", "night", ".", "good"]) == (3, 4)


def test_the_learned_file_has_a_base_that_speaks_against() -> None:
    """A text that says nothing known is not taken for self-harm."""
    learned_file = Path(word_weights.__file__).with_name("self_harm_weights.toml")
    assert tomllib.loads(learned_file.read_text(encoding="utf-8"))["base"] < 0
