"""/readyz: 503 only when no page can be made. Everything else stands in its body."""

import base64
import logging
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.db import InterfaceError, OperationalError, ProgrammingError, connection, transaction

from clinic.accounts.models import User
from clinic.core import key_fingerprints
from clinic.core.models import Heartbeat
from tests.personas import MONDAY_MORNING

URL = "/readyz"


def ask(client):
    response = client.get(URL)
    assert response["Cache-Control"] == "no-store"
    return response.status_code, response.json()


@pytest.mark.django_db
class TestBody:
    def test_all_is_well(self, client):
        Heartbeat.beat("worker")
        User.objects.create_user("nora", "nora@clinic.example", is_staff=True).groups.add(
            Group.objects.get(name="triage")
        )
        assert ask(client) == (200, {"database": "ok", "worker": "ok", "keys": "ok", "alerts": "ok"})

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
        assert ask(client) == (503, {"database": "down", "worker": "unknown", "keys": "unknown", "alerts": "unknown"})
