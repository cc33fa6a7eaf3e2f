"""The feed of a clinician: what their own calendar shows of the visits that are booked with them, and nothing more."""

import dataclasses
import datetime
from collections.abc import Iterable
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from consultations.ics.exact_text import exact_text

REFRESH: Final = datetime.timedelta(hours=1)
"""So often a calendar program is asked to look again; each keeps its own mind about it."""


@dataclasses.dataclass(frozen=True, slots=True)
class FeedEntry:
    """`uid` leads to nothing: it is no number of ours and not what the patient's own calendar knows the visit by."""

    uid: str
    sequence: int
    changed_at: datetime.datetime
    begins: datetime.datetime
    ends: datetime.datetime
    title: str
    place: str


def feed_file(entries: Iterable[FeedEntry], *, name: str) -> bytes:
    """One calendar in UTC; the same bytes for the same visits, so that who asks again can be told "not modified".

    Without a METHOD, because nobody sends it (RFC 5546 wants an organizer with one).
    """
    # Imported here: loading its time-zone tables costs a third of a second at every start.
    from icalendar import Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", f"-//{settings.SITE_HOST}//visits//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", exact_text(_("Visits, %(name)s") % {"name": name}))
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", REFRESH)
    for entry in entries:
        event = Event()
        event.add("uid", entry.uid)
        event.add("sequence", entry.sequence)
        # When what it says was last changed, not when it was asked for: the bytes must not differ by that.
        event.add("dtstamp", entry.changed_at)
        event.add("dtstart", entry.begins)
        event.add("dtend", entry.ends)
        event.add("summary", exact_text(entry.title))
        event.add("location", exact_text(entry.place))
        event.add("class", "PRIVATE")
        event.add("transp", "OPAQUE")
        event.add("status", "CONFIRMED")
        calendar.add_component(event)
    return bytes(calendar.to_ical())
