"""Workers are killed at work and the mail server misbehaves: no mail is lost, none is misdirected."""

import asyncio
import datetime
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.models import OutboxMessage
from consultations.enums import MessageKind
from consultations.models import ConsultationRequest
from consultations.services import messaging
from tests.concurrency.processes import free_port, start
from tests.personas import MakeRequest, make_patient

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
MAILS = 30
DEADLINE = 60
"""Seconds after which a drill that has not ended counts as failed."""


class Sink:
    """A mail server: puts every tenth mail off, refuses one address for good, and notes what it took.

    At the mails in `silent_at` it takes the mail and never answers, so that a worker can be killed right there: the
    mail is out, and nobody has noted it.
    """

    def __init__(self, *silent_at: int) -> None:
        self.taken: list[tuple[str, list[str]]] = []
        self.asked = 0
        self.silent_at = list(silent_at)
        self.is_silent = threading.Event()
        self.deadly = ""
        """Whoever sends to this address gets no answer and is killed."""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("nobody"):
            return "550 No such person"
        if address == self.deadly:
            self.is_silent.set()
            await asyncio.sleep(DEADLINE)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.asked += 1
        if self.asked % 10 == 0:
            return "451 Try later"
        head = envelope.content.decode().partition("\r\n\r\n")[0]
        name = next(line for line in head.splitlines() if line.lower().startswith("message-id"))
        self.taken.append((name, envelope.rcpt_tos))
        if self.silent_at and len(self.taken) == self.silent_at[0]:
            self.silent_at.pop(0)
            self.is_silent.set()
            await asyncio.sleep(DEADLINE)
        return "250 OK"


@pytest.fixture
def sink() -> Iterator[tuple[Sink, int]]:
    handler = Sink()
    port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


@pytest.fixture
def owed(make_request: MakeRequest) -> list[OutboxMessage]:
    requests: list[ConsultationRequest] = [
        make_request(patient=make_patient(f"Patient {number}", email=f"p{number}@example.com"))
        for number in range(MAILS - 1)
    ]
    requests.append(make_request(patient=make_patient("Gone Away", email="nobody@example.com")))
    return [
        messaging.notify_patient(kind=MessageKind.PRIVATE_LINK, consultation_request=request, key=f"m{request.pk}")  # type: ignore[misc]
        for request in requests
    ]


def start_worker(port: int) -> subprocess.Popen[bytes]:
    return start("manage.py", "worker", "--every", "0.05", EMAIL_URL=f"smtp://127.0.0.1:{port}")


def still_owed() -> Any:
    return OutboxMessage.objects.filter(sent_at=None, parked_at=None)


def test_killed_twice_right_after_sending_every_mail_arrives(owed: list[OutboxMessage], sink: tuple[Sink, int]) -> None:
    server, port = sink
    server.silent_at = [8, 16]
    for _ in range(2):
        worker = start_worker(port)
        assert server.is_silent.wait(DEADLINE)
        worker.kill()
        worker.wait(timeout=DEADLINE)
        server.is_silent.clear()
        assert still_owed().filter(lease_until__isnull=False).count() == 1
        # The lease of the worker that died runs out; the drill does not wait two minutes for it.
        still_owed().update(lease_until=None)

    worker, begun = start_worker(port), time.monotonic()
    while still_owed().exists() and time.monotonic() - begun < DEADLINE:
        still_owed().filter(attempts__gt=0).update(due_at=clock.now())  # nor a minute for what was put off
        time.sleep(0.02)
    worker.terminate()
    assert worker.wait(timeout=DEADLINE) == 0

    assert {address for _, to in server.taken for address in to} == {
        f"p{number}@example.com" for number in range(MAILS - 1)
    }
    # The two that went out as their worker died came twice, with the same identity: mail programs show one.
    assert len(dict(server.taken)) == MAILS - 1
    assert len(server.taken) == MAILS - 1 + 2
    (parked,) = OutboxMessage.objects.filter(parked_at__isnull=False)
    assert (parked.recipient, parked.attempts, parked.sent_at) == ("nobody@example.com", 1, None)


def test_asked_to_stop_it_ends_the_mail_it_began(owed: list[OutboxMessage], sink: tuple[Sink, int]) -> None:
    server, port = sink
    worker = start_worker(port)
    begun = time.monotonic()
    while not server.taken and time.monotonic() - begun < DEADLINE:
        time.sleep(0.02)
    worker.terminate()
    assert worker.wait(timeout=DEADLINE) == 0
    assert OutboxMessage.objects.filter(sent_at__isnull=False).count() == len(server.taken)
    assert not OutboxMessage.objects.filter(lease_until__isnull=False).exists()


def test_a_mail_at_which_every_worker_is_killed_is_parked_and_the_rest_arrives(
    owed: list[OutboxMessage], sink: tuple[Sink, int], nurse: User
) -> None:
    server, port = sink
    server.deadly = "p3@example.com"
    deadly = OutboxMessage.objects.filter(key=owed[3].key)
    earlier = clock.now() - datetime.timedelta(hours=1)
    deadly.update(send_at=earlier, due_at=earlier)
    for crashes in range(5):
        worker = start_worker(port)
        assert server.is_silent.wait(DEADLINE)
        worker.kill()
        worker.wait(timeout=DEADLINE)
        server.is_silent.clear()
        row = deadly.get()
        assert (row.attempts, row.crashes, row.parked_at) == (crashes + 1, crashes, None)
        deadly.update(lease_until=clock.now() - datetime.timedelta(seconds=1))

    worker, begun = start_worker(port), time.monotonic()
    alerts = OutboxMessage.objects.filter(kind=MessageKind.STAFF_ALERT, sent_at__isnull=False)
    while (still_owed().exists() or not alerts.exists()) and time.monotonic() - begun < DEADLINE:
        still_owed().filter(attempts__gt=0).update(due_at=clock.now())
        time.sleep(0.02)
    worker.terminate()
    assert worker.wait(timeout=DEADLINE) == 0
    row = deadly.get()
    assert (row.attempts, row.crashes, row.sent_at) == (5, 5, None)
    assert row.last_error == "The worker ended 5 times while it sent this."
    arrived = [address for _, to in server.taken for address in to]
    assert sorted(set(arrived) - {"nurse@clinic.example"}) == sorted(
        f"p{number}@example.com" for number in range(MAILS - 1) if number != 3
    )
    assert "nurse@clinic.example" in arrived
