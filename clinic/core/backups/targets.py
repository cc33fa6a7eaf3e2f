"""Where a backup is restored to. Nothing is ever written over: what was there before is kept under another name."""

import contextlib
import os
import secrets
import sqlite3
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import psycopg2.errors
from django.utils import timezone

from clinic.core import database_state, restored_copy
from clinic.core.backups import contents, folder, postgres
from clinic.core.backups.making import KEPT_SCHEMA
from clinic.core.backups.refusals import BackupRefused
from clinic.core.environment import ENGINES


def parse(url: str) -> dict[str, Any]:
    """Django's DATABASES entry. Raises BackupRefused, also for a password: every user of the machine could read it."""
    example = "postgres://clinic@127.0.0.1:5432/clinic_restored or sqlite:////srv/clinic/restored.sqlite3"
    try:
        password = urlsplit(url).password
        # What it warns of is refused below; the warning would show the password.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found: dict[str, Any] = environ.Env.db_url_config(url)
    except (ValueError, KeyError):
        password, found = None, {}
    if password:
        raise BackupRefused(
            "A password must not stand on a command line. Leave it out of --into, and put it into ~/.pgpass "
            "(chmod 600) or into PGPASSWORD."
        )
    if found.get("ENGINE") not in ENGINES or not found["NAME"] or found["NAME"] == ":memory:":
        raise BackupRefused(f"--into must be the address of a database, as in {example}.")
    return found


def address_of(given: dict[str, Any]) -> str:
    """The same as DATABASE_URL, without a password, and without the folder of a socket: PostgreSQL's programs take both
    from their environment.
    """
    name = given["NAME"]
    if not given["ENGINE"].endswith("postgresql"):
        return f"sqlite:///{name}"
    user = f"{given['USER']}@" if given.get("USER") else ""
    port = f":{given['PORT']}" if given.get("PORT") else ""
    host = str(given.get("HOST") or "")
    return f"postgres://{user}/{name}" if host.startswith("/") else f"postgres://{user}{host}{port}/{name}"


def require_kind(given: dict[str, Any], kind: str) -> None:
    is_postgres = given["ENGINE"].endswith("postgresql")
    if is_postgres != (kind == "dump"):
        there = "PostgreSQL" if is_postgres else "SQLite"
        made = "an SQLite database" if kind == "sqlite" else "a PostgreSQL database"
        raise BackupRefused(f"This is a backup of {made}, and --into names one of {there}.")


def require_empty(given: dict[str, Any], *, replace: str) -> bool:
    """Whether there is something to be put aside. Raises BackupRefused for rows that `replace` does not name."""
    filled = _filled_tables(given)
    if not filled:
        return False
    name = Path(given["NAME"]).name if not given["ENGINE"].endswith("postgresql") else given["NAME"]
    if replace != name:
        wrong = f" (--replace names {replace})" if replace else ""
        raise BackupRefused(
            f"The database {given['NAME']} holds rows already, {filled[0]} among its tables{wrong}. Nothing was "
            f"written. Restore into a new one beside it; or, to put this one aside, add --replace {name}."
        )
    return True


def _filled_tables(given: dict[str, Any]) -> list[str]:
    if given["ENGINE"].endswith("postgresql"):
        with postgres.connected(given) as opened:
            cursor = opened.cursor()
            counts = contents.count(cursor, contents.tables_in(cursor, "postgresql"))
    else:
        path = Path(given["NAME"])
        if not path.parent.is_dir():
            raise BackupRefused(f"There is no folder {path.parent} to restore into.")
        if not path.exists() or not path.stat().st_size:
            return []
        try:
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=10)) as opened:
                cursor = opened.cursor()
                counts = contents.count(cursor, contents.tables_in(cursor, "sqlite"))
        except sqlite3.Error:
            return ["what is no SQLite database"]
    return sorted((name for name, rows in counts.items() if rows), key=lambda name: name.startswith("django_"))


@contextlib.contextmanager
def sqlite_beside(payload: Path, path: Path) -> Iterator[Path]:
    """The copy under a name that nobody uses, until it is verified; then `take_place`."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.restored")
    payload.rename(beside)
    try:
        yield beside
    finally:
        for suffix in ("", *database_state.SIDE_FILES):
            Path(f"{beside}{suffix}").unlink(missing_ok=True)


def take_place(beside: Path, path: Path) -> Path | None:
    """Give the verified copy its name, and what had that name another one, which is returned.

    Raises BackupRefused while another program has the old one open: it would go on writing to what was put aside.
    """
    kept = None
    with contextlib.closing(sqlite3.connect(beside)) as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if path.exists() and path.stat().st_size:
        _require_unused(path)
        kept = path.with_name(f"{path.stem}-before-restore-{_stamp()}{path.suffix}")
        path.rename(kept)
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    for suffix in database_state.SIDE_FILES:
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    beside.rename(path)
    folder.sync_folder(path.parent)
    return kept


def _stamp() -> str:
    return timezone.now().strftime("%Y%m%dT%H%M%SZ")


def _require_unused(path: Path) -> None:
    """Only who is alone may leave the journal that all of ours are in; what stands in it then goes into the file."""
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=2)) as opened:
            opened.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as problem:
        if getattr(problem, "sqlite_errorcode", None) == sqlite3.SQLITE_NOTADB:
            return  # what is damaged is put aside as it is
        raise BackupRefused(
            f"The database {path} is in use ({problem}). Stop clinic-web and clinic-worker first; nothing was changed."
        ) from None


def put_aside(given: dict[str, Any]) -> str:
    """Move what a PostgreSQL database holds into a schema of another name, which is returned. Raises BackupRefused
    while somebody else is connected.
    """
    kept = f"{KEPT_SCHEMA}{_stamp().lower()}"
    with postgres.connected(given) as opened, opened, opened.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        if others := cursor.fetchone()[0]:
            raise BackupRefused(
                f"{others} others are connected to {given['NAME']}. Stop clinic-web and clinic-worker first; nothing "
                "was changed."
            )
        cursor.execute(
            "SELECT extname FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace WHERE nspname = 'public'"
        )
        extensions = [name for (name,) in cursor.fetchall()]
        _close(cursor, given)
        cursor.execute(f"ALTER SCHEMA public RENAME TO {kept}")
        cursor.execute("CREATE SCHEMA public")
        cursor.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")
        for name in extensions:
            cursor.execute(f'ALTER EXTENSION "{name}" SET SCHEMA public')
    return kept


def _close(cursor: Any, given: dict[str, Any]) -> None:
    """Nobody but `after_restore` gets in until the copy was settled. Raises BackupRefused."""
    try:
        restored_copy.mark_database(cursor)
    except psycopg2.errors.InsufficientPrivilege:
        who = given.get("USER") or "this user"
        raise BackupRefused(
            f"The database {given['NAME']} does not belong to {who}. Nothing was written. Make one that does: "
            f"createdb --owner={who} (docs/operations.md, Restore)."
        ) from None


def fill_postgres(given: dict[str, Any], payload: Path) -> None:
    """All of it or nothing, in one transaction. Whose it is and who may what is for `deploy/roles.sql` and `migrate`.

    Raises BackupRefused.
    """
    with postgres.connected(given) as opened, opened, opened.cursor() as cursor:
        server = postgres.server_major(opened)
        _close(cursor, given)
    arguments = [
        postgres.program("pg_restore", server=server), "--single-transaction", "--exit-on-error", "--no-owner",
        "--no-password", f"--dbname={given['NAME']}", "--no-acl", str(payload),
    ]  # fmt: skip
    postgres.run(arguments, given=given)
