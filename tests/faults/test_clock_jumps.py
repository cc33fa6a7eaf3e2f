"""The clock of the machine is put forward by days and back again: nothing is lost, doubled, or silent until then."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core import mail

from clinic.accounts.models import User
from clinic.core import audit, channels, delivery, limits
from clinic.core.models import OutboxMessage
from consultations.models import LinkAsked, SafetyCase
from consultations.services import alerts, cases, handover, private_links
from tests.faults.comparison import compare
from tests.faults.ledger import Ledger
from tests.faults.test_controls import found, tell
from tests.personas import MONDAY_MORNING
from tests.simulation import patients

pytestmark = pytest.mark.django_db
JUMP = datetime.timedelta(days=2)


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(MONDAY_MORNING, tick=False) as travelling:
        yield travelling


@pytest.fixture
def put_back(clock: Any) -> Callable[[], None]:
    """The clock is two days ahead until this is called, and then a minute later than it had been."""
    clock.shift(JUMP)
    return lambda: clock.move_to(MONDAY_MORNING + datetime.timedelta(minutes=1))


def test_mails_that_were_queued_ahead_go_out_at_once(put_back: Any) -> None:
    owed = [patients.send_form() for _ in range(5)]
    put_back()
    assert delivery.deliver_due() == 5
    assert sorted(to for letter in mail.outbox for to in letter.to) == sorted(row.patient.email for row in owed)
    assert delivery.deliver_due() == 0


def test_mails_that_were_put_off_ahead_are_tried_again(put_back: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    patients.send_form()
    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", lambda *args, **options: 1 / 0)
        patch.setattr(type(channels.EMAIL_CHANNEL), "send", lambda *args, **options: 1 / 0)
        assert delivery.deliver_due() == 0
    put_back()
    assert delivery.deliver_due() == 1
    assert OutboxMessage.objects.get().attempts == 2


def test_what_is_to_be_sent_later_still_waits(clock: Any) -> None:
    patients.send_form()
    tomorrow = MONDAY_MORNING + datetime.timedelta(days=1)
    OutboxMessage.objects.update(send_at=tomorrow, due_at=tomorrow)
    assert delivery.deliver_due() == 0


def test_an_emergency_that_was_told_ahead_is_told_again(clock: Any, nurse: User) -> None:
    handover.switch_duty(is_on_duty=True, by=nurse)
    clock.shift(JUMP)
    patients.answered(rf_now=["chest"])
    cases.alert_again()
    assert SafetyCase.objects.get().told_at > MONDAY_MORNING + JUMP - datetime.timedelta(hours=1)
    clock.move_to(MONDAY_MORNING)
    before = OutboxMessage.objects.count()
    assert cases.alert_again() == 1
    assert OutboxMessage.objects.count() == before + 1
    assert cases.alert_again() == 0, "and then every ten minutes, as always"


def test_another_worker_whose_clock_is_a_little_ahead_tells_nothing_twice(clock: Any) -> None:
    now = MONDAY_MORNING
    assert not alerts.is_due(now + datetime.timedelta(seconds=30), now=now)
    assert alerts.is_due(now + datetime.timedelta(minutes=11), now=now)


def test_a_link_that_was_asked_for_ahead_is_sent(put_back: Any) -> None:
    row = patients.send_form()
    private_links.ask(email=row.patient.email)
    put_back()
    assert private_links.answer_asked() == 1
    assert not LinkAsked.objects.exists()


def test_a_limit_that_was_reached_ahead_holds_nobody_until_then(put_back: Any, clock: Any) -> None:
    for _ in range(3):
        limits.allow("link:a", rate=3, per_seconds=60)
    put_back()
    assert not limits.allow("link:a", rate=3, per_seconds=60)
    clock.shift(60)
    assert limits.allow("link:a", rate=3, per_seconds=60)


def test_what_was_sent_before_at_and_after_the_jumps_is_there_once(tmp_path: Any, clock: Any, nurse: User) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for shift in (0, 2, -2, 1, -1):
        clock.shift(datetime.timedelta(days=shift))
        tell(ledger, patients.send_form())
    assert found(ledger) == []
    assert len(compare(ledger.entries)) == 0
    assert audit.verify() == []
