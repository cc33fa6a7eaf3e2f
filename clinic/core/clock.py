"""The one place that turns instants into clinic-local words, and that counts the clinic's opening hours.

Instants are aware and in UTC; the clinic's own zone is the TIME_ZONE setting. Opening hours are half-open:
a clinic that opens 08:30-17:30 is open at 08:30:00 and closed at 17:30:00.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext, ngettext, pgettext

from clinic.core import zones
from clinic.core.text_lists import and_list, semicolon_list

# As the OPENING_HOURS setting writes them, whatever language the site speaks.
WEEKDAY_CODES = {code: number for number, code in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
RULE = re.compile(
    r"^(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))? "
    r"(?P<opens>[0-2]\d:[0-5]\d)-(?P<closes>[0-2]\d:[0-5]\d)$"
)
HORIZON_DAYS = 3700


@dataclass(frozen=True)
class Interval:
    """One opening of the clinic on one weekday (0 is Monday), in wall-clock time."""

    weekday: int
    opens: wall_time
    closes: wall_time


@lru_cache(maxsize=64)
def parse_opening_hours(text: str) -> tuple[Interval, ...]:
    """Intervals from "Mon-Fri 08:30-17:30; Sat 09:00-12:00". Raises ValueError with a sentence.

    A day may be given twice for a break in the middle; intervals of one day must not overlap.
    """
    intervals: list[Interval] = []
    for part in filter(None, (part.strip() for part in re.split(r"[;,]", text))):
        match = RULE.match(part.lower())
        days = match and _days(match["first"], match["last"] or match["first"])
        if not match or not days:
            raise ValueError(f'Opening hours "{part}" are not understood: write them like "Mon-Fri 08:30-17:30".')
        try:
            opens, closes = (wall_time.fromisoformat(match[key]) for key in ("opens", "closes"))
        except ValueError as problem:
            raise ValueError(f'Opening hours "{part}" name a time that does not exist.') from problem
        if opens >= closes:
            raise ValueError(f'Opening hours "{part}" end before they begin.')
        intervals += [Interval(day, opens, closes) for day in days]
    if not intervals:
        raise ValueError('Opening hours are empty: write them like "Mon-Fri 08:30-17:30".')
    intervals.sort(key=lambda interval: (interval.weekday, interval.opens))
    for first, second in pairwise(intervals):
        if first.weekday == second.weekday and second.opens < first.closes:
            raise ValueError(f"Opening hours on {WEEKDAYS[first.weekday]} overlap.")
    return tuple(intervals)


def _days(first: str, last: str) -> list[int]:
    if first not in WEEKDAY_CODES or last not in WEEKDAY_CODES:
        return []
    start, length = WEEKDAY_CODES[first], (WEEKDAY_CODES[last] - WEEKDAY_CODES[first]) % 7 + 1
    return [(start + step) % 7 for step in range(length)]


def zone(name: str = "") -> ZoneInfo:
    """The clinic's own zone, or the one of this name."""
    return ZoneInfo(name or settings.TIME_ZONE)


pretended: ContextVar[datetime | None] = ContextVar("pretended", default=None)


def now() -> datetime:
    return pretended.get() or datetime.now(UTC)


@contextmanager
def pretend(moment: datetime) -> Iterator[None]:
    """In here it is another time. For the demonstration's made-up past; raises RuntimeError outside of one."""
    if not settings.DEMO:
        raise RuntimeError("Only a demonstration may pretend that it is another time.")
    earlier = pretended.set(moment)
    try:
        yield
    finally:
        pretended.reset(earlier)


def local(moment: datetime, zone_name: str = "") -> datetime:
    """The same instant on the wall clock of the clinic, or of a zone. Raises ValueError for a naive datetime."""
    if moment.tzinfo is None:
        raise ValueError("A naive datetime names no instant.")
    return moment.astimezone(zone(zone_name))


def today() -> date:
    return local(now()).date()


def days_until(moment: datetime, zone_name: str = "") -> int:
    """0 is today, 1 tomorrow, on the wall clock of the zone."""
    return (local(moment, zone_name).date() - local(now(), zone_name).date()).days


