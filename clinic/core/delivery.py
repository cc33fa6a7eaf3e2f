"""Sending what the outbox owes, queue by queue, one message at a time; whatever happens is counted on its row.

At least once: a message goes a second time, with the same bytes, where the worker dies or cannot write between the
other side's "taken" and the row that says so, and where that answer is lost on the way.
"""

import dataclasses
import datetime
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import F, Q

from clinic.core import channels, clock, outbox
from clinic.core.addresses import AddressRefused
from clinic.core.encryption import DamagedRecord, KeysUnusable
from clinic.core.failures import drop_lost_connections, name_of
from clinic.core.models import Lane, OutboxMessage

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Patience:
    """`minutes` between one attempt and the next, the last of them repeated; after `attempts` a message is parked."""

    minutes: tuple[int, ...]
    attempts: int


# All about a day. An alert is tried every five minutes, because whoever it is about cannot wait an hour.
PATIENCE: Final = {
    Lane.ALERTS: Patience((1, 1, 2, 2, 5), 290),
    Lane.PATIENTS: Patience((1, 2, 5, 15, 60), 24),
    Lane.STAFF: Patience((1, 2, 5, 15, 60), 24),
}
LEASE: Final = datetime.timedelta(minutes=2)
LONGEST_LEASE: Final = 2 * LEASE
"""With clocks of two machines that differ. One that ends still later was given before the clock was put back, and would
hold a message for as long as the clock was ahead.
"""
MAX_CRASHES: Final = 5
LONGEST_PAUSE: Final = 2 * datetime.timedelta(minutes=max(max(lane.minutes) for lane in PATIENCE.values()))
PASS_SECONDS: Final = 10
"""After this long no further message is begun, so that other duties of the same turn are done in between."""
HOPELESS: Final = (DamagedRecord, AddressRefused)
"""What a row raises that stays as it is. Anything else in making a message may be ours, and mended by tomorrow."""


class Queue(NamedTuple):
    """What is served on its own: one lane by one channel, so that what is slow in one holds up nothing in another."""

    lane: Lane
    channel: str

    def __str__(self) -> str:
        return f"{self.lane.value} by {self.channel}"


@dataclasses.dataclass(frozen=True, slots=True)
class DeliveryAttempt:
    """One attempt at one message."""

    pk: int
    lane: Lane
    attempts: int
    """This one included."""
    crashes: int


def queues() -> list[Queue]:
    """The most pressing first."""
    served = channels.SERVES
    return [
        Queue(lane, channel)
        for lane in Lane
        for channel in channels.CHANNELS
        if channel not in served or served[channel](lane)
    ]


def deliver_due(*, queue: Queue | None = None, limit: int = 20, until: Callable[[], bool] = lambda: False) -> int:
    """Claim what is due one by one, send it outside any transaction, record how it went. Returns how many were sent.

    From one queue, or from all by one hand: then the most pressing is looked for anew before every message. Stops when
    `until` says so.
    """
    sent, begun = 0, time.monotonic()
    for _ in range(limit):
        if until() or time.monotonic() - begun > PASS_SECONDS:
            break
        claim = _claim(queue)
        if claim is None:
            break
        sent += _deliver(claim)
    return sent


def _is_due(now: datetime.datetime) -> Q:
    """What is due; and what would have been, had the clock not been ahead when it was queued or put off."""
    at_once = Q(attempts=0, created_at__gt=now, send_at=F("created_at"))
    return Q(due_at__lte=now) | at_once | Q(attempts__gt=0, due_at__gt=now + LONGEST_PAUSE)


@transaction.atomic
def _claim(queue: Queue | None = None) -> DeliveryAttempt | None:
    """Lease one row so that no second worker takes it, and count the attempt before it is made.

    A worker that dies costs one lease, never a message; a row that kills each worker is parked after MAX_CRASHES. Only
    what is not sealed is read: a row whose seal is broken must not keep the others from going out.
    """
    now = clock.now()
    waiting = OutboxMessage.objects.filter(
        Q(lease_until__isnull=True) | Q(lease_until__lt=now) | Q(lease_until__gt=now + LONGEST_LEASE),
        _is_due(now),
        sent_at=None,
        parked_at=None,
    )
    for lane, channel in [queue] if queue else queues():
        rows = waiting.filter(lane=lane, channel=channel).order_by("due_at", "pk")
        leases = rows.select_for_update(skip_locked=True).values_list("pk", "attempts", "crashes", "lease_until")
        while row := leases.first():
            pk, attempts, crashes, lease = row
            claim = DeliveryAttempt(pk=pk, lane=lane, attempts=attempts + 1, crashes=crashes + (lease is not None))
            if _lease(claim, now):
                return claim
    return None


