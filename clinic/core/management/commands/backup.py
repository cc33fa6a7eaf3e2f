import logging
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from clinic.core.backups import making
from clinic.core.backups.refusals import BackupRefused
from clinic.core.management.clinic_command import ClinicCommand

logger = logging.getLogger(__name__)


class Command(ClinicCommand):
    help = "Write an encrypted backup of the database, and remove those that BACKUP_KEEP no longer wants."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", metavar="FOLDER", help="where to (default: BACKUP_FOLDER)")
        parser.add_argument(
            "--base", action="store_true", help="PostgreSQL: the files of the server, for its WAL archive to go on from"
        )

    def handle(self, *args: Any, to: str | None = None, base: bool = False, **options: Any) -> None:
        named = to or settings.BACKUP_FOLDER
        if not named:
            raise CommandError("Say where to: --to FOLDER, or set BACKUP_FOLDER.")
        os.umask(0o077)
        try:
            made = making.make(Path(named), is_base=base)
        except BackupRefused as problem:
            logger.error("backup failed: %s", problem)
            raise CommandError(str(problem)) from None
        size = made.path.stat().st_size
        logger.info("backup made: %s, %s bytes in %.1f s", made.path.name, size, made.seconds)
        rows = sum(made.contents.counts.values())
        what = f"{len(made.contents.counts)} tables with {rows} rows" if rows else "the files of the server"
        self.stdout.write(f"{made.path}: {what}, {size} bytes, {made.seconds:.1f} seconds.")
        self.stdout.write(f"Audit head: {made.contents.head}. Older backups removed: {made.removed}.")
