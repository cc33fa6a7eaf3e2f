"""`flush` for the test databases: the only way past the append-only triggers, and not part of the product."""

from typing import Any

from django.core.management.commands.flush import Command as Flush
from django.db import connections, transaction

from clinic.core import append_only

KEPT = {
    "django_migrations", "django_content_type", "auth_permission", "auth_group", "auth_group_permissions",
    "core_keyfingerprint",
}  # fmt: skip
"""What migrations and the start of the run wrote and no test changes. To write it again takes longer than a test."""


class Command(Flush):
    def handle(self, **options: Any) -> None:
        """Empty the tables row by row: most hold none, and PostgreSQL takes long to truncate fifty."""
        connection = connections[options["database"]]
        protected = append_only.protected_tables(connection)
        for table in protected:
            append_only.unprotect(connection, table)
        try:
            # References are checked at the end of the transaction, so the order does not matter.
            with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
                for table in sorted(set(connection.introspection.django_table_names(only_existing=True)) - KEPT):
                    cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")
        finally:
            for table in protected:
                append_only.protect(connection, table)