def _lease(claim: DeliveryAttempt, now: datetime.datetime) -> bool:
    """Take the row, or park it when it was tried too often or ended the worker too often. Whether it was taken."""
    row = OutboxMessage.objects.filter(pk=claim.pk)
    if claim.crashes >= MAX_CRASHES or claim.attempts > PATIENCE[claim.lane].attempts:
        reason = f"The worker ended {claim.crashes} times while it sent this." if claim.crashes else "Tried too often."
        row.update(lease_until=None, parked_at=now, crashes=claim.crashes, last_error=reason)
        outbox.forget_unread(claim.pk)
        logger.error("outbox row %s parked after %s crashes", claim.pk, claim.crashes)
        return False
    row.update(lease_until=now + LEASE, attempts=claim.attempts, crashes=claim.crashes)
    return True


def _deliver(claim: DeliveryAttempt) -> bool:
    """Prepare, send and record one message. Whatever is raised ends here, logged by its kind and the row's number; but
    keys that do not fit concern every message, and raise KeysUnusable.
    """
    prepared = None
    try:
        prepared = _prepared(claim)
        if prepared is None:
            return False
        prepared.channel.send(prepared.content, to=prepared.recipient)
    except KeysUnusable:
        # Nothing is wrong with this message, nor with any behind it: it waits as if nobody had claimed it.
        _try_to_write(claim, partial(_give_back, claim))
        raise
    except Exception as error:
        logger.warning("outbox row %s not sent: %s", claim.pk, name_of(error))
        is_final = prepared is not None and prepared.channel.is_final(error)
        _try_to_write(claim, partial(_postpone, claim, error, is_final=is_final))
        return False
    # It is out: were this write lost, the lease would end and the same bytes would go a second time.
    return _try_to_write(claim, partial(record_sent, claim.pk))


def _prepared(claim: DeliveryAttempt) -> outbox.Prepared | None:
    """What to send; None when there is nothing to send, and that was written down."""
    try:
        return outbox.prepare(claim.pk)
    except outbox.Overtaken:
        logger.info("outbox row %s was taken over", claim.pk)
    except outbox.NotWanted as no:
        logger.info("outbox row %s is not wanted any more", claim.pk)
        row = OutboxMessage.objects.filter(pk=claim.pk, parked_at=None)
        keep = partial(outbox.hold_back, row, reason=no.reason)
        stop = partial(outbox.stop, row, reason=no.reason, needs_staff=no.needs_staff)
        _try_to_write(claim, keep if no.is_kept else stop)
    except outbox.NotYet as later:
        _try_to_write(claim, partial(_put_off, claim, later.until))
    except HOPELESS as error:
        # Trying again cannot help: somebody must look, and call.
        is_address = isinstance(error, AddressRefused)
        reason = "No mail can be sent to this address." if is_address else f"Cannot be read: {type(error).__name__}"
        logger.error("outbox row %s parked: %s", claim.pk, name_of(error))
        _try_to_write(claim, partial(_park, claim, reason))
    return None


def _try_to_write(claim: DeliveryAttempt, write: Callable[[], object]) -> bool:
    """Write how it went, once more on a new connection if need be. Failing that, the lease ends and it counts."""
    for is_last in (False, True):
        try:
            write()
            return True
        except Exception as error:
            logger.error("outbox row %s: result not written: %s", claim.pk, name_of(error))
            if not is_last:
                drop_lost_connections()
    return False


@transaction.atomic
def record_sent(pk: int) -> None:
    OutboxMessage.objects.filter(pk=pk).update(
        sent_at=clock.now(), lease_until=None, parked_at=None, is_stopped=False, last_error="", payload=None
    )
    outbox.forget_unread(pk)


def _give_back(claim: DeliveryAttempt) -> None:
    OutboxMessage.objects.filter(pk=claim.pk, sent_at=None).update(lease_until=None, attempts=claim.attempts - 1)


def _put_off(claim: DeliveryAttempt, until: datetime.datetime) -> None:
    """Until an hour at which it may go: nothing failed, so its attempts are counted anew from then."""
    waiting = OutboxMessage.objects.filter(pk=claim.pk, sent_at=None, parked_at=None)
    waiting.update(lease_until=None, attempts=0, due_at=until)


def _park(claim: DeliveryAttempt, reason: str) -> None:
    waiting = OutboxMessage.objects.filter(pk=claim.pk, sent_at=None, parked_at=None)
    waiting.update(lease_until=None, parked_at=clock.now(), last_error=reason)
    outbox.forget_unread(claim.pk)


def _postpone(claim: DeliveryAttempt, error: Exception, *, is_final: bool) -> None:
    """What may pass is tried again, later and later; what cannot, or was tried often enough, is parked for a person."""
    patience = PATIENCE[claim.lane]
    if is_final or claim.attempts >= patience.attempts:
        _park(claim, _reason(error))
        return
    wait = patience.minutes[min(claim.attempts, len(patience.minutes)) - 1]
    # Unless another worker sent it since: this one may have been so slow that its lease ran out. Nor if it was stopped.
    OutboxMessage.objects.filter(pk=claim.pk, sent_at=None, parked_at=None).update(
        lease_until=None, last_error=_reason(error), due_at=clock.now() + datetime.timedelta(minutes=wait)
    )


def _reason(error: Exception) -> str:
    """The kind of failure and its code: a server's own text may repeat the address, so it is left out."""
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__
