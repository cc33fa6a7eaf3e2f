"""Queued messages, and what they say: written as the worker writes them, without sending."""

import dataclasses
from typing import Any
from unittest import mock

from clinic.core import channels, clock, outbox
from clinic.core.channels import Letter
from clinic.core.models import OutboxMessage
from consultations.models import ConsultationRequest, MessageSubject


def write(message: OutboxMessage) -> Letter:
    """What this message says to its reader, link and all; composed now, wanted or not, if it was not yet."""
    message.refresh_from_db()
    if message.content is not None:
        return channels.EMAIL_CHANNEL.read(message.content)
    asked_for = dataclasses.replace(outbox.KINDS[message.kind], ensure_wanted=outbox.always)
    with mock.patch.dict(outbox.KINDS, {message.kind: asked_for}):
        return channels.EMAIL_CHANNEL.read(outbox.prepare(message.pk).content)


def link_in(letter: Letter) -> str:
    (link,) = [line for line in letter.text.splitlines() if line.startswith("http")]
    return link


def link_of(message: OutboxMessage) -> str:
    return link_in(write(message))


def path_of(message: OutboxMessage) -> str:
    """The link without the site, for the test client."""
    return link_of(message).removeprefix("http://testserver")


def token_of(message: OutboxMessage) -> str:
    return link_of(message).rstrip("/").rpartition("/")[2]


def queue_directly(
    *, key: str = "one", consultation_request: ConsultationRequest | None = None, **fields: Any
) -> OutboxMessage:
    """A row as it stands in the table, whether or not anything would have queued it."""
    now = clock.now()
    message = OutboxMessage.objects.create(
        **{
            "key": key,
            "kind": "private_link",
            "lane": "patients",
            "channel": "email",
            "recipient": "alice@example.com",
            "created_at": now,
            "send_at": now,
            "due_at": now,
            **fields,
        }
    )
    if consultation_request is not None:
        MessageSubject.objects.create(message=message, consultation_request=consultation_request)
    return message
