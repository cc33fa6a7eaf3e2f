"""Django's `migrate`, which looks first whether the database is ours, and works as the role that owns the tables."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS, connections

from clinic.core import database_roles, old_database
from clinic.core.management.clinic_command import describe_database
from clinic.core.old_database import Refusal, RefusalCause


class Command(migrate.Command):
    def execute(self, *args: Any, **options: Any) -> Any:
        """Not in `handle`: the system checks before it already open the database, and SQLite then changes the file."""
        used = connections[options.get("database") or DEFAULT_DB_ALIAS]
        if problem := database_roles.settings_problem():
            raise CommandError(problem)
        with database_roles.as_migration_role(used):
            if found := old_database.refusal(used):
                raise CommandError(_unreachable(found) or found.text)
            if problem := database_roles.refusal(used):
                raise CommandError(problem)
            return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        used = connections[options["database"]]
        if used.alias == DEFAULT_DB_ALIAS and not settings.DEMO:
            role = f", as {used.settings_dict['USER']}" if used.settings_dict["USER"] else ""
            self.stderr.write(f"Database: {describe_database()}{role}", style_func=str)
        super().handle(*args, **options)
        if settings.MIGRATE_DATABASE and not (options.get("plan") or options.get("check_unapplied")):
            count = database_roles.grant(used)
            self.stdout.write(f"Privileges of the application's role: {count} tables and sequences changed.")


def _unreachable(found: Refusal) -> str:
    """Where the role that migrates cannot come in, what makes it, and not what makes a database without it."""
    if not settings.MIGRATE_DATABASE or found.cause is not RefusalCause.UNREACHABLE:
        return ""
    return (
        f"{found.text.splitlines()[0]}\nMIGRATE_DATABASE_URL names this database. deploy/roles.sql makes it with its "
        "roles; on one machine with PostgreSQL, “clinic-manage migrate” works as the right user (docs/operations.md)."
    )
