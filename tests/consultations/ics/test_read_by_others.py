"""Calendar files, read by two parsers that share nothing: vobject and icalendar. No database."""

import datetime
import itertools
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st

from clinic.core import zones
from consultations import ics

UTC = datetime.UTC
FORTY_MINUTES = datetime.timedelta(minutes=40)


def visit(starts_at: datetime.datetime, zone_name: str = "America/New_York", **kwargs: Any) -> Any:
    """As much of an appointment as a calendar is told."""
    given_ = {
        "status": "booked", "calendar_uid": "one@clinic", "calendar_sequence": 0, "booked_at": starts_at,
        "cancelled_at": None, "starts_at": starts_at, "ends_at": starts_at + FORTY_MINUTES, "time_zone": zone_name,
        "location": SimpleNamespace(name="Orchard Row", address="14 Orchard Row", directions=""),
        "consultation_request": SimpleNamespace(patient=SimpleNamespace(email="alice@example.com")),
    }  # fmt: skip
    return SimpleNamespace(**(given_ | kwargs))


def both_read(file: bytes) -> tuple[Any, Any]:
    """The event as each of the two understands it."""
    (event,) = icalendar.Calendar.from_ical(file).walk("VEVENT")
    return vobject.readOne(file.decode()).vevent, event


def starts_of(file: bytes) -> list[datetime.datetime]:
    other, event = both_read(file)
    return [other.dtstart.value.astimezone(UTC), event["DTSTART"].dt.astimezone(UTC)]


STARTS = datetime.datetime(2026, 11, 30, 14, 0, tzinfo=UTC)


def test_both_understand_when_who_and_what() -> None:
    other, event = both_read(ics.appointment_file(visit(STARTS)))

    assert other.summary.value == str(event["SUMMARY"]) == "Appointment, Larchwell"
    assert other.organizer.value == str(event["ORGANIZER"]) == "mailto:clinic@larchwell.example"
    assert other.attendee.value == str(event["ATTENDEE"]) == "mailto:alice@example.com"
    assert other.attendee.params["RSVP"] == ["FALSE"]
    assert event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    assert other.sequence.value == "0"
    assert event["SEQUENCE"] == 0
    (alarm,) = event.walk("VALARM")
    assert alarm["TRIGGER"].dt == other.valarm.trigger.value == datetime.timedelta(hours=-2)
    assert str(alarm["DESCRIPTION"]) == other.valarm.description.value == "Appointment, Larchwell"


def test_a_cancelled_one_sets_off_no_alarm_and_names_the_same_entry_later() -> None:
    file = ics.appointment_file(visit(STARTS, status="cancelled", cancelled_at=STARTS, calendar_sequence=1))
    other, event = both_read(file)

    assert icalendar.Calendar.from_ical(file)["METHOD"] == "CANCEL"
    assert (other.uid.value, other.sequence.value, other.status.value) == ("one@clinic", "1", "CANCELLED")
    assert str(event["ATTENDEE"]) == "mailto:alice@example.com"
    assert event.walk("VALARM") == []


@pytest.mark.parametrize(
    "name",
    ["Stock 2\\Nord", "Haus Ä, Flügel; 2", "\\n stays two signs", "a" * 200, "مدخل " * 30, "🚶‍♀️" * 60, "“q”:x=y"],
)
def test_both_read_a_name_as_it_was_typed(name: str) -> None:
    location = SimpleNamespace(name=name, address="14 Orchard Row", directions="")
    other, event = both_read(ics.appointment_file(visit(STARTS, location=location)))

    assert str(event["LOCATION"]) == f"{name}, 14 Orchard Row"
    # vobject 0.9 reads an escaped backslash before an N as a line break; what is written is what the RFC wants.
    assert other.location.value == f"{name}, 14 Orchard Row" or "\\n" in name.casefold()


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=300))
def test_lines_have_at_most_75_octets_and_break_within_no_character(name: str) -> None:
    location = SimpleNamespace(name=f"x{name}", address="y", directions="")
    file = ics.appointment_file(visit(STARTS, location=location))

    lines = file.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    for line in lines:
        line.decode()


def test_control_characters_are_left_out() -> None:
    location = SimpleNamespace(name="a\x00b\x0bc\rd", address="y", directions="")
    assert b"LOCATION:abc\\nd\\, y\r\n" in ics.appointment_file(visit(STARTS, location=location))


