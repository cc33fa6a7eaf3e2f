"""Each queue of the outbox has a sender of its own: a destination that hangs holds up nothing in any other."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.core import mail
from django.db import connection

from clinic.accounts.models import User
from clinic.core import channels, delivery, outbox
from clinic.core.channels import Letter, MessageDraft
from clinic.core.lanes import Lanes
from clinic.core.models import Lane, OutboxMessage
from clinic.core.outbox import MessageKindEntry
from consultations.enums import MessageKind
from consultations.services import messaging
from tests.concurrency.processes import free_port, start
from tests.personas import MakeRequest

pytestmark = pytest.mark.django_db(transaction=True)
DEADLINE = 60
"""Seconds after which a drill that has not ended counts as failed."""


class Hangs:
    """A channel whose other side takes a message and says nothing until it is let go."""

    def __init__(self) -> None:
        self.is_asked, self.let_go = threading.Event(), threading.Event()

    def write(self, draft: MessageDraft, *, key: str) -> bytes:
        return draft.text.encode()

    def send(self, content: bytes, *, to: str) -> None:
        self.is_asked.set()
        assert self.let_go.wait(DEADLINE)

    def read(self, content: bytes) -> Letter:
        return Letter(to="", text=content.decode())

    def is_final(self, error: Exception) -> bool:
        return False


@pytest.fixture
def hangs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hangs]:
    made = Hangs()
    monkeypatch.setitem(channels.CHANNELS, "pigeon", made)
    monkeypatch.setattr(outbox, "KINDS", {})
    outbox.register(
        MessageKindEntry(
            "bird", "Bird", Lane.ALERTS, lambda message: MessageDraft("a@example.com", "x"), channel="pigeon"
        ),
        MessageKindEntry(
            "mail", "Mail", Lane.ALERTS, lambda message: MessageDraft("a@example.com", "x", subject=message.key)
        ),
    )
    yield made
    made.let_go.set()


def wait_until(is_so: Callable[[], bool]) -> bool:
    begun = time.monotonic()
    while not is_so() and time.monotonic() - begun < DEADLINE:
        time.sleep(0.02)
    return is_so()


def subjects() -> set[str]:
    return {item.subject for item in mail.outbox}


def test_while_one_destination_hangs_every_other_queue_is_served(hangs: Hangs) -> None:
    outbox.enqueue(kind="bird", key="hangs")
    stop, done = threading.Event(), []
    senders = Lanes(perform=lambda name, duty: done.append(name) or duty(), stop=stop, every=0.02)
    assert senders.look_after() == []
    assert hangs.is_asked.wait(DEADLINE)

    for lane in Lane:
        outbox.enqueue(kind="mail", key=f"mail of {lane.value}", lane=lane)
    all_sent = wait_until(lambda: len(mail.outbox) == 3)
    still_hangs = OutboxMessage.objects.filter(key="hangs", sent_at=None).exists()
    hangs.let_go.set()
    stop.set()
    senders.join()

    assert (all_sent, still_hangs) == (True, True)
    assert subjects() == {"mail of alerts", "mail of patients", "mail of staff"}
    assert not OutboxMessage.objects.filter(sent_at=None).exists()
    assert set(done) == {f"deliver {queue}" for queue in delivery.queues()}


def test_a_calendar_that_hangs_holds_up_no_message(hangs: Hangs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clinic.core.lanes.HANGS_AFTER", 0.2)
    is_asked, let_go, stop = threading.Event(), threading.Event(), threading.Event()

    def read_next() -> bool:
        is_asked.set()
        return not let_go.wait(DEADLINE)

    others = {"read calendars": read_next}
    lanes = Lanes(perform=lambda name, duty: duty(), stop=stop, every=0.02, others=others)
    lanes.look_after()
    assert is_asked.wait(DEADLINE)
    outbox.enqueue(kind="mail", key="goes out", lane=Lane.ALERTS)
    is_sent = wait_until(lambda: subjects() == {"goes out"})
    is_named = wait_until(lambda: lanes.look_after() == ["read calendars"])
    let_go.set()
    stop.set()
    lanes.join()
    assert (is_sent, is_named) == (True, True)


def test_control_by_one_hand_everything_waits_behind_it(hangs: Hangs) -> None:
    outbox.enqueue(kind="bird", key="hangs")
    outbox.enqueue(kind="mail", key="waits", lane=Lane.PATIENTS)

    def by_one_hand() -> None:
        try:
            delivery.deliver_due()
        finally:
            connection.close()

    hand = threading.Thread(target=by_one_hand)
    hand.start()
    assert hangs.is_asked.wait(DEADLINE)
    waiting = OutboxMessage.objects.get(key="waits")
    hangs.let_go.set()
    hand.join()

    assert (waiting.attempts, waiting.sent_at) == (0, None)
    assert subjects() == {"waits"}


def test_a_sender_that_ended_by_an_accident_is_started_again(hangs: Hangs) -> None:
    stop, begun = threading.Event(), []

    def perform(name: str, duty: Callable[[], object]) -> object:
        begun.append(name)
        if begun.count(name) == 1:
            raise SystemExit
        return duty()

    senders = Lanes(perform=perform, stop=stop, every=0.02)
    names = {f"deliver {queue}" for queue in delivery.queues()}

    def all_again() -> bool:
        senders.look_after()
        return all(begun.count(name) >= 2 for name in names)

    is_alive = wait_until(all_again)
    stop.set()
    senders.join()
    assert is_alive


def test_one_that_hangs_is_named(hangs: Hangs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clinic.core.lanes.HANGS_AFTER", 0.2)
    outbox.enqueue(kind="bird", key="hangs")
    stop = threading.Event()
    senders = Lanes(perform=lambda name, duty: duty(), stop=stop, every=0.02)
    senders.look_after()
    assert hangs.is_asked.wait(DEADLINE)
    is_named = wait_until(lambda: "deliver alerts by pigeon" in senders.look_after())
    hangs.let_go.set()
    stop.set()
    senders.join()
    assert is_named


class Sink:
    """A mail server that gives no answer to a patient's mail until it has taken an alert."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.is_patient_begun = threading.Event()

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address == "alice@example.com":
            self.is_patient_begun.set()
            while "nurse@clinic.example" not in self.taken:
                await asyncio.sleep(0.02)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.taken += envelope.rcpt_tos
        return "250 OK"


def test_an_alert_leaves_while_the_server_is_silent_about_a_patients_mail(
    make_request: MakeRequest, nurse: User
) -> None:
    server, port = Sink(), free_port()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    messaging.notify_patient(kind=MessageKind.PRIVATE_LINK, consultation_request=make_request(), key="patient")
    worker = start("manage.py", "worker", "--every", "0.05", EMAIL_URL=f"smtp://127.0.0.1:{port}")
    try:
        assert server.is_patient_begun.wait(DEADLINE)
        messaging.alert_staff(user=nurse, key="alert", path="/admin/")
        assert wait_until(lambda: len(server.taken) == 2)
    finally:
        worker.terminate()
        code = worker.wait(timeout=DEADLINE)
        controller.stop()

    assert code == 0
    assert server.taken == ["nurse@clinic.example", "alice@example.com"]
    assert set(OutboxMessage.objects.values_list("key", "attempts")) == {("patient", 1), ("alert", 1)}
