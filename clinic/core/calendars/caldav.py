"""The two questions to a CalDAV server: is this a calendar, and what stands in it between two instants."""

import dataclasses
import datetime
from typing import Final
from xml.parsers import expat

from clinic.core.calendars.failures import CalendarUnread, Failure
from clinic.core.calendars.fetching import CalendarRequest, Limits, fetch

DAV: Final = "DAV: "
CALENDAR: Final = "urn:ietf:params:xml:ns:caldav "
SERVER: Final = "http://calendarserver.org/ns/ "
WHAT_IS_IT: Final = b"""<?xml version="1.0" encoding="utf-8"?>
<d:propfind xmlns:d="DAV:" xmlns:s="http://calendarserver.org/ns/"><d:prop><d:resourcetype/><s:getctag/></d:prop>
</d:propfind>"""
WHAT_IS_IN_IT: Final = """<?xml version="1.0" encoding="utf-8"?>
<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><c:calendar-data/></d:prop>
<c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"><c:time-range start="{since}" end="{until}"/>
</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>"""
XML: Final = {"Content-Type": "application/xml; charset=utf-8"}


class _Texts:
    """The texts of some elements, and which elements there are. A document type, which may explode, is refused."""

    def __init__(self, content: bytes, wanted: frozenset[str]) -> None:
        self.names: set[str] = set()
        self.texts: dict[str, list[str]] = {name: [] for name in wanted}
        self._in: list[str] = []
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler, parser.EndElementHandler = self._begin, self._end
        parser.CharacterDataHandler = self._text
        try:
            parser.Parse(content, True)
        except expat.ExpatError:
            raise CalendarUnread(Failure.UNREADABLE) from None

    @staticmethod
    def _refuse(*_args: object) -> None:
        raise CalendarUnread(Failure.UNREADABLE)

    def _begin(self, name: str, _attributes: dict[str, str]) -> None:
        self.names.add(name)
        self._in.append(name)
        if name in self.texts:
            self.texts[name].append("")

    def _end(self, _name: str) -> None:
        self._in.pop()

    def _text(self, text: str) -> None:
        if self._in and self._in[-1] in self.texts:
            self.texts[self._in[-1]][-1] += text


def state_of(request: CalendarRequest, limits: Limits) -> str:
    """A word that changes with the calendar, "" where the server knows none. Raises CalendarUnread, also for what is no
    calendar: an address book, or the folder of all calendars, would be answered with nothing, and pass for free.
    """
    answer = fetch(_question(request, "PROPFIND", "0", WHAT_IS_IT), limits)
    found = _Texts(answer.body, frozenset({f"{SERVER}getctag"}))
    if answer.status != 207 or f"{CALENDAR}calendar" not in found.names:
        raise CalendarUnread(Failure.NO_COLLECTION)
    return "".join(found.texts[f"{SERVER}getctag"]).strip()


def content_of(request: CalendarRequest, limits: Limits, since: datetime.datetime, until: datetime.datetime) -> bytes:
    """All entries that touch the window, as calendars one after another. Raises CalendarUnread."""
    body = WHAT_IS_IN_IT.format(since=f"{since:%Y%m%dT%H%M%SZ}", until=f"{until:%Y%m%dT%H%M%SZ}").encode()
    answer = fetch(_question(request, "REPORT", "1", body), limits)
    found = _Texts(answer.body, frozenset({f"{CALENDAR}calendar-data"}))
    if answer.status != 207 or f"{DAV}multistatus" not in found.names:
        raise CalendarUnread(Failure.UNREADABLE)
    return "\r\n".join(found.texts[f"{CALENDAR}calendar-data"]).encode()


def _question(request: CalendarRequest, method: str, depth: str, body: bytes) -> CalendarRequest:
    return dataclasses.replace(request, method=method, headers={**XML, "Depth": depth}, body=body)
