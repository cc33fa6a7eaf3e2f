"""The adapter of text messages before a provider on loopback that fails in every way we could think of."""

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from clinic.core import channels, delivery, outbox, text_messages
from clinic.core.addresses import AddressRefused
from clinic.core.channels import MessageDraft
from clinic.core.models import Lane, OutboxMessage
from clinic.core.outbox import MessageKindEntry
from clinic.core.text_messages import NotTakenByProvider, TextMessages

NUMBER = "+12025550142"


class Provider(http.server.BaseHTTPRequestHandler):
    """Answers as `mode` says: a status, or how it fails."""

    protocol_version = "HTTP/1.1"
    mode: str = "200"
    taken: list[tuple[dict[str, str], Any]]
    is_over: threading.Event

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).taken.append((dict(self.headers), json.loads(body)))
        if self.mode.isdigit():
            self.answer(int(self.mode))
        elif self.mode == "slow":
            self.drip()
        elif self.mode == "silent":
            type(self).is_over.wait(10)
        elif self.mode == "huge":
            self.answer(200, b"x" * 1_000_000)
        elif self.mode == "garbage":
            self.wfile.write(b"\x00\xff nothing like HTTP\r\n\r\n")
        self.close_connection = True

    def answer(self, status: int, body: bytes = b"{}") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status in (301, 302, 307):
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(body)

    def drip(self) -> None:
        """One byte at a time, which no timeout of a socket ends."""
        for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 1000:
            if type(self).is_over.wait(0.1):
                return
            try:
                self.wfile.write(bytes([letter]))
                self.wfile.flush()
            except OSError:
                return

    def log_message(self, *args: Any) -> None:
        return None


@pytest.fixture
def provider(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Provider]]:
    class Own(Provider):
        taken: list[Any] = []
        is_over = threading.Event()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Own)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    settings.TEXT_MESSAGE_URL = f"http://127.0.0.1:{server.server_port}/send?clinic=1"
    settings.TEXT_MESSAGE_TOKEN = "a-token"
    settings.TEXT_MESSAGE_SENDER = "Larchwell"
    monkeypatch.setattr(text_messages, "SECONDS", 0.4)
    yield Own
    Own.is_over.set()
    server.shutdown()
    server.server_close()
    thread.join()


def send(text: str = "A reminder.") -> None:
    channel = TextMessages()
    channel.send(channel.write(MessageDraft(NUMBER, text), key="one"), to=NUMBER)


def test_it_hands_over_the_message_with_the_token_and_an_id_that_stays(provider: type[Provider]) -> None:
    send()
    send()
    (headers, body), (_again, second) = provider.taken
    assert headers["Authorization"] == "Bearer a-token"
    assert headers["Content-Type"] == "application/json"
    assert headers["Idempotency-Key"] == body["id"] == second["id"]
    assert len(body["id"]) == 32
    assert {**body, "id": ""} == {"id": "", "to": NUMBER, "from": "Larchwell", "text": "A reminder."}


@pytest.mark.parametrize("mode", ["200", "201", "202", "204", "huge"])
def test_any_2xx_is_taken(provider: type[Provider], mode: str) -> None:
    provider.mode = mode
    send()
    assert len(provider.taken) == 1


@pytest.mark.parametrize(
    ("mode", "is_final"),
    [
        ("400", True), ("410", True), ("422", True),
        ("401", False), ("403", False), ("404", False), ("408", False), ("429", False),
        ("301", False), ("302", False), ("307", False), ("500", False), ("502", False), ("503", False),
    ],
)  # fmt: skip
def test_a_no_to_this_message_is_final_and_any_other_is_not(
    provider: type[Provider], mode: str, is_final: bool
) -> None:
    provider.mode = mode
    with pytest.raises(NotTakenByProvider) as refused:
        send()
    assert TextMessages().is_final(refused.value) == is_final
    assert len(provider.taken) == 1, "a redirect is not followed"


@pytest.mark.parametrize("mode", ["slow", "silent", "drop", "garbage"])
def test_what_never_answers_ends_by_itself_and_is_tried_again(provider: type[Provider], mode: str) -> None:
    provider.mode = mode
    with pytest.raises(Exception) as failed:
        send()
    assert not TextMessages().is_final(failed.value)


def test_nobody_there(settings: Any) -> None:
    settings.TEXT_MESSAGE_URL = "http://127.0.0.1:9/"
    with pytest.raises(OSError, match="refused"):
        send()


@pytest.mark.parametrize("number", ["", "12025550142", "+0123456789", "+1202555014x", "call my son", "+1"])
def test_only_to_a_whole_number(number: str) -> None:
    with pytest.raises(AddressRefused):
        TextMessages().write(MessageDraft(number, "A reminder."), key="one")


def test_what_was_sent_reads_as_it_was_written(settings: Any) -> None:
    settings.TEXT_MESSAGE_SENDER = "Larchwell"
    letter = TextMessages().read(TextMessages().write(MessageDraft(NUMBER, "Grüße “1”"), key="one"))
    assert (letter.to, letter.text, letter.sender) == (NUMBER, "Grüße “1”", "Larchwell")


def test_off_it_has_no_queue_and_on_one_for_patients(settings: Any) -> None:
    settings.TEXT_MESSAGE_URL = ""
    assert text_messages.TEXT in channels.CHANNELS
    assert "text" not in {queue.channel for queue in delivery.queues()}
    settings.TEXT_MESSAGE_URL = "https://provider.example/"
    assert [str(queue) for queue in delivery.queues() if queue.channel == "text"] == ["patients by text"]


@pytest.mark.django_db
class TestThroughTheOutbox:
    """Each failure is counted on its row, and holds up no mail."""

    @pytest.fixture(autouse=True)
    def kind(self, monkeypatch: pytest.MonkeyPatch) -> None:
        entry = MessageKindEntry(
            "bell", "Bell", Lane.PATIENTS, lambda row: MessageDraft(row.recipient, "A reminder."), channel="text"
        )
        monkeypatch.setitem(outbox.KINDS, "bell", entry)

    @pytest.mark.parametrize(
        ("mode", "sent", "parked", "error"),
        [
            ("200", True, False, ""),
            ("422", False, True, "NotTakenByProvider 422"),
            ("500", False, False, "NotTakenByProvider 500"),
            ("429", False, False, "NotTakenByProvider 429"),
        ],
    )
    def test_it_is_recorded(self, provider: type[Provider], mode: str, sent: bool, parked: bool, error: str) -> None:
        provider.mode = mode
        outbox.enqueue(kind="bell", key="one", recipient=NUMBER)
        delivery.deliver_due()
        row = OutboxMessage.objects.get()
        assert (row.sent_at is not None, row.parked_at is not None, row.last_error) == (sent, parked, error)

    def test_after_a_lost_answer_it_goes_once_more_with_the_same_id(
        self, provider: type[Provider], time_machine: Any
    ) -> None:
        provider.mode = "drop"
        outbox.enqueue(kind="bell", key="one", recipient=NUMBER)
        delivery.deliver_due()
        provider.mode = "200"
        OutboxMessage.objects.update(due_at=OutboxMessage.objects.get().send_at)
        delivery.deliver_due()
        assert OutboxMessage.objects.get().sent_at is not None
        assert len({body["id"] for _headers, body in provider.taken}) == 1 < len(provider.taken)