@pytest.mark.parametrize(
    ("zone_name", "starts_at", "written"),
    [
        ("America/New_York", "2026-11-30T14:00Z", "DTSTART;TZID=America/New_York:20261130T090000"),
        ("Australia/Lord_Howe", "2027-01-04T22:00Z", "DTSTART;TZID=Australia/Lord_Howe:20270105T090000"),
        ("Asia/Kolkata", "2027-01-05T03:30Z", "DTSTART;TZID=Asia/Kolkata:20270105T090000"),
        # An hour that comes twice has no wall clock of its own.
        ("America/New_York", "2026-11-01T05:30Z", "DTSTART:20261101T053000Z"),
        ("America/New_York", "2026-11-01T06:30Z", "DTSTART:20261101T063000Z"),
        # It ends in one.
        ("America/New_York", "2026-11-01T04:50Z", "DTSTART:20261101T045000Z"),
    ],
)
def test_is_on_the_wall_clock_of_the_visit_where_that_is_plain(zone_name: str, starts_at: str, written: str) -> None:
    at = datetime.datetime.fromisoformat(starts_at)
    file = ics.appointment_file(visit(at, zone_name))

    assert written in file.decode().splitlines()
    assert (b"BEGIN:VTIMEZONE" in file) == ("TZID" in written)
    assert starts_of(file) == [at, at]


def test_the_table_of_the_zone_says_each_change_on_the_wall_clock_before_it() -> None:
    file = ics.appointment_file(visit(datetime.datetime(2027, 3, 14, 7, 30, tzinfo=UTC))).decode()

    assert "DTSTART;TZID=America/New_York:20270314T033000" in file
    assert (
        "BEGIN:DAYLIGHT\r\nDTSTART:20270314T020000\r\nTZNAME:EDT\r\n"
        "TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400\r\nEND:DAYLIGHT\r\n"
    ) in file


def test_the_table_alone_leads_to_the_same_instant() -> None:
    """For programs that do not know the name: vobject, which remembers, is given a new one each time."""
    names = itertools.count()
    for zone_name in ("America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Europe/Dublin"):
        zone = ZoneInfo(zone_name)
        start = datetime.datetime(2027, 1, 1, tzinfo=UTC)
        for change in zones.changes(zone, start, start + datetime.timedelta(days=366)):
            for hours in (-26, -2, 0, 1, 2, 26):
                at = change + datetime.timedelta(hours=hours)
                file = ics.appointment_file(visit(at, zone_name)).replace(
                    zone_name.encode(), b"Nowhere/%d" % next(names)
                )
                by_vobject, by_icalendar = starts_of(file)
                assert by_icalendar == at, (zone_name, at)
                # vobject takes a table that was at zero from 2000 to 2020, as these begin, for UTC itself.
                assert by_vobject == at or zone_name in ("Africa/Casablanca", "Europe/Dublin"), (zone_name, at)


def test_links_carry_title_time_and_place_and_nothing_else() -> None:
    google, outlook = ics.calendar_links(visit(STARTS))

    assert google.url == (
        "https://calendar.google.com/calendar/render?action=TEMPLATE&text=Appointment%2C+Larchwell"
        "&dates=20261130T140000Z%2F20261130T144000Z&ctz=America%2FNew_York&location=14+Orchard+Row"
    )
    assert outlook.url == (
        "https://outlook.live.com/calendar/0/deeplink/compose?path=%2Fcalendar%2Faction%2Fcompose&rru=addevent"
        "&subject=Appointment%2C+Larchwell&startdt=2026-11-30T14%3A00%3A00Z&enddt=2026-11-30T14%3A40%3A00Z"
        "&location=14+Orchard+Row"
    )
    assert [google.site, outlook.site] == ["calendar.google.com", "outlook.live.com"]


def test_a_feed_is_the_same_bytes_until_something_changes() -> None:
    entry = ics.FeedEntry("u", 1, STARTS, STARTS, STARTS + FORTY_MINUTES, "A. W., First consultation", "Orchard Row")

    file = ics.feed_file([entry], name="Dr Ines Halloran")

    assert file == ics.feed_file([entry], name="Dr Ines Halloran")
    other, event = both_read(file)
    assert other.summary.value == str(event["SUMMARY"]) == "A. W., First consultation"
    assert starts_of(file) == [STARTS, STARTS]
    assert b"VALARM" not in file
    assert b"ATTENDEE" not in file


def test_a_feed_without_visits_is_a_calendar() -> None:
    assert icalendar.Calendar.from_ical(ics.feed_file([], name="x")).walk("VEVENT") == []
