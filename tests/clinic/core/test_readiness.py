"""/readyz: 503 only when no page can be made. Everything else stands in its body."""

import base64
import logging
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.db import InterfaceError, OperationalError, ProgrammingError, connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from clinic.accounts.models import User
from clinic.core import clock, key_fingerprints, outbox, readiness
from clinic.core.models import Heartbeat, OutboxMessage
from tests.personas import MONDAY_MORNING

URL = "/readyz"
NAMES = ("database", "worker", "keys", "outbox", "migrations", "disk", "audit", "backup", "alerts", "calendars")


def ask(client):
    response = client.get(URL)
    assert response["Cache-Control"] == "no-store"
    return response.status_code, response.json()


@pytest.mark.django_db
class TestBody:
    def test_all_is_well(self, client, settings, tmp_path):
        for name in ("worker", "audit head", "mail audit head"):
            Heartbeat.beat(name)
        settings.AUDIT_HEAD_EMAIL = "records@elsewhere.example"
        settings.BACKUP_FOLDER = str(tmp_path)
        (tmp_path / f"clinic-{clock.now():%Y%m%dT%H%M%SZ}-dump.backup").touch()
        User.objects.create_user("nora", "nora@clinic.example", is_staff=True).groups.add(
            Group.objects.get(name="triage")
        )
        assert ask(client) == (200, dict.fromkeys(NAMES, "ok"))

    def test_nobody_to_tell_is_named_and_stops_no_page(self, client, time_machine):
        time_machine.move_to(MONDAY_MORNING, tick=False)
        status, statuses = ask(client)
        assert (status, statuses["alerts"]) == (200, "nobody can be told")

    def test_the_worker_is_named(self, client):
        assert ask(client)[1]["worker"] == "never seen"
        with time_machine.travel(datetime(2026, 11, 2, tzinfo=UTC), tick=False) as clock:
            Heartbeat.beat("worker")
            clock.shift(timedelta(minutes=5))
            assert ask(client)[1]["worker"] == "ok"
            clock.shift(timedelta(seconds=1))
            status, statuses = ask(client)
            assert (status, statuses["worker"]) == (200, "late")

    def test_a_key_that_does_not_fit_is_named_and_stops_no_page(self, client, settings):
        settings.FIELD_KEYS = f"k1:{base64.b64encode(b'x' * 32).decode()}"
        status, statuses = ask(client)
        assert (status, statuses["keys"]) == (200, "k1 wrong, INDEX_KEY missing")

    def test_keys_are_compared_afresh(self, client, monkeypatch):
        monkeypatch.setattr(key_fingerprints, "_memory", key_fingerprints.Memory())
        key_fingerprints.require_usable()
        monkeypatch.setattr(
            key_fingerprints, "_known", lambda: {"k1": ("0" * 64, False), "INDEX_KEY": ("0" * 64, False)}
        )
        assert ask(client)[1]["keys"] == "k1 wrong, INDEX_KEY missing"
        assert not key_fingerprints.are_usable(), "what it found out holds for the whole process"

    def test_a_probe_that_fails_says_unknown_and_the_others_are_still_asked(self, client, settings, caplog):
        settings.READINESS = (
            "tests.clinic.core.test_readiness.broken",
            "clinic.core.readiness.nowhere",
            "clinic.core.readiness.worker",
        )
        with caplog.at_level(logging.ERROR):
            result = ask(client)
        assert result == (200, {"database": "ok", "broken": "unknown", "nowhere": "unknown", "worker": "never seen"})
        assert "the probe tests.clinic.core.test_readiness.broken failed" in caplog.text

    def test_another_probe_is_one_line_in_the_settings(self, client, settings):
        settings.READINESS = (*settings.READINESS, "tests.clinic.core.test_readiness.weather")
        assert ask(client)[1]["weather"] == "hail"


