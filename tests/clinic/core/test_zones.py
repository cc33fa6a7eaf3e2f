"""The doubled hour is told apart, a visit is told in its own zone, and one module does it."""

import ast
import re
from datetime import UTC, datetime
from datetime import time as wall_time
from zoneinfo import ZoneInfo

import pytest

from clinic.core import clock, zones
from tests.architecture.test_house_rules import name, sources, templates, text_of, tree_of


class TestDoubledHour:
    @pytest.mark.parametrize(
        ("zone", "instant", "words"),
        [
            ("America/New_York", "2026-11-01T05:30Z", "1:30 am EDT"),
            ("America/New_York", "2026-11-01T06:30Z", "1:30 am EST"),
            ("America/New_York", "2026-11-01T04:59Z", "12:59 am"),
            ("America/New_York", "2026-11-01T07:00Z", "2 am"),
            ("Europe/London", "2026-10-25T00:10Z", "1:10 am BST"),
            ("Europe/London", "2026-10-25T01:10Z", "1:10 am GMT"),
            # Half an hour comes twice, and the zone has no letters.
            ("Australia/Lord_Howe", "2027-04-03T14:45Z", "1:45 am UTC+11:00"),
            ("Australia/Lord_Howe", "2027-04-03T15:15Z", "1:45 am UTC+10:30"),
            # The clocks go forward: what is skipped is never said.
            ("America/New_York", "2027-03-14T06:59Z", "1:59 am"),
            ("America/New_York", "2027-03-14T07:00Z", "3 am"),
        ],
    )
    def test_each_time_says_which_it_is_only_where_it_comes_twice(self, settings, zone, instant, words):
        settings.TIME_ZONE = zone
        assert clock.time(datetime.fromisoformat(instant)) == words

    def test_a_list_by_the_second_tells_it_too(self):
        assert clock.to_the_second(datetime(2026, 11, 1, 5, 30, 7, tzinfo=UTC)) == "01:30:07 EDT"
        assert clock.to_the_second(datetime(2026, 11, 1, 6, 30, 7, tzinfo=UTC)) == "01:30:07 EST"
        assert clock.to_the_second(datetime(2026, 11, 1, 17, 30, 7, tzinfo=UTC)) == "12:30:07"

    def test_letters_that_both_share_tell_nothing_apart(self):
        """Apia's letters were the same before and after it changed sides; some zones change without new letters."""
        at = datetime(2011, 3, 27, 2, 0, tzinfo=ZoneInfo("Europe/Moscow"))
        assert zones.short_name(at.replace(fold=1)) in ("MSD", "MSK")
        doubled = datetime(2014, 10, 26, 1, 30, tzinfo=ZoneInfo("Europe/Moscow"))
        assert [zones.short_name(doubled.replace(fold=fold)) for fold in (0, 1)] == ["UTC+4:00", "UTC+3:00"]

    def test_a_time_that_is_skipped_is_the_end_of_the_gap(self):
        on, zone = datetime(2027, 3, 14, tzinfo=UTC).date(), ZoneInfo("America/New_York")
        ends = {zones.instant(on, wall_time(2, 30), zone=zone, fold=fold) for fold in (0, 1)}
        assert ends == {datetime(2027, 3, 14, 7, 0, tzinfo=UTC)}


class TestStoredZone:
    @pytest.fixture(autouse=True)
    def november(self, time_machine):
        time_machine.move_to("2026-11-23T12:00Z", tick=False)

    VISIT = datetime(2026, 12, 3, 0, 30, tzinfo=UTC)
    """7:30 pm of the day before in New York, half past midnight in London."""

    def test_a_visit_is_told_on_the_wall_clock_that_its_patient_was_shown(self):
        assert clock.moment(self.VISIT, "America/New_York") == "Wednesday 2 December, 7:30 pm"
        assert clock.moment(self.VISIT, "Europe/London") == "Thursday 3 December, 12:30 am GMT"
        assert clock.moment(self.VISIT, "Asia/Kolkata") == "Thursday 3 December, 6 am IST"
        assert clock.zone_words(self.VISIT, "Europe/London") == "UK time (London)"

    def test_another_name_for_the_same_hours_is_not_mentioned(self):
        assert clock.moment(self.VISIT, "America/Toronto") == "Wednesday 2 December, 7:30 pm"

    def test_a_list_of_a_day_says_the_day_where_the_zone_has_another(self):
        ends = self.VISIT.replace(hour=1, minute=10)
        assert clock.time_in_a_day(self.VISIT, "America/New_York", ends=ends) == "7:30 pm to 8:10 pm"
        assert clock.time_in_a_day(self.VISIT, "Europe/London") == "Thursday 3 December, 12:30 am GMT"

    def test_days_until(self):
        assert clock.days_until(self.VISIT, "America/New_York") == 9
        assert clock.days_until(self.VISIT, "Europe/London") == 10


