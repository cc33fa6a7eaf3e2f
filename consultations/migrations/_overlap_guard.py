"""The rule that nothing and nobody is occupied twice at once, in each engine's own words (decision 0033).

Triggers on holds and appointments write what each occupies into one table, a trigger on patient rows follows who stands
behind them, and a guard on that table refuses two spans that overlap. PostgreSQL: exclusion constraints. SQLite:
triggers. A later migration that rebuilds one of these tables on SQLite loses its triggers and must add them again (a
test looks for them after all migrations).
"""

from collections.abc import Callable
from typing import Any, Final

OCCUPATION: Final = "consultations_occupation"
REQUEST: Final = "consultations_consultationrequest"
PATIENT: Final = "consultations_patient"
OF_REQUEST: Final = (
    f"{PATIENT} JOIN {REQUEST} AS asked ON asked.patient_id = {PATIENT}.id WHERE asked.id = NEW.consultation_request_id"
)
WATCHED: Final = (
    "consultation_request_id", "clinician_id", "room_id", "starts_at", "ends_at", "buffer_before_minutes", "buffer_after_minutes",
)  # fmt: skip
LOCK: Final = f"PERFORM 1 FROM {OF_REQUEST} FOR SHARE OF {PATIENT};"
"""Whoever joins two persons at this moment is waited for: the next statement reads who stands behind the row then."""
Step = Callable[[Any, Any], None]


def add_guard(*, column: str, name: str) -> Step:
    """Make a RunPython step: no two rows of the occupation table with the same `column` overlap."""

    def forwards(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
            schema_editor.execute(
                f"ALTER TABLE {OCCUPATION} ADD CONSTRAINT {name} EXCLUDE USING gist "
                f"({column} WITH =, tstzrange(starts_at, ends_at, '[)') WITH &&)"
            )
            return
        for verb in ("INSERT", "UPDATE"):
            schema_editor.execute(
                f"CREATE TRIGGER {name}_{verb.lower()} BEFORE {verb} ON {OCCUPATION} WHEN NEW.{column} IS NOT NULL "
                f"BEGIN SELECT RAISE(ABORT, '{name}') WHERE EXISTS (SELECT 1 FROM {OCCUPATION} AS other "
                f"WHERE other.{column} = NEW.{column} AND other.id IS NOT NEW.id "
                f"AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at); END"
            )

    return forwards


def drop_guard(*, column: str, name: str) -> Step:
    def backwards(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"ALTER TABLE {OCCUPATION} DROP CONSTRAINT {name}")
            return
        for verb in ("insert", "update"):
            schema_editor.execute(f"DROP TRIGGER {name}_{verb}")

    return backwards


def follow(*, table: str, source: str, live: str = "true", watched: tuple[str, ...] = WATCHED) -> Step:
    """Make a RunPython step: what a row of `table` occupies stands in the occupation table under `source`_id.

    `live` is the SQL condition on a row that occupies anything; a change of a `watched` column writes its rows anew.
    What stands in the table already occupies its time from then on, or the migration fails over two that overlap.
    """
    name, key = f"occupied_by_{source}", f"{source}_id"
    remove = f"DELETE FROM {OCCUPATION} WHERE {key} = OLD.id;"

    def forwards(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF TG_OP <> 'INSERT' THEN {remove} END IF; "
                f"IF TG_OP <> 'DELETE' THEN {LOCK} {_write(key, live, _postgresql_span)} END IF; RETURN NULL; END $$",
                params=None,
            )
            old, new = (", ".join(f"{row}.{column}" for column in watched) for row in ("OLD", "NEW"))
            when = {"INSERT": "", "UPDATE": f"WHEN (({old}) IS DISTINCT FROM ({new}))", "DELETE": ""}
            for verb, condition in when.items():
                schema_editor.execute(
                    f"CREATE TRIGGER {name}_{verb.lower()} AFTER {verb} ON {table} FOR EACH ROW {condition} "
                    f"EXECUTE FUNCTION {name}()"
                )
            for statement in _rows(key, live, _postgresql_span, source=f" FROM {table} AS NEW"):
                schema_editor.execute(statement, params=None)
            return
        write = _write(key, live, _sqlite_span)
        changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in watched)
        for verb, body in (
            ("INSERT", write),
            (f"UPDATE ON {table} WHEN {changed}", remove + write),
            ("DELETE", remove),
        ):
            on = "" if " ON " in verb else f" ON {table}"
            trigger = f"{name}_{verb.split()[0].lower()}"
            schema_editor.execute(f"CREATE TRIGGER {trigger} AFTER {verb}{on} BEGIN {body} END", params=None)
        for statement in _rows(key, live, _sqlite_span, source=f" FROM {table} AS NEW"):
            schema_editor.execute(statement, params=None)

    return forwards


