import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError, connection

from clinic.core import clock, restored_copy
from clinic.core.management.clinic_command import ClinicCommand
from clinic.management import restored
from clinic.management.restored import AfterRestore, NotWhole, RestoredFacts


class Command(ClinicCommand):
    help = (
        "Verify a restored database, erase again who was erased since, sign staff out and park mails that may have "
        "gone out. `restore` runs it by itself; run it by hand after PostgreSQL recovered from its WAL archive."
    )
    needs_tables = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--facts", metavar="FILE", help="what restore wrote down of the backup; - reads it from a pipe"
        )

    def handle(self, *args: Any, facts: str | None = None, **options: Any) -> None:
        try:
            with restored_copy.settling():
                done = restored.settle(self._facts(facts))
        except NotWhole as problem:
            raise CommandError(f"The restored database is not whole. Do not work with it.\n{problem}") from None
        except DatabaseError as problem:
            reason = (str(problem).strip().splitlines() or [type(problem).__name__])[0]
            raise CommandError(f"The restored database cannot be read: {reason}") from None
        for line in lines_of(done):
            self.stdout.write(line)
        if done.unerased:
            raise CommandError(
                "\n".join(done.unerased)
                + "\nStart the site for managers alone, finish what is open, and run after_restore again."
            )

    def _facts(self, named: str | None) -> RestoredFacts:
        if named is None:
            return self._known_here()
        try:
            given = json.loads(sys.stdin.read() if named == "-" else Path(named).read_text())
            return RestoredFacts(**{**given, "made_at": datetime.fromisoformat(given["made_at"])})
        except (OSError, ValueError, TypeError, KeyError):
            raise CommandError(f"{named} is not what restore wrote down of a backup.") from None

    def _known_here(self) -> RestoredFacts:
        """Of a copy that was settled before: whom it could not erase then. Only the facts know it of any other."""
        if connection.vendor == "postgresql":
            connection.ensure_connection()
            if restored_copy.is_closed(connection):
                raise CommandError(
                    "This copy was never settled, and only --facts FILE says whom it must not bring back: the file "
                    "clinic-restore.json in the folder of the server. Of a dump there is none: restore it again, into "
                    "another new database."
                )
        return RestoredFacts(made_at=clock.now(), erased=restored.left_unerased())


def lines_of(done: AfterRestore) -> list[str]:
    counted = f"{done.tables} tables with {done.rows} rows, as many as were backed up. " if done.tables else ""
    ended = f", {done.links} private links ended" if done.links else ""
    return [
        f"{counted}Audit chain whole up to {done.head}.",
        f"{done.opened} rows with encrypted values opened with the present keys, {done.erased} erased before.",
        f"{done.erased_again} patient rows erased again, {done.sessions} sessions of staff ended, "
        f"{done.parked} messages parked that may have gone out since{ended}.",
    ]
