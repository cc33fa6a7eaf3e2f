"""Brings the shipped pages and records in. Safe to run again: it never overwrites what staff edited."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from education.content import shipped
from education.services import loading

MOST_SHOWN = 100
"""Problems that one run lists: whoever mends so many runs it again anyway."""


class Command(BaseCommand):
    help = (
        "Load the shipped education content, all or nothing. In a demonstration the pages are shown at once; "
        "otherwise they wait in review until someone entitled publishes them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=shipped.CONTENT, help="Where the content stands.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            content = shipped.read(options["folder"])
            result = loading.load(shipped=content, publish=settings.DEMO)
        except shipped.ContentError as error:
            raise CommandError(f"Nothing was loaded. Mend this first:\n{listed(error.problems)}") from None
        self.stdout.write(
            f"Education content: {result.added} added, {result.updated} updated, {result.unchanged} unchanged."
        )
        for name in result.left_alone:
            self.stdout.write(f"Kept as staff edited it: {name}.")


def listed(problems: list[str]) -> str:
    more = [f"… and {len(problems) - MOST_SHOWN} more."] if len(problems) > MOST_SHOWN else []
    return "\n".join([*problems[:MOST_SHOWN], *more])
