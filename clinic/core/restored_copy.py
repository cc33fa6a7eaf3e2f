"""A copy that was restored on PostgreSQL is closed to everybody until `after_restore` has settled it.

On SQLite a copy has its name only then. A server's copy has it from the first row on, and whoever restores it may be
interrupted, or be told that it is not whole. So a mark goes on before the rows: the comment of the database, or, where
the files of a whole server are put back, one of its settings. It stays; an audit event that names it says that the
copy was settled. Every connection looks, so that no order of starting and restoring lets anybody in.
"""

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

SETTLED: Final = "database.restore"
"""The audit event; its details name the marks under `copies`."""
SERVER_SETTING: Final = "clinic.restored_copy"
COMMENT: Final = "Restored copy {}: closed until after_restore has settled it"
MARK: Final = re.compile(r"[0-9a-f]{32}")
MARKS: Final = """
    SELECT shobj_description(oid, 'pg_database'), current_setting('clinic.restored_copy', true)
    FROM pg_database WHERE datname = current_database()
"""
IS_SETTLED: Final = "SELECT 1 FROM core_auditevent WHERE action = %s AND details @> %s LIMIT 1"
_is_settling: ContextVar[bool] = ContextVar("is_settling", default=False)
_settled: set[str] = set()
"""What this process has seen to be settled: none is ever unsettled again."""


class Unsettled(OperationalError):
    """The database is a restored copy that was not settled. For visitors it is away, as one that does not answer."""

    def __init__(self) -> None:
        super().__init__("this is a restored copy that is not settled")


def new_mark() -> str:
    return secrets.token_hex(16)


def mark_database(cursor: Any) -> None:
    """Close the database to which a cursor of psycopg is connected. Its owner may. The caller commits."""
    cursor.execute("SELECT quote_ident(current_database())")
    [(name,)] = cursor.fetchall()
    cursor.execute(f"COMMENT ON DATABASE {name} IS %s", [COMMENT.format(new_mark())])


def marks(used: BaseDatabaseWrapper) -> list[str]:
    """Those of this copy, settled or not."""
    if used.vendor != "postgresql":
        return []
    with used.cursor() as cursor:
        return _marks(cursor)


def _marks(cursor: Any) -> list[str]:
    cursor.execute(MARKS)
    comment, setting = cursor.fetchone() or ("", "")
    is_ours = str(comment or "").startswith(COMMENT.partition("{")[0])
    found = [MARK.search(str(comment)) if is_ours else None, MARK.fullmatch(setting or "")]
    return [match[0] for match in found if match]


def is_closed(used: BaseDatabaseWrapper) -> bool:
    """Asked past Django, which has only just made the connection."""
    with used.connection.cursor() as cursor:
        return any(not _was_settled(cursor, mark) for mark in _marks(cursor))


def _was_settled(cursor: Any, mark: str) -> bool:
    if mark in _settled:
        return True
    cursor.execute("SELECT to_regclass('core_auditevent')")
    if cursor.fetchone() == (None,):
        return False
    cursor.execute(IS_SETTLED, [SETTLED, json.dumps({"copies": [mark]})])
    if cursor.fetchone() is None:
        return False
    _settled.add(mark)
    return True


@contextmanager
def settling() -> Iterator[None]:
    """Let whoever settles the copy in."""
    before = _is_settling.set(True)
    try:
        yield
    finally:
        _is_settling.reset(before)


def refuse_unsettled(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    if connection.vendor == "postgresql" and not _is_settling.get() and is_closed(connection):
        connection.close()
        raise Unsettled


def register() -> None:
    connection_created.connect(refuse_unsettled)
