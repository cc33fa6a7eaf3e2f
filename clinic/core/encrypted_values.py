"""Sealed values as they are stored. The ORM would open them, and here their keys may be the question."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.db import connection, models

from clinic.core.fields import EncryptedTextField

Column = tuple[type[models.Model], EncryptedTextField]


def encrypted_fields() -> Iterator[Column]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.proxy or not model._meta.managed:
            continue
        for field in model._meta.local_fields:
            if isinstance(field, EncryptedTextField):
                yield model, field


def names(model: type[models.Model], field: EncryptedTextField) -> tuple[str, str, str]:
    """Table, column and primary key, quoted."""
    quote = connection.ops.quote_name
    return quote(model._meta.db_table), quote(str(field.column)), quote(str(model._meta.pk.column))


def under(column: str, key_id: str) -> tuple[str, list[Any]]:
    """A condition and its values. Letter by letter, because to the LIKE of SQLite the keys k1 and K1 are one."""
    return f"substr({column}, 1, %s) = %s", [len(key_id) + 1, f"{key_id}:"]


def not_under(column: str, key_ids: Sequence[str]) -> tuple[str, list[Any]]:
    conditions, values = [f"{column} <> ''"], []
    for key_id in key_ids:
        condition, given = under(column, key_id)
        conditions.append(f"NOT {condition}")
        values += given
    return " AND ".join(conditions), values


def count(*, beyond: Sequence[str] = ()) -> int:
    """How many values are sealed under none of the keys `beyond`; all of them when it is empty."""
    total = 0
    for model, field in encrypted_fields():
        table, column, _ = names(model, field)
        where, values = not_under(column, beyond)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {table} WHERE {where}", values)
            total += int(cursor.fetchone()[0])
    return total


def is_any() -> bool:
    return any(sample(beyond=(), limit=1))


def sample(*, key_id: str = "", beyond: Sequence[str] = (), limit: int) -> Iterator[tuple[EncryptedTextField, str]]:
    """Some values of each column: those under `key_id`, or else those under none of the keys `beyond`."""
    tables = set(connection.introspection.table_names())
    for model, field in encrypted_fields():
        if model._meta.db_table not in tables:
            continue  # a migration has yet to make it
        table, column, _ = names(model, field)
        where, values = under(column, key_id) if key_id else not_under(column, beyond)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {column} FROM {table} WHERE {where} LIMIT %s", [*values, limit])
            found = cursor.fetchall()
        yield from ((field, value) for (value,) in found)


def row_of(*, context: str, value: str) -> tuple[str, Any]:
    """The model's label and the number of the row that holds this very value; "" and None where they are not found."""
    for model, field in encrypted_fields():
        if field.encryption_context != context:
            continue
        table, column, key = names(model, field)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {key} FROM {table} WHERE {column} = %s LIMIT 1", [value])
            found = cursor.fetchone()
        return model._meta.label, found[0] if found and value else None
    return "", None
