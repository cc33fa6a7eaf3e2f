"""What migrations use on tables that hold rows: changes for which nobody waits, and rows moved in batches.

On PostgreSQL an index and a constraint are made beside readers and writers. SQLite, where the services stand still
during `migrate`, makes them as Django does. Each can be repeated: what a broken attempt left behind is taken away
first. A migration with one of them says `atomic = False` and holds nothing else.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import NotSupportedError, models, transaction
from django.db.migrations.operations import AddConstraint, AddIndex

BATCH: Final = 500


def in_batches(rows: models.QuerySet[Any], change: Callable[[list[Any]], object], *, size: int = BATCH) -> int:
    """Hand the rows to `change` by their key, `size` at a time, each batch in a transaction of its own.

    Returns how many there were. Begun again, it begins at the first row: let `rows` leave out what is done.
    """
    last, done = None, 0
    while True:
        with transaction.atomic(using=rows.db):
            following = rows.order_by("pk") if last is None else rows.order_by("pk").filter(pk__gt=last)
            some = list(following[:size])
            if not some:
                return done
            change(some)
        last, done = some[-1].pk, done + len(some)


def _is_postgresql(editor: Any) -> bool:
    is_it: bool = editor.connection.vendor == "postgresql"
    if is_it and editor.connection.in_atomic_block:
        raise NotSupportedError("This runs beside readers and writers, so not in a transaction: say `atomic = False`.")
    return is_it


@contextmanager
def _waiting(editor: Any) -> Iterator[None]:
    """Whoever builds concurrently holds nobody up, and may wait for long transactions to end."""
    editor.execute("SET lock_timeout = 0")
    try:
        yield
    finally:
        editor.execute("RESET lock_timeout")


class AddIndexOnline(AddIndex):
    """An index on a table that holds rows."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if not _is_postgresql(schema_editor):
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            with _waiting(schema_editor):
                schema_editor.execute(_drop_index(schema_editor, self.index.name))
                schema_editor.add_index(model, self.index, concurrently=True)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if not _is_postgresql(schema_editor):
            super().database_backwards(app_label, schema_editor, from_state, to_state)
            return
        with _waiting(schema_editor):
            schema_editor.execute(_drop_index(schema_editor, self.index.name))


class AddConstraintOnline(AddConstraint):
    """A check, or a rule that something is there once, on a table that holds rows.

    A check counts for new rows at once, and is then compared with those that are there. A unique rule needs a
    condition or an expression: Django makes an index of such a one, which can be built beside writers.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if not _is_postgresql(schema_editor):
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            if isinstance(self.constraint, models.CheckConstraint):
                self._add_check(schema_editor, model)
            else:
                self._add_unique(schema_editor, model)

    def _add_check(self, editor: Any, model: Any) -> None:
        table, name = editor.quote_name(model._meta.db_table), editor.quote_name(self.constraint.name)
        editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
        editor.execute(f"{self.constraint.create_sql(model, editor)} NOT VALID", params=None)
        editor.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")

    def _add_unique(self, editor: Any, model: Any) -> None:
        statement = str(self.constraint.create_sql(model, editor))
        begins = "CREATE UNIQUE INDEX "
        if not statement.startswith(begins):
            raise NotSupportedError(f"Give {self.constraint.name} a condition, so that it is an index.")
        with _waiting(editor):
            editor.execute(_drop_index(editor, self.constraint.name))
            editor.execute(f"{begins}CONCURRENTLY {statement.removeprefix(begins)}", params=None)


def _drop_index(editor: Any, name: str) -> str:
    return f"DROP INDEX CONCURRENTLY IF EXISTS {editor.quote_name(name)}"
