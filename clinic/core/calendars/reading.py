"""One reading of one calendar: what is asked, and what comes of it."""

import dataclasses
import datetime
import zoneinfo
from typing import Any

from clinic.core.calendars import caldav, networks
from clinic.core.calendars.busy import BusyReader, Span
from clinic.core.calendars.entries import Wanted, entries_of
from clinic.core.calendars.failures import CalendarUnread, Failure
from clinic.core.calendars.fetching import MOST_BYTES, CalendarRequest, Limits, fetch


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """`state` and `changed` are what the server said of the calendar when it was read last; "" to read it anew.

    Instants are ISO 8601 and everything is plain, because a job goes to another process as JSON.
    """

    address: str = dataclasses.field(repr=False)
    since: str
    until: str
    zone: str
    is_caldav: bool = False
    user: str = dataclasses.field(default="", repr=False)
    password: str = dataclasses.field(default="", repr=False)
    state: str = ""
    changed: str = ""
    own_domain: str = ""
    own_addresses: tuple[str, ...] = dataclasses.field(default=(), repr=False)
    allowed: tuple[str, ...] = ()
    seconds: float = 30
    most_bytes: int = MOST_BYTES


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """`spans` is None where nothing changed since; `failure` is empty where all went well."""

    spans: list[Span] | None = None
    doubtful: int = 0
    state: str = ""
    changed: str = ""
    failure: str = ""

    def as_plain(self) -> dict[str, Any]:
        spans = None if self.spans is None else [[item.isoformat() for item in span] for span in self.spans]
        return {**dataclasses.asdict(self), "spans": spans}


def from_plain(plain: dict[str, Any]) -> Reading:
    spans = plain["spans"]
    instant = datetime.datetime.fromisoformat
    return Reading(
        **{**plain, "spans": None if spans is None else [(instant(one), instant(two)) for one, two in spans]}
    )


def read(job: Job) -> Reading:
    """Never raises for what a server does, or holds."""
    try:
        return _read(job)
    except CalendarUnread as problem:
        return Reading(failure=problem.failure.value)
    except (MemoryError, RecursionError):
        return Reading(failure=Failure.TOO_MUCH.value)


def _read(job: Job) -> Reading:
    limits = Limits(tuple(networks.networks(job.allowed)), job.seconds, job.most_bytes)
    since, until = (datetime.datetime.fromisoformat(text) for text in (job.since, job.until))
    content, state, changed = _fetched(job, limits, since, until)
    if content is None:
        return Reading(state=state, changed=changed)
    entries = entries_of(content, Wanted(since, job.own_domain.lower(), frozenset(job.own_addresses)))
    busy = BusyReader(since, until, zoneinfo.ZoneInfo(job.zone)).read(entries)
    return Reading(busy.spans, busy.doubtful, state, changed)


def _fetched(
    job: Job, limits: Limits, since: datetime.datetime, until: datetime.datetime
) -> tuple[bytes | None, str, str]:
    """The content, None where it is as it was, and what to ask with the next time."""
    request = CalendarRequest(job.address, user=job.user, password=job.password)
    if job.is_caldav:
        state = caldav.state_of(request, limits)
        if state and state == job.state:
            return None, state, ""
        # What an empty calendar answers is no calendar at all.
        content = caldav.content_of(request, limits, since, until) or b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
        return content, state, ""
    known = {"If-None-Match": job.state, "If-Modified-Since": job.changed}
    headers = {"Accept": "text/calendar, */*;q=0.5", **{name: value for name, value in known.items() if value}}
    answer = fetch(dataclasses.replace(request, headers=headers), limits)
    if answer.status == 304:
        if not (job.state or job.changed):
            raise CalendarUnread(Failure.SERVER)
        return None, job.state, job.changed
    return answer.body, answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
