"""The last signal of the claims rules: all the words of a passage, weighed."""

import json

import pytest

from education.claims import linter, overclaims, word_weights
from tests.education.claims import weigh_words


def weighed(text: str) -> list[word_weights.Weighed]:
    return word_weights.look(overclaims.parse(text))


def levels(text: str) -> set[tuple[str, str]]:
    return {(finding.rule, finding.level) for finding in linter.find(text)}


def test_a_promise_without_a_word_of_the_lists_is_a_finding() -> None:
    text = "We bring black discs back to white on every picture."

    assert word_weights.KIND in {rule for rule, _ in levels(text)}


def test_the_sober_words_of_a_passage_hold_back_a_block() -> None:
    text = "“No side effects” is not something an honest clinic can say about any injection."

    assert {level for _, level in levels(text)} == {"warn"}


def test_not_what_stands_after_a_sober_sentence() -> None:
    assert ("C01", "block") in levels("Is that known from trials or is it not? It is a cure.")


def test_a_source_answers_a_warning_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {**word_weights.weights()["limits"], "blocks_at": 99.0, "warns_at": -99.0}
    monkeypatch.setattr(word_weights, "weights", lambda: {**known, "limits": limits})
    monkeypatch.setattr(linter, "_found", linter._found.__wrapped__)  # nothing is kept with other weights
    text = "The sky over the town is blue"

    assert levels(f"{text}.") == {("O13", "warn")}
    assert levels(f"{text} [@levi2025].") == set()
    assert linter.find(f"{text}.", is_cited=True) == []


known = word_weights.weights()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Is it known to be a cure? Nobody has shown that.", 1),
        ("It was tried in a trial. Nobody has shown that.", 2),
        ("“It is a cure for everyone.” Nobody has shown that.", 1),
        ("Is it known to be a cure?\nNobody has shown that.", 2),
        ("theme", 0),
    ],
)
def test_a_sentence_is_weighed_with_what_it_needs(text: str, count: int) -> None:
    assert len(weighed(text)) == count


def test_a_passage_says_which_words_made_its_score() -> None:
    (passage,) = weighed("It is a miracle for everybody")

    assert passage.reasons[0][0] in {name for part in ("words", "signs") for name in word_weights.weights()[part]}
    assert "<cure+>" in {name for name, _ in passage.reasons[:8]}


@pytest.mark.parametrize(
    ("word", "stem"), [("healed", "heal"), ("healing", "heal"), ("discs", "disc"), ("is", "is"), ("1200", "#")]
)
def test_stems(word: str, stem: str) -> None:
    assert word_weights.stem(word) == stem


def test_weights_of_a_few_sentences() -> None:
    rows = [(["heal", "^ we"], True), (["trial", "^ the"], False)] * 4

    begins_at, weight = weigh_words.fit(rows, [["trial"]] * 2)

    assert weight["heal"] > 0 > weight["trial"]
    assert begins_at < weight["heal"]
    assert '"heal" = ' in weigh_words.written(begins_at, weight)


def test_what_is_kept_back_is_not_taught() -> None:
    taught = {text for text, _ in weigh_words.taught()}

    for name in ("over_claims", "honest_sentences"):
        third = json.loads((weigh_words.DATA / f"{name}_3.json").read_text(encoding="utf-8"))
        assert taught >= {entry["text"] for entry in third["dev"]}
        assert sum(entry["text"] in taught for entry in third["held_back"]) == 0
