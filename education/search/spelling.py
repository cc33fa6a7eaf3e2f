"""What a misspelt word was meant to be: the nearest of the words that visitors could find. Pure, the same everywhere.

Misspellings are not listed. Words are compared by slips of the finger and by how they sound in English.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Final

from rapidfuzz.distance import OSA

from education.search.synonyms import (
    MEANS_THE_SAME,
    NAMED_WORDS,
    NAMES_OF_TWO,
    Unit,
    let_go,
    named,
    stem,
    stems_of,
)

SHORTEST_CORRECTED: Final = 4
SHORTEST_JOINED: Final = 7
SHORTEST_PART: Final = 3
COMPLETIONS: Final = 8
CANDIDATES: Final = 40
ONE_VOWEL: Final = str.maketrans("eiouy", "aaaaa")
SOUNDS: Final = (
    ("ph", "f"), ("tion", "shn"), ("sion", "shn"), ("shun", "shn"), ("ck", "k"), ("x", "ks"), ("q", "k"), ("rh", "r"),
    ("z", "s"), ("y", "i"),
)  # fmt: skip
SOFT_C: Final = re.compile("c(?=[eiy])")
DOUBLED: Final = re.compile(r"(.)\1+")


@lru_cache(maxsize=20_000)
def sound(word: str) -> str:
    """Roughly how a word sounds, so that “fasit” and “facet” differ by one vowel."""
    spoken = SOFT_C.sub("s", word)
    for written, heard in SOUNDS:
        spoken = spoken.replace(written, heard)
    return DOUBLED.sub(r"\1", spoken.replace("ch", "C").replace("c", "k").replace("C", "ch"))


def distance(first: str, second: str) -> float:
    """How many slips part two words: a letter added, left out or changed, or two neighbors swapped.

    One vowel for another counts half: it is the slip of those who spell by ear. So they are counted as written and with
    all vowels as one, and halved.
    """
    alike = OSA.distance(first.translate(ONE_VOWEL), second.translate(ONE_VOWEL))
    return (OSA.distance(first, second) + alike) / 2


def slips(word: str, other: str) -> float:
    """How far a word is from another, by the letters or by the sound, whichever is nearer."""
    return min(distance(word, other), 0.5 + distance(sound(word), sound(other))) if word != other else 0


def _most_slips(word: str) -> float:
    return 1 if len(word) <= 5 else 1.5 if len(word) <= 8 else 2


class Vocabulary:
    """The words that visitors could find, each with how many entries hold it."""

    def __init__(self, counts: Mapping[str, int], others: Iterable[str] = ()) -> None:
        """`others`: words of the questions that we answer, thought of before words that merely stand somewhere."""
        self.counts = counts
        self.asked = frozenset(others)
        self.others = (NAMED_WORDS | self.asked) - counts.keys()

    @cached_property
    def known(self) -> frozenset[str]:
        return frozenset(stem(word) for word in (*self.counts, *self.others))

    @cached_property
    def by_trigram(self) -> dict[str, list[str]]:
        index: dict[str, list[str]] = defaultdict(list)
        for word in (*self.counts, *sorted(self.others)):
            for trigram in _trigrams(sound(word)):
                index[trigram].append(word)
        return index

    def knows(self, word: str) -> bool:
        return word in self.counts or stem(word) in self.known

    def completions(self, beginning: str) -> tuple[str, ...]:
        """The commonest words that go on from here; none for one or two letters."""
        if len(beginning) < 3:
            return ()
        matches = [word for word in self.counts if word.startswith(beginning)]
        return tuple(sorted(matches, key=lambda word: (-self.counts[word], word))[:COMPLETIONS])

    def nearest(self, word: str) -> str:
        """The word that was probably meant, or two that were written as one; empty when nothing is near."""
        if len(word) < SHORTEST_CORRECTED or not word.isalpha():
            return ""
        if parted := self._parted(word):
            return parted
        shared: dict[str, int] = defaultdict(int)
        own = _trigrams(sound(word))
        for trigram in own:
            for other in self.by_trigram.get(trigram, ()):
                shared[other] += 1
        alike = sorted(shared, key=lambda other: (-shared[other] / len(own | _trigrams(sound(other))), other))
        near = [
            (slips(word, other), other not in self.asked, -self.counts.get(other, 0), other)
            for other in alike[:CANDIDATES]
        ]
        return min((item for item in near if item[0] <= _most_slips(word)), default=(0, True, 0, ""))[3]

    def _parted(self, word: str) -> str:
        """“stemcells” as “stem cells”, when the two are a name."""
        if len(word) >= SHORTEST_JOINED:
            for index in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1):
                first, second = word[:index], word[index:]
                if stem(second) in NAMES_OF_TWO.get(stem(first), ()) and self.knows(first) and self.knows(second):
                    return f"{first} {second}"
        return ""


def _trigrams(word: str) -> frozenset[str]:
    padded = f"  {word} "
    return frozenset(padded[index : index + 3] for index in range(len(padded) - 2))


def names_heard(words: list[str]) -> list[str]:
    """The words, with a name of two that merely sounds like one put right: “stem sell”."""
    heard = list(words)
    for index, (first, second) in enumerate(pairwise(words), 1):
        names = NAMES_OF_TWO.get(stem(first), {})
        if stem(second) not in names and len(second) >= SHORTEST_CORRECTED:
            heard[index] = next((name for name in names.values() if _one_sound(second, name)), second)
    return heard


def _one_sound(word: str, name: str) -> bool:
    """Whether two words sound the same, one of many too."""
    return sound(word).removesuffix("s") == sound(name).removesuffix("s")


def units_of(words: list[str], vocabulary: Vocabulary) -> list[Unit]:
    """What is asked for, widened: names of several words first, the last word as a beginning if it is not a word."""
    units = [Unit(typed, MEANS_THE_SAME.get(stems_of(typed), ())) for typed in named(let_go(words))]
    if units and not units[-1].choices and not vocabulary.knows(units[-1].typed):
        units[-1] = Unit(units[-1].typed, vocabulary.completions(units[-1].typed))
    return units


def corrected(words: list[str], units: list[Unit], vocabulary: Vocabulary) -> str:
    """The words with those unknown to us replaced by the nearest known; empty when there is nothing to correct."""
    unknown = {unit.typed for unit in units if not unit.choices and not vocabulary.knows(unit.typed)}
    better = [(vocabulary.nearest(word) or word) if word in unknown else word for word in words]
    better = names_heard(better)
    return " ".join(better) if better != words else ""
