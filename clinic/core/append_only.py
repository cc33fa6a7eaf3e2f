"""Database triggers that make a table append-only, on SQLite and PostgreSQL. Used by migrations."""

from django.db.backends.base.base import BaseDatabaseWrapper

FUNCTION = """
CREATE OR REPLACE FUNCTION clinic_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def protect(connection: BaseDatabaseWrapper, table: str) -> None:
    """Refuse UPDATE, DELETE and (where it exists) TRUNCATE and replacing INSERT; all raise IntegrityError."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(FUNCTION)
            cursor.execute(
                f"CREATE TRIGGER {table}_rows BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION clinic_append_only()"
            )
            cursor.execute(
                f"CREATE TRIGGER {table}_table BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION clinic_append_only()"
            )
            return
        refuse = f"SELECT RAISE(ABORT, 'rows of {table} are never changed or removed');"
        cursor.execute(f"CREATE TRIGGER {table}_update BEFORE UPDATE ON {table} BEGIN {refuse} END")
        cursor.execute(f"CREATE TRIGGER {table}_delete BEFORE DELETE ON {table} BEGIN {refuse} END")
        # INSERT OR REPLACE removes the old row without firing the DELETE trigger.
        key = connection.introspection.get_primary_key_column(cursor, table)
        cursor.execute(
            f"CREATE TRIGGER {table}_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) BEGIN {refuse} END"
        )


def unprotect(connection: BaseDatabaseWrapper, table: str) -> None:
    names = ("rows", "table") if connection.vendor == "postgresql" else ("update", "delete", "replace")
    on = f" ON {table}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_{name}{on}")


def protected_tables(connection: BaseDatabaseWrapper) -> list[str]:
    """The tables that carry these triggers, by asking the database."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgrelid::regclass::text FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid "
                "WHERE proname = 'clinic_append_only' AND tgtype & 32 = 32 ORDER BY 1"
            )
        else:
            cursor.execute(
                "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' "
                "AND sql LIKE '%never changed or removed%' AND name = tbl_name || '_delete' ORDER BY 1"
            )
        return [table for (table,) in cursor.fetchall()]
