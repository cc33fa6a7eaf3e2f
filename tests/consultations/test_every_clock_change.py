"""Each change of the clocks from 2026 to 2036 in ten zones: every surface tells the instant that is stored.

What a page says is read back here, by a reader that shares nothing with what wrote it: the wall clock, and the letters
or the offset where a time comes twice. Words that could mean two instants, or none, fail.
"""

import datetime
import random
import re
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import vobject
from django.test import Client

from clinic.core.models import OutboxMessage
from consultations import emails
from consultations.enums import MessageKind, RequestStatus
from consultations.models import Appointment, ConsultationRequest
from consultations.services import visit_mails
from tests.consultations.views.conftest import text_of
from tests.personas import at, book_directly, open_privately

pytestmark = pytest.mark.django_db
UTC = datetime.UTC
ZONES = (
    "America/New_York", "America/St_Johns", "America/Santiago", "America/Asuncion", "Europe/London", "Europe/Dublin",
    "Africa/Casablanca", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Auckland",
)  # fmt: skip
"""Both hemispheres; half an hour; changes at midnight; winter as the exception; a month of fasting; and one that gave
its summer time up, with the days on which it would have changed."""
MINUTES = (-75, -45, -10, 0, 20, 45, 75)
"""Around the change: before it, in the hour that comes twice, and after."""
TIME = r"(?P<time>\d{1,2}(?::\d\d)? [ap]m)(?: (?P<zone>UTC[+-]\d+:\d\d|[A-Z]{2,5})\b)?"
DAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day (?P<day>\d{1,2} [A-Z][a-z]+)(?: (?P<year>20\d\d))?"
MOMENT = re.compile(f"{DAY}, {TIME}")
WITH_ZONE = re.compile(f"{DAY}, {TIME}, [A-Z]")
IN_THE_DIARY = re.compile(rf"{DAY} (?:no|\d+) free times? {TIME} to ")
ADMIN = "/admin/consultations/"


def changes(zone: ZoneInfo) -> Iterator[datetime.datetime]:
    """Each instant of 2026 to 2036 at which the offset becomes another, to the minute; else two days of each year."""
    found = False
    hour = datetime.datetime(2026, 1, 1, tzinfo=UTC)
    while hour.year < 2037:
        later = hour + datetime.timedelta(hours=1)
        if hour.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
            found = True
            minutes = (hour + datetime.timedelta(minutes=step) for step in range(61))
            before = hour.astimezone(zone).utcoffset()
            yield next(minute for minute in minutes if minute.astimezone(zone).utcoffset() != before)
        hour = later
    if not found:
        for year in range(2026, 2037):
            yield from (datetime.datetime(year, month, 25, 4, tzinfo=UTC) for month in (3, 10))


def instant(match: re.Match[str] | None, zone: ZoneInfo, *, today: datetime.date) -> datetime.datetime:
    """What the words mean. They must mean one instant."""
    assert match is not None, "no time is told"
    words = match.groupdict()
    day = words.get("day") or f"{today.day} {today:%B}"
    form = "%I:%M %p" if ":" in words["time"] else "%I %p"
    year = words.get("year") or today.year
    wall = datetime.datetime.strptime(f"{day} {year} {words['time'].upper()}", f"%d %B %Y {form}")  # noqa: DTZ007
    readings = {
        read.astimezone(UTC)
        for fold in (0, 1)
        if (read := wall.replace(tzinfo=zone, fold=fold)).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall
        and words["zone"] in (None, read.tzname(), offset_of(read))
    }
    assert len(readings) == 1, f"{match[0]} means {len(readings)} instants in {zone}"
    return readings.pop()


def offset_of(read: datetime.datetime) -> str:
    minutes = int((read.utcoffset() or datetime.timedelta()).total_seconds()) // 60
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60}:{abs(minutes) % 60:02}"


def by_vobject(file: bytes, zone: ZoneInfo) -> datetime.datetime:
    """It remembers the first table that it read under a name, which may have ended since: as if it had read none."""
    vobject.icalendar.registerTzid(str(zone), None)
    if str(zone) == "Africa/Casablanca":  # It takes a table that begins at zero for UTC: see decision 0060.
        return icalendar.Calendar.from_ical(file).walk("VEVENT")[0]["DTSTART"].dt.astimezone(UTC)
    starts: datetime.datetime = vobject.readOne(file.decode()).vevent.dtstart.value
    assert starts.tzinfo is not None
    return starts.astimezone(UTC)


