"""The application's role in PostgreSQL works with the rows and can change no table; the role that migrates can.

The run's own role must be a superuser, as that of `.ci/run` is: only one can make roles.
"""

import dataclasses
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import ConnectionHandler, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg2.errors import InsufficientPrivilege

from clinic.core import database_roles, role_checks
from tests.concurrency.processes import start
from tests.conftest import end_other_sessions

ROOT = Path(__file__).resolve().parents[3]
PASSWORDS = {"APPLICATION_PASSWORD": "of the application", "MIGRATION_PASSWORD": "of who migrates"}
SYSTEM = ("postgres", "template1")
ANYBODY_MAY_CONNECT = (
    "SELECT datname FROM pg_database WHERE datname = ANY(%s) AND has_database_privilege('public', oid, 'CONNECT')"
)


@dataclasses.dataclass(frozen=True)
class Clinic:
    """A database as roles.sql leaves it, beside that of the test run."""

    name: str
    said: str

    @property
    def application(self) -> str:
        return f"{self.name}_application"

    @property
    def migration(self) -> str:
        return f"{self.name}_migration"

    def address(self, role: str, name: str = "") -> dict[str, Any]:
        word = PASSWORDS["APPLICATION_PASSWORD" if role == self.application else "MIGRATION_PASSWORD"]
        return {**settings.DATABASES["default"], "NAME": name or self.name, "USER": role, "PASSWORD": word}

    def url(self, role: str) -> str:
        at = self.address(role)
        return f"postgres://{role}:{at['PASSWORD'].replace(' ', '%20')}@{at['HOST']}:{at['PORT']}/{self.name}"

    def execute(self, role: str, statement: str, *, name: str = "", keep: bool = True) -> None:
        """In a connection of its own, which is a transaction that is rolled back unless it is to be kept."""
        at = self.address(role, name)
        opened = psycopg2.connect(
            host=at["HOST"], port=at["PORT"], user=role, password=at["PASSWORD"], dbname=at["NAME"]
        )
        try:
            opened.autocommit = keep
            with opened.cursor() as cursor:
                cursor.execute(statement)
        finally:
            opened.close()

    def django_connection(self, role: str) -> BaseDatabaseWrapper:
        return ConnectionHandler({"default": self.address(role)})["default"]


