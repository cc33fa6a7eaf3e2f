"""How staff find a person: by name, reference, date of birth, telephone number or address, as they would type it."""

import datetime
import re
import unicodedata
from typing import Any, Final

from django.db.models import F, Q, Value
from django.db.models.functions import Replace
from django.db.models.lookups import Contains
from django.utils.dates import MONTHS

from clinic.core.names import clean_line
from clinic.core.people import is_named
from consultations.phones import phone_indexes
from consultations.services.private_links import email_index

SHORTEST_REFERENCE: Final = 3
NAMED_DAY: Final = re.compile(r"(?P<d>\d{1,2})(?:st|nd|rd|th)?\s+(?P<m>[A-Za-z]{3,9})\.?,?\s+(?P<y>\d{4})")
NAMED_MONTH: Final = re.compile(r"(?P<m>[A-Za-z]{3,9})\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})")


def search_condition(term: str, *, patient: str = "patient__", reference: str = "reference") -> Q:
    """Whose name holds every word, or whose reference, birth date, number or address it is; nobody for no question.

    `patient` and `reference` are the ways to them from the table that is asked.
    """
    typed = clean_line(term)
    text = _plain(typed)
    condition: Q = is_named(typed, prefix=patient) | _has_reference(text, reference)
    if days := dates_in(text):
        condition |= Q(**{f"{patient}birth_on__in": days})
    if numbers := phone_indexes(typed):
        condition |= Q(**{f"{patient}phone_index__in": sorted(numbers)})
    if "@" in typed:
        condition |= Q(**{f"{patient}email_index": email_index(typed)})
    return condition


def _plain(typed: str) -> str:
    """Full-width signs as plain ones, every dash as "-", single spaces."""
    text = unicodedata.normalize("NFKC", typed)
    dashed = "".join("-" if unicodedata.category(item) == "Pd" or item == "\u2212" else item for item in text)
    return " ".join(dashed.split())


def _has_reference(text: str, path: str) -> Any:
    """Any part of a reference, with or without its dashes; the letters of one are drawn so that none looks like a 0."""
    compact = re.sub(r"[\s-]", "", text).upper()
    if len(compact) < SHORTEST_REFERENCE or not re.fullmatch("[0-9A-Z]+", compact):
        return Q(pk__in=[])
    return Q(Contains(Replace(F(path), Value("-"), Value("")), compact))


def dates_in(text: str) -> list[datetime.date]:
    """The days a typed date may mean: 1968-03-27, 27 March 1968, 27/3/1968 or 3/27/1968."""
    dates: set[datetime.date] = set()
    if numbers := re.fullmatch(r"(\d{1,4})(?:\s?[-/.]\s?|\s)(\d{1,2})(?:\s?[-/.]\s?|\s)(\d{1,4})", text):
        first, second, third = map(int, numbers.groups())
        for year, month, day in ((first, second, third), (third, second, first), (third, first, second)):
            _add_day(dates, year, month, day)
    if named := NAMED_DAY.fullmatch(text) or NAMED_MONTH.fullmatch(text):
        for number, name in MONTHS.items():
            if str(name).lower().startswith(named["m"].lower()):
                _add_day(dates, int(named["y"]), number, int(named["d"]))
    return sorted(dates)


def _add_day(dates: set[datetime.date], year: int, month: int, day: int) -> None:
    if 1900 <= year < 2100:
        try:
            dates.add(datetime.date(year, month, day))
        except ValueError:
            return
