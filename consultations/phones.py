"""Telephone numbers as people type them: found among words, kept as they are dialled, shown as they are read."""

import dataclasses
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

import phonenumbers
from django.conf import settings
from phonenumbers import PhoneNumberFormat, ValidationResult

from clinic.core.encryption import blind_index
from clinic.core.names import clean_line

PHONE_INDEX: Final = "patient.phone"
RUN: Final = re.compile(r"\+?[\s(]*\d(?:[\d\s().\-/]*\d)?")
EXTENSION: Final = re.compile(
    r"[\s.,;)]*(?:extension|extn|ext|x|#|int|anexo|poste|durchwahl|nst|доб)[\s.:=]*(\d{1,7})(?!\d)", re.IGNORECASE
)
VANITY: Final = re.compile(r"\+?[\d(][\d\s().\-]*(?:[A-Z][A-Z\d]*(?:[ \-][A-Z\d]+)*|[A-Za-z][A-Za-z\d\-]*)")
COUNTRY_OF_ALL_NORTH_AMERICA: Final = 1
SHORTEST_DIALLED: Final = 5
LONGEST_DIALLED: Final = 15
SHORTEST_BEFORE_BRACKET: Final = 7
SHORTEST_SEARCH: Final = 5


@dataclasses.dataclass(frozen=True, slots=True)
class ParsedNumber:
    """What a typed number comes to: how it is kept, and whether what was typed says more than that."""

    number: str
    says_more: bool


def read(typed: str) -> ParsedNumber | None:
    """The first number in the text that can be dialled, or None.

    A number of the right length is enough: lists of area codes age, and a nurse who dials finds out at once. Without a
    country code it is taken as one of the clinic's own region.
    """
    text = _plain(typed)
    for run in RUN.finditer(text):
        for start, end in _spans(text, run):
            if (number := _possible(text[start:end])) is None:
                continue
            extension = EXTENSION.match(text, end)
            number.extension = extension.group(1) if extension else None
            rest = text[:start] + text[extension.end() if extension else end :]
            return ParsedNumber(_stored(number), bool(rest.strip(" .,;:()-")) or _is_guess(number, text[start:end]))
    for match in VANITY.finditer(text):
        if (number := _possible(match.group())) is not None:
            return ParsedNumber(_stored(number), True)
    return None


def _plain(typed: str) -> str:
    """Digits of any script as 0 to 9, every kind of dash and space as the plain one."""
    letters = []
    for character in unicodedata.normalize("NFKC", clean_line(typed)):
        category = unicodedata.category(character)
        if category == "Nd":
            letters.append(str(unicodedata.decimal(character)))
        else:
            letters.append("-" if category == "Pd" or character == "\u2212" else character)
    return "".join(letters)


def _is_guess(number: phonenumbers.PhoneNumber, written: str) -> bool:
    """Other digits than were typed, and no list knows the number."""
    digits = re.sub(r"\D", "", written)
    return not (phonenumbers.is_valid_number(number) or _stored(number).split(";")[0].endswith(digits))


