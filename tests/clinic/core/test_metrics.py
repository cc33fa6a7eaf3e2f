"""/metrics: who may read it, what it says, and that it says nothing about anybody."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic.core import outbox
from clinic.core.models import Heartbeat, OutboxMessage
from tests.personas import MONDAY_MORNING

RULES = (Path(__file__).resolve().parents[3] / "deploy" / "prometheus-rules.yml").read_text()
TOKEN = "t" * 32
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
LABELS = {"blocked", "directive",
    "route", "status", "le", "name", "source", "lane", "kind", "outcome", "level",
}  # fmt: skip


def read(client: Client, **more: Any) -> str:
    answer = client.get("/metrics", **more)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Type"].startswith("text/plain; version=")
    return answer.content.decode()


def value(text: str, name: str, /, **labels: str) -> float:
    wanted = {f'{label}="{word}"' for label, word in labels.items()}
    numbers = [number for at, given, number in SAMPLE.findall(text) if at == name and wanted <= set(given.split(","))]
    assert len(numbers) == 1, f"{name} {labels}: {numbers}"
    return float(numbers[0])


class TestWhoMayRead:
    @pytest.mark.django_db
    @pytest.mark.parametrize(
        ("proxies", "address", "headers", "status"),
        [
            (0, "127.0.0.1", {}, 200),
            (0, "::1", {}, 200),
            (0, "::ffff:127.0.0.1", {}, 200),
            (0, "203.0.113.9", {}, 404),
            (0, "", {}, 404),
            (0, "not an address", {}, 404),
            # A proxy of ours that nobody told us of: everybody would be this machine.
            (0, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 404),
            (0, "127.0.0.1", {"X-Forwarded-Proto": "https"}, 404),
            (1, "127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 404),
            (1, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1, 203.0.113.9"}, 404),
            (1, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 200),
            (1, "127.0.0.1", {}, 200),
            (1, "203.0.113.9", {"Authorization": f"Bearer {TOKEN}"}, 200),
            (1, "203.0.113.9", {"Authorization": f"bearer {TOKEN}"}, 200),
            (1, "203.0.113.9", {"Authorization": f"Bearer {TOKEN}x"}, 404),
            (1, "203.0.113.9", {"Authorization": f"Basic {TOKEN}"}, 404),
            (1, "203.0.113.9", {"Authorization": TOKEN}, 404),
            (1, "203.0.113.9", {"Authorization": "Bearer"}, 404),
            (1, "203.0.113.9", {"Authorization": "Bearer \xe9"}, 404),
        ],
    )
    def test_this_machine_and_who_has_the_token(
        self, settings: Any, proxies: int, address: str, headers: dict[str, str], status: int
    ) -> None:
        settings.PROXY_COUNT, settings.METRICS_TOKEN = proxies, TOKEN
        assert Client().get("/metrics", headers=headers, REMOTE_ADDR=address).status_code == status

    def test_without_a_token_no_token_fits(self, settings: Any) -> None:
        settings.METRICS_TOKEN = ""
        for given in ("Bearer", "Bearer ", "Bearer None", ""):
            answer = Client().get("/metrics", headers={"Authorization": given}, REMOTE_ADDR="203.0.113.9")
            assert answer.status_code == 404

    def test_it_is_not_led_to_https(self, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.SECURE_SSL_REDIRECT = True
        monkeypatch.setattr("clinic.core.metrics.report", lambda: b"")
        assert Client().get("/metrics").status_code == 200


@pytest.mark.django_db
class TestFigures:
    def test_answers_are_counted_by_page_and_status(self, client: Client) -> None:
        for _ in range(3):
            client.get("/healthz")
        client.get("/by-any-name%ff/")
        after = read(client)
        assert value(after, "clinic_http_answers_total", route="clinic:healthz", status="200") >= 3
        assert value(after, "clinic_http_answers_total", route="unmatched", status="400") >= 1
        assert value(after, "clinic_http_seconds_count", route="clinic:healthz") >= 3
        assert "by-any-name" not in after

    def test_the_outbox_by_lane(self, client: Client, time_machine: Any) -> None:
        time_machine.move_to(MONDAY_MORNING, tick=False)
        for key in ("one", "two", "three"):
            with transaction.atomic():
                outbox.enqueue(kind="audit_head", key=key, recipient="records@elsewhere.example")
        outbox.stop(OutboxMessage.objects.filter(key="three"), reason="refused", needs_staff=True)
        time_machine.shift(timedelta(minutes=7))
        text = read(client)
        assert value(text, "clinic_outbox_waiting", lane="staff") == 2
        assert value(text, "clinic_outbox_oldest_seconds", lane="staff") == 420
        assert value(text, "clinic_outbox_undelivered", lane="staff") == 1
        assert value(text, "clinic_outbox_waiting", lane="alerts") == 0
        assert value(text, "clinic_outbox_oldest_seconds", lane="alerts") == 0

    def test_the_workers_last_turn(self, client: Client, time_machine: Any) -> None:
        time_machine.move_to(MONDAY_MORNING, tick=False)
        assert "clinic_worker_turn_age_seconds" not in read(client)
        Heartbeat.beat("worker", failing=["deliver", "chain events"])
        time_machine.shift(timedelta(seconds=90))
        text = read(client)
        assert value(text, "clinic_worker_turn_age_seconds") == 90
        assert value(text, "clinic_worker_failing_duties") == 2

    def test_what_readyz_says_is_a_figure(self, client: Client) -> None:
        text = read(client)
        assert value(text, "clinic_ready", name="database") == 1
        assert value(text, "clinic_ready", name="worker") == 0

    def test_one_that_fails_is_named_and_the_others_are_told(
        self, client: Client, settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.METRICS = ("tests.clinic.core.test_metrics.broken", "clinic.core.metrics.outbox")
        text = read(client)
        assert value(text, "clinic_figures", source="tests.clinic.core.test_metrics.broken") == 0
        assert value(text, "clinic_figures", source="clinic.core.metrics.outbox") == 1
        assert "metrics: tests.clinic.core.test_metrics.broken failed: ImproperlyConfigured" in caplog.text
        assert "numb" not in caplog.text

    def test_it_asks_a_few_questions_and_locks_nothing(self, client: Client) -> None:
        read(client)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            read(client)
        assert len(asked) <= 40
        assert not [query for query in asked if re.search(r"FOR UPDATE|INSERT|UPDATE |DELETE", query["sql"])]


def broken() -> None:
    raise ImproperlyConfigured("numb since Tuesday")


def test_without_a_database_it_says_so_and_still_tells_of_answers(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> str:
        raise OperationalError("connection refused")

    monkeypatch.setattr("education.library.revision", away)
    text = read(client)
    assert value(text, "clinic_ready", name="database") == 0
    assert "clinic_http_answers_total" in text
    assert "clinic_outbox" not in text


@pytest.mark.django_db
class TestRules:
    @pytest.fixture
    def figures(self, client: Client, settings: Any, tmp_path: Path) -> dict[str, set[str]]:
        """Every sample that there can be, with its labels."""
        Heartbeat.beat("worker")
        settings.BACKUP_FOLDER = str(tmp_path)
        (tmp_path / "clinic-20260101T000000Z-dump.backup").touch()
        client.get("/healthz")
        found: dict[str, set[str]] = {}
        for name, labels, _ in SAMPLE.findall(read(client)):
            found.setdefault(name, set()).update(re.findall(r'(\w+="[^"]*")', labels))
        return found

    def test_every_figure_that_a_rule_names_exists_with_that_label(self, figures: dict[str, set[str]]) -> None:
        expressions = re.findall(r"^ +expr: (.+)$", RULES, re.MULTILINE)
        assert len(expressions) == 21
        for expression in expressions:
            named = re.findall(r"(clinic_\w+)(?:\{([^}]*)\})?", expression)
            assert named or "up{" in expression, expression
            for name, labels in named:
                assert name in figures, name
                for label in re.findall(r'\w+="[^"]*"', labels):
                    assert label in figures[name], f"{name}: {label}"

    def test_every_alert_says_how_grave_it_is_and_what_to_do(self) -> None:
        alerts = RULES.split("- alert: ")[1:]
        names = [alert.split()[0] for alert in alerts]
        assert len(names) == len(set(names)) == 21
        for alert in alerts:
            assert re.search(r"labels: \{severity: (page|ticket)\}", alert), alert
            assert re.search(r"^ +summary: .+\.'?$", alert, re.MULTILINE), alert
            assert re.search(r"^ +do: .{20,}$", alert, re.MULTILINE), alert

    def test_labels_are_few_and_name_nobody(self, figures: dict[str, set[str]]) -> None:
        labels = {pair.partition("=")[0] for pairs in figures.values() for pair in pairs}
        assert labels == LABELS
