"""The mail server in every mood: what becomes of six mails, and that each arrives once it is well again."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from clinic.core import channels, clock, delivery, outbox
from clinic.core.models import OutboxMessage
from tests.concurrency.processes import free_port
from tests.faults.sink import Sink
from tests.simulation import patients

pytestmark = pytest.mark.django_db
MAILS = 6


@pytest.fixture
def sink(settings: Any) -> Iterator[Sink]:
    server = Sink(free_port(), slow_seconds=0.05)
    settings.EMAIL_BACKEND = "clinic.core.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    yield server
    server.stop()


@pytest.fixture
def owed(db: None) -> list[str]:
    """The Message-ID of each."""
    for _ in range(MAILS):
        patients.send_form()
    return [channels.message_id(key) for key in OutboxMessage.objects.values_list("key", flat=True)]


def states() -> tuple[int, int, int]:
    """How many are sent, wait, and are parked for staff."""
    rows = OutboxMessage.objects
    waiting = rows.filter(sent_at=None, parked_at=None, attempts=1, due_at__gt=clock.now()).count()
    return rows.filter(sent_at__isnull=False).count(), waiting, rows.filter(outbox.UNDELIVERED).count()


def why() -> set[str]:
    return set(OutboxMessage.objects.values_list("last_error", flat=True))


def make_due() -> None:
    OutboxMessage.objects.update(due_at=clock.now())


@pytest.mark.parametrize(
    ("mode", "after", "error", "copies"),
    [
        ("slow", (6, 0, 0), "", 1),
        ("4xx", (0, 6, 0), "SMTPDataError 451", 1),
        ("5xx", (0, 0, 6), "SMTPDataError 554", 1),
        ("refuses", (0, 6, 0), "SMTPServerDisconnected", 1),
        ("drops", (0, 6, 0), "SMTPServerDisconnected", 2),
    ],
)
def test_a_server_in_this_mood(
    sink: Sink, owed: list[str], mode: str, after: tuple[int, int, int], error: str, copies: int
) -> None:
    """`copies`: what hung up after the data had taken the mail, and is sent it again under the same Message-ID."""
    sink.mode = mode
    delivery.deliver_due()
    assert states() == after
    assert why() == {error}
    sink.mode = ""
    for message in OutboxMessage.objects.filter(outbox.UNDELIVERED):
        OutboxMessage.objects.filter(pk=message.pk).update(parked_at=None, attempts=0)
    make_due()
    delivery.deliver_due()
    assert states() == (6, 0, 0)
    assert dict(sink.taken) == dict.fromkeys(owed, copies)


def test_nobody_listens(sink: Sink, owed: list[str], settings: Any) -> None:
    settings.EMAIL_PORT = free_port()
    delivery.deliver_due()
    assert states() == (0, 6, 0)
    assert why() == {"ConnectionRefusedError"}
    settings.EMAIL_PORT = sink.port
    make_due()
    assert delivery.deliver_due() == 6
    assert dict(sink.taken) == dict.fromkeys(owed, 1)


def test_the_name_of_the_mail_server_is_not_found(
    sink: Sink, owed: list[str], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_name(*args: Any, **options: Any) -> Any:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", no_name)
        delivery.deliver_due()
    assert states() == (0, 6, 0)
    assert why() == {"gaierror"}
    make_due()
    assert delivery.deliver_due() == 6
    assert dict(sink.taken) == dict.fromkeys(owed, 1)
