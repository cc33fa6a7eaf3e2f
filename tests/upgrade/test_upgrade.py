"""A clinic with the rows of 1.0 is migrated to what stands here: nothing is lost, all is readable, its pages open."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.upgrade import dumps

LOOK = ("-m", "tests.upgrade.invented_clinic", "look")
ADDED: frozenset[str] = frozenset()
"""Tables that came after 1.0 and have rows as soon as they are migrated."""


def look(url: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(dumps.run(*LOOK, url=url))
    return found


def upgraded(url: str, engine: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What stands in the database after `migrate`, and what stood in it when 1.0 made it."""
    dumps.run("manage.py", "migrate", "--verbosity", "0", url=url)
    found, before = look(url), json.loads(dumps.expected(engine).read_text(encoding="utf-8"))
    found["rows"] = {table: count for table, count in found["rows"].items() if table not in ADDED}
    return found, before


@pytest.fixture
def database(db: None) -> Iterator[str]:
    """A database of its own beside that of the test run, on the same server: the name goes with the test."""
    import psycopg2

    given = connection.settings_dict
    at = {name.lower(): given[name] for name in ("USER", "PASSWORD", "HOST", "PORT")}
    name = f"{given['NAME']}_upgrade"
    with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
    inside = psycopg2.connect(dbname=name, **at)
    try:
        with inside, inside.cursor() as cursor:
            dumps.fill_postgresql(cursor)
    finally:
        inside.close()
    yield f"postgres://{at['user']}:{at['password']}@{at['host']}:{at['port']}/{name}"
    with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(f'DROP DATABASE "{name}"')


@pytest.mark.slow
def test_a_sqlite_file_of_1_0(tmp_path: Path) -> None:
    file = tmp_path / "clinic.sqlite3"
    dumps.write_sqlite(file)
    found, before = upgraded(f"sqlite:///{file}", "sqlite")
    assert found == before


@pytest.mark.slow
@pytest.mark.postgres
def test_a_postgresql_database_of_1_0(database: str) -> None:
    found, before = upgraded(database, "postgresql")
    assert found == before


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_the_dump_holds_what_an_upgrade_can_break(engine: str) -> None:
    held = json.loads(dumps.expected(engine).read_text(encoding="utf-8"))
    assert held["rows"]["consultations_consultationrequest"] > 20
    assert len(held["rows"]) > 40
    assert len(held["decrypted"]["patients"]) == held["rows"]["consultations_consultationrequest"]
    assert held["audit"]["problems"] == []
    assert set(held["pages"].values()) == {200}
