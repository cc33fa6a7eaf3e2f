"""The lines of a calendar file that say when somebody is busy, and no other: no title, place, text or name goes on."""

import dataclasses
import datetime
import re
from collections.abc import Collection, Iterator
from typing import Final

from clinic.core.calendars.failures import CalendarUnread, Failure

KEPT: Final = frozenset(
    {
        "UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "SEQUENCE", "STATUS",
        "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS", "FREEBUSY",
    }
)  # fmt: skip
READ: Final = frozenset({"VEVENT", "VFREEBUSY"})
RECURS: Final = frozenset({"RRULE", "RDATE", "RECURRENCE-ID", "DURATION"})
FOLD: Final = re.compile(r"\r?\n[ \t]")
NAME: Final = re.compile(r"[A-Za-z0-9-]+")
DECLINED: Final = re.compile(r"PARTSTAT=\"?DECLINED\"?", re.IGNORECASE)
OWNER: Final = re.compile(r"^X-WR-CALNAME:\s*([^\s@]+@[^\s@]+)\s*$", re.IGNORECASE | re.MULTILINE)
"""Some providers name a calendar by the email address of its owner."""
DATE: Final = re.compile(r":(\d{8})")
MARGIN: Final = datetime.timedelta(days=2)
"""An entry whose last day lies that far back is over, whatever its zone."""
NOT_BUSY: Final = "TRANSP:TRANSPARENT"


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """`own_domain` ends the ids of our own visits, `own_addresses` are those by which its owner declines."""

    since: datetime.datetime
    own_domain: str = ""
    own_addresses: Collection[str] = ()


@dataclasses.dataclass(slots=True)
class Entries:
    """Components as lines of text: tables of time zones, each once, and entries."""

    zones: list[str] = dataclasses.field(default_factory=list)
    busy: list[str] = dataclasses.field(default_factory=list)


def entries_of(content: bytes, wanted: Wanted) -> Entries:
    """Raises CalendarUnread for what is no calendar, or not all of it."""
    text = FOLD.sub("", content.decode("utf-8-sig", errors="replace"))
    begun = text.upper().count("BEGIN:VCALENDAR")
    if not begun or begun != text.upper().count("END:VCALENDAR"):
        raise CalendarUnread(Failure.UNREADABLE)
    owners = {address.lower() for address in OWNER.findall(text)}
    wanted = dataclasses.replace(wanted, own_addresses=frozenset({*_mailboxes(wanted.own_addresses), *owners}))
    found, zones = Entries(), dict[str, None]()
    for name, lines in _components(text):
        if name == "VTIMEZONE":
            zones["\r\n".join(lines)] = None
        elif entry := _stripped(lines, wanted):
            found.busy.append("\r\n".join(entry))
    found.zones = list(zones)
    return found


def _mailboxes(addresses: Collection[str]) -> set[str]:
    return {address.strip().lower() for address in addresses if "@" in address}


def _components(text: str) -> Iterator[tuple[str, list[str]]]:
    """What stands at the first level of a calendar: tables whole, of an entry its own lines."""
    stack: list[str] = []
    lines: list[str] = []
    for line in text.split("\n"):
        line = line.rstrip("\r")
        keyword, _colon, value = line.partition(":")
        keyword, value = keyword.strip().upper(), value.strip().upper()
        if keyword == "BEGIN":
            stack.append(value)
            if len(stack) == 2:
                lines = []
        top = stack[1] if len(stack) > 1 else ""
        if top == "VTIMEZONE" or (top in READ and len(stack) == 2):
            lines.append(line)
        if keyword == "END":
            if value not in stack:
                raise CalendarUnread(Failure.UNREADABLE)
            if len(stack) == 2 and top in ("VTIMEZONE", *READ):
                yield top, lines
            del stack[stack.index(value) :]


def _stripped(lines: list[str], wanted: Wanted) -> list[str]:
    """Of one entry what says when; empty for one of ours, and for one that is over."""
    kept, names, is_declined, last = [lines[0]], set[str](), False, ""
    for line in lines[1:-1]:
        match = NAME.match(line)
        name = match.group().upper() if match else ""
        if name == "ATTENDEE" and DECLINED.search(line):
            is_declined = is_declined or line.rpartition(":")[2].strip().lower() in wanted.own_addresses
        if name not in KEPT:
            continue
        if name == "UID" and wanted.own_domain and line.strip().lower().endswith(f"@{wanted.own_domain}"):
            return []
        if name in ("DTSTART", "DTEND") and (date := DATE.search(line)):
            last = max(last, date.group(1))
        names.add(name)
        kept.append(line)
    is_single = lines[0].strip().upper() == "BEGIN:VEVENT" and not names & RECURS
    if is_single and last and last < f"{wanted.since - MARGIN:%Y%m%d}":
        return []
    if is_declined:
        # It stays, because it may stand in place of one occurrence of a series.
        kept = [*(line for line in kept if not line.upper().startswith("TRANSP")), NOT_BUSY]
    return [*kept, lines[-1]]
