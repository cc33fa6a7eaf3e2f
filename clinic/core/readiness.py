"""What `/readyz` says: whether pages can be served at all, and what else whoever runs the site should know."""

import logging
import shutil
import tempfile
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Count, Min
from django.http import HttpRequest
from django.utils.module_loading import import_string

from clinic.core import audit_heads, clock, key_fingerprints, restored_copy
from clinic.core.backups import last_backup
from clinic.core.encryption import KeysUnusable
from clinic.core.housekeeping import worker_state
from clinic.core.logs import cause_of, note_cause
from clinic.core.models import OutboxMessage
from clinic.core.outbox import UNDELIVERED

logger = logging.getLogger(__name__)
LATE_MINUTES: Final = 15
"""A message that has waited longer meets a fault: the pauses after a first failure are shorter."""
LOW_BYTES: Final = 1024**3
LOW_SHARE: Final = 0.05
OLD_BACKUP: Final = timedelta(hours=26)
"""Whatever the timetable, one is made each day."""
DATABASE_FOLDER: Final = Path("/var/lib/postgresql")


def report(request: HttpRequest | None = None) -> tuple[dict[str, str], bool]:
    """A word for each thing, and whether pages can be served: only the database decides that.

    It is asked for the revision of the pages that everybody may read. When it does not answer, or has no tables,
    nothing is left but what this process still holds in memory. Whatever else is wrong is named and stops no page.
    """
    known = {"database": _database(request)}
    is_ready = known["database"] == "ok"
    for path in settings.READINESS:
        name, word = _probe(path) if is_ready else (path.rpartition(".")[2], "unknown")
        known[name] = word
    return known, is_ready


def _database(request: HttpRequest | None) -> str:
    try:
        import_string(settings.PAGE_CACHE_REVISION)()
    except Error as problem:
        note_cause(request, cause_of(problem))
        return "restored, not settled" if isinstance(problem, restored_copy.Unsettled) else "down"
    return "ok"


def _probe(path: str) -> tuple[str, str]:
    """A probe that fails is itself something to know, and keeps the others from nothing."""
    try:
        name, word = import_string(path)()
    except Exception:
        logger.exception("readyz: the probe %s failed", path)
        return path.rpartition(".")[2], "unknown"
    return name, word


def worker() -> tuple[str, str]:
    return worker_state()


def keys() -> tuple[str, str]:
    """Compared afresh each time; `k1 wrong, k2 missing` where they do not fit."""
    try:
        key_fingerprints.look_again()
    except KeysUnusable as problem:
        return "keys", problem.short
    return "keys", "ok"


def outbox() -> tuple[str, str]:
    """What was due for a quarter of an hour, and what is given up and nobody has seen to."""
    now = clock.now()
    waiting = OutboxMessage.objects.filter(sent_at=None, parked_at=None, due_at__lte=now).aggregate(
        number=Count("pk"), oldest=Min("send_at")
    )
    parked = OutboxMessage.objects.filter(UNDELIVERED).count()
    words = []
    minutes = int((now - waiting["oldest"]).total_seconds() // 60) if waiting["oldest"] else 0
    if minutes >= LATE_MINUTES:
        words.append(f"{waiting['number']} waiting for up to {minutes} minutes")
    if parked:
        words.append(f"{parked} not delivered")
    return "outbox", ", ".join(words) or "ok"


def migrations() -> tuple[str, str]:
    """What this program has and the database has not, and the other way round."""
    applied = {name for name in MigrationRecorder(connection).applied_migrations() if name[0] in _known_apps()}
    missing = [f"{app} {name} not applied" for app, name in sorted(_known() - applied)]
    unknown = [f"{app} {name} of another version" for app, name in sorted(applied - _known())]
    return "migrations", ", ".join([*missing, *unknown]) or "ok"


@cache
def _known() -> frozenset[tuple[str, str]]:
    """Read once: the files of a running process do not change."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return frozenset(
        (app, name) for app, name in loader.disk_migrations if not loader.disk_migrations[app, name].replaces
    )


@cache
def _known_apps() -> frozenset[str]:
    return frozenset(app for app, _ in _known())


def disk() -> tuple[str, str]:
    """Room where this machine writes: the database if it is here, passing files, the head of the audit trail."""
    low = []
    for place in dict.fromkeys(_written_to()):
        usage = shutil.disk_usage(place)
        if usage.free < min(LOW_BYTES, usage.total * LOW_SHARE):
            low.append(f"{usage.free // 1024**2} MB left in {place}")
    return "disk", ", ".join(low) or "ok"


def _written_to() -> list[Path]:
    database = connection.settings_dict
    places = [Path(tempfile.gettempdir())]
    if connection.vendor == "sqlite":
        places.append(Path(str(database["NAME"])).absolute().parent)
    elif database["HOST"] in ("", "localhost", "127.0.0.1", "::1") or database["HOST"].startswith("/"):
        places.append(DATABASE_FOLDER)
    if settings.AUDIT_HEAD_FILE:
        places.append(Path(settings.AUDIT_HEAD_FILE).parent)
    return [place for place in places if place.is_dir()]


def audit() -> tuple[str, str]:
    return "audit", audit_heads.state()


def backup() -> tuple[str, str]:
    """How old the newest whole backup is, as long as somebody said where backups are kept."""
    if not settings.BACKUP_FOLDER:
        return "backup", "no folder"
    newest = last_backup()
    if newest is None:
        return "backup", "none"
    hours = int(newest.age.total_seconds() // 3600)
    return "backup", f"{hours} hours old" if newest.age > OLD_BACKUP else "ok"
