"""The numbers in a text, however they are written, and whether another text holds them. Pure."""

import dataclasses
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Final

SMALL: Final = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19,
}  # fmt: skip
"""“One” is left out: it is nearly always an article."""
TENS: Final = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
TIMES: Final = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
SHORT: Final = {"m": 1_000_000, "bn": 1_000_000_000, "k": 1_000}
PARTS: Final = {"half": 2, "third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10}
WORD: Final = "|".join((*TENS, *SMALL))
DIGITS: Final = r"(?<![A-Za-z]-)(?<!\w)(?<!\d[.,])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?!\d)"
NUMBER: Final = re.compile(
    rf"(?P<digits>{DIGITS})(?:(?P<short>m|bn|k)\b|\s+(?P<times>{'|'.join(TIMES)})\b)?(?P<percent>\s?%|\s?per ?cent\b)?"
    rf"|\b(?P<words>(?:{'|'.join(TENS)})-(?:one|{'|'.join(SMALL)})|{WORD})\b(?![-]fold)(?:\s+(?P<word_times>{'|'.join(TIMES)})\b)?"
    r"|\b(?:a|one)\s+(?P<round>hundred|thousand|million)\b",
    re.IGNORECASE,
)
LETTERED: Final = re.compile(r"[A-Za-z]")
"""What stands right behind the digits of a code, such as 303b. A unit is a word of its own, or m, bn, k."""
OF: Final = re.compile(
    rf"(?P<part>{DIGITS}|\b(?:one|{WORD})\b)\s*%?\s+(?:of|in|out of|per)\s+(?:every\s+|the\s+)?"
    rf"(?P<whole>{DIGITS}|\b(?:{WORD})\b)(?!\s*(?:day|week|month|year|hour|minute|trial|studie|state|centre)s?\b)",
    re.IGNORECASE,
)
"""“63 of 100”, “1 in 400”. “2 in 3 months” and “2 of 5 trials” are two numbers each."""
PART: Final = re.compile(
    rf"\b(?P<count>one|{WORD})[\s-](?P<part>{'|'.join(PARTS)})s?\b"
    r"|(?<=\babout )a (?P<near>third|quarter|fifth|sixth|eighth|tenth)\b"
    r"|\ba (?P<of>third|quarter|fifth|sixth|eighth|tenth)(?=\s+of\b)|\b(?P<half>half)\b",
    re.IGNORECASE,
)
"""“A third trial” is none."""
ROUNDED: Final = Fraction(2, 100)
"""How far “a third” or “half” may be from the share it stands for: a share in words is a rounded one."""
SCALE: Final = re.compile(r"\bout of $")
POINTING: Final = re.compile(r"\b(?:the|these|those)\s+$", re.IGNORECASE)
"""“These two” points at what was named; it counts nothing anew."""
DENIED: Final = re.compile(rf"\bnot {DIGITS}%?", re.IGNORECASE)
SHARED: Final = re.compile(rf"({DIGITS})\s*(?:-|–|to|and|or)\s*({DIGITS})\s?(?:%|per ?cent)", re.IGNORECASE)
"""“10-20%”: both are shares."""


@dataclasses.dataclass(frozen=True, slots=True)
class NumberInText:
    """A number of a text as written, its value, and whether it is a share of a whole."""

    text: str
    value: Fraction
    is_share: bool = False
    parts: tuple[Fraction, ...] = ()
    """The two numbers that a share is written with."""
    end: int = 0
    is_rounded: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class SupportedNumbers:
    """What a text holds: its numbers, and its shares as parts of one."""

    values: frozenset[Fraction]
    shares: frozenset[Fraction]

    def __contains__(self, number: NumberInText) -> bool:
        if not number.is_share:
            return number.value in self.values
        if number.is_rounded:
            return any(abs(share - number.value) <= ROUNDED for share in self.shares)
        return number.value in self.shares or (bool(number.parts) and self.values.issuperset(number.parts))


def held_by(text: str) -> SupportedNumbers:
    """What a text says; a number that it denies, as in “2,470 people (not 2,740)”, is not held."""
    text = DENIED.sub(" ", text)
    numbers = list(numbers_in(text))
    plain = [match for match in NUMBER.finditer(text) if not _is_code(match, text)]
    values = {_value(match) for match in plain} | {part for number in numbers for part in number.parts}
    shares = {number.value for number in numbers if number.is_share}
    shares |= {_digits(group) / 100 for match in SHARED.finditer(text) for group in match.groups()}
    return SupportedNumbers(frozenset(values), frozenset(shares))


def numbers_in(text: str) -> Iterator[NumberInText]:
    """Every number of a text, in order; those that make up one share together count as one.

    The end of a scale, as in “4 points out of 10”, is no number of its own.
    """
    by_start = {match.start(): number for match in OF.finditer(text) if (number := _share(match))}
    taken = [(start, number.end) for start, number in by_start.items()]
    for match in PART.finditer(text):
        if not _within(match, taken):
            part = next(match[name] for name in ("part", "near", "of", "half") if match[name]).lower()
            share = Fraction(_simple(match["count"] or "one"), PARTS[part])
            by_start[match.start()] = NumberInText(match[0], share, True, (), match.end(), is_rounded=True)
            taken.append(match.span())
    for match in NUMBER.finditer(text):
        before = text[: match.start()]
        is_counted = match["digits"] or not POINTING.search(before)
        if is_counted and not (_within(match, taken) or _is_code(match, text) or SCALE.search(before)):
            value, is_share = _value(match), bool(match["percent"])
            by_start[match.start()] = NumberInText(
                match[0], value / 100 if is_share else value, is_share, (), match.end()
            )
    yield from (by_start[start] for start in sorted(by_start))


def _share(match: re.Match[str]) -> NumberInText | None:
    """“63 of 100” is a share; “52 out of 100” may be points on a scale, and then the first number has to be found."""
    part, whole = _simple(match["part"]), _simple(match["whole"])
    if part > whole or whole < 2:
        return None
    if "out of" in match[0].lower() and whole in (10, 100):
        return NumberInText(match["part"], part, False, (), match.end())
    return NumberInText(match[0], part / whole, True, (part, whole), match.end())


def _within(match: re.Match[str], taken: Iterable[tuple[int, int]]) -> bool:
    return any(start <= match.start() < end for start, end in taken)


def _is_code(match: re.Match[str], text: str) -> bool:
    ends_in_digits = match["digits"] and not (match["short"] or match["times"] or match["percent"])
    return bool(ends_in_digits and LETTERED.match(text, match.end()))


def _value(match: re.Match[str]) -> Fraction:
    if match["digits"]:
        factor = SHORT.get((match["short"] or "").lower(), 1) * TIMES.get((match["times"] or "").lower(), 1)
        return _digits(match["digits"]) * factor
    if match["round"]:
        return Fraction(TIMES[match["round"].lower()])
    return _simple(match["words"]) * TIMES.get((match["word_times"] or "").lower(), 1)


def _digits(written: str) -> Fraction:
    return Fraction(written.replace(",", ""))


def _simple(written: str) -> Fraction:
    low = written.lower()
    if low in ("a", "one"):
        return Fraction(1)
    if low[0].isdigit():
        return _digits(low)
    return Fraction(sum(1 if word == "one" else TENS.get(word) or SMALL[word] for word in low.split("-")))
