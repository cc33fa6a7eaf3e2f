"""Whether each field of a shipped record holds what its column can keep: the same on every engine.

SQLite keeps nearly anything and PostgreSQL refuses in its own words, so neither is asked: lengths and choices come
from the models, whole numbers and days have bounds of their own.
"""

import datetime
import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models

from education.content.files import FORBIDDEN, Problems, clean
from education.content.tables import Table
from education.library import CONDITION_WORDS
from education.models import BestBet, EvidenceStatement, GlossaryTerm, Page, Question, RegulationNote, Source, Trial
from education.models.review import ClaimWaiver

LONGEST_TEXT: Final = {"body": 100_000, "": 20_000}
"""Letters of a text of several lines: of a page, and of anything else. PostgreSQL indexes no more than a megabyte."""
FIRST_DAY, LAST_DAY = datetime.date(1900, 1, 1), datetime.date(2100, 12, 31)
WHOLE: Final = {
    models.PositiveSmallIntegerField: (0, 32_767),
    models.SmallIntegerField: (-32_768, 32_767),
    models.PositiveIntegerField: (0, 2_147_483_647),
}
"""What PostgreSQL keeps of each; a test compares."""
BOUNDS: Final[dict[tuple[type[models.Model], str], tuple[int, int]]] = {
    (Page, "review_months"): (1, 36),
    (Source, "year"): (1900, 2100),
    (EvidenceStatement, "grade"): (-1, 4),
}
CHOICES: Final[dict[tuple[type[models.Model], str], tuple[str, ...]]] = {
    (EvidenceStatement, "condition"): tuple(CONDITION_WORDS),
    (EvidenceStatement, "grade_owner"): ("ours", "source", "guideline"),
    (Page, "kind"): tuple(kind for kind in Page.Kind.values if kind not in (Page.Kind.ACCOUNT, Page.Kind.STATEMENT)),
}
"""An account or a statement is of a real person: it needs what is on file about them, which no folder holds."""
KEY: Final = (r"[A-Za-z0-9_]+", "letters, digits and “_”")
CODE: Final = (r"[A-Za-z0-9-]+", "letters, digits and “-”")
SLUG: Final = (r"[a-z0-9-]+", "small letters, digits and “-”")
PATH: Final = (r"/(?:[a-z0-9-]+/)*", "small letters, digits and “-” between slashes, for example /conditions/name/")
TARGET: Final = (PATH[0] + r"(?:#[A-Za-z0-9-]+)?", "an address, for example /stem-cells/risks/ or /faq/#F4")
PHRASE: Final = (r"[^\n]*\w[^\n]*", "words in one line")
PATTERNS: Final[dict[tuple[type[models.Model], str], tuple[str, str]]] = {
    (Page, "key"): SLUG,
    (Page, "path"): PATH,
    (Page, "evidence"): CODE,
    (Page, "sources"): KEY,
    (Page, "related"): PATH,
    (Source, "key"): KEY,
    (Source, "doi"): (r"10\.\S+/\S+", "a number like 10.1000/182"),
    (Source, "pmid"): (r"[0-9]+", "digits"),
    (EvidenceStatement, "code"): CODE,
    (EvidenceStatement, "sources"): KEY,
    (GlossaryTerm, "slug"): SLUG,
    (GlossaryTerm, "see_also"): SLUG,
    (Question, "code"): CODE,
    (Question, "sources"): KEY,
    (Trial, "key"): SLUG,
    (Trial, "sources"): KEY,
    (RegulationNote, "key"): SLUG,
    (RegulationNote, "sources"): KEY,
    (RegulationNote, "jurisdiction"): (r"[A-Z]{2}(-[A-Z]{2,3})?", "a country or state like US or US-FL"),
    (BestBet, "key"): SLUG,
    (BestBet, "target"): TARGET,
    (BestBet, "phrases"): PHRASE,
    (BestBet, "spanish"): PHRASE,
    (ClaimWaiver, "where"): (r"[a-z_]+\.\S+", "a place like pages.stem-cells.body"),
    (ClaimWaiver, "rule"): (r"[CP][0-9]{1,3}", "a rule like C34"),
}
is_web_address: Final = URLValidator(schemes=["http", "https"])
Fault = tuple[str, str]
"""What is wrong, and what to do."""


def is_sound(entry: object, table: Table, file: str, location: str, problems: Problems) -> bool:
    """Whether a record has the fields of its table and each holds what it may; every fault becomes a problem."""
    faults = list(_faults(entry, table))
    for name, (wrong, remedy) in faults:
        problems.add(file, f"{location}, {name}" if name and location else location or name, wrong, remedy)
    return not faults


def _faults(entry: object, table: Table) -> Iterator[tuple[str, Fault]]:
    if not isinstance(entry, Mapping):
        yield "", (f"it must be a record of named fields, but it is {kind_of(entry)}", "write each field with its name")
        return
    known = (*table.required, *table.optional)
    for name in table.required:
        if name not in entry:
            yield "", (f"the field “{name}” is missing", "add it")
    for name in entry:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            remedy = f"it may be meant as “{near[0]}”" if near else f"a {table.entry} has {', '.join(known)}"
            yield "", (f"there is no field “{clean(name)}”", remedy)
    for name in known:
        if name in entry and (fault := value_fault(entry[name], table.model, table.renamed.get(name, name))):
            yield name, fault


def value_fault(value: Any, model: type[models.Model], name: str) -> Fault | None:
    """What keeps a value from its column, and what to do about it."""
    field: Any = model._meta.get_field(name)
    if value is None and field.null:
        return None
    check = next(check for kind, check in CHECKS.items() if isinstance(field, kind))
    return check(value, field)


