"""The rule that two live rows of one clinician never overlap, in each engine's own words.

PostgreSQL: an exclusion constraint. SQLite: triggers, which vanish when a later migration rebuilds the table, so such a
migration must add them again (a test looks for them after all migrations).
"""

from collections.abc import Callable
from typing import Any


def add_guard(*, table: str, name: str, live: str) -> Callable[[Any, Any], None]:
    """Make a RunPython step that adds the guard to `table`; `live` is the SQL condition on a row that counts."""

    def forwards(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
            schema_editor.execute(
                f"ALTER TABLE {table} ADD CONSTRAINT {name} EXCLUDE USING gist "
                f"(clinician_id WITH =, tstzrange(starts_at, ends_at, '[)') WITH &&) WHERE ({live.format(row='')})"
            )
        else:
            for verb in ("INSERT", "UPDATE"):
                schema_editor.execute(
                    f"CREATE TRIGGER {name}_{verb.lower()} BEFORE {verb} ON {table} WHEN {live.format(row='NEW.')} "
                    f"BEGIN SELECT RAISE(ABORT, '{name}') WHERE EXISTS (SELECT 1 FROM {table} AS other "
                    f"WHERE other.clinician_id = NEW.clinician_id AND other.id IS NOT NEW.id "
                    f"AND {live.format(row='other.')} "
                    f"AND other.starts_at < NEW.ends_at AND other.ends_at > NEW.starts_at); END"
                )

    return forwards


def drop_guard(*, table: str, name: str) -> Callable[[Any, Any], None]:
    def backwards(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        else:
            for verb in ("insert", "update"):
                schema_editor.execute(f"DROP TRIGGER {name}_{verb}")

    return backwards
