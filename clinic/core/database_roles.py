"""Two roles of PostgreSQL: one owns the tables and migrates, the application works as another and can change no table.

`deploy/roles.sql` makes both; `migrate` works as the first (MIGRATE_DATABASE_URL) and afterwards gives the second what
it needs of each table, and nothing more.
"""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.db.backends.base.base import BaseDatabaseWrapper

from clinic.core import append_only, database_state

ROWS: Final = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
PRIVILEGES: Final = {"table": ROWS, "append-only": frozenset({"SELECT", "INSERT"}), "read-only": frozenset({"SELECT"}),
                     "sequence": frozenset({"SELECT", "USAGE"})}  # fmt: skip
"""What the application's role has of each kind. A dump of the rows reads sequences too."""
RELATIONS: Final = """
    SELECT c.relname, c.relkind, ARRAY(
        SELECT a.privilege_type FROM aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee WHERE r.rolname = %s
    )
    FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.relname
"""
OWNERS: Final = """
    SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND relowner <> current_user::regrole
    ORDER BY 1
"""
MAY_CREATE: Final = "SELECT coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)"


@dataclasses.dataclass(frozen=True, slots=True)
class Relation:
    """A table, view or sequence of ours, and what the application's role may do with it."""

    name: str
    kind: str
    held: frozenset[str]

    @property
    def wanted(self) -> frozenset[str]:
        return PRIVILEGES[self.kind]


@contextmanager
def as_migration_role(used: BaseDatabaseWrapper) -> Iterator[None]:
    """Let a connection be that of MIGRATE_DATABASE_URL for a while, where that is set."""
    if not settings.MIGRATE_DATABASE or used.alias != DEFAULT_DB_ALIAS:
        yield
        return
    before = used.settings_dict
    used.close()
    # In a dictionary of its own: that of before is settings.DATABASES, which names the application's role.
    parts = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
    used.settings_dict = {**before, **{part: settings.MIGRATE_DATABASE[part] for part in parts}}
    try:
        yield
    finally:
        used.close()
        used.settings_dict = before


def settings_problem() -> str:
    """What is wrong with MIGRATE_DATABASE_URL, in a sentence. It asks no database."""
    given, own = settings.MIGRATE_DATABASE, settings.DATABASES[DEFAULT_DB_ALIAS]
    if not given:
        return ""
    if not all(address["ENGINE"].endswith("postgresql") for address in (given, own)):
        return "MIGRATE_DATABASE_URL is for PostgreSQL, where DATABASE_URL names a PostgreSQL database too."
    if given["NAME"] != own["NAME"]:
        return f"MIGRATE_DATABASE_URL names the database “{given['NAME']}”, DATABASE_URL “{own['NAME']}”."
    if not (given["USER"] and own["USER"]):
        return "DATABASE_URL and MIGRATE_DATABASE_URL must each name a role, as in postgres://clinic@/clinic."
    if given["USER"] == own["USER"]:
        return f"DATABASE_URL and MIGRATE_DATABASE_URL name the same role, “{own['USER']}”, and must not."
    return ""


def refusal(used: BaseDatabaseWrapper) -> str:
    """Why this connection's role must not migrate, in sentences. Asked before a migration changes anything."""
    if used.vendor != "postgresql":
        return ""
    with used.cursor() as cursor:
        cursor.execute(OWNERS)
        owners = [owner for (owner,) in cursor.fetchall()]
        cursor.execute(MAY_CREATE)
        [(may_create,)] = cursor.fetchall()
    if may_create and not owners:
        return ""
    role, name = used.settings_dict["USER"] or "this user", used.settings_dict["NAME"]
    why = f"its tables belong to “{owners[0]}”" if owners else "it may make no tables there"
    return (
        f"“{role}” must not migrate the database “{name}”: {why}. Nothing was changed. Name the role that migrates in "
        "MIGRATE_DATABASE_URL; deploy/roles.sql makes it and hands it the tables (docs/operations.md, Database roles)."
    )


def relations(used: BaseDatabaseWrapper, application: str) -> list[Relation]:
    protected = set(append_only.protected_tables(used))
    with used.cursor() as cursor:
        cursor.execute(RELATIONS, [application])
        return [Relation(name, _kind(name, kind, protected), frozenset(held)) for name, kind, held in cursor.fetchall()]


def _kind(name: str, kind: str, protected: set[str]) -> str:
    if kind == "S":
        return "sequence"
    if kind in "vm" or name == database_state.MIGRATIONS:
        return "read-only"
    return "append-only" if name in protected else "table"


def grant(used: BaseDatabaseWrapper) -> int:
    """Give the application's role exactly what it needs of each table, view and sequence. How many were changed."""
    application = settings.DATABASES[DEFAULT_DB_ALIAS]["USER"]
    changed = [relation for relation in relations(used, application) if relation.held != relation.wanted]
    quote = used.ops.quote_name
    with used.cursor() as cursor:
        for relation in changed:
            on = f"ON {'SEQUENCE ' if relation.kind == 'sequence' else ''}{quote(relation.name)}"
            if surplus := sorted(relation.held - relation.wanted):
                cursor.execute(f"REVOKE {', '.join(surplus)} {on} FROM {quote(application)}")
            if missing := sorted(relation.wanted - relation.held):
                cursor.execute(f"GRANT {', '.join(missing)} {on} TO {quote(application)}")
    return len(changed)


def rows(used: BaseDatabaseWrapper, question: str, *values: Any) -> list[Any]:
    """The first column of an answer."""
    with used.cursor() as cursor:
        cursor.execute(question, values)
        return [row[0] for row in cursor.fetchall()]
