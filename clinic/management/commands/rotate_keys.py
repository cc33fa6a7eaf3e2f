from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, models, transaction

from clinic import crypto
from clinic.fields import SealedTextField

BATCH = 500


class Command(BaseCommand):
    help = "Seal every sealed value again under the newest key of FIELD_KEYS. Safe to stop and to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=BATCH, help=f"rows a transaction (default {BATCH})")

    def handle(self, *args: Any, batch: int = BATCH, **options: Any) -> None:
        if batch < 1:
            raise CommandError("--batch must be at least 1: it is the number of rows a transaction seals again.")
        current, broken = crypto.current_key_id(), 0
        for model, field in sealed_fields():
            done, failed = self._rotate(model, field, current, batch)
            broken += len(failed)
            self.stdout.write(f"{model._meta.label}.{field.name}: {done} sealed again under {current}")
            for pk in failed:
                self.stderr.write(f"{model._meta.label}.{field.name}: row {pk} does not open and was left as it is")
        if broken:
            raise CommandError(f"{broken} values do not open. Add the key they were sealed under to FIELD_KEYS.")
        # A server that still runs with the keys of before may have sealed a value behind us.
        if left := sum(self._count_stale(model, field, current) for model, field in sealed_fields()):
            raise CommandError(
                f"{left} values are still sealed under an older key. Restart everything that runs with the keys of "
                "before, then run this command again."
            )
        self.stdout.write(f"Every value is sealed under {current}; the older keys can be removed from FIELD_KEYS.")

    def _rotate(
        self, model: type[models.Model], field: SealedTextField, current: str, batch: int
    ) -> tuple[int, list[Any]]:
        done, failed, last = 0, [], None
        while rows := self._stale(model, field, current, last, batch):
            with transaction.atomic():
                for pk, sealed in rows:
                    try:
                        plain = crypto.open_sealed(sealed, context=field.seal_context)
                    except crypto.SealBroken:
                        failed.append(pk)
                        continue
                    done += self._replace(model, field, pk, sealed, crypto.seal(plain, context=field.seal_context))
            last = rows[-1][0]
        return done, failed

    def _stale(
        self, model: type[models.Model], field: SealedTextField, current: str, last: Any, batch: int
    ) -> list[tuple[Any, str]]:
        """Values as they are stored: the ORM would open them."""
        table, column, key = names(model, field)
        condition, values = stale(column, current)
        after = f" AND {key} > %s" if last is not None else ""
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {key}, {column} FROM {table} WHERE {condition}{after} ORDER BY {key} LIMIT %s",
                [*values, *([last] if last is not None else []), batch],
            )
            rows: list[tuple[Any, str]] = cursor.fetchall()
            return rows

    def _count_stale(self, model: type[models.Model], field: SealedTextField, current: str) -> int:
        table, column, _ = names(model, field)
        condition, values = stale(column, current)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {table} WHERE {condition}", values)
            return int(cursor.fetchone()[0])

    def _replace(self, model: type[models.Model], field: SealedTextField, pk: Any, old: str, new: str) -> int:
        """Only where nobody wrote in between; a newer value is sealed under the newest key already."""
        table, column, key = names(model, field)
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s",
                [new, pk, old],
            )
            return int(cursor.rowcount)


def sealed_fields() -> Iterator[tuple[type[models.Model], SealedTextField]]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.proxy or not model._meta.managed:
            continue
        for field in model._meta.local_fields:
            if isinstance(field, SealedTextField):
                yield model, field


def stale(column: str, current: str) -> tuple[str, list[Any]]:
    """A condition and its values. Letter by letter, because to the LIKE of SQLite the keys k1 and K1 are one."""
    return f"{column} <> '' AND substr({column}, 1, %s) <> %s", [len(current) + 1, f"{current}:"]


def names(model: type[models.Model], field: SealedTextField) -> tuple[str, str, str]:
    quote = connection.ops.quote_name
    return quote(model._meta.db_table), quote(str(field.column)), quote(str(model._meta.pk.column))
