"""What shows that a restored database is whole: its rows, its audit trail, and that its health data can be read."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connection

from clinic.core import audit, key_fingerprints, reading_batches
from clinic.core.backups import contents
from clinic.core.encrypted_rows import EncryptedModel, open_all, with_keys
from clinic.core.encryption import DamagedRecord, Erased, KeysUnusable

BATCH = 500
NAMED = 20
"""So many problems of a kind are named; somebody who reads on would read of the same."""


@dataclasses.dataclass(frozen=True, slots=True)
class ReadBack:
    """How many rows with encrypted columns were opened, how many were erased on purpose, and what did not open."""

    opened: int
    erased: int
    problems: list[str]


def counts_that_differ(expected: dict[str, int]) -> list[str]:
    """Asked before a migration, which may change them."""
    with connection.cursor() as cursor:
        found = contents.count(cursor, contents.tables_in(cursor, connection.vendor))
    return [
        f"Table {name} has {found.get(name, 'no')} rows, and the backup was made with {expected.get(name, 'none')}."
        for name in sorted(expected.keys() | found.keys())
        if found.get(name) != expected.get(name)
    ]


def chain_problems() -> list[str]:
    return [*audit.verify(), *reading_batches.verify()]


def read_everything() -> ReadBack:
    """Open every encrypted column of every row with the present keys."""
    opened, erased, problems = 0, 0, list[str]()
    try:
        key_fingerprints.look_again()
        for row in _encrypted_rows():
            try:
                open_all(row)
                opened += 1
            except Erased:
                erased += 1
            except DamagedRecord as damage:
                problems.append(f"{row._meta.label} {row.pk} cannot be read: {damage}")
    except KeysUnusable as problem:
        problems.append(str(problem))
    return ReadBack(opened, erased, problems)


def _encrypted_rows() -> Iterator[Any]:
    for model in apps.get_models():
        if issubclass(model, EncryptedModel) and model._meta.managed and not model._meta.proxy:
            yield from with_keys(model._base_manager.order_by("pk")).iterator(chunk_size=BATCH)


def shortened(problems: list[str]) -> list[str]:
    rest = len(problems) - NAMED
    return problems if rest <= 0 else [*problems[:NAMED], f"And {rest} more."]
