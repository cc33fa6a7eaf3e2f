"""The migrated tables on PostgreSQL: made once, kept as a database of their own, and copied by each process and run.

To migrate takes seventeen seconds of a processor in each process, to copy half a second. The name says of which
migrations it is the outcome; one of other migrations goes when it is made. Whoever copies holds a lock with the other
copiers, and whoever makes it holds it alone.
"""

from contextlib import ExitStack
from typing import Any, Final

from django.conf import settings
from django.db import connection

from tests import migrated

PREFIX: Final = "migrated_tables_"
LOCK: Final = 0x636C696E
"""Any number that nothing else in the cluster locks."""
_held = ExitStack()
_cursors: list[Any] = []


def begin() -> None:
    """Wait until nobody makes them, and copy them if they are there. Call before the test database is made."""
    cursor = _held.enter_context(connection._nodb_cursor())
    cursor.execute("SET lock_timeout = 0; SET statement_timeout = 0")
    cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    if name() in _there(cursor):
        cursor.execute("SELECT pg_advisory_lock_shared(%s), pg_advisory_unlock(%s)", [LOCK, LOCK])
        settings.DATABASES["default"]["TEST"]["TEMPLATE"] = name()
    _cursors.append(cursor)


def keep() -> None:
    """Keep the tables that this process migrated, if there were none; let the next process go on."""
    (cursor,) = _cursors
    there = _there(cursor)
    if name() not in there:
        own = connection.settings_dict["NAME"]
        connection.close()
        for old in there:
            cursor.execute(f"DROP DATABASE IF EXISTS {connection.ops.quote_name(old)}")
        quoted = map(connection.ops.quote_name, (name(), own))
        cursor.execute("CREATE DATABASE {} TEMPLATE {}".format(*quoted))
    let_go()


def let_go() -> None:
    """Let the next process go on."""
    _cursors.clear()
    _held.close()


def name() -> str:
    return f"{PREFIX}{migrated.digest()[:16]}"


def _there(cursor: Any) -> list[str]:
    cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
    return [found for (found,) in cursor.fetchall()]
