"""A mail server that answers letter by letter holds nobody longer than the time one message may take."""

import smtplib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.mail import EmailMessage

from clinic.core import smtp


@pytest.fixture
def slow_server() -> Iterator[Callable[[bytes], int]]:
    """Starts a server that says this at once and then one more letter every twentieth of a second, for 4 seconds."""
    ended, threads, sockets, finished = threading.Event(), [], [], []

    def drip(listener: socket.socket, greeting: bytes) -> None:
        peer, _ = listener.accept()
        sockets.append(peer)
        try:
            peer.sendall(greeting)
            for _ in range(80):
                if ended.wait(0.05):
                    return
                peer.sendall(b"2")
            finished.append(greeting)
        except OSError:
            return

    def start(greeting: bytes) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        sockets.append(listener)
        thread = threading.Thread(target=drip, args=(listener, greeting))
        threads.append(thread)
        thread.start()
        return int(listener.getsockname()[1])

    yield start
    ended.set()
    for item in threads:
        item.join()
    assert finished == [], "nobody cut the server off"
    for item in sockets:
        item.close()


@pytest.mark.parametrize("greeting", [b"", b"220-"], ids=["from its first letter", "in the middle of a line"])
def test_it_is_cut_off(slow_server: Any, monkeypatch: pytest.MonkeyPatch, greeting: bytes) -> None:
    monkeypatch.setattr(smtp, "SECONDS", 0.3)
    backend = smtp.EmailBackend(host="127.0.0.1", port=slow_server(greeting), timeout=10)
    with pytest.raises(smtplib.SMTPException):
        backend.send_messages([EmailMessage("Subject", "Body", "clinic@example.com", ["alice@example.com"])])
    backend.close()
    assert backend.connection is None
