"""On PostgreSQL each process copies the tables that one of them migrated."""

from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from tests import migrated, migrated_copies

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]


def test_whoever_comes_later_copies_what_the_first_one_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    own: dict[str, Any] = {}
    monkeypatch.setitem(settings.DATABASES["default"], "TEST", own)
    migrated_copies.begin()
    migrated_copies.keep()
    assert own == {"TEMPLATE": f"migrated_tables_{migrated.digest()[:16]}"}
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = %s", [own["TEMPLATE"]])
        assert cursor.fetchone() == (1,)


def test_nobody_copies_what_other_migrations_made(monkeypatch: pytest.MonkeyPatch) -> None:
    own: dict[str, Any] = {}
    monkeypatch.setitem(settings.DATABASES["default"], "TEST", own)
    monkeypatch.setattr(migrated, "digest", lambda: "f" * 64)
    migrated_copies.begin()
    migrated_copies.let_go()
    assert own == {}
