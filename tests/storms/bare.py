"""The least that can be done: one insert under the same rule of the database, by hand and behind one address."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

TABLE: Final = "storms_bare"
OF_POSTGRESQL: Final = (
    f"CREATE TABLE {TABLE} (id bigserial PRIMARY KEY, resource_id bigint, starts_at timestamptz, ends_at timestamptz, "
    "EXCLUDE USING gist (resource_id WITH =, tstzrange(starts_at, ends_at, '[)') WITH &&))",
)
OF_SQLITE: Final = (
    f"CREATE TABLE {TABLE} (id integer PRIMARY KEY, resource_id bigint, starts_at datetime, ends_at datetime)",
    f"CREATE INDEX {TABLE}_by_start ON {TABLE} (resource_id, starts_at)",
    f"CREATE TRIGGER {TABLE}_rule BEFORE INSERT ON {TABLE} BEGIN SELECT RAISE(ABORT, 'bare') WHERE EXISTS "
    f"(SELECT 1 FROM {TABLE} AS other WHERE other.resource_id = NEW.resource_id "
    "AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at); END",
)
BEGINS: Final = datetime.datetime(2030, 1, 7, 9, tzinfo=datetime.UTC)


@contextmanager
def bare_table() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {TABLE}")
        for statement in OF_SQLITE if connection.vendor == "sqlite" else OF_POSTGRESQL:
            cursor.execute(statement)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE {TABLE}")


def empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {TABLE}")


def insert(number: int) -> bool:
    """Take the time of that number; whether it was free. Two that wait for each other: one of them lost."""
    starts_at = BEGINS + number * datetime.timedelta(minutes=20)
    values = [1, starts_at, starts_at + datetime.timedelta(minutes=20)]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {TABLE} (resource_id, starts_at, ends_at) VALUES (%s, %s, %s)", values)
    except IntegrityError:
        return False
    except DatabaseError:
        return False
    return True


@require_POST
def bare_page(request: HttpRequest) -> HttpResponse:
    """Behind every layer that a form of a patient passes, and nothing else."""
    request.session.get("private")
    return HttpResponse(status=200 if insert(int(request.POST["number"])) else 409)