def day(moment: datetime | date, zone_name: str = "") -> str:
    """ "Thursday 3 December"; the year is added when it is not this year."""
    on = local(moment, zone_name).date() if isinstance(moment, datetime) else moment
    if on.year == today().year:
        return date_format(on, pgettext("format of a date", "l j F"))
    return date_format(on, pgettext("format of a date", "l j F Y"))


def full_date(on: datetime | date) -> str:
    """ "27 March 1970"."""
    on = local(on).date() if isinstance(on, datetime) else on
    return date_format(on, pgettext("format of a date", "j F Y"))


def time(moment: datetime | wall_time, zone_name: str = "") -> str:
    """ "2:15 pm", with "midday" and "midnight" as 12 pm and 12 am, and whole hours without minutes as "9 am".

    An instant in an hour that comes twice that day is told apart, "1:30 am EDT", and so is one on a wall clock that
    shows another time than the clinic's.
    """
    if not isinstance(moment, datetime):
        return _wall_words(moment)
    at = local(moment, zone_name)
    if not zones.is_doubled(at) and at.utcoffset() == local(moment).utcoffset():
        return _wall_words(at.time())
    return gettext("%(time)s %(zone)s") % {"time": _wall_words(at.time()), "zone": zones.short_name(at)}


def _wall_words(at: wall_time) -> str:
    if at.hour < 12:
        return time_format(at, pgettext("format of a time before noon", r"f \a\m"))
    return time_format(at, pgettext("format of a time from noon on", r"f \p\m"))


def to_the_second(moment: datetime) -> str:
    """ "14:03:22", for lists that put in order what happened within a minute."""
    at = local(moment)
    words = f"{at:%H:%M:%S}"
    return f"{words} {zones.short_name(at)}" if zones.is_doubled(at) else words


def moment(dt: datetime, zone_name: str = "") -> str:
    """ "Thursday 3 December, 2:15 pm". Of a visit, `zone_name` is the zone that is stored with it."""
    return gettext("%(day)s, %(time)s") % {"day": day(dt, zone_name), "time": time(dt, zone_name)}


def zone_words(dt: datetime, zone_name: str = "") -> str:
    """ "Eastern Time (New York)": a zone by name, or by its offset where it has no common name."""
    return zones.words(local(dt, zone_name))


def opening_words() -> str:
    """ "Monday to Friday, 8:30 am to 5:30 pm"; days with the same hours are said together."""
    groups: list[tuple[list[int], tuple[tuple[wall_time, wall_time], ...]]] = []
    intervals = parse_opening_hours(settings.OPENING_HOURS)
    for weekday in range(7):
        hours = tuple((item.opens, item.closes) for item in intervals if item.weekday == weekday)
        if not hours:
            continue
        if groups and groups[-1][0][-1] == weekday - 1 and groups[-1][1] == hours:
            groups[-1][0].append(weekday)
        else:
            groups.append(([weekday], hours))
    return semicolon_list(
        gettext("%(days)s, %(hours)s") % {"days": _day_words(days), "hours": _hour_words(hours)}
        for days, hours in groups
    )


def _day_words(days: list[int]) -> str:
    names = [str(WEEKDAYS[weekday]) for weekday in days]
    if len(names) <= 2:
        return and_list(names)
    return gettext("%(first)s to %(last)s") % {"first": names[0], "last": names[-1]}


def _hour_words(hours: tuple[tuple[wall_time, wall_time], ...]) -> str:
    return and_list(time_span(opens, closes) for opens, closes in hours)


def time_span(begins: datetime | wall_time, ends: datetime | wall_time, zone_name: str = "") -> str:
    """ "9 am to 5:30 pm"."""
    return gettext("%(first)s to %(last)s") % {"first": time(begins, zone_name), "last": time(ends, zone_name)}


def time_in_a_day(begins: datetime, zone_name: str, *, ends: datetime | None = None) -> str:
    """The time of a visit in a list of the clinic's day; with the day, where it is another in the visit's zone."""
    words = time_span(begins, ends, zone_name) if ends else time(begins, zone_name)
    if local(begins, zone_name).date() == local(begins).date():
        return words
    return gettext("%(day)s, %(time)s") % {"day": day(begins, zone_name), "time": words}


