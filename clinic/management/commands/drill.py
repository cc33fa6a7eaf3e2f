import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from clinic.core.backups import targets
from clinic.core.backups.refusals import BackupRefused
from clinic.core.management.clinic_command import ClinicCommand
from clinic.management import drilling
from clinic.management.commands.restore import add_identity, read_identity


class Command(ClinicCommand):
    help = "Restore the newest backup where it does no harm, verify it, and say how old it is and how long it took."
    needs_tables = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="folder", metavar="FOLDER", help="the backups (default: BACKUP_FOLDER)")
        parser.add_argument("--into", metavar="URL", help="an empty database, instead of one that is thrown away")
        parser.add_argument("--wal", metavar="FOLDER", help="PostgreSQL: the WAL archive, which holds the last minutes")
        add_identity(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        named = options["folder"] or settings.BACKUP_FOLDER
        if not named:
            raise CommandError("Say where the backups are: --from FOLDER, or set BACKUP_FOLDER.")
        os.umask(0o077)
        try:
            done = drilling.drill(
                Path(named),
                identity=read_identity(options["identity"]),
                into=targets.parse(options["into"]) if options["into"] else None,
                wal=Path(options["wal"]) if options["wal"] else None,
            )
        except BackupRefused as problem:
            raise CommandError(str(problem)) from None
        for name, words in done.rows:
            self.stdout.write(f"{name:<22} {words}")
        if done.missed:
            raise CommandError("\n".join(done.missed))
