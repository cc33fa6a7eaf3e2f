"""Text messages through one provider: an address that takes JSON over HTTPS. Off without TEXT_MESSAGE_URL.

The provider is sent {"id", "to", "from", "text"} with a bearer token, and answers with any 2xx once it has the message.
The id stays the same for every attempt, also as Idempotency-Key, so that one which goes twice can be told.
"""

import contextlib
import hashlib
import http.client
import json
import re
import socket
import threading
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from clinic.core import channels
from clinic.core.addresses import AddressRefused
from clinic.core.channels import Letter, MessageDraft

TEXT: Final = "text"
PATIENTS: Final = "patients"
"""The only lane that it serves. Models cannot be imported while the apps are being loaded."""
NUMBER: Final = re.compile(r"\+[1-9]\d{6,14}")
SECONDS: Final = 20
"""One message takes no longer, however slowly a provider answers."""
MOST_READ: Final = 64 * 1024
OUR_OWN_TROUBLE: Final = frozenset({401, 402, 403, 404, 405, 407, 408, 409, 421, 425, 429})
"""A no to the clinic or to this moment, not to this message: to park every message for it would lose them all."""


class NotTakenByProvider(Exception):
    """Any answer but a 2xx; a redirect is not followed."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.smtp_code = self.status = status


def is_on() -> bool:
    return bool(settings.TEXT_MESSAGE_URL)


def register() -> None:
    """What was sent stays readable while it is off; only patients are written to."""
    channels.CHANNELS[TEXT] = TextMessages()
    channels.SERVES[TEXT] = lambda lane: lane == PATIENTS and is_on()


class TextMessages:
    def write(self, draft: MessageDraft, *, key: str) -> bytes:
        if not NUMBER.fullmatch(draft.to):
            raise AddressRefused("no number that a text message can be sent to")
        message = {
            "id": hashlib.sha256(key.encode()).hexdigest()[:32],
            "to": draft.to,
            "from": settings.TEXT_MESSAGE_SENDER,
            "text": draft.text,
        }
        return json.dumps(message).encode()

    def send(self, content: bytes, *, to: str) -> None:
        address = urlsplit(settings.TEXT_MESSAGE_URL)
        headers = {
            "Authorization": f"Bearer {settings.TEXT_MESSAGE_TOKEN}",
            "Content-Type": "application/json",
            "Idempotency-Key": json.loads(content)["id"],
        }
        path = address.path or "/"
        with _connected(address.scheme, address.hostname or "", address.port) as connection:
            connection.request("POST", f"{path}?{address.query}" if address.query else path, content, headers)
            answer = connection.getresponse()
            answer.read(MOST_READ)
        if not 200 <= answer.status < 300:
            raise NotTakenByProvider(answer.status)

    def read(self, content: bytes) -> Letter:
        message = json.loads(content)
        return Letter(to=message["to"], text=message["text"], sender=message["from"])

    def is_final(self, error: Exception) -> bool:
        """A no to this message or its number."""
        is_refusal = isinstance(error, NotTakenByProvider) and 400 <= error.status < 500
        return is_refusal and isinstance(error, NotTakenByProvider) and error.status not in OUR_OWN_TROUBLE


@contextlib.contextmanager
def _connected(scheme: str, host: str, port: int | None) -> Iterator[http.client.HTTPConnection]:
    """A connection of its own, shut when time is up: a timeout of the socket begins anew with each byte."""
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    connection = kind(host, port, timeout=SECONDS / 2)
    watch = threading.Timer(SECONDS, _cut, [connection])
    watch.daemon = True
    watch.start()
    try:
        yield connection
    finally:
        watch.cancel()
        connection.close()


def _cut(connection: http.client.HTTPConnection) -> None:
    with contextlib.suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)
