"""What a database error is about, in words that hold no value: for decisions and for the log."""

import re
from functools import cache
from typing import Final

from django.apps import apps
from django.db import Error, IntegrityError, InterfaceError, InternalError, OperationalError
from django.db.models import UniqueConstraint

LOST_RACE_CODES: Final = ("40P01", "40001", "55P03")
"""PostgreSQL's deadlock, serialization failure and lock timeout: nothing is wrong but the moment."""
READ_ONLY_CODE: Final = "25006"
UNIQUE: Final = re.compile(r"UNIQUE constraint failed: (\w+\.\w+(?:, \w+\.\w+)*)")
CHECK: Final = re.compile(r"CHECK constraint failed: (\w+)")
NOT_NULL: Final = re.compile(r"NOT NULL constraint failed: ([\w.]+)")
KEY: Final = re.compile(r"Key \(([\w, ]+)\)=")
NAME: Final = re.compile(r"\w+")
APPEND_ONLY: Final = re.compile(r"rows of (\w+) are never changed or removed")
AWAY: Final = (
    "connection refused",
    "could not connect",
    "connection already closed",
    "server closed the connection",
    "the database system is starting up",
    "the database system is shutting down",
    "the database system is in recovery mode",
    "too many clients",
    "remaining connection slots are reserved",
    "timeout expired",
    "could not translate host name",
    "ssl connection has been closed",
    "terminating connection",
    "database is locked",
    "unable to open database file",
    "disk i/o error",
    "database or disk is full",
    "no space left on device",
    "attempt to write a readonly database",
    "no such table",
    "restored copy that is not settled",
)
"""What servers and drivers say of themselves; anything else they say may quote a value."""


def constraint_of(error: IntegrityError) -> str:
    """The name of the constraint that refused a row, alike on both engines.

    A unique field without a name of its own is `table.column`, an append-only table `table.append_only`. Empty when the
    engine does not say: that is no constraint anybody may take for the one they know.
    """
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is not None:
        return _on_postgresql(diagnosis)
    message = str(error)
    if match := UNIQUE.fullmatch(message):
        columns = [part.strip().rpartition(".") for part in match[1].split(",")]
        return _unique(columns[0][0], tuple(column for _, _, column in columns))
    if match := CHECK.fullmatch(message):
        return match[1]
    if match := NOT_NULL.fullmatch(message):
        return match[1]
    if match := APPEND_ONLY.fullmatch(message):
        return f"{match[1]}.append_only"
    # A trigger of ours says its own name and nothing else.
    return message if NAME.fullmatch(message) else ""


def _on_postgresql(diagnosis: object) -> str:
    name = getattr(diagnosis, "constraint_name", None) or ""
    table = getattr(diagnosis, "table_name", None) or ""
    if match := APPEND_ONLY.fullmatch(getattr(diagnosis, "message_primary", None) or ""):
        return f"{match[1]}.append_only"
    if column := getattr(diagnosis, "column_name", None):
        return f"{table}.{column}"
    key = KEY.match(getattr(diagnosis, "message_detail", None) or "")
    if key and name not in _named_unique().values() and getattr(diagnosis, "sqlstate", "") == "23505":
        return _unique(table, tuple(column.strip() for column in key[1].split(",")))
    return str(name)


@cache
def _named_unique() -> dict[tuple[str, frozenset[str]], str]:
    """(table, columns) -> name, for every unique constraint that a model names."""
    named = {}
    for model in apps.get_models():
        columns = {field.name: str(field.column) for field in model._meta.concrete_fields}
        for constraint in model._meta.constraints:
            if isinstance(constraint, UniqueConstraint) and constraint.fields:
                key = (model._meta.db_table, frozenset(columns[field] for field in constraint.fields))
                named[key] = str(constraint.name)
    return named


def _unique(table: str, columns: tuple[str, ...]) -> str:
    named = _named_unique().get((table, frozenset(columns)))
    return named or ", ".join(f"{table}.{column}" for column in columns)


def is_lost_race(error: Exception) -> bool:
    """Whether two transactions got in each other's way: the same again may well succeed."""
    return isinstance(error, OperationalError) and getattr(error.__cause__, "pgcode", "") in LOST_RACE_CODES


def is_away(error: BaseException | None) -> bool:
    """Whether the error means "try again later". A database without its tables is a set-up error.

    One that takes no writes, being a stand-by or short of space, is away for whoever sends something.
    """
    if isinstance(error, InternalError):
        return getattr(error.__cause__, "pgcode", "") == READ_ONLY_CODE
    return isinstance(error, OperationalError | InterfaceError) and "no such table" not in str(error)


def reason_of(error: BaseException) -> str:
    """SQLSTATE or SQLite's own code, the constraint, or a known phrase about the connection; never a value."""
    if not isinstance(error, Error):
        return ""
    cause = error.__cause__
    code = getattr(cause, "pgcode", None) or getattr(cause, "sqlite_errorname", None) or ""
    about = constraint_of(error) if isinstance(error, IntegrityError) else _phrase(str(error))
    return " ".join(filter(None, [code, about]))


def _phrase(text: str) -> str:
    lower = text.lower()
    return next((phrase for phrase in AWAY if phrase in lower), "")