def _text_fault(value: Any, field: Any) -> Fault | None:
    if not isinstance(value, str):
        return f"it must be text, but it is {kind_of(value)}", "write it in double quotes"
    if match := FORBIDDEN.search(value):
        return f"the character U+{ord(match.group()):04X} cannot be shown", "take it out"
    if not value.strip() and not field.blank:
        choices = _choices(field)
        return "it is empty", f"use one of: {', '.join(choices)}" if choices else "write something"
    is_line = field.max_length is not None and not isinstance(field, models.TextField)
    longest = field.max_length if is_line else LONGEST_TEXT.get(field.name, LONGEST_TEXT[""])
    if len(value) > longest:
        return f"it has {len(value):,} characters, and {longest:,} are the most", "shorten it"
    if is_line and "\n" in value:
        return "it has more than one line", "write it in one line"
    if not value and field.blank:
        return None
    return _choice_fault(value, field) or _pattern_fault(value, field) or _address_fault(value, field)


def _choice_fault(value: str, field: Any) -> Fault | None:
    choices = _choices(field)
    if not choices or value in choices:
        return None
    if (field.model, field.name) == (Page, "kind") and value in Page.Kind.values:
        return f"a page of kind “{value}” needs what is on file about a real person", "make it in the staff area"
    return f"there is no “{clean(value)}” here", f"use one of: {', '.join(choices)}"


def _choices(field: Any) -> tuple[str, ...]:
    return CHOICES.get((field.model, field.name)) or tuple(choice for choice, _ in field.flatchoices)


def _pattern_fault(value: str, field: Any) -> Fault | None:
    pattern, form = PATTERNS.get((field.model, field.name), ("", ""))
    if not pattern or re.fullmatch(pattern, value):
        return None
    return f"“{clean(value)}” is not of the right form", f"write {form}"


def _address_fault(value: str, field: Any) -> Fault | None:
    if isinstance(field, models.URLField):
        try:
            is_web_address(value)
        except ValidationError:
            return f"“{clean(value)}” is no web address", "write it from https:// on"
    return None


def _whole_fault(value: Any, field: Any) -> Fault | None:
    lowest, highest = BOUNDS.get((field.model, field.name)) or WHOLE[type(field)]
    if isinstance(value, bool) or not isinstance(value, int):
        wrong = f"it must be a whole number, but it is {kind_of(value)}"
        return wrong, f"write a number from {lowest} to {highest} without quotes"
    if not lowest <= value <= highest:
        said = str(value) if abs(value) < 10**20 else "a number of more than twenty digits"
        return f"{said} is out of range", f"write a number from {lowest} to {highest}"
    return None


def _day_fault(value: Any, field: Any) -> Fault | None:
    if isinstance(value, datetime.datetime) or not isinstance(value, datetime.date):
        return f"it must be a day, but it is {kind_of(value)}", "write it as 2026-11-27, without quotes"
    if not FIRST_DAY <= value <= LAST_DAY:
        return f"{value.isoformat()} is out of range", f"write a day of the years {FIRST_DAY.year} to {LAST_DAY.year}"
    return None


def _flag_fault(value: Any, field: Any) -> Fault | None:
    if isinstance(value, bool):
        return None
    return f"it must be true or false, but it is {kind_of(value)}", "write true or false, without quotes"


def _list_fault(value: Any, field: Any) -> Fault | None:
    if not isinstance(value, list):
        return f"it must be a list, but it is {kind_of(value)}", "write it in square brackets"
    for number, item in enumerate(value, 1):
        fault = _fact_fault(item) if field.name == "key_facts" else _name_fault(item, field)
        if fault:
            return f"in item {number}, {fault[0]}", fault[1]
        if value.index(item) < number - 1:
            return f"item {number} stands twice", "take one out"
    return None


def _name_fault(item: Any, field: Any) -> Fault | None:
    if not isinstance(item, str):
        return f"text is needed, but there is {kind_of(item)}", "write each item in double quotes"
    if len(item) > 120:
        return "the text is too long", "write the key of a record"
    return _pattern_fault(item, field)


def _fact_fault(item: Any) -> Fault | None:
    remedy = 'write { label = "…", text = "…" }, with words in both'
    if not isinstance(item, dict) or set(item) != {"label", "text"}:
        return "a key fact needs a label and a text, and nothing else", remedy
    for text in item.values():
        if not isinstance(text, str) or not text.strip() or len(text) > 400 or "\n" in text or FORBIDDEN.search(text):
            return "a key fact needs a label and a text of one line, 400 letters at most", remedy
    return None


CHECKS: Final[dict[type[models.Field], Callable[[Any, Any], Fault | None]]] = {
    models.CharField: _text_fault,
    models.TextField: _text_fault,
    models.IntegerField: _whole_fault,
    models.DateField: _day_fault,
    models.BooleanField: _flag_fault,
    models.JSONField: _list_fault,
}


def kind_of(value: Any) -> str:
    """What a value is, in words that somebody who writes content knows."""
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return "true" if value else "false"
    names: list[tuple[type | tuple[type, ...], str]] = [
        (str, f"the text “{clean(value)}”"),
        (int, "a whole number"),
        (float, f"the number {value}"),
        (datetime.datetime, "a day with a time"),
        (datetime.date, "a day"),
        (datetime.time, "a time"),
        (list, "a list"),
        (dict, "a record"),
    ]
    return next(name for kind, name in names if isinstance(value, kind))
