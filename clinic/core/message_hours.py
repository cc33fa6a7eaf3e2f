"""Between which hours of the clinic's wall clock a message about a visit may reach somebody (MESSAGE_HOURS)."""

import datetime
import re
from typing import Final

from django.conf import settings

from clinic.core import clock

PATTERN: Final = re.compile(r"([0-2]\d:[0-5]\d)-([0-2]\d:[0-5]\d)")
LAST: Final = datetime.timedelta(hours=1)
"""Before the end of these hours: what would be due later is due then, so that there is time to send it."""


def hours() -> tuple[datetime.time, datetime.time]:
    """From when until when. Raises ValueError with a sentence."""
    match = PATTERN.fullmatch(settings.MESSAGE_HOURS)
    try:
        begins, ends = (datetime.time.fromisoformat(match[group]) for group in (1, 2)) if match else (None, None)
    except ValueError:
        begins = ends = None
    if begins is None or ends is None or _between(begins, ends) <= LAST:
        raise ValueError("MESSAGE_HOURS must be a stretch of more than an hour, like 08:00-20:00.")
    return begins, ends


def _between(begins: datetime.time, ends: datetime.time) -> datetime.timedelta:
    some_day = datetime.date(2000, 1, 1)
    return datetime.datetime.combine(some_day, ends) - datetime.datetime.combine(some_day, begins)


def are_now(moment: datetime.datetime) -> bool:
    begins, ends = hours()
    return begins <= clock.local(moment).time() < ends


def next_begin(moment: datetime.datetime) -> datetime.datetime:
    """The instant itself within the hours, else when they begin next."""
    if are_now(moment):
        return moment
    local, (begins, _ends) = clock.local(moment), hours()
    on = local.date() + datetime.timedelta(days=int(local.time() >= begins))
    return clock.instant(on, begins, fold=0)


def within(on: datetime.date, at: datetime.time) -> datetime.datetime:
    """The instant on a day of the clinic at this time of its wall clock, or as near to it as the hours allow."""
    begins, ends = hours()
    last = (datetime.datetime.combine(on, ends) - LAST).time()
    return clock.instant(on, min(max(at, begins), last), fold=0)
