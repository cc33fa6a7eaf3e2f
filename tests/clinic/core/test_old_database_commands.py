"""What each command does at a database of before."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import ConnectionHandler

from clinic.core import command_line, old_database
from tests.clinic.core.old_databases import (
    OLD,
    digests,
    make_file,
    on_file,
)

ROOT = Path(__file__).resolve().parents[3]


def manage(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": "",
        "DEBUG": "1",
        "DJANGO_SETTINGS_MODULE": "clinic.settings",
    }
    environment["DATABASE_URL"] = f"sqlite:///{folder}/clinic.sqlite3"
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "arguments",
    [
        ("manage.py", "migrate", "--verbosity", "0"),
        ("manage.py", "load_education"),
        ("manage.py", "demo"),
        ("manage.py", "runserver", "--noreload", "127.0.0.1:1"),
        ("manage.py", "worker", "--once"),
        ("manage.py", "verify_audit", "--settings", "clinic.settings"),
        ("-c", "import clinic.wsgi"),
    ],
    ids=lambda arguments: arguments[1],
)
def test_whatever_uses_a_database_of_before_stops(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    make_file(tmp_path / "clinic.sqlite3", OLD)
    before = digests(tmp_path)

    ended = manage(tmp_path, *arguments)

    assert ended.returncode == (3 if arguments[0] == "-c" else 1)
    assert "was made by an earlier version of this program" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert digests(tmp_path) == before


@pytest.mark.parametrize("command", sorted(command_line.NEEDS_TABLES))
def test_a_command_before_migrate_says_so(here: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setattr(command_line, "connection", on_file("clinic.sqlite3"))

    refusal = command_line.command_refusal(command, ["manage.py", command])

    assert refusal is not None
    assert "Run `python manage.py migrate` first." in refusal.text


@pytest.mark.parametrize(
    "argv",
    [
        ["manage.py", "check"],
        ["manage.py", "lint_claims", "--stdin"],
        ["manage.py", "demo", "--help"],
        ["manage.py", "help", "demo"],
        ["manage.py", "--version"],
    ],
)
def test_what_uses_no_database_asks_for_none(here: Path, monkeypatch: pytest.MonkeyPatch, argv: list[str]) -> None:
    file = make_file(here / "clinic.sqlite3", OLD)
    monkeypatch.setattr(command_line, "connection", on_file(file))

    assert command_line.command_refusal(argv[1], argv) is None


@pytest.mark.parametrize(("command", "is_refused"), [("worker", False), ("shell", False), ("load_education", True)])
def test_only_what_can_wait_bears_a_server_that_is_down(
    db: None, monkeypatch: pytest.MonkeyPatch, command: str, is_refused: bool
) -> None:
    address = {"ENGINE": "django.db.backends.postgresql", "NAME": "clinic", "HOST": "127.0.0.1", "PORT": "1"}
    down = ConnectionHandler({"default": address})["default"]
    monkeypatch.setattr(command_line, "connection", down)
    monkeypatch.setattr(old_database, "connection", down)

    refusal = command_line.command_refusal(command, ["manage.py", command])

    assert bool(refusal) is is_refused
    assert refusal is None or refusal.text.startswith(
        "The PostgreSQL database “clinic” on 127.0.0.1:1 cannot be reached:"
    )
    assert old_database.server_refusal() is None


def test_make_run_stops_at_a_database_of_before() -> None:
    """The first line of `run` that touches the database is `migrate`, and make stops where a line fails."""
    run = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nrun: ")[2].partition("\n\n")[0]

    lines = [line for line in run.splitlines() if "manage.py" in line]

    assert lines[0].strip() == "@$(RUN_WITH) $(PY) manage.py migrate --verbosity 0"
    assert not any(line.strip().startswith("@-") or "|| true" in line for line in lines)
