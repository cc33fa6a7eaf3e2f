"""Who is asked first, and for how long a time is kept. No question to the database, and nothing but what is named."""

import datetime
from collections.abc import Iterable
from typing import Final

from clinic.core import clock
from consultations.enums import Priority
from consultations.models import WaitingEntry

URGENCY: Final = {priority.value: rank for rank, priority in enumerate(Priority)}
SOON: Final = datetime.timedelta(hours=24)
KEPT_SOON: Final = datetime.timedelta(minutes=15)
KEPT: Final = datetime.timedelta(hours=4)


def in_order(entries: Iterable[WaitingEntry]) -> list[WaitingEntry]:
    """The most urgent first, then who has waited longest; then the number of the entry, which says nothing of anybody.

    Nothing else about a person may be read here: not who they are, how they are reached, or what they asked for.
    """
    return sorted(entries, key=_place)


def _place(entry: WaitingEntry) -> tuple[int, datetime.datetime, int]:
    return URGENCY[entry.consultation_request.priority], entry.asked_at, entry.pk


def kept_until(now: datetime.datetime, starts_at: datetime.datetime, *, by_phone: bool) -> datetime.datetime:
    """Until when a time is kept for somebody. Who has to be called is given as long while the clinic is open."""
    length = KEPT_SOON if starts_at - now <= SOON else KEPT
    return clock.add_working_hours(now, length / datetime.timedelta(hours=1)) if by_phone else now + length
