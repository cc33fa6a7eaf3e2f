import getpass
import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from pyrage.x25519 import Identity

from clinic.core.backups import container, keys, targets
from clinic.core.backups.refusals import BackupRefused
from clinic.core.management.clinic_command import ClinicCommand
from clinic.management import recovering, restoring


class Command(ClinicCommand):
    help = "Restore a backup into a new database, verify it, and make it fit to be worked with."
    needs_tables = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the backup")
        parser.add_argument(
            "--into", required=True, metavar="URL", help="an empty database; of a base backup, an empty folder"
        )
        add_identity(parser)
        parser.add_argument(
            "--replace", default="", metavar="NAME", help="put aside the database of this name, rows and all"
        )
        parser.add_argument(
            "--other-installation", action="store_true", help="it is of another clinic's database, and meant"
        )
        parser.add_argument(
            "--end-links", action="store_true", help="end every private link; patients ask for a new one"
        )
        parser.add_argument("--wal", default="", metavar="FOLDER", help="of a base backup: the archive to go on from")
        parser.add_argument(
            "--until", default="", metavar="TIME", help="of a base backup: stop there, as 2026-11-28T09:30Z"
        )

    def handle(self, *args: Any, file: str, into: str, **options: Any) -> None:
        os.umask(0o077)
        path = Path(file)
        try:
            is_base = container.read_header(path).get("kind") == "base"
            identity = read_identity(options["identity"])
            if is_base:
                plan = recovering.RecoveryPlan(
                    folder=Path(into), wal=options["wal"], identity_file=options["identity"], until=options["until"]
                )
                lines = recovering.unpack_base(
                    path, plan, identity=identity, other_installation=options["other_installation"]
                )
                self.stdout.write("\n".join(lines))
                return
            wish = restoring.Wish(
                into=targets.parse(into),
                identity=identity,
                replace=options["replace"],
                other_installation=options["other_installation"],
                ends_links=options["end_links"],
            )
            self._say(restoring.restore(path, wish))
        except BackupRefused as problem:
            raise CommandError(str(problem)) from None

    def _say(self, done: restoring.Restored) -> None:
        took = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in done.seconds.items())
        self.stdout.write("\n".join([*done.lines, f"Made at {done.made_at}. {took}."]))
        if done.kept:
            self.stdout.write(f"What was there before is kept as {done.kept}.")
        if not done.is_complete:
            raise CommandError("Restored, and not finished: see above.")
        self.stdout.write(
            "Restored. Name it in DATABASE_URL, put the reason on record (verify_audit --restored WHY), and start "
            "clinic-web and clinic-worker."
        )


def add_identity(parser: CommandParser) -> None:
    parser.add_argument(
        "--identity",
        default="",
        metavar="FILE",
        help="the secret half of the backup key; - reads it from a pipe; else it is asked for, and typed from paper",
    )


def read_identity(named: str) -> Identity:
    try:
        if named and named != "-":
            return keys.identity(Path(named).read_text())
        if named == "-" or not sys.stdin.isatty():
            return keys.identity(sys.stdin.read())
        return keys.identity(getpass.getpass("Secret half of the backup key, as on the paper: "))
    except (OSError, UnicodeDecodeError) as problem:
        raise BackupRefused(f"The secret half of the backup key cannot be read from {named}: {problem}.") from None
    except ValueError as problem:
        raise BackupRefused(str(problem)) from None
