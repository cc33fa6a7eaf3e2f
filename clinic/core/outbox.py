"""The outbox: any app queues a message with the change that causes it; the worker sends it (`core/delivery.py`).

An app registers its kinds of message. Nothing is written when a message is queued: at the first attempt its kind is
asked whether it is still wanted, and composes it from what is true then. What was composed is kept, byte for byte, so
that every further attempt sends the same, and staff can read it for KEEP_SENT_DAYS.
"""

import dataclasses
import datetime
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import DateTimeField, Q, QuerySet, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext_noop

from clinic.core import audit, channels, clock
from clinic.core.channels import Letter, MessageDraft
from clinic.core.encrypted_rows import open_all
from clinic.core.logs import TOKEN
from clinic.core.models import Lane, OutboxMessage

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

logger = logging.getLogger(__name__)
BATCH: Final = 200
MASKED: Final = "[private link]"
DOUBTFUL: Final = gettext_noop(
    "It waited when a backup was made, which was restored since: it may have gone out meanwhile."
)
UNDELIVERED: Final = Q(parked_at__isnull=False, is_stopped=False)
"""What staff must see to."""


class NotWanted(Exception):
    """A message is not to be sent any more. `needs_staff`: somebody waits for what it said, so staff must see to it.
    `is_kept`: it may be wanted again, so it is held back whole (`hold_back`).
    """

    def __init__(self, reason: str, *, needs_staff: bool = False, is_kept: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.needs_staff, self.is_kept = reason, needs_staff, is_kept


class NotYet(Exception):
    """A message is wanted, but at a later hour."""

    def __init__(self, until: datetime.datetime) -> None:
        super().__init__("not yet")
        self.until = until


class Overtaken(Exception):
    """Another worker composed this message, or somebody stopped it, at this very moment."""


class NothingToSend(Exception):
    """A parked message whose content is gone cannot be tried again."""


def always(message: OutboxMessage) -> None:
    """Wanted whatever has happened since."""


@dataclasses.dataclass(frozen=True, slots=True)
class MessageKindEntry:
    """One kind of message. Both functions run in one transaction and may raise NotWanted.

    `ensure_wanted` is asked before every attempt, and takes the locks under which the answer stays true; it may raise
    NotYet too. `compose` is
    asked at the first one alone, and may make what the message leads to, such as a private link.

    `is_unread`: to somebody whom nobody at the clinic knows yet, so nobody reads it or follows it up. What it said and
    to whom is forgotten once it is sent, or given up.
    """

    name: str
    label: "_StrOrPromise"
    lane: Lane
    compose: Callable[[OutboxMessage], MessageDraft]
    ensure_wanted: Callable[[OutboxMessage], None] = always
    channel: str = channels.EMAIL
    is_unread: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Prepared:
    """What an attempt sends, how, and where to."""

    channel: channels.Channel
    content: bytes
    recipient: str


KINDS: Final[dict[str, MessageKindEntry]] = {}


def register(*kinds: MessageKindEntry) -> None:
    """Make kinds of message known; an app does so when it is ready. Raises ValueError for a name that is taken."""
    for kind in kinds:
        if KINDS.get(kind.name, kind) != kind:
            raise ValueError(f"Two kinds of message are called {kind.name}.")
        KINDS[kind.name] = kind


def unread_kinds() -> list[str]:
    """A demonstration keeps them: its visitors read there what would have been mailed."""
    return [] if settings.DEMO else [name for name, kind in KINDS.items() if kind.is_unread]


def forget_unread(pk: int) -> None:
    """Of a message that nobody reads, once it is sent or given up, keep that it was."""
    messages = OutboxMessage.objects.filter(pk=pk, kind__in=unread_kinds())
    gone: dict[str, Any] = {"recipient": "", "payload": None, "content": None, "content_deleted_at": clock.now()}
    messages.filter(sent_at__isnull=False).update(**gone)
    messages.filter(parked_at__isnull=False).update(**gone, is_stopped=True)


def label_of(message: OutboxMessage) -> str:
    kind = KINDS.get(message.kind)
    return str(kind.label) if kind else message.kind


def enqueue(
    *,
    kind: str,
    key: str,
    recipient: str = "",
    payload: dict[str, Any] | None = None,
    send_at: datetime.datetime | None = None,
    lane: Lane | None = None,
) -> OutboxMessage | None:
    """Owe a message, not to be sent before `send_at`; None if this key is owed already. Call inside the transaction
    of the change that causes it. `lane` where this one is more or less pressing than others of its kind.
    """
    if OutboxMessage.objects.filter(key=key).exists():
        return None
    known, now = KINDS[kind], clock.now()
    return OutboxMessage.objects.create(
        key=key,
        kind=known.name,
        channel=known.channel,
        lane=lane or known.lane,
        recipient=recipient,
        payload=payload or {},
        created_at=now,
        send_at=send_at or now,
        due_at=send_at or now,
    )


@transaction.atomic
def prepare(pk: int) -> Prepared:
    """What to send now: composed at the first attempt, and the very same bytes at every other.

    Raises NotWanted, NotYet, Overtaken, AddressRefused, DamagedRecord; whatever is raised, nothing was written.
    """
    message = OutboxMessage.objects.defer("content").get(pk=pk)
    kind = KINDS[message.kind]
    kind.ensure_wanted(message)
    # Read again under the locks that the question took: who corrected an address meanwhile has stopped this message.
    waiting = OutboxMessage.objects.filter(pk=pk, sent_at=None, parked_at=None)
    stored = waiting.first()
    if stored is None:
        raise Overtaken
    channel = channels.CHANNELS[message.channel]
    if stored.composed_at is not None:
        return Prepared(channel, stored.content, stored.recipient)
    draft = kind.compose(message)
    content = channel.write(draft, key=message.key)
    if not waiting.filter(composed_at=None).update(composed_at=clock.now()):
        raise Overtaken
    stored.content, stored.recipient = content, draft.to
    stored.save(update_fields=["content", "recipient"])
    return Prepared(channel, content, draft.to)


def read(message: OutboxMessage) -> Letter | None:
    """What was composed, as a person reads it; None before the first attempt, and when it is no longer kept.

    The way into a patient's pages is masked: it is for who was written to. A demonstration shows it.
    """
    if message.content is None or message.kind in unread_kinds():
        return None
    letter = channels.CHANNELS[message.channel].read(message.content)
    if settings.DEMO:
        return letter
    return dataclasses.replace(letter, text=TOKEN.sub(MASKED, letter.text), html=TOKEN.sub(MASKED, letter.html))


def stop(messages: QuerySet[OutboxMessage], *, reason: str, needs_staff: bool = False) -> int:
    """Never send these, and forget at once what they said and to whom; what was sent already stays as it is. One that a
    worker is sending this moment still goes.
    """
    now = clock.now()
    return messages.filter(sent_at=None).update(
        parked_at=now,
        is_stopped=not needs_staff,
        last_error=reason,
        lease_until=None,
        recipient="",
        payload=None,
        content=None,
        content_deleted_at=now,
    )


def compose_anew(messages: QuerySet[OutboxMessage]) -> int:
    """Forget what was written and not sent: the next attempt writes it from what stands then."""
    return messages.filter(sent_at=None, parked_at=None).update(composed_at=None, content=None)


def hold_back(messages: QuerySet[OutboxMessage], *, reason: str) -> int:
    """Do not send these, and keep what they say: `go_on` sends them after all."""
    return messages.filter(sent_at=None, parked_at=None).update(
        parked_at=clock.now(), is_stopped=True, last_error=reason, lease_until=None
    )


def go_on(messages: QuerySet[OutboxMessage], *, reason: str) -> int:
    """Let go of what was held back for this reason, as if it had waited."""
    stopped = messages.filter(sent_at=None, is_stopped=True, last_error=reason, content_deleted_at=None)
    due = Greatest("send_at", Value(clock.now(), output_field=DateTimeField()))
    return stopped.update(
        parked_at=None, is_stopped=False, last_error="", lease_until=None, due_at=due, attempts=0, crashes=0
    )


def park_doubtful() -> int:
    """In a restored database: what was due may have gone out since the backup was made. Staff look at each and try it
    again or leave it. Alerts go out once more, since twice is better than never, and so does what is not due yet.
    """
    doubtful = OutboxMessage.objects.filter(sent_at=None, parked_at=None, send_at__lte=clock.now())
    return doubtful.exclude(lane=Lane.ALERTS).update(parked_at=clock.now(), last_error=DOUBTFUL, lease_until=None)


@transaction.atomic
def retry(*, message: OutboxMessage, by: AbstractBaseUser) -> OutboxMessage:
    """Let the worker try a parked message again; harmless on any other. Raises NothingToSend, DamagedRecord.

    Whether `by` may do so is for the caller to ask.
    """
    fresh = OutboxMessage.objects.select_for_update(of=("self",)).get(pk=message.pk)
    # Erased with the person: nothing is left of it. Damaged: trying again cannot help, and is said now.
    if fresh.data_key:
        open_all(fresh)
    if fresh.parked_at is None:
        return fresh
    if fresh.content_deleted_at is not None:
        raise NothingToSend
    fresh.parked_at, fresh.staff_told_at, fresh.lease_until, fresh.is_stopped = None, None, None, False
    fresh.due_at, fresh.attempts, fresh.crashes = max(clock.now(), fresh.send_at), 0, 0
    fresh.save(
        update_fields=["parked_at", "staff_told_at", "lease_until", "is_stopped", "due_at", "attempts", "crashes"]
    )
    audit.record(action="message.retry", target=fresh, by=by)
    return fresh


@transaction.atomic
def forget_sent(*, limit: int = BATCH) -> int:
    """Delete what messages said, and the address it went to, KEEP_SENT_DAYS after they were sent or given up. That
    there was a message, when and about what, stays. Returns how many. Nothing that is sealed is read.
    """
    before = clock.now() - datetime.timedelta(days=settings.KEEP_SENT_DAYS)
    ended = Q(sent_at__lt=before) | Q(parked_at__lt=before)
    due = OutboxMessage.objects.filter(ended, content_deleted_at=None).order_by("pk")
    keys = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit])
    if not keys:
        return 0
    OutboxMessage.objects.filter(pk__in=keys).update(
        content=None, payload=None, recipient="", content_deleted_at=clock.now()
    )
    audit.record(
        action="message.delete_content",
        actor="system",
        details={"messages": len(keys), "kept_days": settings.KEEP_SENT_DAYS},
    )
    logger.info("what %s messages said was deleted", len(keys))
    return len(keys)
