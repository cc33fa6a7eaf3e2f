"""The head of the audit chain, kept where whoever owns the database cannot reach: in a file and in a mailbox.

A chain says by itself that something in its middle was changed. That its end was cut off, only what was noted outside
can say. The worker notes the head once a day, and compares at each turn.
"""

import contextlib
import dataclasses
import datetime
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core import audit, clock, housekeeping, outbox
from clinic.core.channels import MessageDraft
from clinic.core.failures import SomeFailed
from clinic.core.models import AuditEvent, AuditHead, AuditLink, Heartbeat, Lane, OutboxMessage
from clinic.core.outbox import MessageKindEntry

KIND: Final = "audit_head"
KEY: Final = "audit-head-"
COMPARED: Final = "audit head"
"""The sign of life whose failures say what was lost."""
RESTORED: Final = "audit.restored"
DAILY: Final = ("write audit head", "mail audit head")
LATE_AFTER: Final = datetime.timedelta(days=2)
LINE: Final = re.compile(r"(\S+) (restored )?(\d{1,18}):([0-9a-f]{64})")
MAILED: Final = re.compile(rf"{KEY}(\d{{1,18}}):([0-9a-f]{{64}})-\d{{4}}-\d\d-\d\d")


@dataclasses.dataclass(frozen=True, slots=True)
class NotedHead:
    """Where the chain ended at some time; `is_restored`: from there on it was written anew, by a database put back."""

    at: str
    position: int
    digest: str
    is_restored: bool = False

    @property
    def words(self) -> str:
        return f"{self.position}:{self.digest}"


@dataclasses.dataclass(slots=True)
class Seen:
    """What one worker knows: the newest heads noted outside, the head of its last turn, and the words it said."""

    signature: Any = None
    from_file: NotedHead | None = None
    from_mail: NotedHead | None = None
    own: NotedHead | None = None
    words: str | None = None


def register() -> None:
    outbox.register(MessageKindEntry(KIND, gettext_lazy("Head of the audit trail"), Lane.STAFF, compose))


def compose(message: OutboxMessage) -> MessageDraft:
    head, on = str(message.payload["head"]), str(message.payload["on"])
    text = _(
        "On %(date)s the audit trail of %(clinic)s ended at:\n\n%(head)s\n\n"
        "Keep this message. Whoever looks after the server can compare it with the trail at any time, and sees whether "
        "anything was changed or cut off since. It says nothing about patients."
    ) % {"date": on, "clinic": settings.CLINIC_NAME, "head": head}
    return MessageDraft(to=message.recipient, subject=_("Audit trail on %(date)s") % {"date": on}, text=text)


def write_daily() -> bool:
    """As soon as there are a place and a chain, and then once a day."""
    return bool(settings.AUDIT_HEAD_FILE) and current().position > 0 and housekeeping.daily(DAILY[0], write)


def mail_daily() -> bool:
    return bool(settings.AUDIT_HEAD_EMAIL) and current().position > 0 and housekeeping.daily(DAILY[1], mail)


def mail() -> bool:
    """Owe the head of now to AUDIT_HEAD_EMAIL; once a day, whether it moved or not: a mail that is missing says
    something too.
    """
    head, on = current(), clock.today().isoformat()
    if not settings.AUDIT_HEAD_EMAIL:
        return False
    message = outbox.enqueue(
        kind=KIND,
        key=f"{KEY}{head}-{on}",
        recipient=settings.AUDIT_HEAD_EMAIL,
        payload={"head": str(head), "on": on},
    )
    return message is not None


def write() -> bool:
    """Add the head of now to AUDIT_HEAD_FILE."""
    if not settings.AUDIT_HEAD_FILE:
        return False
    _append(f"{current()}")
    return True


