"""The copy of migrated tables is not taken where a migration, or anything of ours that one imports, is another."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests import migrated


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    kept = tmp_path / "var" / "one.sqlite3"
    monkeypatch.setattr(migrated, "_place", lambda: kept)
    monkeypatch.setattr(migrated, "IS_KEPT", True)
    return kept


def test_it_hangs_on_migrations_and_on_what_they_import_by_way_of_others() -> None:
    names = {str(file.relative_to(migrated.ROOT)) for file in migrated.modules()}
    assert names >= {
        "consultations/migrations/0001_initial.py", "education/migrations/0001_initial.py",
        "clinic/core/migrations/0001_initial.py", "clinic/accounts/migrations/0001_initial.py",
        "clinic/core/append_only.py", "clinic/core/fields.py", "clinic/core/encryption.py", "clinic/core/__init__.py",
        "clinic/settings.py",
    }  # fmt: skip
    assert "consultations/admin/requests.py" not in names


def test_another_line_in_one_of_them_has_another_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    migration = tmp_path / "clinic/core/migrations/0001_initial.py"
    migration.parent.mkdir(parents=True)
    for path in ("requirements.txt", "clinic/settings.py", "tests/settings.py"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("")
    monkeypatch.setattr(migrated, "ROOT", tmp_path)
    places = []
    for line in ("from clinic.core.fields import Sealed", "x = 1"):
        migration.write_text(line)
        places.append(migrated.digest.__wrapped__())
    assert places[0] != places[1]


@pytest.mark.django_db
def test_what_was_kept_is_put_in_place(place: Path, tmp_path: Path) -> None:
    if connection.vendor != "sqlite":
        place.parent.mkdir()
        place.write_bytes(b"as it was")
        migrated.put_at(str(tmp_path / "new"))
        assert (tmp_path / "new").read_bytes() == b"as it was"
        return
    place.parent.mkdir()
    (place.parent / "old.sqlite3").touch()
    migrated.keep()
    migrated.put_at(str(tmp_path / "new"))
    with sqlite3.connect(tmp_path / "new") as copy:
        tables: list[Any] = copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    copy.close()
    assert ("consultations_patient",) in tables
    assert [file.name for file in place.parent.iterdir()] == ["one.sqlite3"]


def test_nothing_is_kept_in_ci(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrated, "IS_KEPT", False)
    migrated.keep()
    migrated.put_at(str(tmp_path / "new"))
    assert not place.exists()
    assert not (tmp_path / "new").exists()
