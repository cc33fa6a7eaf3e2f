"""When somebody is busy, by entries of every kind, and that nothing else of them is read on."""

import datetime
import zoneinfo

import pytest

from clinic.core.calendars.busy import Busy, BusyReader, merged, without
from clinic.core.calendars.entries import Wanted, entries_of
from clinic.core.calendars.failures import CalendarUnread
from tests.calendar_server import calendar, entry

SINCE = datetime.datetime(2026, 11, 28, tzinfo=datetime.UTC)
UNTIL = datetime.datetime(2027, 12, 31, tzinfo=datetime.UTC)
NEW_YORK = ";TZID=America/New_York:"
CUSTOM_ZONE = (
    "BEGIN:VTIMEZONE\r\nTZID:Ours\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0300\r\n"
    "TZOFFSETTO:+0300\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
)


def busy(*entries: str, own_domain: str = "", own_addresses: tuple[str, ...] = ()) -> Busy:
    found = entries_of(calendar(*entries), Wanted(SINCE, own_domain, own_addresses))
    return BusyReader(SINCE, UNTIL, zoneinfo.ZoneInfo("America/New_York")).read(found)


def spans(*entries: str, **more: object) -> list[str]:
    """As "30 14:00-15:00" of UTC; with the month where it is not November."""
    return [
        f"{begins:%d %H:%M}-{ends:%H:%M}" if begins.date() == ends.date() else f"{begins:%d %H:%M}-{ends:%d %H:%M}"
        for begins, ends in busy(*entries, **more).spans  # type: ignore[arg-type]
    ]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (entry("20261130T140000Z", "20261130T150000Z"), ["30 14:00-15:00"]),
        (entry(f"{NEW_YORK}20261130T090000", f"{NEW_YORK}20261130T100000"), ["30 14:00-15:00"]),
        (entry(";TZID=Eastern Standard Time:20261130T090000", "", "DURATION:PT1H"), ["30 14:00-15:00"]),
        (CUSTOM_ZONE + entry(";TZID=Ours:20261130T120000", ";TZID=Ours:20261130T130000"), ["30 09:00-10:00"]),
        # On the clinic's wall clock: a floating time, a whole day, two whole days.
        (entry("20261130T090000", "20261130T100000"), ["30 14:00-15:00"]),
        (entry(";VALUE=DATE:20261130"), ["30 05:00-01 05:00"]),
        (entry(";VALUE=DATE:20261130", ";VALUE=DATE:20261202"), ["30 05:00-02 05:00"]),
        # A day of 23 hours, and the hour after the change.
        (entry(";VALUE=DATE:20270314"), ["14 05:00-15 04:00"]),
        (entry(f"{NEW_YORK}20270313T120000", "", "DURATION:P1D"), ["13 17:00-14 16:00"]),
        (entry(f"{NEW_YORK}20270313T230000", "", "DURATION:PT4H"), ["14 04:00-08:00"]),
        # Tentative is busy, and so is out of office.
        (entry("20261130T140000Z", "20261130T150000Z", "STATUS:TENTATIVE"), ["30 14:00-15:00"]),
        (entry("20261130T140000Z", "20261130T150000Z", "X-MICROSOFT-CDO-BUSYSTATUS:OOF"), ["30 14:00-15:00"]),
        # Free, cancelled, of no length, over.
        (entry("20261130T140000Z", "20261130T150000Z", "TRANSP:TRANSPARENT"), []),
        (entry("20261130T140000Z", "20261130T150000Z", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"), []),
        (entry("20261130T140000Z", "20261130T150000Z", "STATUS:CANCELLED"), []),
        (entry("20261130T140000Z"), []),
        (entry("20261030T140000Z", "20261030T150000Z"), []),
        # What began before the window is busy in it.
        (entry("20261120T140000Z", "20261130T150000Z"), ["28 00:00-30 15:00"]),
    ],
)  # fmt: skip
def test_one_entry(written: str, read: list[str]) -> None:
    assert spans(written) == read


def test_a_series_with_a_day_left_out_one_moved_one_cancelled_and_one_added() -> None:
    series = entry(
        f"{NEW_YORK}20261130T090000", f"{NEW_YORK}20261130T100000", "RRULE:FREQ=DAILY;COUNT=5",
        f"EXDATE{NEW_YORK}20261201T090000", "RDATE;VALUE=DATE-TIME:20261209T140000Z",
    )  # fmt: skip
    moved = entry(f"{NEW_YORK}20261202T130000", f"{NEW_YORK}20261202T133000", f"RECURRENCE-ID{NEW_YORK}20261202T090000")
    cancelled = entry(
        f"{NEW_YORK}20261203T090000", f"{NEW_YORK}20261203T100000", f"RECURRENCE-ID{NEW_YORK}20261203T090000",
        "STATUS:CANCELLED",
    )  # fmt: skip
    assert spans(series, moved, cancelled) == ["30 14:00-15:00", "02 18:00-18:30", "04 14:00-15:00", "09 14:00-15:00"]


