"""Words that are written so that a search for them misses them, put back as a reader takes them. Pure.

Tags and comments within a word, letters of another alphabet that look alike, digits and signs for letters, letters set
apart. A word is put back only where it becomes one of the list `hidden` of `overclaims.toml`: "L5-S1", "e.g." and
"TGF-β" stay what they are.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from typing import Final

from education.claims.overclaims import lists

LONGEST: Final = 20
MARKUP: Final = re.compile(r"(?:<!--.{0,1000}?-->|</?[a-zA-Z][^<>]*>)+|(?<=[a-z])_{2,}(?=[a-z])", re.DOTALL)
LOOK_ALIKES: Final = str.maketrans(
    "аАеЕоОрРсСуУхХіІјЈѕЅһԁԛԝкКмМтТвВнНгбεαοΟνρτυικηχγβωΑΒΕΖΗΙΚΜΝΡΤΥΧօոսցհ",
    "aAeEoOpPcCyYxXiIjJsShdqwkKmMtTbBhHrbeaoOvptuiknxybwABEZHIKMNPTYXonugh",
)
SIGNS: Final = str.maketrans("013457@$!|€", "oleastasiie")
OTHER_SIGNS: Final = str.maketrans("013457@$!|€", "oieastasile")
WORD: Final = re.compile(r"[^\W_][\w@$!|€]*")
SET_APART: Final = re.compile(r"(?<![^\W_])[^\W_]([ .\-*·•_/])(?:[^\W_]\1)+[^\W_](?![^\W_])")
BROKEN: Final = re.compile(r"(?<=[A-Za-z])[^\w\s.,;:!?'’\"“”()\[\]{}<>/\\&%=+*#|^~`$@€£-]+(?=[A-Za-z])")


@cache
def telling() -> frozenset[str]:
    """Words of which one is enough to say that a promise was hidden."""
    return frozenset(lists()["hidden"]["telling"].split())


@cache
def strong() -> frozenset[str]:
    """Words that are put back."""
    return telling() | frozenset(lists()["hidden"]["other"].split())


def unmasked(text: str, places: Sequence[int]) -> tuple[str, list[int], list[tuple[int, int]]]:
    """The text with such words put back, the place of each character in the source, and where they stood there."""
    letters, origins, hidden = text, list(places), list[tuple[int, int]]()
    for pattern, put_back in (
        (MARKUP, _nothing),
        (BROKEN, _nothing),
        (WORD, _look_alikes),
        (SET_APART, _together),
        (WORD, _from_signs),
    ):
        letters, origins = _replaced(letters, origins, pattern, put_back, hidden)
    return letters, origins, hidden


def _replaced(
    text: str,
    origins: list[int],
    pattern: re.Pattern[str],
    put_back: Callable[[str, str, str], str | None],
    hidden: list[tuple[int, int]],
) -> tuple[str, list[int]]:
    """Each match as `put_back` gives it (None: as it is), its characters placed within the match."""
    pieces: list[str] = []
    positions: list[int] = []
    done = 0
    for match in pattern.finditer(text):
        start, end = match.span()
        # Only a word's length is looked at on either side: a line may be long.
        before = _tail(text[max(done, start - LONGEST) : start]) or _tail("".join(pieces[-1:])[-LONGEST:])
        after = _head(text[end : end + LONGEST])
        instead = put_back(match.group(), before, after)
        if instead is None or instead == match.group():
            continue
        pieces += [text[done:start], instead]
        positions += origins[done:start]
        positions += [origins[min(start + offset, end - 1)] for offset in range(len(instead))]
        if instead.lower() in telling():
            hidden.append((origins[start], origins[end - 1] + 1))
        elif f"{before}{instead}{after}".lower() in telling():
            hidden.append((origins[max(start - len(before), 0)], origins[end + len(after) - 1] + 1))
        done = end
    return "".join([*pieces, text[done:]]), [*positions, *origins[done:]]


def _tail(text: str) -> str:
    match = re.search(r"[A-Za-z]*$", text)
    return match.group() if match else ""


def _head(text: str) -> str:
    match = re.match(r"[A-Za-z]*", text)
    return match.group() if match else ""


def _nothing(text: str, before: str, after: str) -> str | None:
    """Marks within a word go; a picture that stands for a letter leaves a gap that only a strong word fills."""
    if not before or not after:
        return "" if text.startswith("<") else None
    if (before + after).lower() in strong() or text[0] in "<_":
        return ""
    pattern = re.compile(f"{re.escape(before)}.{re.escape(after)}", re.IGNORECASE)
    filled = next((word for word in sorted(strong()) if pattern.fullmatch(word)), None)
    return filled[len(before)] if filled else None


def _look_alikes(word: str, before: str, after: str) -> str | None:
    if word.isascii():
        return None
    plain = "".join(_small_capital(letter) for letter in word).translate(LOOK_ALIKES)
    bare = "".join(item for item in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(item))
    return bare if bare.isascii() and bare.lower() in strong() else None


@cache
def _small_capital(letter: str) -> str:
    name = unicodedata.name(letter, "")
    match = re.fullmatch(r"LATIN LETTER SMALL CAPITAL ([A-Z])", name)
    return match[1].lower() if match else letter


def _together(text: str, before: str, after: str) -> str | None:
    joined = re.sub(r"[ .\-*·•_/]", "", text)
    if joined.lower() in strong() or _from_signs(joined, "", ""):
        return joined
    halves = ((joined[:cut], joined[cut:]) for cut in range(2, min(len(joined), LONGEST) - 1))
    return next((f"{one} {two}" for one, two in halves if {one.lower(), two.lower()} <= strong()), None)


def _from_signs(word: str, before: str, after: str) -> str | None:
    """Digits and signs read as letters, or the letter O read as zero."""
    small = word.lower()
    if small in strong():
        return None
    if set(small) <= set("10o") and small.replace("o", "0") == "100":
        return "100"
    if not any(letter.isalpha() for letter in small):
        return None
    for signs in (SIGNS, OTHER_SIGNS):
        if (plain := small.translate(signs)) != small and plain in strong():
            return plain
    return None
