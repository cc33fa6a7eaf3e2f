"""What a restored copy must be put through before anybody works with it: is it whole, and what must not come back?

Somebody who was erased since the backup, a member of staff who signed out since, a mail that went out since.
"""

import dataclasses
from datetime import datetime
from typing import Any

from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection, transaction

from clinic.core import audit, clock, old_database, outbox, restored_copy
from clinic.core.backups import verifying
from clinic.core.models import AuditEvent
from clinic.core.old_database import RefusalCause
from consultations.models import Patient, PrivateLink
from consultations.services import erasure
from consultations.services.erasure import StillNeeded

BATCH = 500


class NotWhole(Exception):
    """The copy is not what was backed up. The text names what differs."""


@dataclasses.dataclass(frozen=True, slots=True)
class RestoredFacts:
    """What is known of the copy from outside. `counts` is empty where nobody counted, as after the WAL of a server."""

    made_at: datetime
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    erased: list[str] = dataclasses.field(default_factory=list)
    ends_links: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class AfterRestore:
    """What was found and done. `unerased` holds a sentence for each patient row that cannot be erased again yet."""

    tables: int
    rows: int
    head: str
    opened: int
    erased: int
    erased_again: int
    unerased: list[str]
    sessions: int
    parked: int
    links: int


def settle(facts: RestoredFacts) -> AfterRestore:
    """Verify the copy, then do what must not wait for its first user. Safe to repeat. Raises NotWhole, before anything
    was changed in it.
    """
    if facts.counts:
        _require(verifying.counts_that_differ(facts.counts))
    _migrate()
    _require(verifying.chain_problems())
    head = audit.head_words()
    read = verifying.read_everything()
    _require(read.problems)
    again, unerased = _erase_again(facts.erased)
    sessions = _sign_staff_out()
    with transaction.atomic():
        parked = outbox.park_doubtful()
        links = PrivateLink.objects.live().update(replaced_at=clock.now()) if facts.ends_links else 0
        details = {
            "made_at": facts.made_at.isoformat(), "erased": again, "sessions": sessions, "parked": parked,
            "links": links, "unerased": [pk for pk, _ in unerased], "copies": restored_copy.marks(connection),
        }  # fmt: skip
        audit.record(action=restored_copy.SETTLED, actor="system", details=details)
    return AfterRestore(
        tables=len(facts.counts), rows=sum(facts.counts.values()), head=head, opened=read.opened, erased=read.erased,
        erased_again=again, unerased=[said for _, said in unerased], sessions=sessions, parked=parked, links=links,
    )  # fmt: skip


def _require(problems: list[str]) -> None:
    if problems:
        raise NotWhole("\n".join(verifying.shortened(problems)))


def _migrate() -> None:
    """A backup of an earlier version becomes one of this version; what this version does not know was refused."""
    found = old_database.judge(connection)
    if found and found.cause is RefusalCause.UNMIGRATED:
        call_command("migrate", interactive=False, verbosity=0)
    elif found:
        raise NotWhole(found.text)


def left_unerased() -> list[str]:
    """The patient rows that could not be erased yet when this copy was settled last."""
    last = AuditEvent.objects.filter(action=restored_copy.SETTLED).order_by("-sequence").first()
    return [str(number) for number in last.details.get("unerased", [])] if last else []


def _erase_again(numbers: list[str]) -> tuple[int, list[tuple[int, str]]]:
    """Rows that this copy is too old to have are nobody's; those that it has erased already are left.

    Returns how many were erased, and of those that cannot be yet the number with a sentence.
    """
    keys = [int(number) for number in numbers if number.isdecimal()]
    again, unerased = 0, list[tuple[int, str]]()
    for patient in Patient.objects.filter(pk__in=keys, erased_at=None).only("pk").order_by("pk"):
        try:
            erasure.erase_again(patient=patient)
            again += 1
        except StillNeeded as problem:
            said = f"Patient row {patient.pk} was erased since, and cannot be yet in this copy: {problem}"
            unerased.append((patient.pk, said))
    return again, unerased


def _sign_staff_out() -> int:
    """Whoever signed out, lost their rights or closed an account since the backup would be signed in again. Patients'
    checks go on where they were. A session that cannot be read, as with another SECRET_KEY, is of no use to anybody.
    """
    gone = [row.pk for row in Session.objects.iterator(chunk_size=BATCH) if _is_signed_in(row.get_decoded())]
    for start in range(0, len(gone), BATCH):
        Session.objects.filter(pk__in=gone[start : start + BATCH]).delete()
    return len(gone)


def _is_signed_in(content: dict[str, Any]) -> bool:
    return not content or "_auth_user_id" in content
