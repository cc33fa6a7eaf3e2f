"""The folder of the backups: names, the newest, one writer at a time, nothing half, and what the timetable keeps."""

import errno
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from clinic.core import backups
from clinic.core.backups import folder
from clinic.core.backups.folder import Backup
from clinic.core.backups.refusals import BackupRefused

NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
KEEP = {"latest": 12, "hours": 48, "days": 35, "weeks": 26, "bases": 2}


def made(place: Path, at: datetime, kind: str = "dump") -> Path:
    path = place / folder.name_of(at, kind)
    path.write_bytes(b"whole")
    return path


def timeline(step: timedelta, count: int, kind: str = "dump") -> list[Backup]:
    times = [NOON - step * number for number in range(count)]
    return [Backup(at, kind, Path(folder.name_of(at, kind))) for at in times]


def kept(backups_made: list[Backup], *, keep: dict[str, int] = KEEP, now: datetime = NOON) -> list[datetime]:
    gone = {item.path for item in folder.superfluous(backups_made, keep=keep, now=now)}
    return sorted(item.made_at for item in backups_made if item.path not in gone)


class TestLastBackup:
    @pytest.fixture(autouse=True)
    def at_noon(self):
        with time_machine.travel(NOON, tick=False):
            yield

    def test_the_newest_and_how_old_it_is(self, tmp_path, settings):
        settings.BACKUP_FOLDER = str(tmp_path)
        made(tmp_path, NOON - timedelta(hours=30))
        newest = made(tmp_path, NOON - timedelta(hours=2), "sqlite")
        assert backups.last_backup() == (timedelta(hours=2), newest)

    @pytest.mark.parametrize("named", ["", "/nowhere/at/all"])
    def test_none_without_a_folder(self, settings, named):
        settings.BACKUP_FOLDER = named
        assert backups.last_backup() is None

    def test_none_in_an_empty_folder(self, tmp_path):
        assert backups.last_backup(tmp_path) is None

    def test_what_is_not_whole_is_none(self, tmp_path):
        made(tmp_path, NOON).rename(tmp_path / f".{folder.name_of(NOON, 'dump')}.ab12{folder.UNFINISHED}")
        (tmp_path / "clinic-20269999T000000Z-dump.backup.txt").touch()
        made(tmp_path, NOON, "base")
        (tmp_path / folder.name_of(NOON - timedelta(hours=1), "dump")).mkdir()
        assert backups.last_backup(tmp_path) is None

    def test_one_from_before_the_clock_was_put_back_hides_no_gap(self, tmp_path):
        made(tmp_path, NOON + timedelta(days=1))
        old = made(tmp_path, NOON - timedelta(days=3))
        assert backups.last_backup(tmp_path) == (timedelta(days=3), old)

    def test_a_clock_a_little_behind_is_no_gap(self, tmp_path):
        path = made(tmp_path, NOON + timedelta(minutes=2))
        assert backups.last_backup(tmp_path) == (timedelta(0), path)

    def test_a_name_that_is_no_time_is_the_oldest(self, tmp_path):
        (tmp_path / "clinic-20269999T000000Z-dump.backup").touch()
        newest = made(tmp_path, NOON - timedelta(days=400))
        assert backups.last_backup(tmp_path) == (timedelta(days=400), newest)


