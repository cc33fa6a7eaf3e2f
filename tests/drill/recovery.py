"""The last part of the drill on PostgreSQL: kill the server while somebody writes, and recover to the last minute."""

import contextlib
import datetime
import shlex
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg2

from clinic.core.backups import postgres
from clinic.management.scratch_cluster import Cluster, own

if TYPE_CHECKING:
    from tests.drill.__main__ import Clinic

ROOT = Path(__file__).resolve().parent.parent.parent
ARCHIVE_EVERY = 5
"""Seconds after which a segment is archived. A clinic has 120."""
WRITES_FOR = 25
"""Seconds."""


def archiving(wal: Path, public_key: str) -> dict[str, str]:
    command = [sys.executable, str(ROOT / "deploy" / "archive_wal.py"), "put", "--to", str(wal), "--key", public_key]
    return {
        "archive_mode": "on",
        "archive_timeout": str(ARCHIVE_EVERY),
        "archive_command": shlex.quote(f"{shlex.join(command)} %p"),
    }


class Writer(threading.Thread):
    """Somebody who writes a moment every tenth of a second, and remembers each that was acknowledged."""

    def __init__(self, given: dict[str, Any]) -> None:
        super().__init__(daemon=True)
        self.given, self.acknowledged = given, list[datetime.datetime]()
        self.stop = threading.Event()

    def run(self) -> None:
        with contextlib.suppress(psycopg2.Error), postgres.connected(self.given) as opened:
            opened.autocommit = True
            cursor = opened.cursor()
            cursor.execute("CREATE TABLE written (at timestamptz)")
            while not self.stop.wait(0.1):
                now = datetime.datetime.now(datetime.UTC)
                cursor.execute("INSERT INTO written VALUES (%s)", [now])
                self.acknowledged.append(now)


def to_the_last_minute(clinic: "Clinic", server: Cluster, wal: Path) -> None:
    begun = time.monotonic()
    clinic.must("backup", "--base")
    file = max(clinic.backups.glob("*-base.backup"))
    clinic.note("base backup", f"{file.stat().st_size / 1e6:.1f} MB in {time.monotonic() - begun:.1f} s")
    writer = Writer(server.entry())
    writer.start()
    time.sleep(WRITES_FOR)
    server.stop()
    died = datetime.datetime.now(datetime.UTC)
    writer.stop.set()
    writer.join()

    begun = time.monotonic()
    again = Cluster(clinic.folder / "again")
    again.data.mkdir(parents=True, mode=0o700)
    clinic.must("restore", str(file), "--into", str(again.data), "--identity", clinic.paper, "--wal", str(wal))
    own(again.folder)
    again.folder.chmod(0o700)
    again.start({"hot_standby": "off"})
    try:
        found = _written(again.entry())
        lost = [at for at in writer.acknowledged if at not in found]
        seconds = (died - min(lost)).total_seconds() if lost else 0.0
        clinic.note(
            "server killed: writes lost",
            f"{len(lost)} of {len(writer.acknowledged)}, the last {seconds:.1f} s (archived every {ARCHIVE_EVERY} s)",
            len(found) > 0 and seconds < 300,
        )
        address = f"postgres:///drill?host={again.folder}&user=clinic"
        said = clinic.must("after_restore", "--facts", str(again.data / "clinic-restore.json"), DATABASE_URL=address)
        took = time.monotonic() - begun
        clinic.note("recovered and verified", f"{took:.1f} s (RTO 900 s)", took < 900)
        for line in said.splitlines():
            print(f"            | {line}")
    finally:
        again.stop()


def _written(given: dict[str, Any]) -> set[datetime.datetime]:
    """Once the server takes writes: until then it still recovers."""
    for _ in range(600):
        with contextlib.suppress(Exception), postgres.connected(given) as opened, opened.cursor() as cursor:
            cursor.execute("SELECT pg_is_in_recovery()")
            if not cursor.fetchone()[0]:
                cursor.execute("SELECT at FROM written")
                return {at for (at,) in cursor.fetchall()}
        time.sleep(0.1)
    raise SystemExit("The server did not recover within a minute.")
