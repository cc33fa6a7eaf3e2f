"""How much a passage sounds like an advertisement, by all its words: the last signal of the claims rules. Pure.

`word_weights.toml` gives words, pairs of words and the signs of `overclaims.toml` a weight each: above 0 they turn up
in promises, below 0 in sober sentences. The weights were fitted on the sentences of `tests/education/data` by
`tests/education/claims/weigh_words.py`. The score of a passage is their sum, so each finding says which words made it.
"""

import dataclasses
import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from clinic.core.phrases import END
from education.claims.overclaims import CITED, TAIL, Parsed, ScoredSentence, is_denied

WEIGHTS: Final = Path(__file__).with_name("word_weights.toml")
KIND: Final = "O13"
FEW: Final = 4
"""Sentences of fewer words belong to the one before: "Is it a cure? No." """
MUCH: Final = 8
"""Of a passage with fewer words too little is known to hold back what the rules find in it."""
ENDINGS: Final = ("ingly", "edly", "ings", "ing", "ies", "ied", "ed", "es", "s", "ly")
STEM: Final = 4
QUOTES: Final = re.compile(r"[\"“«‘]")
JUDGED: Final = frozenset({"claim", "myth", "adverts", "advert", "said"})
"""Words that begin a quotation which the next sentence judges."""


@dataclasses.dataclass(frozen=True, slots=True)
class Weighed:
    """A passage: its place, its score, and the place of the words that speak most for a promise.

    `softened` is where its sober words can hold back what the rules find: not in what stands last, after others.
    """

    span: tuple[int, int]
    score: float
    softened: tuple[int, int]
    strongest: tuple[int, int]
    is_cited: bool
    reasons: tuple[tuple[str, float], ...]


@cache
def weights() -> Mapping[str, Any]:
    return tomllib.loads(WEIGHTS.read_text(encoding="utf-8"))


@cache
def _weight_of() -> Mapping[str, float]:
    """The weight of each feature."""
    return {name: weight for part in ("words", "signs", "shape") for name, weight in weights()[part].items()}


def look(parsed: Parsed) -> list[Weighed]:
    """The passages of a text, each with its score."""
    weighed = []
    for passage in passages(parsed):
        start, end = passage[0].start, passage[-1].end
        begin, stop = parsed.reading.span(start, end - 1)
        if end - start < FEW or " " not in parsed.text[begin:stop]:  # a name or an address
            continue
        known = _weight_of()
        reasons = {name: known[name] for name in features(parsed, passage) if name in known}
        score = weights()["limits"]["begins_at"] + sum(reasons.values())
        ordered = tuple(sorted(reasons.items(), key=lambda reason: (-abs(reason[1]), reason[0])))
        last = parsed.reading.span(passage[-1].start, end - 1)[0] if len(passage) > 1 else stop
        softened_span = (begin, last if end - start >= MUCH else begin)
        strongest = parsed.reading.span(*_strongest(parsed.reading.words, start, end))
        is_cited = CITED.search(parsed.text, begin, stop + TAIL) is not None
        weighed.append(Weighed((begin, stop), score, softened_span, strongest, is_cited, ordered))
    return weighed


def passages(parsed: Parsed) -> Iterator[list[ScoredSentence]]:
    """Sentences, each with those that cannot be judged without it: what answers a question, what judges a quotation."""
    passage: list[ScoredSentence] = []
    for sentence in parsed.sentences:
        if passage and not _belongs(parsed, passage, sentence):
            yield passage
            passage = []
        passage.append(sentence)
    if passage:
        yield passage


def _belongs(parsed: Parsed, passage: list[ScoredSentence], sentence: ScoredSentence) -> bool:
    before = passage[-1]
    begin, stop = parsed.reading.span(before.start, before.end - 1)
    between = parsed.text[stop : parsed.reading.span(sentence.start, sentence.start)[0]]
    if "\n" in between:
        return False
    if ";" in between or sentence.end - sentence.start < FEW:
        return True
    is_short = before.end - before.start < FEW
    is_quoted = (
        QUOTES.search(parsed.text, max(begin - 1, 0), stop) is not None or parsed.reading.words[before.start] in JUDGED
    )
    return is_short or (len(passage) == 1 and ("?" in between or is_quoted))


def features(parsed: Parsed, passage: Sequence[ScoredSentence]) -> list[str]:
    """What is weighed: stems, pairs of them, signs, and marks."""
    start, end = passage[0].start, passage[-1].end
    words = parsed.reading.words[start:end]
    stems = ["^", *(stem(word) for word in words), "$"]
    marks = {*stems[1:-1], *(f"{first} {second}" for first, second in itertools.pairwise(stems))} - {END}
    for sentence in passage:
        for match in sentence.matches:
            is_for = match.sign.weight > 0 and not is_denied(match, sentence, parsed.reading.words)
            marks |= {f"<{match.sign.name}>", f"<{match.sign.name}+>"} if is_for else {f"<{match.sign.name}>"}
    begin, stop = parsed.reading.span(start, end - 1)
    text = parsed.text[max(begin - 1, 0) : stop + 1]
    marks |= {f"<{name}>" for name, mark in (("exclaims", "!"), ("asks", "?")) if mark in text}
    return sorted(marks | ({"<quotes>"} if QUOTES.search(text) else set()))


def stem(word: str) -> str:
    """A word without its ending; a number is one like another."""
    if word.isdigit():
        return "#"
    ending = next((item for item in ENDINGS if word.endswith(item) and len(word) - len(item) >= STEM), "")
    return word.removesuffix(ending)


def _strongest(words: Sequence[str], start: int, end: int) -> tuple[int, int]:
    """The first and the last word of the stretch that weighs most."""
    known = _weight_of()
    best, best_sum = (start, end - 1), 0.0
    first, total = start, 0.0
    for index in range(start, end):
        before = stem(words[index - 1]) if index > start else "^"
        own = stem(words[index])
        if total <= 0:
            first, total = index, 0.0
        total += known.get(own, 0.0) + known.get(f"{before} {own}", 0.0)
        if total > best_sum and END not in words[first : index + 1]:
            best, best_sum = (first, index), total
    return best