def test_a_series_keeps_its_hour_when_the_clocks_change() -> None:
    series = entry(f"{NEW_YORK}20270312T090000", f"{NEW_YORK}20270312T100000", "RRULE:FREQ=DAILY;COUNT=3")
    assert spans(series) == ["12 14:00-15:00", "13 14:00-15:00", "14 13:00-14:00"]


def test_a_series_that_began_long_ago_and_never_ends() -> None:
    series = entry("19990104T140000Z", "19990104T150000Z", "RRULE:FREQ=WEEKLY;BYDAY=MO")
    found = busy(series).spans
    assert (len(found), found[0][0]) == (57, datetime.datetime(2026, 11, 30, 14, tzinfo=datetime.UTC))


def test_what_was_declined_is_not_busy_and_only_by_its_owner() -> None:
    guests = (
        "ATTENDEE;CN=Doctor;PARTSTAT=DECLINED:mailto:Doctor@clinic.example\r\n"
        "ATTENDEE;PARTSTAT=ACCEPTED:mailto:friend@example.org"
    )
    lunch = entry("20261130T140000Z", "20261130T150000Z", guests)
    assert spans(lunch, own_addresses=("doctor@clinic.example",)) == []
    assert spans(lunch, own_addresses=("friend@example.org",)) == ["30 14:00-15:00"]
    assert spans(lunch) == ["30 14:00-15:00"]
    named_by_owner = calendar(lunch).replace(b"PRODID", b"X-WR-CALNAME:doctor@clinic.example\r\nPRODID")
    assert entries_of(named_by_owner, Wanted(SINCE)).busy[0].endswith("TRANSP:TRANSPARENT\r\nEND:VEVENT")


def test_one_declined_occurrence_of_a_series() -> None:
    series = entry("20261130T140000Z", "20261130T150000Z", "RRULE:FREQ=DAILY;COUNT=2")
    declined = entry(
        "20261201T140000Z", "20261201T150000Z", "RECURRENCE-ID:20261201T140000Z",
        "ATTENDEE;PARTSTAT=DECLINED:mailto:doctor@clinic.example",
    )  # fmt: skip
    assert spans(series, declined, own_addresses=("doctor@clinic.example",)) == ["30 14:00-15:00"]


def test_our_own_visits_that_come_back_are_no_busy_times() -> None:
    visit = entry("20261130T140000Z", "20261130T150000Z", uid="9f86d081884c7d65@Clinic.example")
    other = entry("20261201T140000Z", "20261201T150000Z", uid="9f86d081884c7d65@elsewhere")
    assert spans(visit, other, own_domain="clinic.example") == ["01 14:00-15:00"]


def test_free_and_busy_periods() -> None:
    listed = (
        "BEGIN:VFREEBUSY\r\nUID:fb\r\nFREEBUSY:20261130T140000Z/PT1H,20261130T160000Z/20261130T170000Z\r\n"
        "FREEBUSY;FBTYPE=FREE:20261130T180000Z/PT1H\r\nFREEBUSY;FBTYPE=BUSY-TENTATIVE:20261130T200000Z/PT1H\r\n"
        "END:VFREEBUSY\r\n"
    )
    assert spans(listed) == ["30 14:00-15:00", "30 16:00-17:00", "30 20:00-21:00"]


def test_of_two_versions_of_an_entry_the_newest_stands() -> None:
    old, new = (
        entry(f"20261130T{hour}0000Z", f"20261130T{hour}3000Z", f"SEQUENCE:{number}")
        for hour, number in ((14, 1), (18, 2))
    )
    assert spans(old, new) == spans(new, old) == ["30 18:00-18:30"]


def test_what_overlaps_or_touches_is_one() -> None:
    first, second, third = (
        entry(f"20261130T{begins}0000Z", f"20261130T{ends}0000Z", uid=str(begins))
        for begins, ends in ((14, 16), (15, 17), (17, 18))
    )
    assert spans(first, second, third) == ["30 14:00-18:00"]


