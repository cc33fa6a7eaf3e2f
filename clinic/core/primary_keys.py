"""Numbers of rows that are known before the row is written, so that what is encrypted in it can be bound to it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import connections, models, router


class DrawnAutoField(models.BigAutoField):
    """A BigAutoField whose number is drawn from the table's own sequence before the INSERT, and not by it.

    No two draws give one number, on either database: PostgreSQL draws from the sequence of the column, and to SQLite
    the draw is a write like any other, of which there is one at a time.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Tells `save` that a row with a number may be a new one, so that it does not try an UPDATE first.
        self.default = _drawn_when_saved

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("default", None)
        return name, path, args, kwargs

    def get_default(self) -> None:
        """A row that is never saved needs no number."""
        return None

    def get_pk_value_on_save(self, instance: models.Model) -> int:
        using = router.db_for_write(type(instance), instance=instance)
        return next(_draw(type(instance), 1, using=using))


def _drawn_when_saved() -> None:
    return None


def draw_keys(rows: Sequence[models.Model]) -> None:
    """Give new rows of one model their numbers at once, where drawing one by one would take long."""
    if rows:
        model = type(rows[0])
        for row, number in zip(rows, _draw(model, len(rows), using=router.db_for_write(model)), strict=True):
            row.pk = number


def _draw(model: type[models.Model], count: int, *, using: str) -> Iterator[int]:
    quote = connections[using].ops.quote_name
    table, column = model._meta.db_table, str(model._meta.pk.column)
    with connections[using].cursor() as cursor:
        if connections[using].vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [quote(table), column, count],
            )
            return _numbers(cursor.fetchall())
        cursor.execute(
            "INSERT INTO sqlite_sequence (name, seq) "
            f"SELECT %s, (SELECT COALESCE(MAX({quote(column)}), 0) FROM {quote(table)}) "
            "WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = %s)",
            [table, table],
        )
        cursor.execute("UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s RETURNING seq", [count, table])
        last = int(cursor.fetchone()[0])
    return iter(range(last - count + 1, last + 1))


def _numbers(rows: Iterable[tuple[int]]) -> Iterator[int]:
    return (int(number) for (number,) in rows)