def mail_of(booked: ConsultationRequest) -> str:
    """The plain text of a reminder to a patient who chose to be told when, where and with whom."""
    booked.reminders_full_at = booked.submitted_at
    message = OutboxMessage(kind=MessageKind.VISIT_REMINDER, payload={"appointment": booked.appointments.get().pk})
    lines = visit_mails.lines(message, booked)
    return emails.draft(MessageKind.VISIT_REMINDER, to="a@example.com", first_name="A", link="x", **lines).text


def told(staff: Any, booked: ConsultationRequest, *, zone: ZoneInfo, now: datetime.datetime) -> dict[str, Any]:
    """Surface -> the instant that it tells."""
    today = now.astimezone(zone).date()

    def by_words(page: str, words: re.Pattern[str] = MOMENT, *, after: str = "") -> datetime.datetime:
        return instant(words.search(page.partition(after)[2] if after else page), zone, today=today)

    client = Client()  # a session of before would have ended
    open_privately(client, booked)
    private = text_of(client.get(at(client)))
    file = client.get(at(client, "appointment.ics")).content
    (event,) = icalendar.Calendar.from_ical(file).walk("VEVENT")
    day = booked.appointments.get().starts_at.astimezone(zone).date()
    return {
        "private page": by_words(private, after="Is anything new"),
        "private page, its steps": by_words(private, after="Consultation"),
        "page to withdraw": by_words(text_of(client.get(at(client, "withdraw/")))),
        "calendar file": event["DTSTART"].dt.astimezone(UTC),
        "calendar file, another reader": by_vobject(file, zone),
        "calendar file, its text": by_words(str(event["DESCRIPTION"]), WITH_ZONE),
        "mail": by_words(mail_of(booked), WITH_ZONE),
        "staff schedule": by_words(text_of(staff.get(f"{ADMIN}appointment/?from={day}")), IN_THE_DIARY),
        "request page": by_words(text_of(staff.get(f"{ADMIN}consultationrequest/{booked.pk}/change/")), WITH_ZONE),
        "hand-over, for print": by_words(text_of(staff.get(f"{ADMIN}handovernote/")), after="Visits"),
    }


@pytest.fixture
def look(sign_in: Any, nurse: Any, make_request: Any, clinician: Any, settings: Any, time_machine: Any) -> Any:
    """Whether every surface tells this instant, an hour and a half before."""
    booked = make_request(status=RequestStatus.BOOKED)
    visit = book_directly(booked, clinician, datetime.datetime(2026, 11, 30, 14, 0, tzinfo=UTC))

    def at_instant(zone_name: str, starts_at: datetime.datetime) -> list[str]:
        now = starts_at - datetime.timedelta(minutes=90)
        settings.TIME_ZONE = zone_name
        time_machine.move_to(now, tick=False)
        Appointment.objects.filter(pk=visit.pk).update(
            starts_at=starts_at, ends_at=starts_at + datetime.timedelta(minutes=40), time_zone=zone_name
        )
        surfaces = told(sign_in(nurse), booked, zone=ZoneInfo(zone_name), now=now)
        return [f"{zone_name} {starts_at}: {name} {said}" for name, said in surfaces.items() if said != starts_at]

    return at_instant


def instants(zone_name: str) -> list[datetime.datetime]:
    zone = ZoneInfo(zone_name)
    return [change + datetime.timedelta(minutes=step) for change in changes(zone) for step in MINUTES]


def test_a_few_changes_of_each_kind(look: Any) -> None:
    """New York's doubled hour twice over, and of two other zones one time each, drawn with a fixed seed."""
    draw = random.Random(20261101)
    chosen = [
        ("America/New_York", datetime.datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        ("America/New_York", datetime.datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime.datetime(2027, 4, 3, 15, 15, tzinfo=UTC)),
        *((name, draw.choice(instants(name))) for name in draw.sample(ZONES, 2)),
    ]
    assert [line for name, starts_at in chosen for line in look(name, starts_at)] == []


@pytest.mark.deep
@pytest.mark.parametrize("zone_name", ZONES)
def test_every_change(look: Any, zone_name: str) -> None:
    assert len(instants(zone_name)) >= 22 * len(MINUTES)
    assert [line for starts_at in instants(zone_name) for line in look(zone_name, starts_at)] == []


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("Sunday 1 November, 1:30 am", "means 2 instants"),
        ("Sunday 8 March, 2:30 am", "means 0 instants"),
        ("Sunday 1 November, 1:30 am GMT", "means 0 instants"),
        ("soon", "no time is told"),
    ],
)
def test_the_reader_takes_no_words_that_do_not_mean_one_instant(words: str, fault: str) -> None:
    with pytest.raises(AssertionError, match=fault):
        instant(MOMENT.search(words), ZoneInfo("America/New_York"), today=datetime.date(2026, 6, 1))
