"""A database that this program did not make is named, left as it is, and stops whatever would use it."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import ConnectionHandler, OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from clinic.core import database_state, old_database
from clinic.core.old_database import RefusalCause
from tests.clinic.core.old_databases import DJANGO, OLD, STOCK, digests, make_file, on_file, recorded

TYPES = "CREATE TABLE django_content_type (id integer PRIMARY KEY, model varchar(100))"
NOW = [
    ("accounts", "0001_initial"),
    ("core", "0001_initial"),
    ("core", "0002_audit_append_only"),
    ("consultations", "0001_initial"),
    ("education", "0001_initial"),
]


CASES: dict[str, tuple[list[str], RefusalCause | None, str]] = {
    "of before": (OLD, RefusalCause.OLD, "was made by an earlier version of this program"),
    "of before, half migrated": (
        [*recorded(*DJANGO, ("clinic", "0001_initial")), STOCK],
        RefusalCause.OLD,
        "whose tables cannot be carried over",
    ),
    "of before, its users renamed by hand": (
        recorded(*NOW, ("consultations", "0006_link_asked_for")),
        RefusalCause.OLD,
        "Nothing was changed in it.",
    ),
    "of before, with the tables of its day": (
        recorded(*NOW[:1], ("clinic", "0001_initial"), ("clinic", "0002_audit_append_only"), *NOW[3:]),
        RefusalCause.OLD,
        "was made by an earlier version of this program",
    ),
    "of a newer version": (
        recorded(*NOW, ("consultations", "0099_from_tomorrow")),
        RefusalCause.NEWER,
        "it holds consultations.0099_from_tomorrow, which this version does not know",
    ),
    "of another program": (["CREATE TABLE orders (id integer)"], RefusalCause.FOREIGN, "of another program (orders)"),
    "of another Django project": (
        [*recorded(*DJANGO, ("shop", "0001_initial")), STOCK, "CREATE TABLE shop_order (id integer)"],
        RefusalCause.FOREIGN,
        "of another program (auth_user, shop_order)",
    ),
    "of a bare Django project": ([*recorded(*DJANGO), STOCK], RefusalCause.FOREIGN, "of another program (auth_user)"),
    "with nothing in it": ([], None, ""),
    "begun": ([*recorded(*DJANGO[:1]), TYPES], None, ""),
    "begun with Django's own": (
        [*recorded(*DJANGO), TYPES, "CREATE TABLE django_session (session_key varchar(40) PRIMARY KEY)"],
        None,
        "",
    ),
    "half migrated": (recorded(*DJANGO, *NOW[:2]), None, ""),
}
PARAMETERS = [pytest.param(*case, id=name) for name, case in CASES.items()]


@pytest.fixture
def another_database(django_db_blocker: Any) -> Iterator[BaseDatabaseWrapper]:
    """An empty database on the PostgreSQL of the test run, beside the one of the test run."""
    name = f"{connection.settings_dict['NAME']}_of_before"
    with django_db_blocker.unblock():
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
            cursor.execute(f'CREATE DATABASE "{name}"')
        handler = ConnectionHandler({"default": {**settings.DATABASES["default"], "NAME": name}})
        yield handler["default"]
        handler["default"].close()
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}"')


@pytest.mark.parametrize(("statements", "cause", "sentence"), PARAMETERS)
def test_a_file_says_who_made_it(here: Path, statements: list[str], cause: RefusalCause | None, sentence: str) -> None:
    file = make_file(here / "clinic.sqlite3", statements)
    before = digests(here)

    refusal = old_database.refusal(on_file(file))

    assert (refusal.cause if refusal else None) is cause
    assert sentence in (refusal.text if refusal else "")
    assert digests(here) == before


@pytest.mark.postgres
@pytest.mark.parametrize(("statements", "cause", "sentence"), PARAMETERS)
def test_a_server_database_says_who_made_it(
    another_database: BaseDatabaseWrapper, statements: list[str], cause: RefusalCause | None, sentence: str
) -> None:
    with another_database.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)

    refusal = old_database.refusal(another_database)

    assert (refusal.cause if refusal else None) is cause
    assert sentence in (refusal.text if refusal else "")


def test_a_file_of_before_is_kept_by_one_command(here: Path) -> None:
    make_file(here / "clinic.sqlite3", OLD)
    for suffix in ("-wal", "-shm"):
        (here / f"clinic.sqlite3{suffix}").touch()
    before = digests(here)

    refusal = old_database.refusal(on_file(here / "clinic.sqlite3"))

    assert refusal is not None
    assert refusal.text.splitlines() == [
        "The database clinic.sqlite3 was made by an earlier version of this program, whose tables cannot be carried "
        "over into this one. Nothing was changed in it.",
        "Stop whatever still uses it. To keep it, give it another name:",
        "    mv clinic.sqlite3 clinic-old.sqlite3 && mv clinic.sqlite3-wal clinic-old.sqlite3-wal"
        " && mv clinic.sqlite3-shm clinic-old.sqlite3-shm",
        "Then run `make run`, or `python manage.py migrate`, again: it makes a new database.",
        "To read the old one, use the version that made it.",
    ]
    subprocess.run(["sh", "-c", refusal.text.splitlines()[2]], cwd=here, check=True)
    assert digests(here) == {name.replace("clinic.", "clinic-old."): digest for name, digest in before.items()}
    assert old_database.refusal(on_file(here / "clinic.sqlite3")) is None


def test_the_command_never_names_a_file_that_is_there_and_quotes_odd_names(here: Path) -> None:
    make_file(here / "our clinic.db", OLD)
    make_file(here / "our clinic-old.db", OLD)

    refusal = old_database.refusal(on_file(here / "our clinic.db"))

    assert refusal is not None
    assert "\n    mv 'our clinic.db' 'our clinic-old-2.db'\n" in refusal.text


@pytest.mark.postgres
def test_a_server_database_of_before_is_kept_by_a_new_one(another_database: BaseDatabaseWrapper) -> None:
    with another_database.cursor() as cursor:
        for statement in OLD:
            cursor.execute(statement)

    refusal = old_database.refusal(another_database)

    assert refusal is not None
    given = another_database.settings_dict
    assert f"PostgreSQL database “{given['NAME']}” on {given['HOST']}:{given['PORT']} was made by an" in refusal.text
    assert f"--username={given['USER']} {given['NAME']}_new\n" in refusal.text
    assert "Then name the new one in DATABASE_URL" in refusal.text
    assert f":{given['PASSWORD']}" not in refusal.text


@pytest.mark.postgres
def test_a_server_database_that_is_not_there_says_how_to_make_it(db: None) -> None:
    handler = ConnectionHandler({"default": {**settings.DATABASES["default"], "NAME": "nobody_made_this"}})

    refusal = old_database.refusal(handler["default"])

    assert refusal is not None
    assert refusal.cause is RefusalCause.UNREACHABLE
    assert "“nobody_made_this”" in refusal.text
    assert "does not exist" in refusal.text
    assert " nobody_made_this" in refusal.text.splitlines()[-1]


def test_the_wrong_user_of_the_machine_is_told_what_to_type(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root, who has the settings and is nobody to PostgreSQL. No new database is what they need."""

    def peer(*_: Any) -> None:
        raise OperationalError('connection failed: FATAL:  Peer authentication failed for user "clinic"\n')

    address = {"ENGINE": "django.db.backends.postgresql", "NAME": "clinic", "HOST": ""}
    monkeypatch.setattr(database_state, "of_postgresql", peer)
    refusal = old_database.refusal(ConnectionHandler({"default": address})["default"])
    assert refusal is not None
    assert refusal.cause is RefusalCause.UNREACHABLE
    assert "lets only the user of that name in. Type the command with clinic-manage:" in refusal.text
    assert "createdb" not in refusal.text


