"""What stands under FIELD_KEYS, as it is stored: the clinic's own values, and the keys of rows (`encrypted_rows.py`).

Read past the ORM, because here the keys may be the question.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.db import connection, models

from clinic.core import data_keys
from clinic.core.encrypted_rows import CLINIC, DataKeyField, EncryptedModel
from clinic.core.fields import EncryptedTextField

Field = EncryptedTextField | DataKeyField


@dataclasses.dataclass(frozen=True, slots=True)
class Stored:
    """One value and where it stands."""

    context: str
    value: str


def columns_under_field_keys() -> Iterator[tuple[type[EncryptedModel], Field]]:
    """A value that stands under the key of its row need never be encrypted again: that key does not change."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.proxy or not model._meta.managed or not issubclass(model, EncryptedModel):
            continue
        kinds = (DataKeyField, EncryptedTextField) if model.encrypted_under == CLINIC else (DataKeyField,)
        for field in model._meta.local_fields:
            if isinstance(field, kinds):
                yield model, field


def context_of(model: type[models.Model], field: Field, pk: Any) -> str:
    return field.context_of(model(pk=pk))


def names(model: type[models.Model], field: Field) -> tuple[str, str, str]:
    """Table, column and primary key, quoted."""
    quote = connection.ops.quote_name
    return quote(model._meta.db_table), quote(str(field.column)), quote(str(model._meta.pk.column))


def under(column: str, key_id: str) -> tuple[str, list[Any]]:
    """A condition and its values. Letter by letter, because to the LIKE of SQLite the keys k1 and K1 are one."""
    return f"substr({column}, 1, %s) = %s", [len(key_id) + 1, f"{key_id}:"]


def not_under(column: str, key_ids: Sequence[str]) -> tuple[str, list[Any]]:
    """Those under none of these keys, nor under the key of another row."""
    conditions, values = [f"{column} <> ''"], []
    for key_id in (*key_ids, data_keys.PREFIX.removesuffix(":")):
        condition, given = under(column, key_id)
        conditions.append(f"NOT {condition}")
        values += given
    return " AND ".join(conditions), values


def count(*, beyond: Sequence[str] = ()) -> int:
    """How many values stand under none of the keys `beyond`; all of them when it is empty."""
    total = 0
    for model, field in columns_under_field_keys():
        table, column, _ = names(model, field)
        where, values = not_under(column, beyond)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {table} WHERE {where}", values)
            total += int(cursor.fetchone()[0])
    return total


def is_any() -> bool:
    return any(sample(beyond=(), limit=1))


def sample(*, key_id: str = "", beyond: Sequence[str] = (), limit: int) -> Iterator[Stored]:
    """Some values of each column: those under `key_id`, or else those under none of the keys `beyond`."""
    tables = set(connection.introspection.table_names())
    for model, field in columns_under_field_keys():
        if model._meta.db_table not in tables:
            continue  # a migration has yet to make it
        table, column, key = names(model, field)
        where, values = under(column, key_id) if key_id else not_under(column, beyond)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {key}, {column} FROM {table} WHERE {where} LIMIT %s", [*values, limit])
            rows = cursor.fetchall()
        yield from (Stored(context_of(model, field, pk), value) for pk, value in rows)
