"""All rows of all tables, to show that something changed nothing at all."""

import hashlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction


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
            cursor.execute(f"EXECUTE {_prepared(cursor, without)}")
            return dict(cursor.fetchall())
        return {label: cursor.execute(f"SELECT * FROM {table}").fetchall() for label, table in tables(without)}


def _prepared(cursor: Any, without: Collection[str]) -> str:
    """The question for digests, prepared once a connection: to plan it takes five times as long as to answer."""
    name = f"rows_{hashlib.md5(repr(sorted(without)).encode(), usedforsecurity=False).hexdigest()}"
    cursor.execute("SELECT 1 FROM pg_prepared_statements WHERE name = %s", [name])
    if not cursor.fetchone():
        digest = "SELECT '{}', md5(string_agg(each::text, '')) FROM (SELECT * FROM {}) AS each"
        cursor.execute(f"PREPARE {name} AS " + " UNION ALL ".join(digest.format(*table) for table in tables(without)))
    return name


@contextmanager
def taken_back() -> Iterator[None]:
    """What happens inside never happened: many cases one after the other, each before an empty clinic."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def store(model: type[models.Model], pk: Any, **values: Any) -> None:
    """Write values into one row past the services; what is encrypted is written for that row."""
    row = model._base_manager.get(pk=pk)
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))


def changes_made() -> int:
    """How many rows this connection has written in its transaction so far, undone ones too.

    The same number twice in one transaction, with no rollback to before the first, means the same rows.
    """
    assert connection.in_atomic_block, "Only what one transaction writes is counted."
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_user_tables")
            return int(cursor.fetchone()[0])
    return int(connection.connection.total_changes)