class TestWholeOrNone:
    def test_a_file_is_its_owners_alone(self, tmp_path):
        path = tmp_path / folder.name_of(NOON, "dump")
        folder.write_whole(path, lambda file: file.write(b"content"))
        assert path.read_bytes() == b"content"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert os.listdir(tmp_path) == [path.name]

    def test_what_fails_leaves_nothing(self, tmp_path):
        def fails(file):
            file.write(b"half")
            raise RuntimeError("pg_dump died")

        with pytest.raises(RuntimeError, match="pg_dump died"):
            folder.write_whole(tmp_path / folder.name_of(NOON, "dump"), fails)
        assert os.listdir(tmp_path) == []

    def test_a_full_disk_is_said_and_leaves_nothing(self, tmp_path):
        def full(file):
            raise OSError(errno.ENOSPC, "No space left on device")

        with pytest.raises(BackupRefused, match=r"is full\. No backup was made; those of before are as they were"):
            folder.write_whole(tmp_path / folder.name_of(NOON, "dump"), full)
        assert os.listdir(tmp_path) == []

    def test_nothing_is_written_over(self, tmp_path):
        path = made(tmp_path, NOON)
        with pytest.raises(BackupRefused, match="already"):
            folder.write_whole(path, lambda file: file.write(b"other"))
        assert path.read_bytes() == b"whole"
        assert os.listdir(tmp_path) == [path.name]

    def test_a_missing_folder_is_said_with_the_command_that_makes_it(self, tmp_path):
        with (
            pytest.raises(BackupRefused, match=f"There is no folder {tmp_path}/gone.*mkdir -m 700"),
            folder.held(tmp_path / "gone"),
        ):
            pass

    def test_a_file_is_no_folder(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(BackupRefused, match="is not a folder"), folder.held(tmp_path / "file"):
            pass

    def test_two_at_once_are_one(self, tmp_path):
        another = pytest.raises(BackupRefused, match="Another backup is being written")
        with folder.held(tmp_path), another, folder.held(tmp_path):
            pass
        with folder.held(tmp_path):
            pass

    def test_what_was_interrupted_is_removed_by_the_next(self, tmp_path):
        left = tmp_path / f".{folder.name_of(NOON, 'dump')}.ab12{folder.UNFINISHED}"
        left.write_bytes(b"half")
        foreign = tmp_path / ".something-else.unfinished"
        foreign.touch()
        with folder.held(tmp_path):
            assert not left.exists()
        assert foreign.exists()


class TestTimetable:
    def test_of_five_minutes_a_whole_hour_stays(self):
        assert kept(timeline(timedelta(minutes=5), 12)) == sorted(NOON - timedelta(minutes=5) * n for n in range(12))

    def test_after_a_year_of_hours_the_table_is_full(self):
        stay = kept(timeline(timedelta(hours=1), 24 * 366))
        hours = [NOON - timedelta(hours=n) for n in range(48)]
        assert set(hours) <= set(stay)
        assert len({at.date() for at in stay if at > NOON - timedelta(days=35)}) == 35
        assert NOON - timedelta(weeks=25) <= min(stay) + timedelta(days=7)
        assert min(stay) > NOON - timedelta(weeks=27)
        assert len(stay) == 100  # 48 hours, 32 days before those, 20 weeks before those

    def test_the_last_one_of_a_day_stays(self):
        stay = kept(timeline(timedelta(hours=1), 24 * 10), keep={"days": 3})
        assert stay == [
            datetime(2026, 11, 26, 23, 0, tzinfo=UTC),
            datetime(2026, 11, 27, 23, 0, tzinfo=UTC),
            datetime(2026, 11, 28, 12, 0, tzinfo=UTC),
        ]

    def test_a_clock_that_jumps_ahead_removes_nothing_that_was_kept(self):
        stay = kept(timeline(timedelta(hours=1), 24 * 30))
        again = [Backup(at, "dump", Path(folder.name_of(at, "dump"))) for at in stay]
        assert kept(again, now=NOON + timedelta(days=3650)) == stay

    def test_what_lies_ahead_of_the_clock_stays_and_takes_no_place(self):
        ahead = [
            Backup(NOON + timedelta(days=n), "dump", Path(folder.name_of(NOON + timedelta(days=n), "dump")))
            for n in range(1, 4)
        ]
        stay = kept([*ahead, *timeline(timedelta(days=1), 3)], keep={"days": 2})
        assert stay == [NOON - timedelta(days=1), NOON, *(item.made_at for item in ahead)]

    def test_the_newest_stays_whatever_the_table_says(self):
        assert kept(timeline(timedelta(days=1), 5), keep={}) == [NOON]
        assert kept(timeline(timedelta(days=1), 5, "base"), keep={"bases": 0}) == [NOON]

    def test_base_backups_are_counted_apart(self):
        both = [*timeline(timedelta(days=7), 6, "base"), *timeline(timedelta(days=1), 3)]
        stay = kept(both, keep={"days": 3, "bases": 2})
        assert stay == sorted([*(NOON - timedelta(days=n) for n in range(3)), NOON, NOON - timedelta(days=7)])