SAYS_TIME = {"clinic/core/clock.py", "clinic/core/zones.py"}
"""The modules that turn an instant into words."""
TELLS_MACHINES = {
    "clinic/core/backups/folder.py": "file names in UTC",
    "clinic/core/backups/targets.py": "file names in UTC",
    "clinic/core/calendars/caldav.py": "a question to another server",
    "clinic/core/calendars/entries.py": "compared with the days of other calendars",
    "consultations/ics/links.py": "addresses of other calendars",
    "consultations/presenters/week_entries.py": "what a field of a form carries",
    "consultations/presenters/week_time.py": "what a field of a form carries",
    "consultations/services/scheduling/slots.py": "what a radio button carries",
}
FORMATTERS = {"strftime", "date_format", "time_format", "localtime", "naturaltime", "ctime", "get_current_timezone"}
PARTS_OF_A_DATE = {"Y-m-d", "Y-m", "F Y", "F", "l", "j"}
"""Machine dates, and the cells of a month sheet: no instant is told by one of these."""
DATE_FILTER = re.compile(r"\|\s*(?:date|time)\s*:\s*[\"']([^\"']*)[\"']|\|\s*(date)\b(?!\s*:)")
OTHER_WAY = re.compile(r"\|\s*(?:timesince|timeuntil|localtime|utc|timezone|naturaltime|naturalday)\b|{%\s*now\b")


def speaks_of_time(node: ast.AST) -> bool:
    """A call that formats an instant, or `{instant:%H:%M}` in an f-string."""
    if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
        return bool(re.search(r"%[A-Za-z]", ast.unparse(node.format_spec)))
    if not isinstance(node, ast.Call):
        return False
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return called in FORMATTERS


class TestOneModule:
    def test_no_other_code_turns_an_instant_into_words(self):
        offenders = [
            f"{name(file)}:{node.lineno}"
            for file in sources()
            if name(file) not in SAYS_TIME | TELLS_MACHINES.keys()
            for node in ast.walk(tree_of(file))
            if speaks_of_time(node)
        ]
        assert offenders == [], "say it by clinic.core.clock: moment, day, time, full_date or to_the_second"

    def test_no_template_does(self):
        offenders = [
            f"{name(file)}: {found[0]}"
            for file in templates()
            for found in (*DATE_FILTER.finditer(text_of(file)), *OTHER_WAY.finditer(text_of(file)))
            if not found.re.groups or found[1] not in PARTS_OF_A_DATE
        ]
        assert offenders == [], "use the filters of clinic_ui: moment, day, time or full_date"

    def test_a_visit_is_never_told_without_its_zone(self):
        """Its start in a template is followed by the zone that is stored with it."""
        visits = re.compile(
            r"\b(appointment|visit|cancelled|to_remove)\.(?:starts|ends)_at\|(?:moment|day|time)\b(:\1\.time_zone)?"
        )
        offenders = [
            f"{name(file)}: {found[0]}"
            for file in templates()
            for found in visits.finditer(text_of(file))
            if not found[2]
        ]
        assert offenders == []

    def test_nor_in_code(self):
        visits = re.compile(
            r"clock\.(?:moment|day|time|zone_words)\((?:\w+\.)?(?:appointment|visit|booked|cancelled)\.(?:starts|ends)_at\)"
        )
        assert [f"{name(file)}: {found[0]}" for file in sources() for found in visits.finditer(text_of(file))] == []

    @pytest.mark.parametrize(
        "code", ["at.strftime('%H')", "date_format(at, 'j F')", "f'{at:%H:%M}'", "timezone.localtime(at)"]
    )
    def test_the_rule_sees_each_way(self, code):
        assert any(speaks_of_time(node) for node in ast.walk(ast.parse(code)))

    @pytest.mark.parametrize("code", ["f'{count:02}'", "clock.moment(at)", "at.isoformat()", "f'{share:.1%}'"])
    def test_the_rule_lets_pass_what_is_no_instant(self, code):
        assert not any(speaks_of_time(node) for node in ast.walk(ast.parse(code)))
