"""Which few places of the site answer a question: by what each is called and by the questions written for it.

The engines find where words stand; this finds what was asked for, in the process, so on every engine alike. Nothing
is read but the library, which the process holds anyway. Pure.
"""

import dataclasses
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from education.library import Library
from education.markup.markdown import cited_off
from education.models import SearchEntry
from education.search.spanish import LITTLE_WORDS
from education.search.synonyms import (
    MEANS_THE_SAME,
    SAYS_LITTLE,
    STOP_WORDS,
    named,
    stem,
    stems_of,
    words_of,
)

Kind = SearchEntry.Kind
MOST: Final = 3
SHORTEST_KNOWN: Final = 3
GOOD: Final = 0.5
"""The least score of an answer: about half of what was asked, by weight."""
NEAR_BEST: Final = 0.55
"""The least share of the best score that another answer may have."""
LITTLE: Final = 0.4
"""How much of its weight a word keeps that says little."""
STRANGE: Final = 0.3
"""How much a word weighs that no answer has."""
PART: Final = 0.3
"""How much of a word's weight is its own, and not that of the name it may be part of."""
ALL_ROUND: Final = 0.6
"""How much it counts that all that is written for a place, and not one question alone, has the words."""
MEANING: Final = "what does {} mean"
TERM: Final = 0.85
"""What a word explained is worth beside a page or an answer about the same, which say more."""
BRACKETS: Final = re.compile(r"[()]")
Target = tuple[str, str, str]
"""Kind and key of an entry, and the section of its page, if any."""


@dataclasses.dataclass(frozen=True, slots=True)
class Phrase:
    """One question or name that a place answers, as its marks."""

    target: Target
    marks: frozenset[str]


def marks_of(words: Sequence[str]) -> frozenset[str]:
    """What counts of a question: each thing that has several names as one mark, other words by their stems.

    Every word is a part as well, “~disc”, so that “torn disc” and “slipped disc” have something in common.
    """
    marks = {f"~{stem(word)}" for word in words}
    lone = set(words)
    for typed in named([word for word in words if word not in STOP_WORDS]):
        if names := MEANS_THE_SAME.get(stems_of(typed)):
            marks.add(f"={names[0]}")
            lone -= set(typed.split())
    for word in lone:
        marks.add(INTENT.get(stem(word), stem(word)))
    return frozenset(marks)


INTENTS: Final = (
    "harm harmful harms danger dangerous dangers risk risks risky unsafe hazard safe safety safely",
    "scam fraud fake con rip ripoff lie lies lying misleading dishonest",
    "medicine medicines medication medications drug drugs pill pills tablet tablets meds",
    "type types kind kinds sort sorts different",
    "cure cures cured curing fix fixes fixed heal heals healed healing mend mends repair repairs restore",
    "cost costs price prices pricing expensive cheap cheaper afford affordable fee fees charge charges money pricey",
    "trial trials study studies research",
    "doctor doctors physician surgeon specialist gp clinician",
    "abroad overseas foreign travel travelling traveling mexico panama",
    "recover recovery recovering recuperate downtime aftercare",
    "join enroll enrol volunteer recruit recruiting participate participating",
    "hurt hurts hurting sore ache aches aching painful pain pains pained",
    "legal legally law laws lawful illegal",
    "weak weakness weaken",
    "numb numbness",
    "tumor tumors tumour cancer cancers cancerous",
    "die dies died death deaths fatal kill",
    "story stories testimonial testimonials review reviews experience experiences",
    "prepare preparing preparation ready",
    "help helps helped helping work works worked working effective effectiveness",
    "proof proven prove evidence",
    "regrow regrows regenerate regenerates regeneration rebuild grow grows",
    "exercise exercises exercising workout stretch stretches stretching",
    "scan scans imaging mri xray",
    "surgery surgeries operation operations surgical operate operated",
    "worse worsen worsening",
    "emergency er hospital ambulance urgent",
    "mistake mistakes error errors wrong incorrect",
    "meaning mean means definition definitions define",
    "compare comparison versus vs compared",
    "treatment treatments treat therapy therapies",
    "condition conditions disorder disorders disease diseases problem problems",
)
"""Words that ask for the same, in each line: an answer to one of them is an answer to the others."""
INTENT: Final = {stem(word): f"+{line.split()[0]}" for line in INTENTS for word in line.split()}
SMALL: Final = frozenset(stem(word) for word in STOP_WORDS | SAYS_LITTLE | LITTLE_WORDS if stem(word) not in INTENT)


