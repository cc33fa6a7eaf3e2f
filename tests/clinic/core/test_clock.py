"""Clinic-local words and opening hours, over both changes of the clocks in three zones."""

from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from zoneinfo import ZoneInfo

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from clinic.core import clock

ZONES = ("America/New_York", "Europe/London", "Australia/Lord_Howe")
# The first and last local day of clock changes in 2027, computed from the zone tables.
CHANGES = {
    "America/New_York": (date(2027, 3, 14), date(2027, 11, 7)),
    "Europe/London": (date(2027, 3, 28), date(2027, 10, 31)),
    "Australia/Lord_Howe": (date(2027, 4, 4), date(2027, 10, 3)),
}
INSTANTS = st.datetimes(
    min_value=datetime(2026, 1, 1),  # noqa: DTZ001
    max_value=datetime(2028, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@pytest.fixture(params=ZONES)
def zone(request, settings):
    settings.TIME_ZONE = request.param
    return ZoneInfo(request.param)


def at(text: str, zone: str = "America/New_York", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


class TestWords:
    @time_machine.travel("2026-11-23T12:00Z", tick=False)
    def test_day_time_and_moment(self):
        instant = at("2026-12-03T14:15").astimezone(UTC)
        assert clock.day(instant) == "Thursday 3 December"
        assert clock.time(instant) == "2:15 pm"
        assert clock.moment(instant) == "Thursday 3 December, 2:15 pm"

    @time_machine.travel("2026-11-23T12:00Z", tick=False)
    def test_another_year_is_named(self):
        assert clock.day(date(2027, 1, 4)) == "Monday 4 January 2027"
        assert clock.moment(at("2027-01-04T09:00")) == "Monday 4 January 2027, 9 am"

    @time_machine.travel("2026-12-31T23:30-05:00", tick=False)
    def test_this_year_is_the_clinics_year(self):
        assert clock.day(date(2026, 12, 31)) == "Thursday 31 December"
        assert clock.day(date(2027, 1, 1)) == "Friday 1 January 2027"

    @pytest.mark.parametrize(
        ("wall", "phrase"),
        [("00:00", "12 am"), ("00:05", "12:05 am"), ("09:00", "9 am"), ("12:00", "12 pm"), ("12:30", "12:30 pm")],
    )
    def test_times(self, wall, phrase):
        assert clock.time(wall_time.fromisoformat(wall)) == phrase

    def test_a_full_date_has_its_year_and_no_weekday(self):
        assert clock.full_date(date(1970, 3, 27)) == "27 March 1970"

    def test_a_span_of_hours(self):
        assert clock.time_span(wall_time(9), wall_time(17, 30)) == "9 am to 5:30 pm"

    def test_spans_of_time_are_counted(self):
        assert [clock.minutes(1), clock.hours(1), clock.days(1)] == ["1 minute", "1 hour", "1 day"]
        assert [clock.minutes(30), clock.hours(12), clock.days(30)] == ["30 minutes", "12 hours", "30 days"]

    def test_a_naive_instant_is_refused(self):
        with pytest.raises(ValueError, match="naive"):
            clock.moment(datetime(2026, 1, 1, 9))  # noqa: DTZ001

    @pytest.mark.parametrize(
        ("zone", "phrase"),
        [
            ("America/New_York", "Eastern Time (New York)"),
            ("Europe/London", "UK time (London)"),
            ("Asia/Kolkata", "Kolkata time (UTC+5:30)"),
            ("America/St_Johns", "St Johns time (UTC-3:30)"),
        ],
    )
    def test_zone_words(self, settings, zone, phrase):
        settings.TIME_ZONE = zone
        assert clock.zone_words(datetime(2026, 12, 1, tzinfo=UTC)) == phrase

    @pytest.mark.parametrize(
        ("hours", "phrase"),
        [
            ("Mon-Fri 08:30-17:30", "Monday to Friday, 8:30 am to 5:30 pm"),
            ("Mon-Thu 09:00-17:00; Fri 09:00-13:00", "Monday to Thursday, 9 am to 5 pm; Friday, 9 am to 1 pm"),
            ("Sat-Sun 10:00-12:00", "Saturday and Sunday, 10 am to 12 pm"),
            ("Mon 09:00-12:00; Mon 13:00-17:00", "Monday, 9 am to 12 pm and 1 pm to 5 pm"),
            ("Mon 09:00-12:00; Wed 09:00-12:00", "Monday, 9 am to 12 pm; Wednesday, 9 am to 12 pm"),
        ],
    )
    def test_opening_words(self, settings, hours, phrase):
        settings.OPENING_HOURS = hours
        assert clock.opening_words() == phrase


class TestParsing:
    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("", "are empty"),
            ("Monday 9-5", "not understood"),
            ("Mon-Fry 08:00-09:00", "not understood"),
            ("Mon 08:00-25:00", "not exist"),
            ("Mon 17:00-08:00", "end before they begin"),
            ("Mon 08:00-08:00", "end before they begin"),
            ("Mon 08:00-12:00; Mon-Tue 11:00-13:00", "overlap"),
        ],
    )
    def test_bad_hours_are_refused_with_a_sentence(self, text, sentence):
        with pytest.raises(ValueError, match=sentence):
            clock.parse_opening_hours(text)

    def test_a_range_may_pass_the_weekend(self):
        days = {interval.weekday for interval in clock.parse_opening_hours("Sat-Mon 08:00-09:00")}
        assert days == {5, 6, 0}


class TestOpening:
    def test_the_opening_is_half_open(self):
        assert not clock.is_open(at("2026-11-23T08:29:59"))
        assert clock.is_open(at("2026-11-23T08:30"))
        assert clock.is_open(at("2026-11-23T17:29:59"))
        assert not clock.is_open(at("2026-11-23T17:30"))
        assert not clock.is_open(at("2026-11-22T12:00"))

    def test_a_closed_date_is_closed(self, settings):
        settings.CLOSED_DATES = ["2026-11-26"]
        assert not clock.is_open(at("2026-11-26T12:00"))
        assert clock.next_opening(at("2026-11-25T18:00")) == at("2026-11-27T08:30")

    def test_next_opening(self):
        assert clock.next_opening(at("2026-11-23T12:00")) == at("2026-11-23T12:00")
        assert clock.next_opening(at("2026-11-23T17:30")) == at("2026-11-24T08:30")
        assert clock.next_opening(at("2026-11-27T18:00")) == at("2026-11-30T08:30")

    def test_a_clinic_that_never_opens_is_an_error_not_a_loop(self, settings):
        settings.OPENING_HOURS = "Mon 09:00-10:00"
        settings.CLOSED_DATES = [str(date(2026, 11, 23) + timedelta(days=7 * week)) for week in range(600)]
        with pytest.raises(ValueError, match="does not open"):
            clock.next_opening(at("2026-11-23T00:00"))

    @pytest.mark.parametrize("zone_name", ZONES)
    @pytest.mark.parametrize("which", [0, 1])
    def test_wall_times_hold_on_both_changes_of_the_clocks(self, settings, zone_name, which):
        settings.TIME_ZONE = zone_name
        settings.OPENING_HOURS = "Mon-Sun 08:30-17:30"
        on = CHANGES[zone_name][which]
        ((opens, closes),) = clock.openings_on(on)
        assert clock.local(opens).time() == wall_time(8, 30)
        assert clock.local(closes).time() == wall_time(17, 30)
        assert closes - opens == timedelta(hours=9)

    @pytest.mark.parametrize("zone_name", ZONES)
    def test_a_night_clinic_loses_and_gains_what_the_clocks_do(self, settings, zone_name):
        settings.TIME_ZONE = zone_name
        settings.OPENING_HOURS = "Mon-Sun 00:30-05:30"
        lengths = set()
        for on in CHANGES[zone_name]:
            ((opens, closes),) = clock.openings_on(on)
            lengths.add(closes - opens)
        shift = timedelta(minutes=30) if zone_name == "Australia/Lord_Howe" else timedelta(hours=1)
        assert lengths == {timedelta(hours=5) - shift, timedelta(hours=5) + shift}

    def test_an_opening_inside_the_gap_starts_when_the_gap_ends(self, settings):
        settings.OPENING_HOURS = "Sun 02:30-04:00"
        ((opens, closes),) = clock.openings_on(date(2027, 3, 14))
        assert opens == datetime(2027, 3, 14, 7, 0, tzinfo=UTC)
        assert closes == datetime(2027, 3, 14, 8, 0, tzinfo=UTC)

    def test_an_opening_wholly_inside_the_gap_does_not_happen(self, settings):
        settings.OPENING_HOURS = "Sun 02:10-02:50"
        assert clock.openings_on(date(2027, 3, 14)) == []

    def test_repeated_times_open_at_the_first_and_close_at_the_last(self, settings):
        settings.OPENING_HOURS = "Sun 01:15-01:45"
        ((opens, closes),) = clock.openings_on(date(2027, 11, 7))
        assert closes - opens == timedelta(minutes=90)


class TestWorkingTime:
    @pytest.mark.parametrize(
        ("start", "hours", "expected"),
        [
            ("2026-11-23T09:00", 2, "2026-11-23T11:00"),
            ("2026-11-23T16:30", 2, "2026-11-24T09:30"),
            ("2026-11-23T15:30", 2, "2026-11-23T17:30"),
            ("2026-11-27T17:00", 2, "2026-11-30T10:00"),
            ("2026-11-28T12:00", 0.5, "2026-11-30T09:00"),
            ("2026-11-28T12:00", 0, "2026-11-30T08:30"),
        ],
    )
    def test_hours(self, start, hours, expected):
        assert clock.add_working_hours(at(start), hours) == at(expected)

    @pytest.mark.parametrize(
        ("start", "days", "expected"),
        [
            ("2026-11-23T09:00", 0, "2026-11-23T17:30"),
            ("2026-11-23T20:00", 0, "2026-11-24T17:30"),
            ("2026-11-23T09:00", 2, "2026-11-25T17:30"),
            ("2026-11-23T20:00", 2, "2026-11-25T17:30"),
            ("2026-11-23T06:00", 2, "2026-11-25T17:30"),
            ("2026-11-27T12:00", 1, "2026-11-30T17:30"),
            ("2026-11-28T12:00", 2, "2026-12-01T17:30"),
        ],
    )
    def test_days_end_when_that_opening_day_ends(self, start, days, expected):
        assert clock.add_working_days(at(start), days) == at(expected)

    def test_a_day_with_a_break_is_one_day(self, settings):
        settings.OPENING_HOURS = "Mon-Fri 09:00-12:00; Mon-Fri 13:00-17:00"
        assert clock.add_working_days(at("2026-11-23T10:00"), 1) == at("2026-11-24T17:00")
        assert clock.add_working_days(at("2026-11-23T14:00"), 0) == at("2026-11-23T17:00")
        assert clock.add_working_hours(at("2026-11-23T11:00"), 2) == at("2026-11-23T14:00")

    @pytest.mark.parametrize("count", [clock.add_working_days, clock.add_working_hours])
    def test_time_is_counted_forwards(self, count):
        with pytest.raises(ValueError, match="forwards"):
            count(at("2026-11-23T10:00"), -1)

    @given(INSTANTS, st.integers(0, 400), st.integers(0, 400))
    def test_hours_add_up_and_never_go_back(self, start, first, second):
        tenths = [part / 10 for part in (first, second, first + second)]
        end = clock.add_working_hours(start, tenths[0])
        assert end >= start
        both = clock.add_working_hours(end, tenths[1])
        assert abs(both - clock.add_working_hours(start, tenths[2])) < timedelta(milliseconds=1) or (
            first == 0 or second == 0 or _same_opening_edge(both, clock.add_working_hours(start, tenths[2]))
        )

    @given(INSTANTS, st.integers(0, 30))
    def test_days_end_at_closing_time_and_grow(self, start, days):
        end = clock.add_working_days(start, days)
        assert end > start
        assert clock.local(end).time() == wall_time(17, 30)
        assert clock.local(end).weekday() < 5
        later = clock.add_working_days(start, days + 1)
        assert later > end if days else later >= end

    @given(INSTANTS)
    def test_the_next_opening_is_open(self, start):
        opening = clock.next_opening(start)
        assert opening >= start
        assert clock.is_open(opening)
        assert (opening == start) == clock.is_open(start)


def _same_opening_edge(first: datetime, second: datetime) -> bool:
    """A closing and the opening after it are the same working instant."""
    return clock.next_opening(first) == clock.next_opening(second)


@pytest.mark.parametrize(
    ("now", "changed"),
    [
        ("2026-11-23T15:00:00+00:00", "2026-11-23T13:30:00+00:00"),  # Monday at ten: since it opened at half past eight
        ("2026-11-23T13:30:00+00:00", "2026-11-23T13:30:00+00:00"),
        ("2026-11-23T13:29:59+00:00", "2026-11-20T22:30:00+00:00"),  # before it opens: since Friday evening
        ("2026-11-23T22:30:00+00:00", "2026-11-23T22:30:00+00:00"),
        ("2026-11-27T15:00:00+00:00", "2026-11-25T22:30:00+00:00"),  # two holidays, the second of them now
    ],
)
def test_last_change_is_when_the_clinic_last_opened_or_closed(settings, now, changed):
    settings.CLOSED_DATES = ["2026-11-26", "2026-11-27"]
    assert clock.last_change(datetime.fromisoformat(now)) == datetime.fromisoformat(changed)