def test_the_database_of_this_program_is_not_refused(db: None) -> None:
    assert old_database.judge(connection) is None


def another_process(statement: str, file: Path) -> str:
    """What SQLite answers to it in a process of its own, which opens the file and closes it again."""
    code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[2]); print(c.execute(sys.argv[1]).fetchall()); c.close()"
    ran = subprocess.run([sys.executable, "-c", code, statement, str(file)], capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def look_by_other_means(file: Path) -> None:
    """The control: what closes the file outside SQLite takes this process's locks from it."""
    with file.open("rb") as opened:
        opened.read(16)


@pytest.mark.parametrize(
    ("look", "seen"),
    [(lambda file: old_database.judge(on_file(file)), "[(2,)]"), (look_by_other_means, "[(1,)]")],
    ids=["judged", "control"],
)
def test_a_look_takes_no_lock_from_a_database_in_use(here: Path, look: Any, seen: str) -> None:
    """Without its locks another process that ends removes the journal under this one, and what it writes is lost."""
    file = make_file(here / "clinic.sqlite3", ["PRAGMA journal_mode=WAL", *recorded(*NOW), "CREATE TABLE kept (n)"])
    used = sqlite3.connect(file, isolation_level=None)
    used.execute("INSERT INTO kept VALUES (1)")

    look(file)
    another_process("SELECT 1 FROM kept", file)
    used.execute("INSERT INTO kept VALUES (2)")

    assert another_process("SELECT count(*) FROM kept", file) == seen
    used.close()


def test_same_names_with_other_columns_are_of_an_earlier_version(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While nothing is released, the first migrations are made anew under the names they had."""
    tables = old_database._tables()
    monkeypatch.setattr(
        old_database, "_tables", lambda: {**tables, "core_heartbeat": {*tables["core_heartbeat"], "host"}}
    )

    refusal = old_database.judge(connection)

    assert refusal is not None
    assert refusal.cause is RefusalCause.OLD


@pytest.mark.parametrize("definition", ["integer", "integer DEFAULT 3 NOT NULL"])
def test_a_column_that_may_stay_empty_does_no_harm(db: None, definition: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE core_heartbeat ADD COLUMN our_own {definition}")

    assert not old_database._has_other_columns(state_of_test_run())


def test_a_column_that_the_model_would_never_fill_is_of_an_earlier_version(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE core_heartbeat")
        cursor.execute(
            "CREATE TABLE core_heartbeat (name varchar(20) PRIMARY KEY, at timestamp NOT NULL, old integer NOT NULL)"
        )

    assert old_database._has_other_columns(state_of_test_run())


def state_of_test_run() -> Any:
    """Through the test's own connection, which alone sees what its transaction changed."""
    tables = list(old_database._tables())
    if connection.vendor == "postgresql":
        return database_state.of_postgresql(connection, tables)
    with connection.cursor() as cursor:
        cursor.execute(database_state.SQLITE_COLUMNS % ", ".join(["%s"] * len(tables)), tables)
        columns = database_state._columns(cursor.fetchall())
    return database_state.DatabaseState(frozenset(), frozenset(), columns)


def odd_file(path: Path, kind: str) -> Path:
    contents = {
        "text": b"This is a letter, not a database. " * 9,
        "short": b"SQLite",
        "cut off": make_file(path, OLD).read_bytes()[:5000],
        "overwritten": b"SQLite format 3\0" + b"\xff" * 9000,
    }
    path.write_bytes(contents[kind])
    return path


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("text", "The file clinic.sqlite3 is not an SQLite database, or a damaged one. Nothing was changed in it."),
        ("short", "The file clinic.sqlite3 is not an SQLite database, or a damaged one. Nothing was changed in it."),
        ("cut off", "The database clinic.sqlite3 cannot be read: "),
        ("overwritten", "The file clinic.sqlite3 is not an SQLite database, or a damaged one. "),
    ],
)
def test_a_file_that_sqlite_cannot_read_stays(here: Path, kind: str, sentence: str) -> None:
    file = odd_file(here / "clinic.sqlite3", kind)
    before = digests(here)

    refusal = old_database.refusal(on_file(file))

    assert refusal is not None
    assert refusal.text.startswith(sentence)
    assert "mv clinic.sqlite3 clinic-old.sqlite3" in refusal.text
    assert digests(here) == before


