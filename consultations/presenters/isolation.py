"""Reading row by row when reading all at once fails, so that one bad record is marked and the rest still shown."""

import dataclasses
import logging
from collections.abc import Callable
from typing import Any, Final, TypeVar

from django.db import DataError, models

from clinic.crypto import SealBroken

T = TypeVar("T")
logger = logging.getLogger(__name__)
BROKEN: Final = (SealBroken, ValueError, TypeError, KeyError, AttributeError, OverflowError, DataError)
"""What a damaged seal, an impossible date or a payload of the wrong shape raises while it is read."""


@dataclasses.dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands where a record should; `pk` is what a manager needs to find it."""

    pk: Any


def readable(rows: models.QuerySet[Any]) -> list[Any]:
    """The rows in order, each one that cannot be loaded replaced by Unreadable; one query unless one is bad."""
    try:
        return list(rows)
    except BROKEN:
        keys = list(rows.values_list("pk", flat=True))
    unsliced = rows.all()
    unsliced.query.clear_limits()
    loaded: list[Any] = []
    for key in keys:
        try:
            loaded.append(unsliced.get(pk=key))
        except BROKEN as error:
            logger.error("unreadable record: %s %s (%s)", rows.model._meta.label_lower, key, type(error).__name__)
            loaded.append(Unreadable(key))
    return loaded


def opened(read: Callable[[], T], default: T) -> tuple[T, bool]:
    """The value, or the default and True when it cannot be read."""
    try:
        return read(), False
    except BROKEN as error:
        logger.error("unreadable value (%s)", type(error).__name__)
        return default, True
