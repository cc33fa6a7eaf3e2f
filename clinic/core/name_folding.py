"""One spelling for all the ways in which a name can be typed, used for what is stored and for what is asked alike."""

import re
import unicodedata
from typing import Final

APOSTROPHES: Final = frozenset(
    "'`\u00b4\u02b9\u02ba\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u02ca\u02cb\u02ee\u0374\u0384\u055a\u0559\u05f3"
    "\u1fbd\u1fbf\u1fef\u1ffd\u1ffe\u2018\u2019\u201a\u201b\u2032\u2035\ua78b\ua78c\uff07\uff40"
)
"""Every sign that keyboards, phones and word processors put for an apostrophe, an okina or a hamza."""

SHOWS_NOTHING: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""What Unicode calls default-ignorable: a page shows nothing where it stands."""

ALIKE: Final = {
    "ı": "i",
    "ø": "o",
    "œ": "oe",
    "æ": "ae",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ħ": "h",
    "ŧ": "t",
    "ŋ": "n",
    "ə": "e",
    "ĸ": "k",
    "ɨ": "i",
    "ʉ": "u",
    "ɓ": "b",
    "ɗ": "d",
    "ɛ": "e",
    "ɔ": "o",
    "ƙ": "k",
    "ƴ": "y",
    # Arabic and Persian keyboards write the same letters with different code points; the last is only a stroke.
    "ی": "ي",
    "ى": "ي",
    "ک": "ك",
    "ة": "ه",
    "ـ": "",
}
WRITTEN_OUT: Final = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}
"""How people with these letters write their name on a keyboard that has none of them."""

LOWEST_ACCENT: Final = 10
"""From this combining class on a mark is an accent. Below it stand signs that make another letter, as in Hindi."""
HAN_PLANES: Final = range(0x20000, 0x40000)


def fold_name(text: str) -> str:
    """Words in lower case, without accents, apostrophes and hidden characters, parted by single spaces.

    Folding twice changes nothing more. "" when not one letter or digit is left.
    """
    plain = "".join(character for character in text if character not in APOSTROPHES)
    lower = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", plain).casefold())
    folded = "".join(_fold_character(character) for character in SHOWS_NOTHING.sub("", lower))
    return unicodedata.normalize("NFKD", " ".join(folded.split()))


def _fold_character(character: str) -> str:
    if character in APOSTROPHES:
        return ""
    if character in ALIKE:
        return ALIKE[character]
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category in ("Mn", "Mc"):
        return "" if unicodedata.combining(character) >= LOWEST_ACCENT else character
    if category == "Me":
        return ""
    return character if category[0] in "LN" or is_new_han(character, category) else " "


def is_new_han(character: str, category: str) -> bool:
    """A rare ideograph that is younger than this Python's tables: people carry such names."""
    return category == "Cn" and ord(character) in HAN_PLANES


def has_letter(text: str) -> bool:
    """Whether anything of it can be read as a name, in any alphabet."""
    return any(
        (category[0] == "L" and category != "Lm") or is_new_han(character, category)
        for character in fold_name(text)
        for category in (unicodedata.category(character),)
    )


def spellings(text: str) -> set[str]:
    """The folded name, and the same with ä, ö, ü, å and ø written out: Müller is asked for as Muller and as Mueller."""
    composed = unicodedata.normalize("NFC", text).casefold()
    written_out = "".join(WRITTEN_OUT.get(character, character) for character in composed)
    return {fold_name(text), fold_name(written_out)} - {""}


def name_key(name: str) -> str:
    """What is searched in: each spelling word by word, then run together, so that "delacruz" finds "de la Cruz"."""
    parts: list[str] = []
    for spelling in sorted(spellings(name)):
        parts += [spelling, spelling.replace(" ", "")]
    return " ".join(dict.fromkeys(parts))
