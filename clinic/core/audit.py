"""The audit trail: an append-only chain of digests.

Every writer locks the chain's head row until its transaction ends, so there is one order and no gap. It costs
about a millisecond and makes audited transactions queue behind one another: record late in the transaction.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import models, transaction
from django.db.transaction import TransactionManagementError

from clinic.core import clock
from clinic.core.logs import request_id
from clinic.core.models import AuditEvent, AuditHead

GENESIS = "0" * 64
BATCH = 500


def record(
    *,
    action: str,
    target: models.Model | None = None,
    by: Any = None,
    actor: str = "",
    fields: Iterable[str] = (),
    details: dict[str, Any] | None = None,
) -> AuditEvent:
    """Append one event to the chain. Raises TransactionManagementError outside `transaction.atomic()`.

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
    append([event])
    return event


def append(events: Sequence[AuditEvent]) -> None:
    """Number events that say everything else, chain them to the newest one and keep them, in the order given."""
    head = _locked_head()
    sequence, previous = head.sequence, head.digest
    for event in events:
        sequence += 1
        event.sequence, event.previous = sequence, previous
        event.digest = previous = digest(event)
    AuditEvent.objects.bulk_create(events, batch_size=BATCH)
    AuditHead.objects.filter(pk=head.pk).update(sequence=sequence, digest=previous)


def _locked_head() -> AuditHead:
    heads = AuditHead.objects.select_for_update()
    head = heads.filter(pk=1).first()
    if head is None:
        AuditHead.objects.bulk_create([AuditHead(pk=1, digest=GENESIS)], ignore_conflicts=True)
        head = heads.get(pk=1)
    return head


def digest(event: AuditEvent) -> str:
    """SHA-256 over everything in the row and the digest before it, in one canonical form."""
    covered = [
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
        event.previous,
    ]
    canonical = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def verify() -> list[str]:
    """What is wrong with the chain, first break first; an empty list when it is whole."""
    problems: list[str] = []
    expected, previous = 1, GENESIS
    for event in AuditEvent.objects.order_by("sequence").iterator(chunk_size=2000):
        if event.sequence != expected:
            problems.append(f"Event {expected} is missing: the next one found is {event.sequence}.")
            expected = event.sequence
        elif event.previous != previous:
            problems.append(f"Event {event.sequence} does not follow the event before it.")
        if event.digest != digest(event):
            problems.append(f"Event {event.sequence} was changed after it was written.")
        previous, expected = event.digest, expected + 1
    head = AuditHead.objects.filter(pk=1).first() or AuditHead(digest=GENESIS)
    if head.sequence >= expected:
        problems.append(f"Event {expected} is missing: the chain ended at {head.sequence}.")
    elif head.sequence < expected - 1:
        problems.append(f"Event {head.sequence + 1} was not written through the audit trail.")
    elif head.digest != previous:
        problems.append(f"Event {head.sequence} is not the one that the head of the chain names.")
    return problems


def head_words() -> str:
    """`sequence:digest` of the newest event, to be kept somewhere else and compared later."""
    return str(AuditHead.objects.filter(pk=1).first() or AuditHead(digest=GENESIS))
