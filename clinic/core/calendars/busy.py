"""From the entries of a calendar to the spans in which its owner is busy."""

import dataclasses
import datetime
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

import icalendar
import recurring_ical_events

from clinic.core.calendars.entries import Entries
from clinic.core.calendars.failures import CalendarUnread, Failure

Span = tuple[datetime.datetime, datetime.datetime]
DAY: Final = datetime.timedelta(days=1)
MOST_SPANS: Final = 5000
SERIES: Final = ("RRULE", "RDATE", "RECURRENCE-ID")
TOO_OFTEN: Final = frozenset({"SECONDLY", "MINUTELY"})
NO_ENTRY: Final = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, ArithmeticError)
"""What the two libraries raise for an entry that makes no sense."""


@dataclasses.dataclass(frozen=True, slots=True)
class Busy:
    """Spans in order that neither touch nor overlap, within the window; `doubtful` entries may be missing, or stand at
    another hour because they name a zone that nobody knows.
    """

    spans: list[Span]
    doubtful: int


class BusyReader:
    """Reads entries for one window. What has no zone of its own, and whole days, are on the wall clock of `zone`."""

    def __init__(self, since: datetime.datetime, until: datetime.datetime, zone: datetime.tzinfo) -> None:
        self.since, self.until, self.zone = since, until, zone
        self._doubted: set[int] = set()
        self._unparsed = 0

    def read(self, entries: Entries) -> Busy:
        """Raises CalendarUnread."""
        components = list(self._parsed(entries.zones, entries.busy))
        spans: list[Span] = []
        for span in self._spans(components):
            spans.append(span)
            if len(spans) > 4 * MOST_SPANS:
                spans = merged(spans)
        spans = merged(spans)
        if len(spans) > MOST_SPANS:
            raise CalendarUnread(Failure.TOO_MUCH)
        return Busy(spans, self._unparsed + len(self._doubted))

    def _parsed(self, zones: list[str], entries: list[str]) -> Iterator[Any]:
        """One entry that breaks the parser takes no other with it: halves are tried until it stands alone."""
        if not entries:
            return
        text = "\r\n".join(["BEGIN:VCALENDAR", *zones, *entries, "END:VCALENDAR", ""])
        try:
            calendar = icalendar.Calendar.from_ical(text)
        except NO_ENTRY:
            if len(entries) == 1:
                if zones:
                    yield from self._parsed([], entries)
                else:
                    self._unparsed += 1
                return
            middle = len(entries) // 2
            yield from self._parsed(zones, entries[:middle])
            yield from self._parsed(zones, entries[middle:])
            return
        yield from (item for item in calendar.subcomponents if item.name in ("VEVENT", "VFREEBUSY"))

    def _spans(self, components: Iterable[Any]) -> Iterator[Span]:
        series: dict[str, list[Any]] = defaultdict(list)
        alone: list[Any] = []
        for item in components:
            uid = str(item.get("UID", ""))
            (series[uid] if uid and item.name == "VEVENT" else alone).append(item)
        for group in series.values():
            if any(name in item for item in group for name in SERIES):
                yield from self._of_a_series(group)
            else:
                # The same id twice without a series is one entry in two versions: the newest stands.
                yield from self._of_one(max(group, key=_version))
        for item in alone:
            yield from self._of_free_busy(item) if item.name == "VFREEBUSY" else self._of_one(item)

    def _of_a_series(self, group: list[Any]) -> Iterator[Span]:
        calendar = icalendar.Calendar()
        for item in group:
            calendar.add_component(item)
        try:
            self._refuse_too_often(group)
            occurrences = recurring_ical_events.of(calendar).between(self.since - DAY, self.until)
        except NO_ENTRY:
            self._doubted.add(id(group))
            return
        self._look(group, key=id(group))
        for item in occurrences:
            yield from self._span_of(item, key=id(group))

    @staticmethod
    def _refuse_too_often(group: list[Any]) -> None:
        for item in group:
            rules = item.get("RRULE", [])
            for rule in rules if isinstance(rules, list) else [rules]:
                if {str(freq).upper() for freq in rule.get("FREQ", [])} & TOO_OFTEN:
                    raise CalendarUnread(Failure.TOO_MUCH)

    def _of_one(self, item: Any) -> Iterator[Span]:
        self._look([item], key=id(item))
        yield from self._span_of(item, key=id(item))

    def _look(self, group: list[Any], *, key: int) -> None:
        """Note an entry of which a part could not be read, or whose zone is unknown."""
        if any(item.errors or _has_unknown_zone(item) for item in group):
            self._doubted.add(key)

    def _span_of(self, item: Any, *, key: int) -> Iterator[Span]:
        """`key` stands for the entry that it is an occurrence of."""
        if _is_free(item):
            return
        try:
            begins, ends = self._ends_of(item)
        except NO_ENTRY:
            self._doubted.add(key)
            return
        yield from self._within(begins, ends)

    def _ends_of(self, item: Any) -> Span:
        start = item["DTSTART"].dt
        begins = self._instant(start)
        if (end := item.get("DTEND")) is not None:
            return begins, self._instant(end.dt)
        if (length := item.get("DURATION")) is not None:
            # Days are days of the wall clock, hours are hours (RFC 5545, 3.3.6); 24 hours are taken for a day.
            whole = datetime.timedelta(days=length.dt.days)
            return begins, self._instant(start + whole) + (length.dt - whole)
        return begins, begins if isinstance(start, datetime.datetime) else self._instant(start + DAY)

    def _of_free_busy(self, item: Any) -> Iterator[Span]:
        periods = item.get("FREEBUSY", [])
        for listed in periods if isinstance(periods, list) else [periods]:
            for period in listed if isinstance(listed, list) else [listed]:
                if str(listed.params.get("FBTYPE", "BUSY") if hasattr(listed, "params") else "BUSY").upper() == "FREE":
                    continue
                try:
                    begins, ends = period.dt if hasattr(period, "dt") else period
                    begins = self._instant(begins)
                    ends = begins + ends if isinstance(ends, datetime.timedelta) else self._instant(ends)
                except NO_ENTRY:
                    self._doubted.add(id(item))
                    continue
                yield from self._within(begins, ends)

    def _instant(self, value: datetime.date) -> datetime.datetime:
        if not isinstance(value, datetime.datetime):
            value = datetime.datetime.combine(value, datetime.time.min)
        if value.tzinfo is None:
            value = value.replace(tzinfo=self.zone)
        return value.astimezone(datetime.UTC)

    def _within(self, begins: datetime.datetime, ends: datetime.datetime) -> Iterator[Span]:
        begins, ends = max(begins, self.since), min(ends, self.until)
        if begins < ends:
            yield begins, ends


