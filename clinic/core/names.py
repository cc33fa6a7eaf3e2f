"""What people are called: how a typed name is cleaned, and by which part of it somebody is greeted."""

import re
import unicodedata
from typing import Final

from clinic.core.name_folding import SHOWS_NOTHING, fold_name, has_letter

JOINERS: Final = "\u200c\u200d"
"""They part or bind letters in Persian, Hindi and others, and hold families of emoji together."""
FIRST_JOINED: Final = 0x600
LATIN_AND_GREEK_EXTENDED: Final = range(0x1D00, 0x2000)
BLANK_BRAILLE: Final = "\u2800"

# fmt: off
TITLES: Final = frozenset({
    "dr", "dra", "drs", "doctor", "prof", "professor", "professora", "mr", "mister", "mrs", "ms", "miss", "mx",
    "master", "sir", "dame", "rev", "reverend", "fr", "father", "sr", "sra", "srta", "senor", "senora", "senorita",
    "herr", "frau", "hr", "fru", "mme", "madame", "mlle", "mademoiselle", "monsieur", "sig", "signor", "signora",
    "signorina", "pani", "mgr", "capt", "captain", "col", "colonel", "lt", "sgt", "shri", "smt", "гн", "гжа", "др",
    "господин", "госпожа", "κοσ", "κα", "κυριοσ", "κυρια",
})
SUFFIXES: Final = frozenset({
    "jr", "sr", "ii", "iii", "iv", "md", "dds", "dmd", "do", "phd", "rn", "np", "pa", "esq", "mba", "ma", "msc", "bsc",
    "ba", "mbbs", "frcs", "facs", "cpa", "ret",
})
# fmt: on
JOINING_WORDS: Final = frozenset({"and", "und", "et", "y", "e", "og", "och", "en"})
LINK: Final = re.compile(r"://|/|@|\bwww\b|\w{2,}\.\w{2,}", re.IGNORECASE)
"""A name that a mail program might turn into a link is never written into a mail."""
WHOLE_NAME_SCRIPTS: Final = ("CJK", "HANGUL", "HIRAGANA", "KATAKANA")


def clean_line(text: str) -> str:
    """One line of text without what cannot be seen: control characters, text direction, zero-width spaces."""
    cleaned = ""
    for index, character in enumerate(text):
        if character.isspace() or character == BLANK_BRAILLE:
            cleaned += " "
        elif character in JOINERS:
            cleaned += character if _joins(cleaned[-1:]) and _joins(text[index:].lstrip(JOINERS)[:1]) else ""
        elif is_variation(character):
            cleaned += character if cleaned.strip() else ""
        elif not is_hidden(character):
            cleaned += character
    return cleaned.strip()


def is_hidden(character: str) -> bool:
    """A control character, half of one, a point that Unicode keeps free for ever, or one that shows nothing."""
    is_free = ord(character) & 0xFFFE == 0xFFFE or "\ufdd0" <= character <= "\ufdef"
    return is_free or unicodedata.category(character) in ("Cc", "Cs") or bool(SHOWS_NOTHING.fullmatch(character))


def is_variation(character: str) -> bool:
    """Picks one drawing of the character before it: Japanese names and emoji need it."""
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def _joins(character: str) -> bool:
    if not character:
        return False
    category, point = unicodedata.category(character), ord(character)
    is_joined = category[0] in "LM" or category in ("So", "Sk")
    return is_joined and point >= FIRST_JOINED and point not in LATIN_AND_GREEK_EXTENDED


def clean_name(text: str) -> str:
    """A name as it is stored: composed, on one line, single spaces, nothing hidden. "" when nothing can be seen."""
    cleaned = " ".join(clean_line(unicodedata.normalize("NFC", text)).split())
    while cleaned and unicodedata.category(cleaned[0])[0] == "M":
        cleaned = cleaned[1:].lstrip()  # A mark with no letter under it would sit on the label of the page.
    return unicodedata.normalize("NFC", cleaned)


def greeting_name(name: str) -> str:
    """The part of a name to greet with; "" when there is none: the greeting then goes without a name.

    Titles are passed over, "Quill, Marta" gives Marta, and where the first name is no more than an initial, or cannot
    be told from the family name, the whole name stands.
    """
    cleaned = clean_name(name)
    if not has_letter(cleaned) or LINK.search(cleaned):
        return ""
    part, is_given = _given_part(cleaned)
    words = [word for word in part.split() if has_letter(word)]
    rest = _after_titles(words)
    if not rest:
        return ""
    first = rest[0].strip("\"'()[]{}“”„«»‹›,;:.")
    is_title_and_one = not is_given and len(rest) == 1 < len(words)
    if is_title_and_one or _is_initial(rest[0]) or _needs_whole_name(first):
        return part
    return first


def _given_part(name: str) -> tuple[str, bool]:
    """Of "Quill, Marta" the part after the comma, and whether there was one; degrees behind a comma are no name."""
    parts = [part.strip() for part in re.split("[,،，;]", name)]
    named = [part for part in parts if has_letter(part) and not _is_only(part, SUFFIXES)]
    if not named:
        return name, False
    is_given = len(named) > 1 and not _is_only(named[1], TITLES)
    return (named[1], True) if is_given else (named[0], False)


def _is_only(text: str, words: frozenset[str]) -> bool:
    return all(_plain(word) in words for word in text.split())


def _after_titles(words: list[str]) -> list[str]:
    for index, word in enumerate(words):
        is_joining = index > 0 and _plain(word) in JOINING_WORDS
        if _plain(word) not in TITLES and not is_joining:
            return words[index:]
    return []


def _plain(word: str) -> str:
    return fold_name(word).replace(" ", "")


def _is_initial(word: str) -> bool:
    """ "M.", "M" and "J.R.", but not the one letter that is a whole name in an alphabet without capitals."""
    letters = [letter for letter in re.split(r"[.\-]", word) if letter]
    return all(len(letter) == 1 and letter.lower() != letter.upper() for letter in letters)


def _needs_whole_name(word: str) -> bool:
    """Chinese, Japanese and Korean names begin with the family name."""
    return unicodedata.name(word[0], "CJK").startswith(WHOLE_NAME_SCRIPTS) if word else True
