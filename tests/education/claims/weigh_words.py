"""Fits `education/claims/word_weights.toml` anew: `make weigh`. Takes about half a minute.

A logistic regression, fitted step by step in an order that a seed fixes, so the same sentences give the same
weights. The halves that are kept back (`held_back` of the third set) teach nothing here.
"""

import json
import math
import random
import tomllib
from collections import Counter
from pathlib import Path

from education.claims import content_checks, linter, overclaims, template_text, word_weights
from education.claims.unmasking import unmasked
from education.content import shipped

DATA = Path(__file__).parents[1] / "data"
SEEN = 3
"""In how many sentences a feature must stand to be weighed."""
LEAST = 0.1
"""What a feature must weigh to be kept."""
OURS = 1.0
"""What a passage of the site counts, beside the sentences written to be weighed."""
ROUNDS = 40
PULL = 1.2
"""How strongly each weight is drawn towards 0."""
LIMITS = {"blocks_at": 1.3, "warns_at": 0.3, "sober_at": 0.6, "very_sober_at": -0.3}
HEAD = """# How much each word, pair of words or sign speaks for a promise (above 0) or for a sober sentence (below 0).
# Fitted by tests/education/claims/weigh_words.py on the sentences of tests/education/data; see word_weights.py.
# Words are stems: "heal" is also "healed", "#" any number, "^" the beginning and "$" the end of a passage.
# <name> is a sign of overclaims.toml, <name+> one that nothing denies.
"""


def taught() -> list[tuple[str, bool]]:
    """The sentences, and whether each is a promise."""
    results: list[tuple[str, bool]] = []
    for name, is_promise in (("over_claims", True), ("honest_sentences", False)):
        first = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
        third = json.loads((DATA / f"{name}_3.json").read_text(encoding="utf-8"))
        own = json.loads((DATA / "wording_own.json").read_text(encoding="utf-8"))[name]
        entries = [*first["dev"], *first["held_back"], *third["dev"], *own]
        lines = json.loads((DATA / "wording_taught.json").read_text(encoding="utf-8"))[name]
        kept_back = {entry["text"] for entry in third["held_back"]}
        texts = [*(entry["text"] for entry in entries), *lines]
        results += [(text, is_promise) for text in texts if text not in kept_back]
    corpus = tomllib.loads((DATA / "claims_corpus.toml").read_text(encoding="utf-8"))
    results += [(entry["text"], True) for entry in corpus["bad"]] + [(entry["text"], False) for entry in corpus["good"]]
    return results


def shipped_passages() -> list[tuple[str, list[str]]]:
    """What the site itself says, passage by passage: its place and its features. Claims that are quoted stay out."""
    content = shipped.read()
    records = [
        entry for table in content_checks.READ_BY_VISITORS for record in getattr(content, table)
        for entry in content_checks.texts_of(table, record)
    ]  # fmt: skip
    results = []
    for where, text in (*records, *template_text.texts()):
        written = linter.WRAPPED.sub(" ", linter.QUOTED.sub("", text))
        parsed = overclaims.parse(unmasked(*linter._as_read(written))[0])
        results += [
            (where, word_weights.features(parsed, word_weight))
            for word_weight in word_weights.passages(parsed)
            if word_weight[-1].end - word_weight[0].start >= word_weights.FEW
        ]
    return results


def features(text: str) -> list[str]:
    parsed = overclaims.parse(unmasked(*linter._as_read(linter.WRAPPED.sub(" ", text)))[0])
    return word_weights.features(parsed, parsed.sentences) if parsed.sentences else []


def fit(rows: list[tuple[list[str], bool]], sober: list[list[str]]) -> tuple[float, dict[str, float]]:
    """The weight every passage begins with, and that of each feature."""
    every = [*((names, is_promise, 1.0) for names, is_promise in rows), *((names, False, OURS) for names in sober)]
    seen = Counter(name for names, *_ in every for name in names)
    common = [([name for name in names if seen[name] >= SEEN], *rest) for names, *rest in every]
    weight = {name: 0.0 for name in seen if seen[name] >= SEEN}
    begins_at = 0.0
    mean = dict.fromkeys(weight, 0.0)
    mean_begin = 0.0
    chance = random.Random(1)
    for number in range(ROUNDS):
        pace = 0.1 / (1 + number / 6)
        chance.shuffle(common)
        for names, is_promise, counts in common:
            score = begins_at + sum(weight[name] for name in names)
            error = counts * (is_promise - 1 / (1 + math.exp(-max(min(score, 30), -30))))
            begins_at += pace * error
            for name in names:
                weight[name] += pace * (error - PULL / seen[name] * weight[name])
        if number >= ROUNDS // 2:
            mean_begin += begins_at / (ROUNDS - ROUNDS // 2)
            for name, item in weight.items():
                mean[name] += item / (ROUNDS - ROUNDS // 2)
    return mean_begin, mean


def written(begins_at: float, weight: dict[str, float]) -> str:
    """The file of weights, the heaviest first."""
    lasting = {name: round(entry, 2) for name, entry in weight.items() if abs(entry) >= LEAST}
    ordered = sorted(lasting.items(), key=lambda each: (-each[1], each[0]))
    shape = {"<exclaims>", "<asks>", "<quotes>"}
    parts = {
        "limits": [("begins_at", round(begins_at, 2)), *LIMITS.items()],
        "shape": [item for item in ordered if item[0] in shape],
        "signs": [item for item in ordered if item[0].startswith("<") and item[0] not in shape],
        "words": [item for item in ordered if not item[0].startswith("<")],
    }
    lines = [HEAD]
    for part, entries in parts.items():
        lines.append(f"[{part}]")
        lines += [f"{name if part == 'limits' else json.dumps(name)} = {entry}" for name, entry in entries]
        lines.append("")
    return "\n".join(lines)


def write() -> None:
    rows = [(features(text), is_promise) for text, is_promise in taught()]
    begins_at, weight = fit(rows, [names for _, names in shipped_passages()])
    word_weights.WEIGHTS.write_text(written(begins_at, weight), encoding="utf-8")
