"""The worker: whatever fails in one duty, the others have their turn, and the sign of life says what failed."""

import logging
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import DatabaseError, OperationalError

from clinic.core import audit, audit_heads, delivery, housekeeping, outbox, reading_batches
from clinic.core.models import Heartbeat, OutboxMessage
from clinic.management.commands import worker
from consultations.actions import expire_offer
from consultations.enums import MessageKind
from consultations.models import ClockAlarm, ConsultationRequest
from consultations.services import (
    alarm_groups,
    calendar_readings,
    cases,
    clock_alarms,
    day_end,
    deaths,
    hand_over_notes,
    leaving,
    messaging,
    offers,
    private_links,
    reminders,
    retention,
    slot_release,
    undelivered,
    waiting,
    weekly_question,
)
from education.actions import reopen, schedule

DUTIES = {
    "repeat alerts": (cases, "alert_again"),
    "pass on requests": (leaving, "pass_on_left"),
    "watch clocks": (clock_alarms, "look"),
    "announce undelivered": (undelivered, "alert_undelivered"),
    "answer asked links": (private_links, "answer_asked"),
    "free cancelled times": (slot_release, "release_set_aside"),
    "end offered times": (waiting, "end_due"),
    "offer freed times": (waiting, "offer_due"),
    "end the day": (day_end, "make_due"),
    "ask weekly": (weekly_question, "ask_weekly"),
    "remind": (reminders, "remind"),
    "nudge": (offers, "nudge"),
    "end offers": (expire_offer, "expire_ended"),
    "tell of unread calendars": (calendar_readings, "tell_of_stale"),
    "mail audit head": (audit_heads, "mail_daily"),
    "deliver": (delivery, "deliver_due"),
    "read calendars": (calendar_readings, "read_due"),
    "publish": (schedule, "publish_due"),
    "chain readings": (reading_batches, "chain"),
    "chain events": (audit, "chain"),
    "compare audit head": (audit_heads, "look"),
    "write audit head": (audit_heads, "write_daily"),
    "forget sign-ins": (housekeeping, "forget_what_ran_out"),
    "reopen content": (reopen, "reopen_due"),
    "forget networks": (alarm_groups, "forget_networks"),
    "restart mails": (deaths, "restart_mails"),
    "delete unsent": (retention, "delete_unsent"),
    "delete saved links": (retention, "delete_saved_links"),
    "delete sent": (outbox, "forget_sent"),
    "delete hand-over notes": (hand_over_notes, "forget_read"),
    "delete freed times": (waiting, "forget_settled"),
}
ERRORS = [
    UnicodeError("alice"),
    RecursionError(),
    MemoryError(),
    KeyError("alice"),
    DatabaseError(),
    OperationalError(),
]


def test_every_duty_is_listed_here() -> None:
    assert list(worker.Command()._duties()) == list(DUTIES)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("name", DUTIES)
def test_one_that_fails_keeps_no_other_from_its_turn_and_is_named(
    db: None, name: str, error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[str] = []

    def does(each: str) -> Any:
        def duty(**kwargs: Any) -> int:
            if each == name:
                raise error
            done.append(each)
            return 0

        return duty

    for entry, (module, function) in DUTIES.items():
        monkeypatch.setattr(module, function, does(entry))
    call_command("worker", once=True)
    assert done == [item for item in DUTIES if item != name]
    assert Heartbeat.objects.get(name="worker").failing == name
    assert housekeeping.worker_state() == ("worker", f"failing: {name}")
    assert f"worker: {name} failed, will try again: {type(error).__name__} at test_worker.py:" in caplog.text
    assert "alice" not in caplog.text


def test_the_sign_of_life_may_fail_too(
    alice: ConsultationRequest, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(name: str, **kwargs: Any) -> None:
        raise OperationalError

    messaging.notify_patient(kind=MessageKind.PRIVATE_LINK, consultation_request=alice, key="one")
    monkeypatch.setattr(Heartbeat, "beat", fails)
    call_command("worker", once=True)
    assert len(mail.outbox) == 1
    assert "worker: heartbeat failed" in caplog.text


def test_what_works_again_is_named_no_more(
    db: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    command = worker.Command()

    def fails() -> int:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(cases, "alert_again", fails)
        for _ in range(150):
            command._perform("repeat alerts", cases.alert_again)
        assert caplog.text.count("repeat alerts failed") == 1
        command._perform("repeat alerts", cases.alert_again)
        assert caplog.text.count("repeat alerts failed") == 2
    command._turn()
    assert "repeat alerts works again" in caplog.text
    assert housekeeping.worker_state() == ("worker", "ok")


def test_one_part_of_the_clocks_that_fails_keeps_no_other_from_its_turn(
    alice: ConsultationRequest, nurse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ConsultationRequest.objects.update(due_at="2026-01-01T00:00Z", submitted_at="2026-01-01T00:00Z")

    def fails(*args: Any, **kwargs: Any) -> None:
        raise RecursionError

    monkeypatch.setattr(clock_alarms, "_end_stopped", fails)
    command = worker.Command()
    command._turn()
    alarm = ClockAlarm.objects.get()
    assert [*OutboxMessage.objects.values_list("key", flat=True)] == [f"clock-{alarm.pk}-0-staff{nurse.pk}"]
    assert command.failures["watch clocks"][0].startswith("part of the clocks end: RecursionError at ")


def test_before_its_first_turn_it_was_never_seen(db: None) -> None:
    assert housekeeping.worker_state() == ("worker", "never seen")