def _append(words: str) -> None:
    """On disk when it returns. Never written over: a folder may allow nothing but adding (chattr +a)."""
    at = clock.now().astimezone(datetime.UTC).isoformat(timespec="seconds")
    place = os.open(settings.AUDIT_HEAD_FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        os.write(place, f"{at} {words}\n".encode())
        os.fsync(place)
    finally:
        os.close(place)


def current() -> AuditHead:
    return AuditHead.objects.filter(pk=1).first() or AuditHead(digest=audit.GENESIS)


def is_missing(noted: NotedHead) -> bool:
    return bool(noted.position) and not AuditLink.objects.filter(position=noted.position, digest=noted.digest).exists()


def in_file() -> tuple[list[NotedHead], list[str]]:
    """What AUDIT_HEAD_FILE holds, oldest first, and its lines that cannot be read. Raises OSError."""
    if not settings.AUDIT_HEAD_FILE:
        return [], []
    noted, odd = [], []
    for number, line in enumerate(Path(settings.AUDIT_HEAD_FILE).read_text(errors="replace").splitlines(), start=1):
        if found := LINE.fullmatch(line):
            noted.append(NotedHead(found[1], int(found[3]), found[4], bool(found[2])))
        elif line.strip():
            odd.append(f"Line {number} of {settings.AUDIT_HEAD_FILE} cannot be read.")
    return standing(noted), odd


def in_mails() -> list[NotedHead]:
    """What was mailed, by the keys of the messages; their words are deleted in time."""
    rows = OutboxMessage.objects.filter(kind=KIND).order_by("pk").values_list("key", "created_at")
    mailed = [
        NotedHead(at.isoformat(timespec="seconds"), int(found[1]), found[2])
        for key, at in rows
        if (found := MAILED.fullmatch(key))
    ]
    put_back = AuditEvent.objects.filter(action=RESTORED).values_list("link__position", "link__digest", "at")
    marks = [
        NotedHead(at.isoformat(timespec="seconds"), position, digest, is_restored=True)
        for position, digest, at in put_back
        if position
    ]
    return standing(sorted([*mailed, *marks], key=lambda head: head.at))


def standing(noted: Iterable[NotedHead]) -> list[NotedHead]:
    """Without those that a database which was put back cannot have."""
    kept: list[NotedHead] = []
    for head in noted:
        if head.is_restored:
            kept = [earlier for earlier in kept if earlier.position < head.position]
        kept.append(head)
    return kept


def compare_all() -> list[str]:
    """Every head that was noted outside and is not in the chain, for `verify_audit`."""
    try:
        noted, problems = in_file()
    except FileNotFoundError:
        noted, problems = [], [f"{settings.AUDIT_HEAD_FILE} is missing."] if _was_written() else []
    except OSError as error:
        noted, problems = [], [f"{settings.AUDIT_HEAD_FILE} cannot be read: {error.strerror}."]
    return [
        *problems,
        *(_loss(head, "in the file") for head in noted if is_missing(head)),
        *(_loss(head, "by mail") for head in in_mails() if is_missing(head)),
    ]


def _was_written() -> bool:
    return Heartbeat.objects.filter(name=DAILY[0]).exists()


def _loss(noted: NotedHead, where: str) -> str:
    now = current().position
    if now < noted.position:
        return f"The chain lost its end: it stands at {now}, and stood at {noted.words} on {noted.at} (noted {where})."
    return f"Link {noted.position} is not {noted.words}, as noted {where} on {noted.at}."


def look(*, seen: Seen) -> bool:
    """Compare the chain with the newest heads that were noted, and with the one of the turn before.

    Raises SomeFailed while one is missing, so that the worker names it; the sign of life says it to everybody else.
    """
    _read_again(seen)
    places = (("in the file", seen.from_file), ("by mail", seen.from_mail), ("by the worker", seen.own))
    lost = [_loss(head, where) for where, head in places if head is not None and is_missing(head)]
    words = lost[0] if lost else ""
    if not lost:
        head = current()
        seen.own = NotedHead(clock.now().isoformat(timespec="seconds"), head.position, head.digest)
    if words != seen.words:
        Heartbeat.beat(COMPARED, failing=[words] if words else [])
        seen.words = words
    if words:
        raise SomeFailed(words)
    return True


def _read_again(seen: Seen) -> None:
    """The file whenever it changed, the mails once: what this worker notes later, it knows by its own turns."""
    signature = None
    with contextlib.suppress(FileNotFoundError):
        found = os.stat(settings.AUDIT_HEAD_FILE) if settings.AUDIT_HEAD_FILE else None
        signature = found and (found.st_ino, found.st_size, found.st_mtime_ns)
    if seen.words is None:
        seen.from_mail = next(iter(reversed(in_mails())), None)
    if signature is None and seen.signature is not None:
        raise SomeFailed(f"{settings.AUDIT_HEAD_FILE} is gone")
    if signature != seen.signature:
        noted, _odd = in_file()
        seen.from_file, seen.signature = (noted[-1] if noted else None), signature


@transaction.atomic
def note_restored(*, reason: str) -> AuditEvent:
    """On record: the database was put back to an earlier time, so what was noted after that is gone for a reason."""
    return audit.record(action=RESTORED, actor="operator", details={"reason": reason[:200]})


def mark_restored() -> None:
    """In the file as well, once the event has its link. Raises OSError."""
    if settings.AUDIT_HEAD_FILE:
        _append(f"restored {current()}")


def state() -> str:
    """The word for the health check."""
    compared = Heartbeat.objects.filter(name=COMPARED).first()
    if compared is None:
        return "never compared"
    if compared.failing:
        return compared.failing
    places = (settings.AUDIT_HEAD_FILE, settings.AUDIT_HEAD_EMAIL)
    if not any(places):
        return "kept nowhere else"
    wanted = [name for name, is_set in zip(DAILY, places, strict=True) if is_set]
    times = dict(Heartbeat.objects.filter(name__in=wanted).values_list("name", "at"))
    late = [name for name in wanted if name not in times or clock.now() - times[name] > LATE_AFTER]
    return f"not done for two days: {', '.join(late)}" if late else "ok"


def alarms() -> list[str]:
    """What staff are told; empty while nothing is lost."""
    if not Heartbeat.objects.filter(name=COMPARED).exclude(failing="").exists():
        return []
    return [
        _(
            "The audit trail is not what it was: entries at its end are missing. Tell whoever runs the server at once, "
            "and change nothing that can wait."
        )
    ]
