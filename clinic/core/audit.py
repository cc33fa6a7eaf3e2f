"""The audit trail: events that commit with what they record, and an append-only chain of their digests.

Two tables, so that nobody waits for anybody else. An event is written in the transaction of what it records, and takes
no lock. Its link is added when that has committed, by a short transaction of its own that alone holds the chain's head:
right after the commit where the head is free, otherwise by the worker, at its next turn.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from typing import Any, Final

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, models, transaction
from django.db.transaction import TransactionManagementError

from clinic.core import clock
from clinic.core.logs import request_id
from clinic.core.models import AuditEvent, AuditHead, AuditLink, UnchainedEvent

GENESIS: Final = "0" * 64
BATCH: Final = 500
"""Links added in one transaction, so that whoever waits for the head does not wait long."""


def record(
    *,
    action: str,
    target: models.Model | None = None,
    by: Any = None,
    actor: str = "",
    fields: Iterable[str] = (),
    details: dict[str, Any] | None = None,
) -> AuditEvent:
    """Write one event. Raises TransactionManagementError outside `transaction.atomic()`.

    `by` is the signed-in user; `actor` names anyone else ("patient", "system"). One of them is needed.
    """
    if not transaction.get_connection().in_atomic_block:
        raise TransactionManagementError("An audit event must commit together with what it records.")
    user = by if isinstance(by, AbstractBaseUser) and by.is_authenticated else None
    label = actor or (user.get_username() if user else "")
    if not label:
        raise ValueError("Say who did it: by=user, or actor='patient' or 'system'.")
    event = AuditEvent(
        at=clock.now(),
        action=action,
        actor_user_id=user.pk if user else None,
        actor=label[:80],
        target_type=target._meta.label_lower if target is not None else "",
        target_id=str(target.pk) if target is not None else "",
        request_id=request_id.get(),
        fields=sorted(fields),
        details=json.loads(json.dumps(details or {})),
    )
    write([event])
    return event


def write(events: Sequence[AuditEvent]) -> None:
    """Write events in their order, to be linked once they have committed. Call inside the transaction."""
    AuditEvent.objects.bulk_create(events, batch_size=BATCH)
    UnchainedEvent.objects.bulk_create([UnchainedEvent(event=event) for event in events], batch_size=BATCH)
    chain_after_commit()


def chain_after_commit() -> None:
    """Ask once a transaction for its links. Whatever goes wrong there is logged: the worker does it later."""
    if all(asked[1] is not _chain_now for asked in connection.run_on_commit):
        transaction.on_commit(_chain_now, robust=True)


def _chain_now() -> None:
    while chain(waits=False) == BATCH:
        pass


@transaction.atomic
def chain(*, waits: bool = True) -> int:
    """Link the events that wait, in the order of their numbers, and return how many that was.

    Only what has committed is seen here; what commits later is linked later, whatever its number. Everything happens in
    one transaction under the lock of the head, so that whoever is killed has linked all of it or nothing. Without
    `waits`, somebody else who holds the head is left to do it.
    """
    head = _locked_head(waits=waits)
    if head is None:
        return 0
    waiting = list(UnchainedEvent.objects.select_related("event").order_by("pk")[:BATCH])
    links = []
    for item in waiting:
        link = AuditLink(position=head.position + 1, event=item.event, previous=head.digest)
        link.digest = digest(link, item.event)
        head.position, head.digest = link.position, link.digest
        links.append(link)
    if links:
        AuditLink.objects.bulk_create(links)
        UnchainedEvent.objects.filter(pk__in=[item.pk for item in waiting]).delete()
        head.save(update_fields=["position", "digest"])
    return len(links)


def _locked_head(*, waits: bool) -> AuditHead | None:
    skips = not waits and connection.features.has_select_for_update_skip_locked
    heads = AuditHead.objects.select_for_update(skip_locked=skips)
    head = heads.filter(pk=1).first()
    if head is None and not AuditHead.objects.exists():
        AuditHead.objects.bulk_create([AuditHead(pk=1, digest=GENESIS)], ignore_conflicts=True)
        head = heads.filter(pk=1).first()
    return head


def digest(link: AuditLink, event: AuditEvent) -> str:
    """SHA-256 over the link's place, the digest before it and everything in the event, in one canonical form."""
    covered = [
        link.position,
        link.previous,
        event.sequence,
        event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        event.action,
        event.actor_user_id,
        event.actor,
        event.target_type,
        event.target_id,
        event.request_id,
        event.fields,
        event.details,
    ]
    return sha256_of(covered)


def sha256_of(covered: list[Any]) -> str:
    canonical = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def verify() -> list[str]:
    """What is wrong with the chain, first break first; an empty list when it is whole. It may grow meanwhile."""
    head = _head()
    problems = [*_walk(head), *_past(head)]
    loose = AuditEvent.objects.filter(link=None).exclude(pk__in=UnchainedEvent.objects.values("pk"))
    numbers = loose.order_by("pk").values_list("pk", flat=True)
    return [*problems, *(f"Event {number} was not written through the audit trail." for number in numbers)]


def _walk(head: AuditHead) -> Iterator[str]:
    """Every link up to the head, and the event that it covers."""
    expected, previous = 1, GENESIS
    while some := _links_from(expected, head):
        events = AuditEvent.objects.in_bulk([link.event_id for link in some])
        for link in some:
            if link.position != expected:
                yield f"Link {expected} is missing: the next one found is {link.position}."
            elif link.previous != previous:
                yield f"Event {link.event_id} does not follow the event before it."
            event = events.get(link.event_id)
            if event is None:
                yield f"Event {link.event_id} is missing."
            elif link.digest != digest(link, event):
                yield f"Event {link.event_id} was changed after it was written."
            previous, expected = link.digest, link.position + 1
    if expected <= head.position:
        yield f"Link {expected} is missing: the chain ended at {head.position}."
    elif previous != head.digest:
        yield f"Link {head.position} is not the one that the head of the chain names."


def _links_from(position: int, head: AuditHead) -> list[AuditLink]:
    links = AuditLink.objects.filter(position__gte=position, position__lte=head.position)
    return list(links.order_by("position")[:BATCH])


def _past(head: AuditHead) -> Iterator[str]:
    """Links that no head knows, when those are left out that were added while the chain was walked."""
    after = AuditLink.objects.filter(position__gt=head.position).order_by("position")
    positions = list(after.values_list("position", flat=True))
    known = _head().position
    for position in positions:
        if position > known:
            yield f"Link {position} was not written through the audit trail."


def _head() -> AuditHead:
    return AuditHead.objects.filter(pk=1).first() or AuditHead(digest=GENESIS)


def head_words() -> str:
    """`position:digest` of the newest link, to be kept somewhere else and compared later."""
    return str(_head())
