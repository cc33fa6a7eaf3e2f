"""Django's `migrate`, which looks first whether the database is one that this program made."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS, connections

from clinic.core import old_database


class Command(migrate.Command):
    def execute(self, *args: Any, **options: Any) -> Any:
        """Not in `handle`: the system checks before it already open the database, and SQLite then changes the file."""
        used = connections[options.get("database") or DEFAULT_DB_ALIAS]
        if refusal := old_database.refusal(used):
            raise CommandError(refusal.text)
        return super().execute(*args, **options)
