"""`check --deploy --database default` says what the application's role in PostgreSQL may do that it must not."""

from typing import Any, Final

from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connection

from clinic.core import database_roles

HINT: Final = "Run deploy/roles.sql, then migrate as the role that migrates (docs/operations.md, Database roles)."
POWERS: Final = """
    SELECT p.words FROM pg_roles r, LATERAL (VALUES
        (r.rolsuper, 'is a superuser'), (r.rolcreaterole, 'may make roles'), (r.rolcreatedb, 'may make databases'),
        (r.rolreplication, 'may replicate'), (r.rolbypassrls, 'may pass over row security'),
        (has_database_privilege(r.oid, current_database(), 'CREATE'), 'may make schemas and extensions'),
        (has_database_privilege(r.oid, current_database(), 'TEMPORARY'), 'may make temporary tables'),
        (coalesce(has_schema_privilege(r.oid, current_schema(), 'CREATE'), false), 'may make tables and functions')
    ) AS p (holds, words) WHERE r.rolname = current_user AND p.holds
"""
MEMBER_OF: Final = """
    SELECT g.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
    WHERE m.member = current_user::regrole ORDER BY 1
"""
OWNED: Final = """
    SELECT o.name FROM (
        SELECT relname::text, relowner FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v')
        UNION ALL SELECT proname::text, proowner FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
        UNION ALL SELECT extname::text, extowner FROM pg_extension
        UNION ALL SELECT datname::text, datdba FROM pg_database WHERE datname = current_database()
    ) AS o (name, owner) WHERE pg_has_role(o.owner, 'MEMBER') ORDER BY 1
"""
"""Tables, functions, extensions and the database itself: whoever owns one can remove it, and what rests on it."""
REACHABLE: Final = """
    SELECT datname FROM pg_database WHERE datallowconn AND datname <> current_database()
    AND has_database_privilege(oid, 'CONNECT') ORDER BY 1
"""
SHOWN: Final = 5


@register(Tags.database, deploy=True)
def check_application_role(app_configs: Any = None, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    if "default" not in (databases or ()) or connection.vendor != "postgresql":
        return []
    try:
        powers = _powers()
        # Whoever owns the tables may do everything with them, whatever was granted.
        return [*powers, *_places(), *([] if powers else _tables())]
    except DatabaseError as problem:
        words = f"The database does not say what the application's role may do ({type(problem).__name__})."
        return [Error(words, hint="Check DATABASE_URL, and that PostgreSQL runs.", id="clinic.E060")]


def _role() -> str:
    return str(database_roles.rows(connection, "SELECT current_user")[0])


def _powers() -> list[CheckMessage]:
    held = database_roles.rows(connection, POWERS)
    held += [f"is a member of {group}" for group in database_roles.rows(connection, MEMBER_OF)]
    if owned := database_roles.rows(connection, OWNED):
        held.append(f"owns {_some(owned)}, so it may remove what guards the rows")
    return [_warning(f"{words}.", "clinic.W060") for words in held]


def _places() -> list[CheckMessage]:
    reachable = database_roles.rows(connection, REACHABLE)
    return [_warning(f"may connect to other databases: {_some(reachable)}.", "clinic.W061")] if reachable else []


def _tables() -> list[CheckMessage]:
    """Privileges that `migrate` did not give, or that somebody gave by hand."""
    found: list[CheckMessage] = []
    held = database_roles.relations(connection, _role())
    if surplus := [f"{it.name} ({', '.join(sorted(more))})" for it in held if (more := it.held - it.wanted)]:
        found.append(_warning(f"may do more than it needs: {_some(surplus)}.", "clinic.W062"))
    if missing := [it.name for it in held if it.wanted - it.held]:
        found.append(Error(_sentence(f"may not use {_some(missing)}."), hint=HINT, id="clinic.E061"))
    return found


def _sentence(words: str) -> str:
    return f"The application's role “{_role()}” {words}"


def _warning(words: str, code: str) -> CheckMessage:
    return Warning(_sentence(words), hint=HINT, id=code)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