def _spans(text: str, run: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Where the number may stand in a run of digits: "202 555 0142 5pm" and "0142 (24 hours)" carry digits of words."""
    start, end = run.span()
    gaps = [(start + gap.start(), start + gap.end()) for gap in re.finditer(r"[\s/]+", run.group())]
    for before, after in gaps:
        if text[after] == "(" and sum(map(str.isdigit, text[start:before])) >= SHORTEST_BEFORE_BRACKET:
            yield start, before
    is_whole = not text[end : end + 1].isalpha() or EXTENSION.match(text, end) is not None
    if is_whole:
        yield start, end
    yield from ((start, before) for before, _ in reversed(gaps))
    if not is_whole:
        yield start, end
    yield from ((after, end) for _, after in gaps)


def _possible(written: str) -> phonenumbers.PhoneNumber | None:
    """What the digits can be, best first: a number that is known to exist, else one of a possible length."""
    numbers = [number for candidate in _candidates(written) if (number := _parsed(*candidate)) is not None]
    known = [number for number in numbers if phonenumbers.is_valid_number(number)]
    if known or numbers:
        return (known or numbers)[0]
    # Many leave out the + before their country code. Only a number that is known to exist is taken so.
    digits = re.sub(r"\D", "", written)
    abroad = _parsed(f"+{digits}", None) if settings.PHONENUMBER_DEFAULT_REGION else None
    return abroad if abroad is not None and phonenumbers.is_valid_number(abroad) else None


def _candidates(written: str) -> Iterator[tuple[str, str | None]]:
    region = settings.PHONENUMBER_DEFAULT_REGION
    compact = re.sub(r"[^\dA-Za-z]", "", written)
    if "+" in written:
        yield f"+{compact}", None
        return
    if compact.startswith("00"):
        yield f"+{compact[2:]}", None
    if region:
        yield compact, region
    if compact.startswith("011"):
        yield f"+{compact[3:]}", None


def _parsed(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    digits = phonenumbers.national_significant_number(number)
    # No exchange will ever begin so: these are rules of the numbering plan, not a list that ages.
    if len(set(digits)) == 1 or (number.country_code == COUNTRY_OF_ALL_NORTH_AMERICA and digits[0] in "01"):
        return None
    return number


def _stored(number: phonenumbers.PhoneNumber) -> str:
    plain: str = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    base = plain.split(";")[0]
    return f"{base};ext={number.extension}" if number.extension else base


def _parse_stored(stored: str) -> phonenumbers.PhoneNumber | None:
    if not stored.startswith("+"):
        return None
    try:
        return phonenumbers.parse(stored, None)
    except phonenumbers.NumberParseException:
        return None


def stored(typed: str) -> tuple[str, str]:
    """How a number is stored: what staff dial, and the words as typed where they differ from it."""
    text = clean_line(typed)
    reading = read(text)
    if reading is None:
        return text, ""
    return reading.number, text if text != reading.number else ""


def shown(stored: str) -> str:
    """For reading: as people of the clinic's country write it, and with + and the country code from elsewhere."""
    number = _parse_stored(stored)
    if number is None:
        return stored
    region = settings.PHONENUMBER_DEFAULT_REGION
    is_home = region is not None and number.country_code == phonenumbers.country_code_for_region(region)
    text: str = phonenumbers.format_number(
        number, PhoneNumberFormat.NATIONAL if is_home else PhoneNumberFormat.INTERNATIONAL
    )
    return text


def dialled(stored: str) -> str:
    """What stands behind tel: in a link; a comma waits before the extension. "" when there is nothing to dial."""
    number = _parse_stored(stored)
    if number is not None:
        base = _stored(number).split(";")[0]
        return f"{base},{number.extension}" if number.extension else base
    run = RUN.search(_plain(stored))
    digits = re.sub(r"[^\d+]", "", run.group()) if run else ""
    return digits if SHORTEST_DIALLED <= len(digits.lstrip("+")) <= LONGEST_DIALLED else ""


def typed_says_more(typed: str, stored: str) -> bool:
    """Whether staff need to see what was typed beside the number: a note, or a reading that may be wrong."""
    reading = read(typed)
    return bool(typed) and (reading is None or reading.says_more or reading.number != stored)


def phone_index(stored: str) -> str:
    """Finds one number in any spelling; the extension does not count. "" for words without a digit."""
    return next(iter(_digests(stored)), "")


def phone_indexes(term: str) -> set[str]:
    """The digests a question may mean: none when it has too few digits to be a number."""
    return set(_digests(term)) if sum(map(str.isdigit, _plain(term))) >= SHORTEST_SEARCH else set()


def _digests(text: str) -> Iterator[str]:
    reading = read(text)
    if reading is not None:
        yield blind_index(reading.number.split(";")[0], purpose=PHONE_INDEX)
    if digits := "".join(filter(str.isdigit, _plain(text))):
        yield blind_index(digits, purpose=PHONE_INDEX)


def example() -> str:
    """A number of the clinic's region that belongs to nobody, as it is written there."""
    region = settings.PHONENUMBER_DEFAULT_REGION
    number = phonenumbers.example_number(region) if region else None
    return phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL) if number else ""
