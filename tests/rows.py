"""All rows of all tables, to show that something changed nothing at all."""

from collections.abc import Collection, Iterator
from typing import Any

from django.apps import apps
from django.db import connection


def tables(without: Collection[str]) -> Iterator[tuple[str, str]]:
    """Model label and what to select from, in the order of the primary key; tables between two models too."""
    name = connection.ops.quote_name
    for model in apps.get_models(include_auto_created=True):
        if model.__name__ not in without:
            yield model._meta.label, f"{name(model._meta.db_table)} AS held ORDER BY held.{name(model._meta.pk.column)}"


def all_rows(without: Collection[str] = ()) -> dict[str, Any]:
    """Model label -> its rows as the database holds them; on PostgreSQL a digest of them, in one question.

    `without` names models to leave out.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            digest = "SELECT '{}', md5(string_agg(each::text, '')) FROM (SELECT * FROM {}) AS each"
            cursor.execute(" UNION ALL ".join(digest.format(*table) for table in tables(without)))
            return dict(cursor.fetchall())
        return {label: cursor.execute(f"SELECT * FROM {table}").fetchall() for label, table in tables(without)}


def changes_made() -> int | None:
    """How many rows this connection has written so far, undone ones too; None where the database does not count.

    The same number twice, with no rollback to before the first, means the same rows.
    """
    connection.ensure_connection()
    return None if connection.vendor == "postgresql" else connection.connection.total_changes
