"""Commands that operate a real clinic refuse to do so by accident, and say which database they work on."""

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, OutputWrapper
from django.db import Error, connection

from clinic.core.models import AuditEvent

SETTINGS = "/etc/clinic/env"
"""What deploy/clinic-manage takes; it also becomes the right user."""
GIVE_SETTINGS = (
    "Type clinic-manage before the command, or give the settings of the clinic with ENV_FILE=/etc/clinic/env "
    "(docs/operations.md, Commands)."
)


def describe_database() -> str:
    """Which database this is, without its password."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"SQLite {database['NAME']}"
    address = f"{database['HOST'] or 'this machine'}:{database['PORT'] or 5432}"
    return f"PostgreSQL {database['NAME']} at {address}"


def demonstration_notice() -> str:
    """What a demonstration says before each command; empty for a real clinic."""
    if not settings.DEMO:
        return ""
    return f"This is the demonstration, with made-up people. Database: {describe_database()}"


def typed(command: str) -> str:
    """Another command of manage.py, as it must be typed here: by this Python, with these settings."""
    env_file = os.environ.get("ENV_FILE", "")
    if env_file == SETTINGS:
        return f"clinic-manage {command}"
    parts = [f"ENV_FILE={env_file}"] if env_file else []
    return " ".join([*parts, sys.executable, str(settings.BASE_DIR / "manage.py"), command])


def refuse_the_demonstration() -> None:
    """Raises CommandError under DEBUG, unless DEMO=1 was said in so many words."""
    if settings.DEBUG and not (settings.DEMO and "DEMO" in os.environ):
        raise CommandError(
            f"This command works on a clinic's own data, and DEBUG is on: {describe_database()} is not taken for "
            f"a clinic's. {GIVE_SETTINGS} To run it on a demonstration, set DEMO=1."
        )


class ClinicCommand(BaseCommand):
    """A command on which a clinic's data depends: keys, audit trail, backup, erasure, what visitors are shown.

    It refuses under DEBUG, because without any settings manage.py works on a demonstration, and a report on that reads
    like a report on the clinic. DEMO=1, said in so many words, means the demonstration.
    """

    needs_tables = True
    """Whether the database must have been migrated; not for what makes one anew."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        if options.get("stderr"):
            self.stderr = OutputWrapper(options["stderr"])
        self._refuse_the_wrong_database()
        return super().execute(*args, **options)

    def _refuse_the_wrong_database(self) -> None:
        refuse_the_demonstration()
        self.stderr.write(f"Database: {describe_database()}", style_func=str)
        if not self.needs_tables:
            return
        try:
            tables = connection.introspection.table_names()
        except Error as problem:
            raise CommandError(f"The database does not answer ({type(problem).__name__}). {GIVE_SETTINGS}") from None
        if AuditEvent._meta.db_table not in tables:
            raise CommandError(f"This database has no tables. If it is the right one, run migrate. {GIVE_SETTINGS}")