def seconds(number: int) -> str:
    """ "1 second", "30 seconds"."""
    return ngettext("%(number)s second", "%(number)s seconds", number) % {"number": number}


def minutes(number: int) -> str:
    """ "1 minute", "30 minutes"."""
    return ngettext("%(number)s minute", "%(number)s minutes", number) % {"number": number}


def hours(number: int) -> str:
    """ "1 hour", "12 hours"."""
    return ngettext("%(number)s hour", "%(number)s hours", number) % {"number": number}


def days(number: int) -> str:
    """ "1 day", "30 days"."""
    return ngettext("%(number)s day", "%(number)s days", number) % {"number": number}


def closed_dates() -> frozenset[date]:
    return _parse_dates(tuple(settings.CLOSED_DATES))


@lru_cache(maxsize=16)
def _parse_dates(texts: tuple[str, ...]) -> frozenset[date]:
    return frozenset(date.fromisoformat(text.strip()) for text in texts if text.strip())


def openings_on(on: date) -> list[tuple[datetime, datetime]]:
    """The clinic's openings on one local day as UTC instants, end not included."""
    if on in closed_dates():
        return []
    spans = []
    for parse_opening_hour in parse_opening_hours(settings.OPENING_HOURS):
        if parse_opening_hour.weekday == on.weekday():
            start, end = instant(on, parse_opening_hour.opens, fold=0), instant(on, parse_opening_hour.closes, fold=1)
            if start < end:
                spans.append((start, end))
    return spans


def instant(on: date, at: wall_time, *, fold: int) -> datetime:
    """The UTC instant at which the clinic's wall clock shows a time on a day: see `zones.instant`."""
    return zones.instant(on, at, zone=zone(), fold=fold)


def _openings_from(start: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Openings that end after the instant, in order. Raises ValueError when there is none for ten years."""
    first = local(start).date()
    for step in range(HORIZON_DAYS):
        for opens, closes in openings_on(first + timedelta(days=step)):
            if closes > start:
                yield opens, closes
    raise ValueError("The clinic does not open: check OPENING_HOURS and CLOSED_DATES.")


def is_open(dt: datetime) -> bool:
    return any(opens <= dt < closes for opens, closes in openings_on(local(dt).date()))


def last_change(dt: datetime) -> datetime:
    """When the clinic last opened or closed: the start of the opening it is in, or else the end of the one before.

    Openings that touch are one. Without any opening before, the instant itself.
    """
    moment_ = dt.astimezone(UTC)
    for step in range(HORIZON_DAYS):
        spans = [span for span in openings_on(local(moment_).date() - timedelta(days=step)) if span[0] <= moment_]
        if not spans:
            continue
        opens, closes = spans.pop()
        if closes <= moment_:
            return closes
        while spans and spans[-1][1] == opens:
            opens, _ = spans.pop()
        return opens
    return moment_


def next_opening(dt: datetime) -> datetime:
    """The instant itself when the clinic is open, otherwise the start of the next opening."""
    opens, _ = next(_openings_from(dt.astimezone(UTC)))
    return max(opens, dt.astimezone(UTC))


def add_working_hours(dt: datetime, hours: float) -> datetime:
    """The instant at which the clinic has been open for so many hours since the given one."""
    if hours < 0:
        raise ValueError("Working hours are counted forwards.")
    start, left = dt.astimezone(UTC), timedelta(hours=hours)
    for opens, closes in _openings_from(start):
        begin = max(opens, start)
        if left <= closes - begin:
            return begin + left
        left -= closes - begin
    raise AssertionError("unreachable")


def add_working_days(dt: datetime, days: int) -> datetime:
    """The end of the n-th opening day after the instant's own; 0 is the first opening day from then on."""
    if days < 0:
        raise ValueError("Working days are counted forwards.")
    start = dt.astimezone(UTC)
    on, number = local(start).date(), 0
    ends: datetime | None = None
    for opens, closes in _openings_from(start):
        opening_day = local(opens).date()
        if opening_day != on:
            if ends is not None and number == days:
                return ends
            number += 1 if days else 0
            on = opening_day
        ends = closes
    raise AssertionError("unreachable")
