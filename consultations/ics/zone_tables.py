"""The times of an entry on the wall clock of its zone, with the table of that zone (RFC 5545, 3.6.5).

Written here, because icalendar 7.3 begins a summer time at the wall clock after the change where the RFC wants the one
before: read strictly, the hour after the change would be told wrong.
"""

import datetime
from typing import TYPE_CHECKING, Any

from clinic.core import clock, zones

if TYPE_CHECKING:
    from icalendar import Calendar, Event

YEAR = datetime.timedelta(days=366)
EPOCH = datetime.datetime(1970, 1, 1)  # noqa: DTZ001  (a wall clock)


def add_times(
    calendar: "Calendar", event: "Event", *, begins: datetime.datetime, ends: datetime.datetime, zone_name: str
) -> None:
    """DTSTART and DTEND on the zone's wall clock, and its table before the event.

    Of an hour that comes twice a wall clock cannot say which it means, and programs differ: such times are in UTC.
    """
    first, last = clock.local(begins, zone_name), clock.local(ends, zone_name)
    if zones.is_doubled(first) or zones.is_doubled(last):
        event.add("dtstart", begins.astimezone(datetime.UTC))
        event.add("dtend", ends.astimezone(datetime.UTC))
        return
    for name, at in (("dtstart", first), ("dtend", last)):
        event.add(name, at.replace(tzinfo=None), parameters={"TZID": zone_name})
    calendar.add_component(_table(zone_name, begins - YEAR, ends + YEAR))


def _table(zone_name: str, since: datetime.datetime, until: datetime.datetime) -> Any:
    """The table of a zone for these years: what holds at the beginning, then each change."""
    from icalendar import Timezone

    table = Timezone()
    table.add("tzid", zone_name)
    zone = clock.zone(zone_name)
    start = since.astimezone(zone)
    table.add_component(_observance(start, begins=EPOCH, before=start))
    for change in zones.changes(zone, since, until):
        before = (change - datetime.timedelta(seconds=1)).astimezone(zone)
        # A change is written on the wall clock that ran until then.
        wall = (change + (before.utcoffset() or datetime.timedelta())).replace(tzinfo=None)
        table.add_component(_observance(change.astimezone(zone), begins=wall, before=before))
    return table


def _observance(at: datetime.datetime, *, begins: datetime.datetime, before: datetime.datetime) -> Any:
    from icalendar import TimezoneDaylight, TimezoneStandard

    part = TimezoneDaylight() if at.dst() else TimezoneStandard()
    part.add("dtstart", begins)
    part.add("tzoffsetfrom", before.utcoffset())
    part.add("tzoffsetto", at.utcoffset())
    part.add("tzname", zones.short_name(at))
    return part