def test_an_empty_file_is_a_database_still_to_be_made(here: Path) -> None:
    (here / "clinic.sqlite3").touch()
    refusal = old_database.judge(on_file("clinic.sqlite3"))

    assert old_database.refusal(on_file("clinic.sqlite3")) is None
    assert refusal is not None
    assert "does not have all its tables yet" in refusal.text
    assert "Run `python manage.py migrate` first." in refusal.text


def test_a_file_that_is_not_there_is_not_made_by_looking(here: Path) -> None:
    assert old_database.refusal(on_file("clinic.sqlite3")) is None
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("no/such/clinic.sqlite3", "there is no folder no/such. Make it (mkdir -p no/such)"),
        ("folder", "The database cannot be folder: that is a folder."),
        ("pipe", "The database cannot be pipe: that is not a file."),
        ("loop", "The database loop cannot be opened: "),
        ("note/clinic.sqlite3", "there is no folder note."),
    ],
)
def test_a_place_where_no_database_can_be(here: Path, name: str, sentence: str) -> None:
    (here / "folder").mkdir()
    (here / "note").write_text("a file", encoding="utf-8")
    (here / "loop").symlink_to(here / "loop")
    os.mkfifo(here / "pipe")

    refusal = old_database.refusal(on_file(name))

    assert refusal is not None
    assert sentence in refusal.text


def test_a_file_that_this_user_may_not_write(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = make_file(here / "clinic.sqlite3", recorded(*NOW))
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)

    refusal = old_database.refusal(on_file(file))

    assert refusal is not None
    assert refusal.text.startswith("The database clinic.sqlite3 cannot be written by this user")


def test_root_leaves_nothing_behind_that_the_site_could_not_open(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite makes files beside the database, and root's are root's."""
    file = make_file(here / "clinic.sqlite3", [])
    if not os.geteuid():
        os.chown(file, 12345, 12345)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    before = digests(here)

    refusal = old_database.refusal(on_file(file))

    assert refusal is not None
    assert "and you are root" in refusal.text
    assert refusal.text.endswith("Type the command with clinic-manage.")
    assert digests(here) == before
    monkeypatch.setattr(settings, "DEMO", True)
    assert old_database.refusal(on_file(file)) is None


def test_migrate_refuses_wherever_it_is_called_from(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = make_file(here / "clinic.sqlite3", OLD)
    monkeypatch.setattr("clinic.core.management.commands.migrate.connections", {"default": on_file(file)})
    before = digests(here)

    with pytest.raises(CommandError, match="was made by an earlier version of this program"):
        call_command("migrate")

    assert digests(here) == before
