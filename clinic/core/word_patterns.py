"""Patterns over the words of a text, all found in one pass however hostile the text. Pure.

Words are in small letters without accents and apostrophes. `a b` stand side by side; `~3` lets up to three other words
between, in the same sentence; `a & b` stand in any order, up to seven words apart; `(a|b c)` is one of these, with `?`
after it perhaps none; `<name>` is any of the words of that name; `pain*` begins so; `legs?` may lack its last letter;
`$` is the end of a sentence.

A set of places in the text is a number, with a bit for each place. A pattern takes the places where it may begin and
gives those where it may end, for all of them at once: what it costs follows from the pattern, not from the text.
"""

import dataclasses
import functools
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from clinic.core.phrases import END

TOKEN: Final = re.compile(r"\s*(\(|\)|\||\?|&|\$|~\d+|<\w+>|[a-z0-9]+[*?]?)")
ANY_ORDER_REACH: Final = 7
MOST_FOUND: Final = 250
"""Places of one pattern that are looked at in one text: more than a diary of denials has in a box of 2,000 letters."""


class Text:
    """The words of a text, made ready for the patterns of a book."""

    def __init__(self, words: Sequence[str], book: "PatternBook") -> None:
        self.length: Final = len(words)
        self.steps = 0
        """How often a pattern looked at the text: what reading it cost."""
        places: dict[str, int] = {}
        for index, word in enumerate(words):
            places[word] = places.get(word, 0) | 1 << index
        self.everywhere: Final = (1 << self.length + 1) - 1
        stops = places.pop(END, 0)
        self.free: Final = self.everywhere & ~stops
        self.ends: Final = stops | 1 << self.length
        self.sets: Final = [0] * book.size
        self.present = 0
        """The sets of words of which one is in the text, a bit for each."""
        for word, where in places.items():
            for number in book.sets_with(word):
                self.sets[number] |= where
                self.present |= 1 << number
        self.known: Final[dict[int, int]] = {}


@dataclasses.dataclass(frozen=True, slots=True)
class WordPattern:
    """`ends` leads from the places where it may begin to those where it may end.

    It needs of each of `needs`, which are sets of words with a bit for each, at least one in the text.
    """

    ends: Callable[[Text, int], int]
    needs: tuple[int, ...] = ()

    def may_match(self, text: Text) -> bool:
        return all(need & text.present for need in self.needs)


class PatternBook:
    """Patterns that share named classes of words. Raises ValueError for what is no pattern, KeyError for no class."""

    def __init__(self, classes: Mapping[str, str]) -> None:
        self.size = 0
        self._whole: dict[str, list[int]] = {}
        self._stems: dict[str, list[int]] = {}
        self._longest_stem = 0
        self._numbers: dict[frozenset[str], int] = {}
        self._classes: dict[str, WordPattern] = {}
        for name, text in classes.items():
            self._classes[name] = _once(self.pattern(f"({text})"), key=len(self._classes))

    def pattern(self, text: str) -> WordPattern:
        return _PatternParser(text, self).whole()

    def named(self, name: str) -> WordPattern:
        return self._classes[name]

    def classes(self) -> Iterable[tuple[str, WordPattern]]:
        return self._classes.items()

    def words(self, alternatives: Iterable[str]) -> WordPattern:
        """One word, which is any of these or begins as one that ends in `*`."""
        wanted = frozenset(alternatives)
        if wanted not in self._numbers:
            number = self._numbers[wanted] = self.size
            self.size += 1
            for word in wanted:
                known, key = (self._stems, word[:-1]) if word.endswith("*") else (self._whole, word)
                known.setdefault(key, []).append(number)
                self._longest_stem = max(self._longest_stem, len(key))
        number = self._numbers[wanted]

        def step(text: Text, starts: int) -> int:
            text.steps += 1
            return (starts & text.sets[number]) << 1

        return WordPattern(step, (1 << number,))

    def sets_with(self, word: str) -> Iterator[int]:
        yield from self._whole.get(word, ())
        for length in range(1, min(len(word), self._longest_stem) + 1):
            yield from self._stems.get(word[:length], ())

    def vocabulary(self) -> set[str]:
        """Every word that a pattern names whole."""
        return set(self._whole)


def find_spans(pattern: WordPattern, text: Text) -> Iterator[tuple[int, int]]:
    """The first and the last word of each match, which do not overlap."""
    starts = text.everywhere
    for _ in range(MOST_FOUND):
        if not pattern.may_match(text) or not pattern.ends(text, starts):
            return
        first = _lowest(pattern, text, starts)
        ends = pattern.ends(text, 1 << first)
        last = max((ends & -ends).bit_length() - 1, first + 1)
        yield first, last - 1
        starts = text.everywhere >> last << last


