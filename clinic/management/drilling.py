"""The drill: could the clinic go on from its newest backup, how much would be lost, and how long would it take?"""

import contextlib
import dataclasses
import os
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from pyrage.x25519 import Identity

from clinic.core import clock
from clinic.core.backups import container, examining
from clinic.core.backups.refusals import BackupRefused
from clinic.management import restoring
from clinic.management.scratch_cluster import scratch_database

MAY_BE_LOST: Final = timedelta(minutes=5)
"""RPO: what was written within so long before the end may be gone."""
MAY_TAKE: Final = timedelta(minutes=15)
"""RTO: so long after somebody began to restore, the clinic works again."""


@dataclasses.dataclass(frozen=True, slots=True)
class Drilled:
    rows: list[tuple[str, str]]
    missed: list[str]


def drill(folder: Path, *, identity: Identity, into: dict[str, Any] | None = None, wal: Path | None = None) -> Drilled:
    """Restore the newest backup of a folder where it does no harm, and throw it away. Raises BackupRefused."""
    begun = time.monotonic()
    archived = None if wal is None else _archived_ago(wal)
    path = examining.newest(folder)
    kind = str(container.read_header(path).get("kind"))
    with _place(kind, into) as given:
        wish = restoring.Wish(into=given, identity=identity)
        done = restoring.restore(path, wish)
    took = timedelta(seconds=time.monotonic() - begun)
    age = clock.now() - datetime.fromisoformat(done.made_at)
    lost = age if archived is None else min(age, archived + timedelta(seconds=time.monotonic() - begun))
    missed = []
    if lost > MAY_BE_LOST:
        missed.append(f"What was written in the last {_words(lost)} would be lost; {_words(MAY_BE_LOST)} may be.")
    if took > MAY_TAKE:
        missed.append(f"It took {_words(took)}; {_words(MAY_TAKE)} is the target.")
    if not done.is_complete:
        missed.append("The restored copy is not finished: see above.")
    rows = [
        ("Backup", f"{path.name}, {path.stat().st_size} bytes"),
        ("Made", f"{done.made_at}, {_words(age)} ago"),
        *(("Found", line) for line in done.lines),
        *((f"Took to {name}", f"{seconds:.1f} s") for name, seconds in done.seconds.items()),
        ("Would be lost", f"{_words(lost)} (RPO {_words(MAY_BE_LOST)}): {_kept(lost, MAY_BE_LOST)}"),
        ("Took in all", f"{_words(took)} (RTO {_words(MAY_TAKE)}): {_kept(took, MAY_TAKE)}"),
    ]
    return Drilled(rows, missed)


@contextlib.contextmanager
def _place(kind: str, into: dict[str, Any] | None) -> Iterator[dict[str, Any]]:
    if into is not None:
        yield into
    elif kind == "dump":
        with scratch_database() as given:
            yield given
    else:
        with tempfile.TemporaryDirectory(prefix="clinic-drill-") as folder:
            yield {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder}/drill.sqlite3"}


def _archived_ago(wal: Path) -> timedelta:
    """Since the newest segment reached the archive. Raises BackupRefused for a folder that cannot be looked into."""
    if not os.access(wal, os.R_OK | os.X_OK):
        raise BackupRefused(
            f"The WAL archive {wal} cannot be read by this user, so nobody can say how much would be lost. Let its "
            f"group look into it: chgrp clinic {wal} && chmod 750 {wal}"
        )
    times = [file.stat().st_mtime for file in wal.glob("*.age")]
    return clock.now() - datetime.fromtimestamp(max(times, default=0), tz=UTC)


def _kept(found: timedelta, target: timedelta) -> str:
    return "kept" if found <= target else "MISSED"


def _words(span: timedelta) -> str:
    seconds = span.total_seconds()
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 2 * 3600 else f"{seconds / 3600:.1f} hours"
