"""The command that makes a backup: what it leaves, what it removes, and what it says when it cannot."""

import base64
import io
import logging
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from pyrage.x25519 import Identity

from clinic.core import audit, clock
from clinic.core.backups import container, making, postgres
from clinic.core.backups.refusals import BackupRefused
from tests.conftest import on_postgresql
from tests.personas import make_patient


@pytest.fixture
def place(tmp_path: Path, settings: Any) -> Path:
    settings.BACKUP_KEY = str(Identity.generate().to_public())
    settings.BACKUP_FOLDER = str(tmp_path / "backups")
    (tmp_path / "backups").mkdir(mode=0o700)
    return tmp_path / "backups"


def backup(**options: Any) -> str:
    out = io.StringIO()
    call_command("backup", stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


@pytest.mark.django_db(transaction=True)
class TestMaking:
    @pytest.fixture(autouse=True)
    def begun(self) -> None:
        with transaction.atomic():
            audit.record(action="staff.sign_in", actor="system")
        make_patient("Alice Winther")

    def test_it_leaves_one_file_with_fingerprints_and_no_key(self, place, settings, caplog):
        with caplog.at_level(logging.INFO, logger="clinic"):
            said = backup()
        (file,) = place.glob("*.backup")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert f"{file}: " in said
        assert f"Audit head: {audit.head_words()}." in said
        assert f"backup made: {file.name}" in caplog.text
        header = container.read_header(file)
        assert header["kind"] == ("dump" if on_postgresql() else "sqlite")
        assert set(header["field_keys"]) == {"k1", "INDEX_KEY"}
        key = settings.FIELD_KEYS.split(":")[1]
        assert key.encode() not in file.read_bytes()
        assert base64.b64decode(key) not in file.read_bytes()
        beside = Path(connection.settings_dict["NAME"]).absolute().parent
        assert on_postgresql() or list(beside.glob("*copy-for-backup")) == []

    def test_the_next_one_removes_what_the_timetable_does_not_want(self, place, settings, monkeypatch):
        settings.BACKUP_KEEP = {"latest": 1}
        backup()
        (first,) = place.glob("*.backup")
        stranger = place / first.name.replace("clinic-2", "clinic-1")
        stranger.write_bytes(b"clinic-backup 1\n" + b'{"installation":"of another clinic"}\n')
        later = clock.now() + timedelta(minutes=1)
        monkeypatch.setattr(clock, "now", lambda: later)
        assert "Older backups removed: 1." in backup()
        left = sorted(place.glob("*.backup"))
        assert first not in left
        assert stranger in left
        assert len(left) == 2

    def test_one_that_fails_leaves_those_of_before(self, place, settings, monkeypatch, caplog):
        backup()
        before = sorted(place.iterdir())

        def fails(*_: Any, **__: Any) -> None:
            raise BackupRefused("pg_dump ended with status 1: the disk of the server failed")

        monkeypatch.setattr(container, "write", fails)
        with pytest.raises(CommandError, match="the disk of the server failed"):
            backup()
        assert sorted(place.iterdir()) == before
        assert "backup failed: pg_dump ended with status 1" in caplog.text

    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            ({"BACKUP_KEY": ""}, "BACKUP_KEY is not set. Make a key pair"),
            ({"BACKUP_FOLDER": ""}, "Say where to: --to FOLDER"),
            ({"BACKUP_FOLDER": "/nowhere/at/all"}, "There is no folder /nowhere/at/all. Make it"),
            ({"FIELD_KEYS": "k1:" + "A" * 43 + "="}, "Key k1 is wrong.*could not be restored"),
        ],
    )
    def test_what_is_missing_is_said(self, place, settings, changed, said):
        for name, value in changed.items():
            setattr(settings, name, value)
        with pytest.raises(CommandError, match=said):
            backup()
        assert list(place.glob("*.backup")) == []

    def test_sqlite_has_no_base_backup(self, place):
        if on_postgresql():
            assert making.source_database()["ENGINE"].endswith("postgresql")
            return
        with pytest.raises(CommandError, match="Only PostgreSQL has base backups"):
            backup(base=True)


class TestPrograms:
    def installed(self, folder: Path, monkeypatch: Any, *majors: int) -> None:
        """These versions of pg_dump and no others."""
        for major in majors:
            (folder / str(major)).mkdir()
            program = folder / str(major) / "pg_dump"
            program.write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {major}.4 (Debian)'\n")
            program.chmod(0o755)
        monkeypatch.setattr(postgres.shutil, "which", lambda _: None)
        monkeypatch.setattr(postgres, "FOLDERS", (folder, "*"))

    def test_that_of_the_server_or_of_the_next_newer_is_taken(self, tmp_path, monkeypatch):
        self.installed(tmp_path, monkeypatch, 13, 15, 17)
        assert postgres.program("pg_dump", server=15) == f"{tmp_path}/15/pg_dump"
        assert postgres.program("pg_dump", server=16) == f"{tmp_path}/17/pg_dump"

    def test_an_older_one_is_refused_with_what_to_install(self, tmp_path, monkeypatch):
        self.installed(tmp_path, monkeypatch, 13, 15)
        with pytest.raises(BackupRefused, match="pg_dump of PostgreSQL 15 is older than the server, which is Postgre"):
            postgres.program("pg_dump", server=16)

    def test_none_at_all_is_said(self, tmp_path, monkeypatch):
        self.installed(tmp_path, monkeypatch)
        with pytest.raises(BackupRefused, match=r"pg_dump is not installed.*postgresql-client-15"):
            postgres.program("pg_dump", server=15)


class TestPasswords:
    GIVEN = {
        "ENGINE": "django.db.backends.postgresql", "HOST": "db.example", "PORT": 5433, "USER": "clinic_backup",
        "PASSWORD": "secret", "NAME": "clinic", "OPTIONS": {"sslmode": "require"},
    }  # fmt: skip

    def test_where_the_database_is_stands_in_the_environment_alone(self, monkeypatch):
        monkeypatch.setenv("PGOPTIONS", "-c statement_timeout=1")
        found = postgres.environment(self.GIVEN)
        said = {name: value for name, value in found.items() if name.startswith("PG")}
        assert said == {
            "PGHOST": "db.example", "PGPORT": "5433", "PGUSER": "clinic_backup", "PGPASSWORD": "secret",
            "PGDATABASE": "clinic", "PGSSLMODE": "require", "PGCONNECT_TIMEOUT": "10", "PGAPPNAME": "clinic backup",
        }  # fmt: skip

    def test_what_a_program_says_is_cut_to_the_line_that_says_why(self):
        said = "pg_dump: error: query failed: ERROR:  out of memory\nDETAIL: Failing row contains (Alice Winther)."
        assert str(postgres.failed("/usr/bin/pg_dump", 1, said)) == (
            "pg_dump ended with status 1: pg_dump: error: query failed: ERROR:  out of memory"
        )

    def test_a_server_that_does_not_answer_is_said_without_the_password(self):
        away = {**self.GIVEN, "HOST": "127.0.0.1", "PORT": 1}
        with (
            pytest.raises(BackupRefused, match="The database clinic cannot be reached") as refused,
            postgres.connected(away),
        ):
            pass
        assert "secret" not in str(refused.value)