class Answers:
    """The phrases of every place that readers see, and how much each mark tells."""

    def __init__(self, library: Library, fixed: Iterable[tuple[str, str, str]]) -> None:
        """`fixed`: key, address and name of each place that is no record."""
        self.phrases: list[Phrase] = []
        self.all_of: dict[Target, set[str]] = defaultdict(set)
        self.words: set[str] = set()
        self.spanish: set[str] = set()
        paths = {path: (Kind.PAGE.value, key, "") for key, path, _ in fixed}
        paths |= {path: (Kind.PAGE.value, page["key"], "") for path, page in library.pages.items()}
        for key, _, name in fixed:
            self._add((Kind.PAGE.value, key, ""), (name,), self.words)
        for target, names, said in _named_by_themselves(library):
            self._add(target, names, self.words)
            self.all_of[target] |= marks_of(words_of(said))
        for bet in library.best_bets.values():
            if leads_to := target_of(bet["target"], paths, library):
                self._add(leads_to, bet["phrases"], self.words)
                self._add(leads_to, bet["spanish"], self.spanish)
        counts = Counter(mark for marks in self.all_of.values() for mark in marks)
        self.tells = {mark: math.log(1 + len(self.all_of) / count) for mark, count in counts.items()}
        self.by_mark: dict[str, list[int]] = defaultdict(list)
        for number, phrase in enumerate(self.phrases):
            for mark in phrase.marks:
                self.by_mark[mark].append(number)
        self.weights = [sum(map(self.weight, sorted(phrase.marks))) for phrase in self.phrases]

    def _add(self, target: Target, names: Iterable[str], known: set[str]) -> None:
        for name in names:
            words = words_of(name)
            if marks := marks_of(words):
                self.phrases.append(Phrase(target, marks))
                self.all_of[target] |= marks
                known.update(word for word in words if len(word) >= SHORTEST_KNOWN)

    def weight(self, mark: str) -> float:
        told = self.tells.get(mark, STRANGE * math.log(1 + len(self.all_of)))
        told *= PART if mark[0] == "~" else 1 - PART if mark[0].isalnum() else 1
        return told * LITTLE if mark.lstrip("~") in SMALL else told

    def to(self, words: Sequence[str]) -> list[Target]:
        """The places that answer these words best, no page twice; none when nothing is near enough."""
        marks = sorted(marks_of(words))
        weighed = {mark: self.weight(mark) for mark in marks}
        asked = sum(weighed.values())
        both: dict[int, float] = defaultdict(float)
        for mark in marks:
            for number in self.by_mark.get(mark, ()):
                both[number] += weighed[mark]
        best: dict[Target, float] = defaultdict(float)
        telling = {number for mark in marks if mark.lstrip("~") not in SMALL for number in self.by_mark.get(mark, ())}
        for number, shared in both.items():
            if number not in telling and self.phrases[number].marks != frozenset(marks):
                continue  # it has only little words in common
            target = self.phrases[number].target
            best[target] = max(best[target], 2 * shared / (asked + self.weights[number]))
        for target in best:
            best[target] += ALL_ROUND * sum(weighed[mark] for mark in marks if mark in self.all_of[target]) / asked
            best[target] *= TERM if target[0] == Kind.TERM else 1
        return self._chosen(best)

    @staticmethod
    def _chosen(scores: Mapping[Target, float]) -> list[Target]:
        ranked = sorted(scores, key=lambda target: (-round(scores[target], 9), target))
        least = max(GOOD, NEAR_BEST * scores[ranked[0]]) if ranked else 0
        chosen: dict[tuple[str, str], Target] = {}
        for target in ranked:
            if scores[target] >= least and len(chosen) < MOST:
                chosen.setdefault(target[:2], target)
        return list(chosen.values())


def _named_by_themselves(library: Library) -> Iterator[tuple[Target, tuple[str, ...], str]]:
    """What each record is called, and says in brief: pages, questions with answers, and words explained."""
    for page in library.pages.values():
        yield (Kind.PAGE.value, page["key"], ""), (page["title"], page["short_title"]), page["summary"]
    for question in library.questions.values():
        yield (Kind.QUESTION.value, question["code"], ""), (question["question"],), cited_off(question["answer"])
    for term in library.terms.values():
        names = [name for name in BRACKETS.split(term["term"]) if name.strip()]
        yield (
            (Kind.TERM.value, term["slug"], ""),
            (*names, *(MEANING.format(name) for name in names)),
            term["definition"],
        )


def target_of(address: str, paths: dict[str, Target], library: Library) -> Target | None:
    """Where an address leads, if readers see it."""
    path, _, anchor = address.partition("#")
    if path == "/faq/" and anchor in library.questions:
        return Kind.QUESTION.value, anchor, ""
    if path == "/glossary/" and anchor in library.terms:
        return Kind.TERM.value, anchor, ""
    target = paths.get(path)
    return (target[0], target[1], anchor) if target else None
