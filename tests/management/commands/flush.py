"""`flush` for the test databases: the only way past the append-only triggers, and not part of the product."""

from typing import Any

from django.core.management.commands.flush import Command as Flush
from django.db import connections

from clinic import append_only


class Command(Flush):
    def handle(self, **options: Any) -> None:
        connection = connections[options["database"]]
        tables = append_only.protected_tables(connection)
        for table in tables:
            append_only.unprotect(connection, table)
        try:
            super().handle(**options)
        finally:
            for table in tables:
                append_only.protect(connection, table)
