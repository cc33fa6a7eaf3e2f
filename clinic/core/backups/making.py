"""Makes a backup: a consistent copy of the database, what it holds, and the keys that it needs."""

import contextlib
import dataclasses
import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from clinic.core import clock, encryption, key_fingerprints
from clinic.core.backups import container, contents, folder, keys, postgres
from clinic.core.backups.container import BLOCK
from clinic.core.backups.contents import Contents
from clinic.core.backups.refusals import BackupRefused

SEAL: Final = "seal of a backup"
COPY_SUFFIX: Final = ".copy-for-backup"
LEFT_AFTER: Final = 24 * 60 * 60
"""Seconds after which a plain copy was left there by a backup that was killed."""


@dataclasses.dataclass(frozen=True, slots=True)
class DatabaseSource:
    """What goes into one backup: the copy as blocks, and what it holds."""

    kind: str
    engine: str
    contents: Contents
    payload: Iterable[bytes]
    wal_from: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Made:
    path: Path
    contents: Contents
    seconds: float
    removed: int


def make(place: Path, *, is_base: bool = False) -> Made:
    """Write one backup of the database to a folder, and remove what the timetable no longer wants.

    Raises BackupRefused; then there is no new file, and those of before are all there.
    """
    begun, made_at = time.monotonic(), clock.now()
    recipients = _recipients()
    with folder.held(place), _source(is_base=is_base) as source:
        key_id = _fitting_key(source.contents)
        header = _header(source, made_at, recipients, key_id)
        path = place / folder.name_of(made_at, source.kind)
        folder.write_whole(
            path,
            lambda out: container.write(
                out,
                header=header,
                manifest={"header": header, **dataclasses.asdict(source.contents)},
                payload=source.payload,
                recipients=recipients,
                seal_key=encryption.derived_key(key_id, purpose=SEAL),
            ),
        )
        gone = folder.superfluous(folder.in_folder(place), keep=settings.BACKUP_KEEP, now=clock.now())
        gone = [item for item in gone if item.path != path and _is_of(item.path, source.contents.installation)]
        folder.remove(gone)
    return Made(path, source.contents, time.monotonic() - begun, len(gone))


def _recipients() -> list[Any]:
    try:
        found = keys.recipients(settings.BACKUP_KEY)
    except ValueError as problem:
        raise BackupRefused(str(problem)) from None
    if not found:
        raise BackupRefused("BACKUP_KEY is not set. Make a key pair with make_backup_key (docs/operations.md).")
    return found


def _fitting_key(held: Contents) -> str:
    """The newest field key, when all of them are those of this database: the seal is made with it."""
    given = encryption.key_fingerprints()
    known = {name: (digest, False) for name, digest in held.field_keys.items()}
    problems = key_fingerprints.compare(given, known, is_index_key_set=bool(settings.INDEX_KEY))
    if problems:
        raise BackupRefused(
            " ".join(problem.sentence for problem in problems)
            + " Put FIELD_KEYS and INDEX_KEY back as they were: a backup made with other keys could not be restored."
        )
    return encryption.current_key_id()


def _header(source: DatabaseSource, made_at: datetime, recipients: list[Any], key_id: str) -> dict[str, Any]:
    """Fingerprints only: of the keys themselves there is nothing in a backup."""
    return {
        "kind": source.kind,
        "made_at": made_at.isoformat(timespec="seconds"),
        "program": settings.APP_VERSION,
        "site": settings.SITE_HOST,
        "engine": source.engine,
        "installation": source.contents.installation,
        "backup_keys": [keys.fingerprint(recipient) for recipient in recipients],
        "field_keys": source.contents.field_keys,
        "seal": {"key": key_id, "fingerprint": encryption.key_fingerprints()[key_id]},
        "wal_from": source.wal_from,
    }


def _is_of(path: Path, installation: str) -> bool:
    """Whether a file may be removed by the timetable of this installation: another one's, or a damaged one, may not."""
    try:
        return bool(container.read_header(path).get("installation") == installation)
    except BackupRefused:
        return False