def run_roles_sql(name: str) -> str:
    at = connection.settings_dict
    done = subprocess.run(
        [
            "psql", "--no-psqlrc", "--quiet", f"--file={ROOT}/deploy/roles.sql", f"--set=database={name}",
            f"--set=application={name}_application", f"--set=migration={name}_migration", f"--set=backup={name}_backup",
        ],
        env={
            **os.environ, **PASSWORDS, "PGHOST": str(at["HOST"]), "PGPORT": str(at["PORT"]), "PGUSER": at["USER"],
            "PGPASSWORD": at["PASSWORD"], "PGDATABASE": "postgres",
        },
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def clinic(shelf: Any, django_db_blocker: Any) -> Iterator[Clinic]:
    """A copy of the migrated database of the run, handed over to two roles of its own."""
    shelf.clear()
    name = f"{connection.settings_dict['NAME']}_roles"
    with django_db_blocker.unblock():
        template = connection.settings_dict["NAME"]
        end_other_sessions()  # PostgreSQL copies no database that somebody is connected to
        connection.close()
        with connection._nodb_cursor() as cursor:
            cursor.execute(ANYBODY_MAY_CONNECT, [list(SYSTEM)])
            open_before = [datname for (datname,) in cursor.fetchall()]
            cursor.execute("SET statement_timeout = 0")  # a busy disk takes longer over files than a page may
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
            cursor.execute(f'CREATE ROLE "{name}_backup" IN ROLE pg_read_all_data')
        yield Clinic(name, run_roles_sql(name))
        with connection._nodb_cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            for role in ("application", "migration", "backup"):
                cursor.execute(f'DROP ROLE "{name}_{role}"')
            for system in open_before:
                cursor.execute(f"GRANT CONNECT ON DATABASE {system} TO PUBLIC")


@pytest.fixture(scope="module")
def migrated(clinic: Clinic) -> Clinic:
    done = migrate(clinic, MIGRATE_DATABASE_URL=clinic.url(clinic.migration))
    assert "No migrations to apply" in done
    assert f", as {clinic.migration}\n" in done
    assert "Privileges of the application's role: " in done
    return clinic


def migrate(clinic: Clinic, **environment: str) -> str:
    process = start(
        "manage.py", "migrate", log=subprocess.PIPE, DATABASE_URL=clinic.url(clinic.application), **environment
    )
    out, err = process.communicate()
    return (out + err).decode()


REFUSED = {
    "drop a trigger": "DROP TRIGGER core_auditevent_rows ON core_auditevent",
    "disable a trigger": "ALTER TABLE core_auditevent DISABLE TRIGGER core_auditevent_rows",
    "disable all triggers": "ALTER TABLE consultations_slothold DISABLE TRIGGER USER",
    "add a trigger": (
        "CREATE TRIGGER t BEFORE INSERT ON core_heartbeat FOR EACH ROW EXECUTE FUNCTION clinic_append_only()"
    ),
    "drop a guard": "ALTER TABLE consultations_occupation DROP CONSTRAINT consultations_occupation_pkey CASCADE",
    "add a column": "ALTER TABLE consultations_patient ADD COLUMN more integer",
    "drop a table": "DROP TABLE core_heartbeat CASCADE",
    "empty a table": "TRUNCATE core_heartbeat",
    "replace a function": (
        "CREATE OR REPLACE FUNCTION clinic_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'"
    ),
    "drop a function": "DROP FUNCTION clinic_append_only() CASCADE",
    "replace the view": "CREATE OR REPLACE VIEW core_auditentry AS SELECT * FROM core_auditentry",
    "put a table before ours": "CREATE TEMPORARY TABLE core_auditevent (id integer)",
    "put a function before ours": "CREATE FUNCTION pg_temp.f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "make a table": "CREATE TABLE own (id integer)",
    "make a schema": "CREATE SCHEMA own",
    "pretend a migration": "INSERT INTO django_migrations (app, name, applied) VALUES ('core', '0099', now())",
    "set a sequence back": "SELECT setval(pg_get_serial_sequence('core_auditevent', 'sequence'), 1)",
}
"""What the role that migrates may do, in a transaction that is rolled back."""
REFUSED_TO_BOTH = {
    "pass over triggers": "SET session_replication_role = replica",
    "become a superuser": "ALTER ROLE CURRENT_USER SUPERUSER",
    "become another": "SET ROLE <run>",
    "act as another": "SET SESSION AUTHORIZATION <run>",
    "read a file": "SELECT pg_read_file('PG_VERSION')",
    "write a file": "COPY core_heartbeat TO '/tmp/core_heartbeat'",
    "run a program": "COPY core_heartbeat TO PROGRAM 'cat'",
    "make a database": "CREATE DATABASE own",
}
ON_APPEND_ONLY = {
    "change an event": "UPDATE core_auditevent SET action = 'x'",
    "remove an event": "DELETE FROM core_auditevent",
    "empty the trail": "TRUNCATE core_auditevent CASCADE",
    "change a link": "UPDATE core_auditlink SET digest = ''",
    "remove a reading": "DELETE FROM core_recordread",
    "change who was shown": "UPDATE core_patientshown SET patient_id = 1",
}
"""Refused to both: to the application for want of the privilege, to whoever migrates by the trigger."""
postgres = pytest.mark.postgres


@postgres
@pytest.mark.parametrize("statement", [*REFUSED.values(), *REFUSED_TO_BOTH.values(), *ON_APPEND_ONLY.values()])
def test_the_application_is_refused(migrated: Clinic, statement: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        migrated.execute(migrated.application, statement.replace("<run>", settings.DATABASES["default"]["USER"]))


@postgres
@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED.keys())
def test_whoever_migrates_may_do_it(migrated: Clinic, statement: str) -> None:
    migrated.execute(migrated.migration, statement, keep=False)


@postgres
@pytest.mark.parametrize("statement", REFUSED_TO_BOTH.values(), ids=REFUSED_TO_BOTH.keys())
def test_nor_is_whoever_migrates_a_superuser(migrated: Clinic, statement: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        migrated.execute(migrated.migration, statement.replace("<run>", settings.DATABASES["default"]["USER"]))


@postgres
@pytest.mark.parametrize("system", SYSTEM)
def test_neither_comes_into_the_databases_that_postgresql_makes(migrated: Clinic, system: str) -> None:
    for role in (migrated.application, migrated.migration):
        with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
            migrated.execute(role, "SELECT 1", name=system)


@postgres
def test_nobody_else_comes_into_the_clinics(migrated: Clinic) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT has_database_privilege('public', %s, 'CONNECT')", [migrated.name])
        assert cursor.fetchall() == [(False,)]


@postgres
def test_whoever_makes_backups_comes_in_also_after_a_restore(clinic: Clinic) -> None:
    """The database is another one than that to which the role was let in by hand."""
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT has_database_privilege(%s, %s, 'CONNECT')", [f"{clinic.name}_backup", clinic.name])
        assert cursor.fetchall() == [(True,)]


@postgres
def test_databases_of_other_programs_are_named_and_left(migrated: Clinic) -> None:
    other = settings.DATABASES["default"]["NAME"]
    assert f"The role {migrated.application} may still connect to the database {other}." in migrated.said
    assert f"the database {migrated.name}." not in migrated.said


@postgres
def test_every_table_has_what_the_application_needs_and_no_more(migrated: Clinic) -> None:
    used = migrated.django_connection(migrated.application)
    found = database_roles.relations(used, migrated.application)
    used.close()
    assert [it for it in found if it.held != it.wanted] == []
    held = {it.name: set(it.held) for it in found}
    assert held["consultations_patient"] == {"SELECT", "INSERT", "UPDATE", "DELETE"}
    assert held["core_auditevent"] == held["core_auditlink"] == {"SELECT", "INSERT"}
    assert held["core_recordread"] == held["core_patientshown"] == {"SELECT", "INSERT"}
    assert held["core_auditentry"] == held["django_migrations"] == {"SELECT"}
    assert held["core_auditevent_sequence_seq"] == {"SELECT", "USAGE"}
    assert set(connection.introspection.django_table_names()) <= held.keys()


@postgres
def test_a_table_that_comes_later_is_reachable_after_migrate(migrated: Clinic) -> None:
    migrated.execute(migrated.migration, "CREATE TABLE later (id integer)")
    migrated.execute(migrated.migration, f'GRANT UPDATE ON core_auditevent TO "{migrated.application}"')
    used = migrated.django_connection(migrated.migration)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(settings.DATABASES, "default", migrated.address(migrated.application))
        assert database_roles.grant(used) == 2
        assert database_roles.grant(used) == 0
    used.close()
    migrated.execute(migrated.application, "INSERT INTO later VALUES (1)")
    with pytest.raises(InsufficientPrivilege):
        migrated.execute(migrated.application, "UPDATE core_auditevent SET action = 'x'")
    migrated.execute(migrated.migration, "DROP TABLE later")


@postgres
def test_the_role_of_the_application_does_not_migrate(migrated: Clinic) -> None:
    used = migrated.django_connection(migrated.application)
    found = database_roles.refusal(used)
    used.close()
    assert found.startswith(
        f"“{migrated.application}” must not migrate the database “{migrated.name}”: its tables belong to "
        f"“{migrated.migration}”. Nothing was changed. Name the role that migrates in MIGRATE_DATABASE_URL"
    )


@postgres
def test_roles_sql_run_again_takes_everything_from_the_application(migrated: Clinic, django_db_blocker: Any) -> None:
    """As after a restore that worked as the application: it made the tables and the extension."""
    with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{migrated.name}" OWNER TO "{migrated.application}"')
    migrated.execute(migrated.application, "CREATE SCHEMA theirs CREATE TABLE own (id integer)")
    migrated.execute(migrated.application, "CREATE EXTENSION pg_trgm")
    run_roles_sql(migrated.name)
    migrated.execute(migrated.application, "SELECT 1 FROM core_heartbeat")
    for statement in ("DROP EXTENSION pg_trgm", "DROP EXTENSION btree_gist CASCADE", "DROP TABLE theirs.own"):
        with pytest.raises(InsufficientPrivilege):
            migrated.execute(migrated.application, statement)
    migrated.execute(migrated.migration, "DROP EXTENSION pg_trgm; DROP SCHEMA theirs CASCADE")


@postgres
class TestDeployCheck:
    def found(self, clinic: Clinic, role: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
        used = clinic.django_connection(role) if role else connection
        monkeypatch.setattr(role_checks, "connection", used)
        said = {str(found.id): str(found.msg) for found in role_checks.check_application_role(databases=["default"])}
        used.close()
        return said

    def test_it_names_the_databases_of_others_and_nothing_else(self, migrated, monkeypatch):
        found = self.found(migrated, migrated.application, monkeypatch)
        assert list(found) == ["clinic.W061"]
        assert "may connect to other databases: " in found["clinic.W061"]

    def test_it_names_who_owns_the_tables(self, migrated, monkeypatch):
        found = self.found(migrated, migrated.migration, monkeypatch)
        assert "so it may remove what guards the rows" in found["clinic.W060"]

    def test_it_names_what_was_given_by_hand(self, migrated, monkeypatch):
        migrated.execute(migrated.migration, f'GRANT DELETE ON core_auditlink TO "{migrated.application}"')
        migrated.execute(migrated.migration, f'REVOKE SELECT ON core_heartbeat FROM "{migrated.application}"')
        found = self.found(migrated, migrated.application, monkeypatch)
        migrated.execute(migrated.migration, f'REVOKE DELETE ON core_auditlink FROM "{migrated.application}"')
        migrated.execute(migrated.migration, f'GRANT SELECT ON core_heartbeat TO "{migrated.application}"')
        assert "may do more than it needs: core_auditlink (DELETE)." in found["clinic.W062"]
        assert "may not use core_heartbeat." in found["clinic.E061"]


@postgres
@pytest.mark.django_db
def test_a_superuser_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    said = [str(found.msg) for found in role_checks.check_application_role(databases=["default"])]
    role = settings.DATABASES["default"]["USER"]
    assert f"The application's role “{role}” is a superuser." in said
    assert f"The application's role “{role}” may make temporary tables." in said


def test_without_a_database_that_was_asked_for_it_says_nothing() -> None:
    assert role_checks.check_application_role(databases=None) == []


SERVER = {"ENGINE": "django.db.backends.postgresql", "NAME": "clinic", "USER": "clinic"}


@pytest.mark.parametrize(
    ("own", "given", "sentence"),
    [
        ({}, {}, ""),
        ({}, {"USER": "clinic_migrate"}, ""),
        ({}, {"USER": "clinic"}, "DATABASE_URL and MIGRATE_DATABASE_URL name the same role, “clinic”"),
        ({}, {"USER": ""}, "must each name a role, as in postgres://clinic@/clinic."),
        ({"USER": ""}, {"USER": "clinic_migrate"}, "must each name a role"),
        ({}, {"NAME": "other"}, "MIGRATE_DATABASE_URL names the database “other”, DATABASE_URL “clinic”."),
        (
            {"ENGINE": "django.db.backends.sqlite3"},
            {"USER": "clinic_migrate"},
            "MIGRATE_DATABASE_URL is for PostgreSQL",
        ),
    ],
)
def test_two_addresses_that_do_not_fit_are_refused(settings, monkeypatch, own, given, sentence) -> None:
    monkeypatch.setitem(settings.DATABASES, "default", {**SERVER, **own})
    settings.MIGRATE_DATABASE = {**SERVER, **given} if given else {}
    found = database_roles.settings_problem()
    assert (sentence in found) if sentence else found == ""
    if sentence:
        with pytest.raises(CommandError, match="MIGRATE_DATABASE_URL"):
            call_command("migrate")


def test_a_connection_is_the_other_role_only_meanwhile(settings) -> None:
    settings.MIGRATE_DATABASE = {**SERVER, "USER": "clinic_migrate", "PASSWORD": "", "HOST": "db.example", "PORT": ""}
    used = ConnectionHandler({"default": {**SERVER, "PASSWORD": "w", "HOST": "", "PORT": 5432}})["default"]
    before = dict(used.settings_dict)
    with database_roles.as_migration_role(used):
        assert (used.settings_dict["USER"], used.settings_dict["HOST"]) == ("clinic_migrate", "db.example")
    assert used.settings_dict == before
