"""Wall clocks: which instants a wall clock shows, the hour that comes twice, and what a zone is called.

Everything here is about one zone that is given; `clock.py` knows the clinic's, and says instants in words.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, gettext_lazy

NAMES: Final = {
    "America/New_York": gettext_lazy("Eastern Time"),
    "America/Chicago": gettext_lazy("Central Time"),
    "America/Denver": gettext_lazy("Mountain Time"),
    "America/Los_Angeles": gettext_lazy("Pacific Time"),
    "America/Toronto": gettext_lazy("Eastern Time"),
    "Europe/London": gettext_lazy("UK time"),
}


def words(at: datetime) -> str:
    """ "Eastern Time (New York)": the zone of a wall clock by name, or by its offset where it has no common name."""
    name = str(at.tzinfo)
    city = name.rpartition("/")[2].replace("_", " ")
    if name in NAMES:
        return gettext("%(zone)s (%(city)s)") % {"zone": NAMES[name], "city": city}
    return gettext("%(city)s time (%(offset)s)") % {"city": city, "offset": offset_words(at)}


def is_doubled(at: datetime) -> bool:
    """Whether the wall clock shows this time twice that day, because it is put back in between."""
    first, second = at.replace(fold=0), at.replace(fold=1)
    # Of a time that is skipped the first reading is the later instant.
    return first.astimezone(UTC) < second.astimezone(UTC)


def short_name(at: datetime) -> str:
    """ "EDT", or "UTC+10:30" for a zone without letters of its own; never the same for both of a doubled hour."""
    name = at.tzname() or ""
    is_shared = is_doubled(at) and name == at.replace(fold=1 - at.fold).tzname()
    return name if name.isalpha() and not is_shared else offset_words(at)


def offset_words(at: datetime) -> str:
    minutes = int((at.utcoffset() or timedelta()).total_seconds() // 60)
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60}:{abs(minutes) % 60:02}"


def instant(on: date, at: wall_time, *, zone: ZoneInfo, fold: int) -> datetime:
    """The UTC instant at which a zone's wall clock shows a time on a day.

    A wall time inside a spring gap is the instant the gap ends. Of a repeated autumn time, `fold` 0 is the first (for
    what begins) and 1 the last (for what ends).
    """
    early = datetime.combine(on, at, zone).replace(fold=0).astimezone(UTC)
    late = datetime.combine(on, at, zone).replace(fold=1).astimezone(UTC)
    if early <= late:
        return late if fold else early
    # A wall time that the clocks skip: fold 1 lies before the gap, fold 0 after it, the gap's end between.
    return change_between(late, early, zone=zone)


def change_between(low: datetime, high: datetime, *, zone: ZoneInfo) -> datetime:
    """The instant, to the second, at which the zone's offset becomes another. Between the two given it changes once."""
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def changes(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[datetime]:
    """The instants at which the zone's offset becomes another, in order; no two of them lie within one day."""
    low = since
    while low < until:
        high = min(low + timedelta(days=1), until)
        if low.astimezone(zone).utcoffset() != high.astimezone(zone).utcoffset():
            yield change_between(low, high, zone=zone)
        low = high