@pytest.mark.parametrize(
    "broken",
    [
        entry("2026-garbage", "20261130T150000Z", uid="broken"),
        entry("20261130T140000Z", ";VALUE=DURATION:PT1H", uid="broken"),
        entry("20261130T140000Z", "20261130T150000Z", "RRULE:FREQ=SOMETIMES", uid="broken"),
        entry("20261130T140000Z", "20261130T150000Z", "RECURRENCE-ID:never", uid="broken"),
        "BEGIN:VEVENT\r\nUID:broken\r\nEND:VEVENT\r\n",
        "BEGIN:VEVENT\r\nUID:broken\r\nDTSTART\r\nEND:VEVENT\r\n",
        "BEGIN:VEVENT\r\nUID:broken\r\nDTSTART:20261130T140000Z\r\nDTSTART:20261130T150000Z\r\nEND:VEVENT\r\n",
        "BEGIN:VFREEBUSY\r\nUID:broken\r\nFREEBUSY:now/then\r\nEND:VFREEBUSY\r\n",
    ],
)
def test_one_broken_entry_takes_no_other_with_it_and_is_counted(broken: str) -> None:
    found = busy(
        entry("20261201T140000Z", "20261201T150000Z"), broken, entry("20261202T140000Z", "20261202T150000Z", uid="x")
    )
    days = [begins.day for begins, _ends in found.spans]
    assert (1 in days and 2 in days, found.doubtful) == (True, 1)


def test_an_unknown_zone_is_read_on_our_wall_clock_and_counted() -> None:
    found = busy(entry(";TZID=Nowhere/Land:20261130T090000", ";TZID=Nowhere/Land:20261130T100000"))
    assert ([f"{begins:%H:%M}" for begins, _ends in found.spans], found.doubtful) == (["14:00"], 1)


@pytest.mark.parametrize("frequency", ["SECONDLY", "MINUTELY"])
def test_what_repeats_too_often_is_refused(frequency: str) -> None:
    with pytest.raises(CalendarUnread, match="too_much"):
        busy(entry("20000101T000000Z", "20000101T000001Z", f"RRULE:FREQ={frequency}"))


def test_too_many_busy_times_are_refused() -> None:
    with pytest.raises(CalendarUnread, match="too_much"):
        busy(entry("20261129T000000Z", "20261129T003000Z", "RRULE:FREQ=HOURLY"))


@pytest.mark.parametrize(
    "content",
    [
        b"", b"<html><body>Sign in</body></html>", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", b"\xff\xfe\x00",
        b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", calendar(entry("20261130T140000Z"))[:-18],
    ],
)  # fmt: skip
def test_what_is_no_calendar_or_not_all_of_it_is_refused(content: bytes) -> None:
    with pytest.raises(CalendarUnread, match="unreadable"):
        entries_of(content, Wanted(SINCE))


def test_no_title_place_guest_or_alarm_is_read_on() -> None:
    alarm = "BEGIN:VALARM\r\nTRIGGER:-PT15M\r\nDESCRIPTION:Privately\r\nEND:VALARM"
    more = "LOCATION:Ward 7\r\nDESCRIPTION:Folded\r\n  and Privately\r\nATTENDEE;CN=Privately:mailto:a@b.example"
    found = entries_of(calendar(entry("20261130T140000Z", "20261130T150000Z", more, alarm)), Wanted(SINCE))
    assert found.busy == [
        "BEGIN:VEVENT\r\nUID:one@elsewhere\r\nDTSTART:20261130T140000Z\r\nDTEND:20261130T150000Z\r\nEND:VEVENT"
    ]


def test_several_calendars_one_after_another_with_one_table_of_a_zone() -> None:
    part = calendar(CUSTOM_ZONE + entry(";TZID=Ours:20261130T120000", "", "DURATION:PT1H"))
    found = entries_of(part + part, Wanted(SINCE))
    assert (len(found.zones), len(found.busy)) == (1, 2)


def at(hour: int) -> datetime.datetime:
    return SINCE + datetime.timedelta(hours=hour)


def test_what_is_left_of_spans() -> None:
    assert without([(at(1), at(9)), (at(12), at(14))], [(at(0), at(2)), (at(4), at(5)), (at(8), at(13))]) == [
        (at(2), at(4)), (at(5), at(8)), (at(13), at(14)),
    ]  # fmt: skip
    assert without([(at(1), at(2))], []) == [(at(1), at(2))]
    assert without([(at(1), at(2)), (at(3), at(4))], [(at(0), at(9))]) == []
    assert merged([(at(3), at(4)), (at(1), at(2)), (at(2), at(3))]) == [(at(1), at(4))]