def _lowest(pattern: WordPattern, text: Text, starts: int) -> int:
    """The first place where the pattern matches, by halves."""
    low, high = (starts & -starts).bit_length() - 1, text.length
    while low < high:
        middle = (low + high) // 2
        if pattern.ends(text, starts & ((1 << middle + 1) - 1)):
            high = middle
        else:
            low = middle + 1
    return low


class _PatternParser:
    def __init__(self, text: str, book: PatternBook) -> None:
        self.book = book
        self.tokens: list[str] = []
        position = 0
        while match := TOKEN.match(text, position):
            self.tokens.append(match[1])
            position = match.end()
        if text[position:].strip():
            message = f"not in the language of patterns: {text[position:]!r} in {text!r}"
            raise ValueError(message)
        self.tokens.reverse()

    def whole(self) -> WordPattern:
        sides = [self.sequence()]
        while self.tokens and self.tokens[-1] == "&":
            self.tokens.pop()
            sides.append(self.sequence())
        if self.tokens or not all(sides):
            message = f"a pattern that ends too early, before {self.tokens[::-1]}"
            raise ValueError(message)
        if len(sides) == 1:
            return _chain(sides[0])
        gap = _gap(ANY_ORDER_REACH)
        first, second = _chain(sides[0]), _chain(sides[1])
        return _either([_chain([first, gap, second]), _chain([second, gap, first])])

    def sequence(self) -> list[WordPattern]:
        steps: list[WordPattern] = []
        while self.tokens and self.tokens[-1] not in ("|", ")", "&"):
            piece = self.tokens.pop()
            if piece == "(":
                steps.append(self.group())
            elif piece == "$":
                steps.append(END_OF_SENTENCE)
            elif piece[0] == "~":
                steps.append(_gap(int(piece[1:])))
            elif piece[0] == "<":
                steps.append(self.book.named(piece[1:-1]))
            else:
                steps.append(self.book.words(_forms(piece)))
        return steps

    def group(self) -> WordPattern:
        """Alternatives; those of a single word are looked for together."""
        singles: list[str] = []
        steps: list[WordPattern] = []
        closing = "|"
        while closing == "|":
            if len(self.tokens) > 1 and self.tokens[-1][0].isalnum() and self.tokens[-2] in ("|", ")"):
                singles += _forms(self.tokens.pop())
            else:
                steps.append(_chain(self.sequence()))
            closing = self.tokens.pop() if self.tokens else ""
        if closing != ")":
            message = "a bracket that is not closed"
            raise ValueError(message)
        if singles:
            steps.insert(0, self.book.words(singles))
        if self.tokens and self.tokens[-1] == "?":
            self.tokens.pop()
            steps.append(NOTHING)
        return _either(steps)


def _forms(token: str) -> list[str]:
    return [token[:-1], token[:-2]] if token.endswith("?") else [token]


def _chain(patterns: Sequence[WordPattern]) -> WordPattern:
    if len(patterns) == 1:
        return patterns[0]
    steps = [pattern.ends for pattern in patterns]

    def step(text: Text, starts: int) -> int:
        for item in steps:
            starts = item(text, starts)
            if not starts:
                break
        return starts

    return WordPattern(step, tuple(need for pattern in patterns for need in pattern.needs))


def _either(patterns: Sequence[WordPattern]) -> WordPattern:
    if len(patterns) == 1:
        return patterns[0]

    def step(text: Text, starts: int) -> int:
        ends = 0
        for item in patterns:
            if item.may_match(text):
                ends |= item.ends(text, starts)
        return ends

    if not all(pattern.needs for pattern in patterns):
        return WordPattern(step)
    return WordPattern(step, (functools.reduce(operator.or_, (pattern.needs[0] for pattern in patterns)),))


def _gap(most: int) -> WordPattern:
    def step(text: Text, starts: int) -> int:
        for _ in range(most):
            starts |= (starts & text.free) << 1
        return starts

    return WordPattern(step)


def _once(inner: WordPattern, *, key: int) -> WordPattern:
    """A class of words: where it stands in the text is found once. Only then is it asked from single places."""

    def step(text: Text, starts: int) -> int:
        if key not in text.known:
            text.known[key] = inner.ends(text, text.everywhere)
        if not text.known[key]:
            return 0
        return text.known[key] if starts == text.everywhere else inner.ends(text, starts)

    return WordPattern(step, inner.needs)


END_OF_SENTENCE: Final = WordPattern(lambda text, starts: starts & text.ends)
NOTHING: Final = WordPattern(lambda _text, starts: starts)
