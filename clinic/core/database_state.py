"""What stands in a database, read without changing a byte of it: before anything else opens it.

Django's own connection is of no use for that on SQLite. It makes a file that is not there, and switches its journal.
"""

import dataclasses
import sqlite3
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from django.db.backends.base.base import BaseDatabaseWrapper

SIDE_FILES: Final = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database file while it is in use, and leaves there after a crash."""
POSTGRESQL_TABLES: Final = """
    SELECT t.relname FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE t.relkind IN ('r', 'p') AND pg_table_is_visible(t.oid)
    AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%%'
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
"""
"""Visible tables of our own search path, without those that belong to an extension."""
POSTGRESQL_COLUMNS: Final = """
    SELECT t.relname, c.attname, c.attnotnull AND NOT c.atthasdef AND c.attidentity = ''
    FROM pg_attribute c JOIN pg_class t ON t.oid = c.attrelid
    WHERE t.relname = ANY(%s) AND pg_table_is_visible(t.oid) AND c.attnum > 0 AND NOT c.attisdropped
"""
SQLITE_TABLES: Final = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
SQLITE_COLUMNS: Final = """
    SELECT t.name, c.name, c."notnull" AND c.dflt_value IS NULL AND NOT c.pk AND NOT c.hidden
    FROM sqlite_master t JOIN pragma_table_xinfo(t.name) c WHERE t.type = 'table' AND t.name IN (%s) AND c.hidden <> 1
"""
"""`hidden` is over 1 for a column that the database works out by itself."""
MIGRATIONS: Final = "django_migrations"
APPLIED: Final = "SELECT app, name FROM django_migrations"
Columns = dict[str, dict[str, bool]]
"""Table -> column -> whether a new row must give it a value."""


@dataclasses.dataclass(frozen=True, slots=True)
class DatabaseState:
    """The tables there, the migrations recorded as (app, name), and the columns of the tables asked about."""

    tables: frozenset[str]
    applied: frozenset[tuple[str, str]]
    columns: Columns


EMPTY: Final = DatabaseState(frozenset(), frozenset(), {})


def of_sqlite(path: Path, wanted: Collection[str]) -> DatabaseState:
    """`wanted` names the tables whose columns are read. Raises sqlite3.Error for what SQLite cannot read."""
    if not path.exists() or not path.stat().st_size:
        return EMPTY
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    if not any(Path(f"{path}{suffix}").exists() for suffix in SIDE_FILES):
        try:
            # Nobody has it open: read like this, not even a side file is made.
            return _sqlite(f"{address}&immutable=1", wanted)
        except sqlite3.Error:
            pass  # or somebody has just opened it
    return _sqlite(address, wanted)


def _sqlite(address: str, wanted: Collection[str]) -> DatabaseState:
    opened = sqlite3.connect(address, uri=True, timeout=5)
    try:
        tables = frozenset(name for (name,) in opened.execute(SQLITE_TABLES))
        applied = opened.execute(APPLIED).fetchall() if MIGRATIONS in tables else []
        marks = ", ".join("?" * len(wanted))
        return DatabaseState(tables, frozenset(applied), _columns(opened.execute(SQLITE_COLUMNS % marks, list(wanted))))
    finally:
        opened.close()


def of_postgresql(connection: BaseDatabaseWrapper, wanted: Collection[str]) -> DatabaseState:
    """As `of_sqlite`. Raises DatabaseError."""
    with connection.cursor() as cursor:
        cursor.execute(POSTGRESQL_TABLES, [])
        tables = frozenset(name for (name,) in cursor.fetchall())
        applied = []
        if MIGRATIONS in tables:
            cursor.execute(APPLIED)
            applied = cursor.fetchall()
        cursor.execute(POSTGRESQL_COLUMNS, [list(wanted)])
        return DatabaseState(tables, frozenset(applied), _columns(cursor.fetchall()))


def _columns(rows: Any) -> Columns:
    columns: Columns = {}
    for table, column, must_be_given in rows:
        columns.setdefault(table, {})[column] = bool(must_be_given)
    return columns