def unfollow(*, table: str, source: str) -> Step:
    """Make the step back: nothing follows the table any more, so nothing that it said of the table is left."""
    name = f"occupied_by_{source}"

    def backwards(apps: Any, schema_editor: Any) -> None:
        schema_editor.execute(f"DELETE FROM {OCCUPATION} WHERE {source}_id IS NOT NULL")
        is_postgresql = schema_editor.connection.vendor == "postgresql"
        for verb in ("insert", "update", "delete"):
            schema_editor.execute(f"DROP TRIGGER {name}_{verb}" + (f" ON {table}" if is_postgresql else ""))
        if is_postgresql:
            schema_editor.execute(f"DROP FUNCTION {name}()")

    return backwards


def follow_persons(apps: Any, schema_editor: Any) -> None:
    """The visits of a patient row are those of whoever stands behind it: a join that makes an overlap is refused."""
    visits = " OR ".join(
        f"{source}_id IN (SELECT taken.id FROM consultations_{table} AS taken JOIN {REQUEST} AS asked "
        f"ON asked.id = taken.consultation_request_id WHERE asked.patient_id = NEW.id)"
        for source, table in (("hold", "slothold"), ("appointment", "appointment"))
    )
    follow_on = f"UPDATE {OCCUPATION} SET person_id = NEW.person_id WHERE person_id = OLD.person_id AND ({visits});"
    when = f"CREATE TRIGGER occupied_by_person AFTER UPDATE ON {PATIENT}"
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            f"CREATE FUNCTION occupied_by_person() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN {follow_on} RETURN NULL; END $$",
            params=None,
        )
        schema_editor.execute(
            f"{when} FOR EACH ROW WHEN (OLD.person_id <> NEW.person_id) EXECUTE FUNCTION occupied_by_person()"
        )
        return
    schema_editor.execute(f"{when} WHEN OLD.person_id <> NEW.person_id BEGIN {follow_on} END")


def unfollow_persons(apps: Any, schema_editor: Any) -> None:
    is_postgresql = schema_editor.connection.vendor == "postgresql"
    schema_editor.execute("DROP TRIGGER occupied_by_person" + (f" ON {PATIENT}" if is_postgresql else ""))
    if is_postgresql:
        schema_editor.execute("DROP FUNCTION occupied_by_person()")


def _write(key: str, live: str, span: Callable[[], str]) -> str:
    """The rows of the one hold or appointment that a trigger knows as NEW."""
    return " ".join(_rows(key, live, span))


def _rows(key: str, live: str, span: Callable[[], str], *, source: str = "") -> list[str]:
    """What NEW occupies, each kind in a statement: clinician and room with the buffers, the person without."""
    person = f"(SELECT {PATIENT}.person_id FROM {OF_REQUEST})"
    rows = (
        ("resource_id", "NEW.clinician_id", span(), live),
        ("resource_id", "NEW.room_id", span(), f"NEW.room_id IS NOT NULL AND {live}"),
        ("person_id", person, "NEW.starts_at, NEW.ends_at", live),
    )
    return [
        f"INSERT INTO {OCCUPATION} ({column}, {key}, starts_at, ends_at) "
        f"SELECT {who}, NEW.id, {when}{source} WHERE {condition};"
        for column, who, when, condition in rows
    ]


def _postgresql_span() -> str:
    return (
        "NEW.starts_at - make_interval(mins => NEW.buffer_before_minutes), "
        "NEW.ends_at + make_interval(mins => NEW.buffer_after_minutes)"
    )


def _sqlite_span() -> str:
    """Instants as Django writes them: what stands behind the seconds, if anything does, is kept as it is."""
    return (
        "datetime(NEW.starts_at, '-' || NEW.buffer_before_minutes || ' minutes') || substr(NEW.starts_at, 20), "
        "datetime(NEW.ends_at, '+' || NEW.buffer_after_minutes || ' minutes') || substr(NEW.ends_at, 20)"
    )