def merged(spans: Iterable[Span]) -> list[Span]:
    """In order, with those that touch or overlap made one."""
    whole: list[Span] = []
    for begins, ends in sorted(spans):
        if whole and begins <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], ends))
        else:
            whole.append((begins, ends))
    return whole


def _version(item: Any) -> int:
    try:
        return int(item.get("SEQUENCE", 0))
    except NO_ENTRY:
        return 0


def _is_free(item: Any) -> bool:
    """Cancelled, or marked as time in which its owner is free. What is tentative is busy."""
    words = {name: str(item.get(name, "")).strip().upper() for name in ("STATUS", "TRANSP")}
    shown_as = str(item.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).strip().upper()
    return words["STATUS"] == "CANCELLED" or words["TRANSP"] == "TRANSPARENT" or shown_as == "FREE"


def _has_unknown_zone(item: Any) -> bool:
    return any(_is_unknown(item.get(name)) for name in ("DTSTART", "DTEND"))


def _is_unknown(value: Any) -> bool:
    is_instant = isinstance(getattr(value, "dt", None), datetime.datetime)
    return is_instant and value.dt.tzinfo is None and bool(value.params.get("TZID"))


def without(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """What of the first the second leave over."""
    taken, index, left = merged(others), 0, list[Span]()
    for begins, ends in merged(spans):
        while index < len(taken) and taken[index][1] <= begins:
            index += 1
        for other_begins, other_ends in itertools.islice(taken, index, None):
            if other_begins >= ends:
                break
            if begins < other_begins:
                left.append((begins, other_begins))
            begins = max(begins, other_ends)
        if begins < ends:
            left.append((begins, ends))
    return left
