"""Readings in the audit chain: the worker puts those that wait into it, a batch at a time.

A batch is one audit event. It holds the numbers of its readings, the digest of them all, and the beginning of each
one's own digest, so that the one that is changed or missing later can be named.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC
from itertools import groupby, pairwise
from typing import Any, Final

from django.db import connection, transaction

from clinic.core import audit
from clinic.core.models import AuditEvent, RecordRead, UnchainedRead

ACTION: Final = "reading.batch"
BATCH: Final = 200
"""Readings in one event, which holds 16 letters for each."""
MARK: Final = 16
BEYOND: Final = 2**63


@transaction.atomic
def chain() -> int:
    """Put the oldest readings that wait into the audit chain, as one event. Returns how many; 0 when none waits.

    The event and the end of their waiting commit together: whoever is killed has done all of it or nothing, and of two
    workers each takes what the other has not taken.
    """
    waiting = UnchainedRead.objects.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
    # One whose reading was removed goes on waiting: `verify` names it by that.
    written = waiting.filter(pk__in=RecordRead.objects.values("pk"))
    numbers = list(written.order_by("pk").values_list("pk", flat=True)[:BATCH])
    if not numbers:
        return 0
    audit.record(action=ACTION, actor="system", details=batch_of(list(whole(numbers).values())))
    UnchainedRead.objects.filter(pk__in=numbers).delete()
    return len(numbers)


def batch_of(rows: list[RecordRead]) -> dict[str, Any]:
    """What the event says of its readings: enough to name the one that is changed or missing later."""
    numbers = [row.pk for row in rows]
    return {
        "count": len(numbers),
        "first": numbers[0],
        "last": numbers[-1],
        "rows": spans_text(numbers),
        "digest": digest(rows),
        "marks": "".join(map(mark_of, rows)),
    }


def whole(numbers: list[int]) -> dict[int, RecordRead]:
    """The readings with these numbers, in that order, each with its patients."""
    readings = RecordRead.objects.prefetch_related("patients_shown").in_bulk(numbers)
    return {number: readings[number] for number in numbers if number in readings}


def digest(rows: list[RecordRead]) -> str:
    """SHA-256 over the digests of the readings, in their order."""
    return hashlib.sha256("".join(map(row_digest, rows)).encode()).hexdigest()


def row_digest(row: RecordRead) -> str:
    """SHA-256 over everything in one reading and the patients it names."""
    return audit.sha256_of(
        [
            row.pk,
            row.at.astimezone(UTC).isoformat(timespec="microseconds"),
            row.action,
            row.page,
            row.actor_user_id,
            row.actor,
            row.target_type,
            row.target_id,
            row.request_id,
            row.shown,
            sorted(item.patient_id for item in row.patients_shown.all()),
        ]
    )


def mark_of(row: RecordRead) -> str:
    """The beginning of a reading's digest: it names the one that differs, and the digest of the batch proves it."""
    return row_digest(row)[:MARK]


def marks_in(marks: str) -> list[str]:
    return [marks[start : start + MARK] for start in range(0, len(marks), MARK)]


def spans_text(numbers: list[int]) -> str:
    """Ascending numbers in short, "1-4 6 9-12": a number that is missing stands open to the eye."""
    spans = []
    for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        members = [number for _, number in run]
        spans.append(f"{members[0]}-{members[-1]}" if len(members) > 1 else str(members[0]))
    return " ".join(spans)


def spans_of(text: str) -> list[tuple[int, int]]:
    pairs = [span.partition("-") for span in text.split()]
    return [(int(start), int(end or start)) for start, _, end in pairs]


def numbers_in(text: str) -> list[int]:
    return [number for start, end in spans_of(text) for number in range(start, end + 1)]


def verify() -> list[str]:
    """What is wrong with the readings, batch by batch; an empty list when they are whole. Others may read meanwhile.

    The events that are the batches are what `audit.verify` answers for.
    """
    problems: list[str] = []
    covered: list[tuple[int, int]] = []
    walked: set[int] = set()
    for event in _batches():
        walked.add(event.sequence)
        covered += spans_of(event.details.get("rows", ""))
        problems += _of_a_batch(event)
    covered.sort()
    problems += [f"Reading {start} is in two batches." for (_, end), (start, _) in pairwise(covered) if start <= end]
    problems += [
        f"Reading {number} was not written through the reading log."
        for number in _waiting_for_nothing(_outside(covered), walked)
    ]
    removed = UnchainedRead.objects.exclude(pk__in=RecordRead.objects.values("pk")).order_by("pk")
    return problems + [f"Reading {number} is missing." for number in removed.values_list("pk", flat=True)]


def _batches() -> Any:
    return AuditEvent.objects.filter(action=ACTION).order_by("sequence").iterator()


def _of_a_batch(event: AuditEvent) -> Iterator[str]:
    numbers, marks = numbers_in(event.details.get("rows", "")), marks_in(event.details.get("marks", ""))
    if not len(numbers) == len(marks) == event.details.get("count"):
        yield f"Batch {event.sequence} does not hold as many readings as it says."
        return
    rows, is_whole = whole(numbers), True
    for number, mark in zip(numbers, marks, strict=True):
        row = rows.get(number)
        if row is None or mark_of(row) != mark:
            is_whole = False
            yield f"Reading {number} {'is missing' if row is None else 'was changed after it was written'}."
    if is_whole and digest(list(rows.values())) != event.details.get("digest"):
        yield f"Batch {event.sequence} was not made of readings {event.details['rows']}."


def _outside(covered: list[tuple[int, int]]) -> list[int]:
    """The readings that are in none of these spans."""
    outside, spans = [], iter([*covered, (BEYOND, BEYOND)])
    start, end = next(spans)
    for number in RecordRead.objects.order_by("pk").values_list("pk", flat=True).iterator():
        while number > end:
            start, end = next(spans)
        if number < start:
            outside.append(number)
    return outside


def _waiting_for_nothing(numbers: list[int], walked: set[int]) -> list[int]:
    """Those that do not wait for a batch either. First who waits, then the batches: in this order none is missed that
    was put into one meanwhile. A batch that was not walked yet may have a lower number: another worker's, committed
    late.
    """
    waits = set(UnchainedRead.objects.values_list("pk", flat=True))
    keys = AuditEvent.objects.filter(action=ACTION).values_list("pk", flat=True)
    late = AuditEvent.objects.in_bulk(sorted(set(keys) - walked)).values()
    since = {number for event in late for number in numbers_in(event.details.get("rows", ""))}
    return [number for number in numbers if number not in waits and number not in since]
