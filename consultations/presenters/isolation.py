"""Reading row by row when reading all at once fails, so that one damaged record is marked and the rest still shown.

Damaged is what is stored and cannot be decoded, and nothing else: whatever goes wrong with a row that was read is a
fault of the program, and is raised. Every damaged record is logged with its number.
"""

import dataclasses
import datetime
import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, TypeVar

from django.db import DataError, models

from clinic.core.encrypted_rows import open_all
from clinic.core.encryption import DamagedRecord, Erased, Undecodable

T = TypeVar("T")
logger = logging.getLogger(__name__)
FROM_THE_DRIVER: Final = (DataError, ValueError, OverflowError, TypeError, AttributeError)
"""What drivers and Django's own converters raise on a date that no calendar has, among much else."""
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2199


@dataclasses.dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands where a record should; `pk` is what a manager needs to find it."""

    pk: Any


def readable(rows: models.QuerySet[Any], *, opens: bool = True) -> list[Any]:
    """The rows in order, each one that cannot be decoded replaced by Unreadable; one query unless one is bad.

    `opens=False` leaves what is encrypted in them to whoever asks for it, part by part.
    """
    check = opened_whole if opens else with_real_dates
    try:
        return [_or_mark(rows.model, row.pk, partial(check, row)) for row in rows]
    except (DamagedRecord, *FROM_THE_DRIVER):
        keys = list(rows.values_list("pk", flat=True))
    single = rows.all()
    single.query.clear_limits()
    return [_or_mark(rows.model, key, partial(_checked, check, single, key)) for key in keys]


def _checked(check: Callable[[Any], Any], single: models.QuerySet[Any], key: Any) -> Any:
    return check(_load_one(single, key))


def load(rows: models.QuerySet[Any], *, opens: bool = True) -> Any:
    """The first row, or None when there is none. Raises DamagedRecord when it cannot be decoded."""
    records = readable(rows.all()[:1], opens=opens)
    if records and isinstance(records[0], Unreadable):
        raise Undecodable(f"{rows.model._meta.label_lower} {records[0].pk} cannot be decoded.")
    return records[0] if records else None


def opened(read: Callable[[], T], default: T, *, of: models.Model | str) -> tuple[T, bool]:
    """The value that is sealed in `of`, or the default and True when it cannot be decoded."""
    try:
        return read(), False
    except DamagedRecord as damage:
        label, key = (of, "-") if isinstance(of, str) else (of._meta.label_lower, of.pk)
        log_damage(label, key, damage)
        return default, True


def log_damage(label: str, key: Any, damage: DamagedRecord) -> None:
    """The number of the record leads to it; no value stands in the text of a DamagedRecord.

    What was erased is not damaged: that nobody can read it is what was wanted.
    """
    if isinstance(damage, Erased):
        return
    logger.error("damaged record: %s %s (%s: %s)", label, key, type(damage).__name__, damage)


def _or_mark(model: type[models.Model], key: Any, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except DamagedRecord as damage:
        log_damage(model._meta.label_lower, key, damage)
        return Unreadable(key)


def _load_one(rows: models.QuerySet[Any], key: Any) -> Any:
    try:
        return with_real_dates(rows.get(pk=key))
    except FROM_THE_DRIVER:
        if column := _undecodable_column(rows, key):
            raise Undecodable(f"{column} holds nothing that can be read") from None
        raise


def _undecodable_column(rows: models.QuerySet[Any], key: Any) -> str:
    """The column that fails when it is read alone, with no code of ours in the way; "" when none of them does."""
    for path in (*_loaded_columns(rows.model, rows.query.select_related, rows.query.deferred_loading), *_added(rows)):
        try:
            list(rows.filter(pk=key).values_list(path))
        except (DamagedRecord, *FROM_THE_DRIVER):
            return path
    return ""


def _loaded_columns(model: type[models.Model], related: Any, deferred: tuple[Any, bool], at: str = "") -> Iterator[str]:
    names, is_left_out = deferred
    for field in model._meta.concrete_fields:
        if (at + field.name in names) is not is_left_out:
            yield at + field.name
    for name, further in (related if isinstance(related, dict) else {}).items():
        to: Any = model._meta.get_field(name).related_model
        yield from _loaded_columns(to, further, deferred, f"{at}{name}__")


def _added(rows: models.QuerySet[Any]) -> Iterator[str]:
    yield from rows.query.annotations


def opened_whole(row: Any) -> Any:
    """The row, if all that was loaded of it can be read. Raises DamagedRecord.

    What is encrypted in a row that came along with it is opened where somebody asks for it: it may be one of several
    parts of a page, of which the others can be shown.
    """
    with_real_dates(row)
    open_all(row)
    return row


def with_real_dates(row: Any, at: str = "", *, looked_at: frozenset[int] = frozenset()) -> Any:
    """The row, if each of its dates is one that our clock can put into words. Raises Undecodable.

    Rows that belong one to one know each other, also in a ring: those on the way here are not looked at again.

    SQLite's driver gives None for a text that is no date, so a date that must be there and is not is damage as well.
    """
    for field in row._meta.concrete_fields:
        if isinstance(field, models.DateField) and not field.null and vars(row).get(field.attname, ...) is None:
            raise Undecodable(f"{at}{field.name} holds nothing that can be read")
    for name, value in vars(row).items():
        if isinstance(value, datetime.date) and not FIRST_YEAR <= value.year <= LAST_YEAR:
            raise Undecodable(f"{at}{name} is in a year that no record can have")
    looked_at |= {id(row)}
    for name, related in row._state.fields_cache.items():
        if isinstance(related, models.Model) and id(related) not in looked_at:
            with_real_dates(related, f"{at}{name}__", looked_at=looked_at)
    return row