@pytest.mark.django_db
class TestOutbox:
    @pytest.fixture(autouse=True)
    def _at(self, time_machine):
        time_machine.move_to(MONDAY_MORNING, tick=False)

    def test_what_waits_too_long_is_counted(self, client, time_machine):
        owe("one")
        time_machine.shift(timedelta(minutes=14, seconds=59))
        assert ask(client)[1]["outbox"] == "ok"
        owe("two")
        time_machine.shift(timedelta(seconds=1))
        assert ask(client)[1]["outbox"] == "2 waiting for up to 15 minutes"

    def test_what_was_given_up_is_counted_and_what_nobody_wants_is_not(self, client):
        for key in ("one", "two", "three"):
            owe(key)
        outbox.stop(OutboxMessage.objects.filter(key="one"), reason="taken back")
        outbox.stop(OutboxMessage.objects.exclude(key="one"), reason="refused", needs_staff=True)
        assert ask(client)[1]["outbox"] == "2 not delivered"


@pytest.mark.django_db
class TestMigrations:
    def test_what_the_database_has_not_is_named(self, client):
        MigrationRecorder.Migration.objects.filter(app="core", name="0001_initial").delete()
        assert ask(client)[1]["migrations"] == "core 0001_initial not applied"

    def test_what_the_program_has_not_is_named(self, client):
        MigrationRecorder(connection).record_applied("core", "0999_of_tomorrow")
        MigrationRecorder(connection).record_applied("of_another_app", "0001_initial")
        assert ask(client)[1]["migrations"] == "core 0999_of_tomorrow of another version"


class TestDisk:
    @pytest.mark.parametrize(
        ("free", "total", "word"),
        [
            (2 * 1024**3, 100 * 1024**3, "ok"),
            (900 * 1024**2, 100 * 1024**3, "900 MB left in PLACE"),
            (60 * 1024**2, 1024**3, "ok"),  # a small disk: one twentieth
            (40 * 1024**2, 1024**3, "40 MB left in PLACE"),
        ],
    )
    def test_little_room_is_named(self, monkeypatch, tmp_path, free, total, word):
        monkeypatch.setattr(readiness, "_written_to", lambda: [tmp_path, tmp_path])
        monkeypatch.setattr("shutil.disk_usage", lambda place: SimpleNamespace(free=free, total=total))
        assert readiness.disk() == ("disk", word.replace("PLACE", str(tmp_path)))

    def test_it_looks_where_the_head_of_the_audit_trail_is_written(self, settings, tmp_path):
        settings.AUDIT_HEAD_FILE = str(tmp_path / "heads")
        assert tmp_path in readiness._written_to()


class TestBackup:
    @pytest.mark.parametrize(
        ("age", "word"),
        [(timedelta(hours=26), "ok"), (timedelta(hours=26, seconds=1), "26 hours old"), (None, "none")],
    )
    def test_an_old_one_and_none_are_named(self, settings, tmp_path, time_machine, age, word):
        time_machine.move_to(MONDAY_MORNING, tick=False)
        settings.BACKUP_FOLDER = str(tmp_path)
        if age is not None:
            (tmp_path / f"clinic-{MONDAY_MORNING - age:%Y%m%dT%H%M%SZ}-sqlite.backup").touch()
        assert readiness.backup() == ("backup", word)

    def test_without_a_folder_it_says_so(self):
        assert readiness.backup() == ("backup", "no folder")


def owe(key):
    with transaction.atomic():
        outbox.enqueue(kind="audit_head", key=key, recipient="records@elsewhere.example")


def broken():
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM no_such_table")


def weather():
    return "weather", "hail"


@pytest.mark.parametrize(
    "problem", [OperationalError("gone"), InterfaceError("closed"), ProgrammingError("relation does not exist")]
)
def test_without_a_database_or_its_tables_no_page_can_be_made(client, monkeypatch, caplog, problem):
    def away():
        raise problem

    monkeypatch.setattr("education.library.revision", away)
    with caplog.at_level(logging.CRITICAL):
        assert ask(client) == (503, {**dict.fromkeys(NAMES, "unknown"), "database": "down"})
