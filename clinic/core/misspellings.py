"""Takes a word that is a slip away from a known one for that one. Pure."""

import itertools
from collections.abc import Collection, Iterator, Mapping
from typing import Final

SHORTEST: Final = 4
"""Letters of a word in which two letters changed about, or one doubled, are seen."""
SHORTEST_ONE_SLIP: Final = 6
SHORTEST_TWO_SLIPS: Final = 9
LONGEST: Final = 24
FEWEST_CONSONANTS: Final = 4
SAME_SOUND: Final = (
    ("ph", "f"), ("ck", "k"), ("qu", "k"), ("ce", "se"), ("ci", "si"), ("cy", "si"), ("c", "k"), ("z", "s"),
)  # fmt: skip


class Speller:
    """Knows a vocabulary. `spellings` are slips with what is meant; `other_words` are right as they are.

    Slips are guessed only for `key_words`, the words that matter most, by their letters and by their sound.
    """

    def __init__(
        self,
        *,
        spellings: Mapping[str, str],
        vocabulary: Collection[str],
        key_words: Collection[str],
        other_words: Collection[str],
    ) -> None:
        self._spellings = spellings
        self._known = frozenset(vocabulary) | frozenset(other_words)
        words = sorted(key_words)
        self._one_slip = {short: word for word in words if len(word) >= SHORTEST_ONE_SLIP for short in _shorter(word)}
        self._two_slips = {
            shorter: word
            for word in words
            if len(word) >= SHORTEST_TWO_SLIPS
            for short in _shorter(word)
            for shorter in _shorter(short)
        }
        self._swapped = {_swappable(word): word for word in words if len(word) >= SHORTEST}
        self._sounds = {_sound(word): word for word in words if _sound(word)}

    def spelled(self, word: str) -> str:
        """The word as the lists spell it. Hardly anybody mistypes the first letter: "painting" is not "fainting"."""
        if word in self._spellings:
            return self._spellings[word]
        if word in self._known or not SHORTEST <= len(word) <= LONGEST or not word.isascii() or not word.isalpha():
            return word
        if word.endswith("s") and word[:-1] in self._known:  # "my foot's gone white"
            return word[:-1]
        if word.endswith("in") and word + "g" in self._known:
            return word + "g"
        for meant in self._guesses(word):
            if meant[0] == word[0]:
                return meant
        return word

    def _guesses(self, word: str) -> Iterator[str]:
        if (meant := self._swapped.get(_swappable(word))) and abs(len(meant) - len(word)) <= 1:
            yield meant
        if len(word) >= SHORTEST_ONE_SLIP - 1:
            for shorter in (word, *_shorter(word)):
                if meant := self._one_slip.get(shorter):
                    yield meant
        if len(word) >= SHORTEST_TWO_SLIPS - 1:
            for short in (word, *_shorter(word)):
                for shorter in (short, *_shorter(short)):
                    if meant := self._two_slips.get(shorter):
                        yield meant
        if meant := self._sounds.get(_sound(word)):
            yield meant


def _shorter(word: str) -> Iterator[str]:
    """The word with each one letter left out: two words that share one are a slip apart."""
    for index in range(len(word)):
        yield word[:index] + word[index + 1 :]


def _swappable(word: str) -> str:
    """First and last letter, and those between in any order, each once: the same for "chest", "chset" and "chesst"."""
    return word[0] + "".join(sorted(set(word[1:-1]))) + word[-1]


def _sound(word: str) -> str:
    """The first letter and the consonants after it that are heard; "" for too few of them to tell words apart."""
    for written, heard in SAME_SOUND:
        word = word.replace(written, heard)
    consonants = [
        letter for before, letter in itertools.pairwise(word) if letter not in "aeiouwhy" and letter != before
    ]
    return word[0] + "".join(consonants) if len(consonants) >= FEWEST_CONSONANTS - 1 else ""