def source_database() -> dict[str, Any]:
    return settings.BACKUP_DATABASE or connection.settings_dict


def _source(*, is_base: bool) -> contextlib.AbstractContextManager[DatabaseSource]:
    given = source_database()
    if given["ENGINE"].endswith("postgresql"):
        return _postgres_base(given) if is_base else _postgres_dump(given)
    if is_base:
        raise BackupRefused("Only PostgreSQL has base backups. Of SQLite, make backups every five minutes.")
    return _sqlite(Path(given["NAME"]))


@contextlib.contextmanager
def _sqlite(database: Path) -> Iterator[DatabaseSource]:
    """A copy made beside the database, on the same disk, for as long as it takes: others go on writing."""
    _remove_left(database)
    copy = database.with_name(f".{database.name}.{secrets.token_hex(4)}{COPY_SUFFIX}")
    try:
        os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        # It only reads; but through a connection that may not write, SQLite fails to copy computed columns.
        opened = sqlite3.connect(f"file:{quote(str(database.absolute()))}?mode=rw", uri=True, timeout=60)
        with contextlib.closing(opened):
            opened.execute("VACUUM INTO ?", [str(copy)])
        with contextlib.closing(sqlite3.connect(copy)) as opened:
            held = contents.of(opened.cursor(), "sqlite")
        yield DatabaseSource("sqlite", f"SQLite {sqlite3.sqlite_version}", held, _blocks_of(copy))
    except sqlite3.Error as problem:
        free = shutil.disk_usage(database.absolute().parent).free >> 20
        raise BackupRefused(
            f"The database {database} could not be copied: {problem}. It needs as much free space beside it as it has "
            f"itself; {free} MB are free."
        ) from None
    except OSError as problem:
        raise folder.unwritable(database.absolute().parent, problem) from problem
    finally:
        copy.unlink(missing_ok=True)


def _remove_left(database: Path) -> None:
    for left in database.absolute().parent.glob(f".{database.name}.*{COPY_SUFFIX}"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > LEFT_AFTER:
                left.unlink()


def _blocks_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


@contextlib.contextmanager
def _postgres_dump(given: dict[str, Any]) -> Iterator[DatabaseSource]:
    """The counts and the dump come from one snapshot, which stays open until the dump is written."""
    with postgres.connected(given) as opened:
        opened.set_session(isolation_level="REPEATABLE READ", readonly=True)
        cursor = opened.cursor()
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        held = contents.of(cursor, "postgresql")
        dump = [
            postgres.program("pg_dump", server=postgres.server_major(opened)),
            "--format=custom", "--compress=0", "--no-password", "--lock-wait-timeout=60s", f"--snapshot={snapshot}",
            f"--exclude-schema={KEPT_SCHEMA}*",
        ]  # fmt: skip
        yield DatabaseSource("dump", _engine(opened), held, postgres.output_of(dump, given=given))


KEPT_SCHEMA: Final = "before_restore_"
"""What was in a database that a restore replaced is kept in it under such a name, and belongs to no backup."""


@contextlib.contextmanager
def _postgres_base(given: dict[str, Any]) -> Iterator[DatabaseSource]:
    """The files of the whole server, from which its WAL archive leads to any later moment."""
    with postgres.connected(given) as opened:
        cursor = opened.cursor()
        held = dataclasses.replace(contents.of(cursor, "postgresql"), counts={})
        cursor.execute("SELECT pg_walfile_name(pg_current_wal_lsn())")
        wal_from = cursor.fetchone()[0]
        opened.rollback()
        base = [
            postgres.program("pg_basebackup", server=postgres.server_major(opened)),
            "--pgdata=-", "--format=tar", "--wal-method=fetch", "--checkpoint=fast", "--no-password",
        ]  # fmt: skip
        yield DatabaseSource("base", _engine(opened), held, postgres.output_of(base, given=given), wal_from)


def _engine(opened: Any) -> str:
    return f"PostgreSQL {opened.get_parameter_status('server_version').split()[0]}"
