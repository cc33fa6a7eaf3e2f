"""What a database holds, as a backup says of it: asked in plain SQL, so that it can be asked of any copy."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Final

from clinic.core import database_state
from clinic.core.models import AuditEvent, AuditHead, AuditLink, KeyFingerprint

ERASURE: Final = "patient.erase"
"""The audit event of each patient row that was erased; no copy may bring one back."""


@dataclasses.dataclass(frozen=True, slots=True)
class Contents:
    """`installation` is the first link of the audit chain: no two databases have the same, and none ever changes its
    own. `erased` are the numbers of patient rows, `field_keys` the fingerprints of the keys that are in use.
    """

    counts: dict[str, int]
    installation: str
    head: str
    erased: list[str]
    field_keys: dict[str, str]
    migrations: list[str]


EMPTY: Final = Contents({}, "", "", [], {}, [])


def of(cursor: Any, vendor: str) -> Contents:
    """Everything in one snapshot, if the caller's transaction is one."""
    tables = tables_in(cursor, vendor)
    if AuditEvent._meta.db_table not in tables:
        return dataclasses.replace(EMPTY, counts=count(cursor, tables))
    link, head, event, key = (_table(model) for model in (AuditLink, AuditHead, AuditEvent, KeyFingerprint))
    first = _rows(cursor, f"SELECT digest FROM {link} WHERE position = 1")
    newest = _rows(cursor, f"SELECT position, digest FROM {head}")
    erased = _rows(cursor, f"SELECT DISTINCT target_id FROM {event} WHERE action = '{ERASURE}' ORDER BY 1")
    keys = _rows(cursor, f"SELECT name, digest FROM {key} WHERE retired_at IS NULL")
    return Contents(
        counts=count(cursor, tables),
        installation=first[0][0] if first else "",
        head="{}:{}".format(*newest[0]) if newest else "",
        erased=[number for (number,) in erased],
        field_keys=dict(keys),
        migrations=sorted(".".join(row) for row in _rows(cursor, database_state.APPLIED)),
    )


def tables_in(cursor: Any, vendor: str) -> list[str]:
    query = database_state.SQLITE_TABLES if vendor == "sqlite" else database_state.POSTGRESQL_TABLES.replace("%%", "%")
    return sorted(name for (name,) in _rows(cursor, query))


def count(cursor: Any, tables: Sequence[str]) -> dict[str, int]:
    return {name: _rows(cursor, f"SELECT COUNT(*) FROM {_quoted(name)}")[0][0] for name in tables}


def _table(model: Any) -> str:
    return _quoted(model._meta.db_table)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _rows(cursor: Any, query: str) -> list[Any]:
    cursor.execute(query)
    return list(cursor.fetchall())
