"""A table of time zones that is too old, or that differs from another one, is named before it tells somebody a time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.checks import run_checks
from django.db import connection

from clinic.core import time_zone_checks as checks


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of zones, as an operating system has one, in which this machine looks first."""
    folder = tmp_path / "America"
    folder.mkdir()
    (folder / "New_York").write_bytes(b"TZif")
    monkeypatch.setattr(checks, "TZPATH", (str(tmp_path),))
    return tmp_path


def ids() -> list[str]:
    return [message.id for message in checks.check_time_zones()]


@pytest.mark.parametrize(
    ("file", "text", "release"),
    [
        ("tzdata.zi", "# version 2024a\n# This zic input file is in the public domain.\n", "2024a"),
        ("tzdata.zi", "# version 2026aa-dirty\n", "2026aa"),
        ("+VERSION", "2023c\n", "2023c"),
        ("+VERSION", "unknown\n", ""),
        ("leapseconds", "2023c\n", ""),
    ],
)
def test_the_release_is_read_where_the_zone_is(table: Path, file: str, text: str, release: str) -> None:
    (table / file).write_text(text)
    assert checks.release_in_use("America/New_York") == release


def test_without_a_table_of_the_system_it_is_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "TZPATH", ())
    monkeypatch.setattr(checks.tzdata, "IANA_VERSION", "2026b")
    assert checks.release_in_use("America/New_York") == "2026b"


@pytest.mark.parametrize(("release", "found"), [("2025a", ["clinic.W070"]), ("2025b", []), ("2026a", [])])
def test_an_old_table_is_warned_of(table: Path, release: str, found: list[str]) -> None:
    (table / "tzdata.zi").write_text(f"# version {release}\n")
    assert ids() == found


def test_a_table_of_unknown_release_is_only_compared(table: Path) -> None:
    assert ids() == []


def test_two_tables_that_differ_are_warned_of_with_the_day(monkeypatch: pytest.MonkeyPatch, time_machine) -> None:
    time_machine.move_to(datetime(2026, 11, 23, 15, 0, tzinfo=UTC))
    # As if one table had abolished the summer time.
    monkeypatch.setattr(checks, "_packaged", lambda name: ZoneInfo("America/Panama"))
    (message,) = [item for item in checks.check_time_zones() if item.id == "clinic.W071"]
    assert "disagree about America/New_York from 2027-03-14 on" in message.msg


def test_a_zone_that_only_this_machine_knows_is_not_compared() -> None:
    assert checks._packaged("Nowhere/Atlantis") is None


def test_the_tables_of_this_machine_agree() -> None:
    assert ids() == []
    assert [message.id for message in run_checks(tags=["clinic"]) if message.id and message.id[-3:-1] == "07"] == []


def test_a_change_that_is_a_week_apart_shows() -> None:
    """The clocks of Mexico's border and of the US change together, those of Europe a week before."""
    start = datetime(2026, 10, 1, 12, tzinfo=UTC)
    days = [start + timedelta(days=step) for step in range(60)]
    apart = checks.first_difference(days, ZoneInfo("Atlantic/Azores"), ZoneInfo("Atlantic/Cape_Verde"))
    assert apart is not None
    assert apart.isoformat() == "2026-10-01"
    assert checks.first_difference(days, ZoneInfo("Europe/Paris"), ZoneInfo("Europe/Berlin")) is None


@pytest.mark.django_db
class TestDatabase:
    def test_is_asked_only_where_a_command_asks_databases(self) -> None:
        assert checks.check_database_time_zones(databases=None) == []

    def test_agrees(self) -> None:
        assert checks.check_database_time_zones(databases=["default"]) == []

    def test_another_table_is_warned_of(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connection, "vendor", "postgresql")
        monkeypatch.setattr(checks, "_of_database", lambda days: [day.replace(tzinfo=None) for day in days])
        (message,) = checks.check_database_time_zones(databases=["default"])
        assert message.id == "clinic.W072"

    def test_a_zone_that_it_does_not_know_is_warned_of(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connection, "vendor", "postgresql")
        # Also what SQLite says to a question in PostgreSQL's words.
        monkeypatch.setattr(checks.settings, "TIME_ZONE", "America/New_York")
        monkeypatch.setattr(checks, "_of_database", lambda days: [])
        assert [message.id for message in checks.check_database_time_zones(databases=["default"])] == ["clinic.W072"]
