"""The command line of `manage.py`: Django's, which stops before a command would use a database that is not ours."""

import os
import sys
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.core.management import ManagementUtility
from django.db import connection

from clinic.core import old_database
from clinic.core.old_database import Refusal, RefusalCause

NO_DATABASE: Final = frozenset(
    {
        "after_restore", "assess", "check", "collectstatic", "compilemessages", "dbshell", "diffsettings", "drill",
        "findstatic", "help", "lint_claims", "make_backup_key", "makemessages", "makemigrations", "migrate",
        "optimizemigration", "print_keys", "read_keys", "restore", "sqlmigrate", "squashmigrations", "startapp",
        "startproject", "static_pages", "test", "testserver", "version",
    }
)  # fmt: skip
"""Commands that use no table of ours; `migrate` looks for itself, also where somebody calls it from elsewhere."""
WAITS: Final = frozenset({"worker", "shell"})
"""Commands that bear a database that cannot be reached at the moment."""
SERVES: Final = frozenset({"worker", "runserver"})
"""Commands that stay, and whose output is a log."""
NEEDS_TABLES: Final = frozenset({"load_education", "demo", "createsuperuser", "changepassword"})
"""What a newcomer runs after `migrate`, or before it by mistake."""


CLINIC_FOLDER: Final = "/etc/clinic"
"""Where this is, this machine serves a clinic (docs/operations.md). Everybody sees that it is there."""
ANYWHERE: Final = frozenset({"help", "version", "--help", "-h", "--version"})


class OwnDatabaseOnly(ManagementUtility):
    """Says first when the database is that of the demonstration."""

    def fetch_command(self, subcommand: str) -> Any:
        say_if_it_is_the_demonstration()
        if apps.ready and (sentence := demonstration_beside_a_clinic(self.argv)):
            sys.stderr.write(f"{sentence}\n")
            raise SystemExit(1)
        if apps.ready and (refusal := command_refusal(subcommand, self.argv)):
            sys.stderr.write(f"{refusal.text}\n")
            raise SystemExit(1)
        command = super().fetch_command(subcommand)
        say_which_database(subcommand, command)
        return command


def execute_from_command_line(argv: list[str]) -> None:
    OwnDatabaseOnly(argv).execute()


def say_if_it_is_the_demonstration() -> None:
    """On standard error, so that a command's output stays what it is. Once, also where runserver starts itself anew."""
    if not apps.ready or "RUN_MAIN" in os.environ or "DJANGO_AUTO_COMPLETE" in os.environ:
        return
    # Models, and with them the settings, are there only now.
    from clinic.core.management.clinic_command import demonstration_notice

    if notice := demonstration_notice():
        sys.stderr.write(f"{notice}\n")


def demonstration_beside_a_clinic(argv: list[str]) -> str:
    """Why a command must not work on the demonstration here: somebody forgot the settings of this machine's clinic, and
    would believe what it says. A demonstration that was asked for in so many words is one.
    """
    is_asked_for = {"DEMO", "ENV_FILE"} & os.environ.keys()
    if not settings.DEMO or is_asked_for or ANYWHERE & set(argv[1:]) or not os.path.isdir(CLINIC_FOLDER):
        return ""
    return (
        f"This machine serves a clinic ({CLINIC_FOLDER}), and its settings were not given, so the command would have "
        f"worked on a demonstration. Nothing was done. Type it as: clinic-manage {' '.join(argv[1:])}\n"
        "If the demonstration is meant, set DEMO=1."
    )


def say_which_database(name: str, command: Any) -> None:
    """As a command on a clinic's own data does by itself; the worker's lines are a log."""
    if name in NO_DATABASE or name in SERVES or settings.DEMO or not apps.ready:
        return
    from clinic.core.management.clinic_command import ClinicCommand, describe_database

    if not isinstance(command, ClinicCommand):
        sys.stderr.write(f"Database: {describe_database()}\n")


def command_refusal(command: str, argv: list[str]) -> Refusal | None:
    if command in NO_DATABASE or command.startswith("-") or {"--help", "-h", "--version", "help"} & set(argv[1:]):
        return None
    refusal = old_database.judge(connection)
    connection.close()
    if refusal and refusal.cause is RefusalCause.UNMIGRATED and command not in NEEDS_TABLES:
        return None
    if refusal and refusal.cause is RefusalCause.UNREACHABLE and command in WAITS:
        return None
    return refusal
