"""Which few places of the site answer a question: by what each is called and by the questions written for it.

The engines find where words stand; this finds what was asked for, in the process, so on every engine alike. Nothing
is read but the library, which the process holds anyway. Pure.
"""

import dataclasses
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from education.library import Library, Record
from education.models import SearchEntry
from education.search_words import (
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
GOOD: Final = 0.55
"""The least score of an answer: about half of what was asked, by weight."""
NEAR_BEST: Final = 0.55
"""The least share of the best score that another answer may have."""
LITTLE: Final = 0.25
"""How much of its weight a word keeps that says little."""
STRANGE: Final = 0.6
"""How much a word weighs that no answer has."""
ALL_ROUND: Final = 0.35
"""How much it counts that all that is written for a place, and not one question alone, has the words."""
MEANING: Final = "what does {} mean"
BRACKETS: Final = re.compile(r"[()]")
Place = tuple[str, str, str]
"""Kind and key of an entry, and the section of its page, if any."""


@dataclasses.dataclass(frozen=True, slots=True)
class Phrase:
    """One question or name that a place answers, as its marks."""

    place: Place
    marks: frozenset[str]


def marks_of(words: Sequence[str]) -> frozenset[str]:
    """What counts of a question: the stems of its words, and each thing that has several names as one mark."""
    found = set(map(stem, words))
    for typed in named([word for word in words if word not in STOP_WORDS]):
        stems = stems_of(typed)
        if names := MEANS_THE_SAME.get(stems):
            found.add(f"={names[0]}")
    return frozenset(found)


SMALL: Final = frozenset(map(stem, STOP_WORDS | SAYS_LITTLE))


class Answers:
    """The phrases of every place that readers see, and how much each mark tells."""

    def __init__(self, library: Library, fixed: Iterable[tuple[str, str, tuple[str, ...]]]) -> None:
        """`fixed`: key, address and names of each place that is no record."""
        self.phrases: list[Phrase] = []
        self.by_mark: dict[str, list[int]] = defaultdict(list)
        self.all_of: dict[Place, set[str]] = defaultdict(set)
        self.words: Counter[str] = Counter()
        paths = {path: (Kind.PAGE.value, key, "") for key, path, _ in fixed}
        paths |= {path: (Kind.PAGE.value, page["key"], "") for path, page in library.pages.items()}
        for key, _, names in fixed:
            self._add((Kind.PAGE.value, key, ""), names)
        for place, names in _named_by_themselves(library):
            self._add(place, names)
        for bet in library.best_bets.values():
            if place := _place(bet["target"], paths, library):
                self._add(place, (*bet["phrases"], *bet["spanish"]))
        counts = Counter(mark for marks in self.all_of.values() for mark in marks)
        self.tells = {mark: math.log(1 + len(self.all_of) / count) for mark, count in counts.items()}

    def _add(self, place: Place, names: Iterable[str]) -> None:
        for name in names:
            words = words_of(name)
            if marks := marks_of(words):
                for mark in marks:
                    self.by_mark[mark].append(len(self.phrases))
                self.phrases.append(Phrase(place, marks))
                self.all_of[place] |= marks
                self.words.update(set(words))

    def weight(self, mark: str) -> float:
        told = self.tells.get(mark, STRANGE * math.log(1 + len(self.all_of)))
        return told * LITTLE if mark in SMALL else told

    def to(self, words: Sequence[str]) -> list[Place]:
        """The places that answer these words best, no page twice; none when nothing is near enough."""
        marks = marks_of(words)
        if not marks:
            return []
        asked = sum(map(self.weight, marks))
        best: dict[Place, float] = {}
        for number in {number for mark in marks - SMALL or marks for number in self.by_mark.get(mark, ())}:
            phrase = self.phrases[number]
            both = sum(map(self.weight, marks & phrase.marks))
            score = 2 * both / (asked + sum(map(self.weight, phrase.marks)))
            best[phrase.place] = max(score, best.get(phrase.place, 0))
        for place in best:
            best[place] += ALL_ROUND * sum(map(self.weight, marks & self.all_of[place])) / asked
        ranked = sorted(best, key=lambda place: (-best[place], place))
        least = max(GOOD, NEAR_BEST * best[ranked[0]]) if ranked else 0
        chosen: dict[tuple[str, str], Place] = {}
        for place in ranked:
            if best[place] >= least and len(chosen) < MOST:
                chosen.setdefault(place[:2], place)
        return list(chosen.values())


def _named_by_themselves(library: Library) -> Iterator[tuple[Place, tuple[str, ...]]]:
    """What each record is called: titles of pages, questions with answers, and words explained."""
    for page in library.pages.values():
        yield (Kind.PAGE.value, page["key"], ""), (page["title"], page["short_title"])
    for question in library.questions.values():
        yield (Kind.QUESTION.value, question["code"], ""), (question["question"],)
    for term in library.terms.values():
        names = [name for name in BRACKETS.split(term["term"]) if name.strip()]
        yield (Kind.TERM.value, term["slug"], ""), (*names, *(MEANING.format(name) for name in names))


def _place(target: str, paths: dict[str, Place], library: Library) -> Place | None:
    """Where an address leads, if readers see it."""
    path, _, anchor = target.partition("#")
    if path == "/faq/" and anchor in library.questions:
        return Kind.QUESTION.value, anchor, ""
    if path == "/glossary/" and anchor in library.terms:
        return Kind.TERM.value, anchor, ""
    place = paths.get(path)
    return (place[0], place[1], anchor) if place else None
