"""Brings the shipped pages and records in. Safe to run again: it never overwrites what staff edited."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from education import services, shipped


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
        except shipped.ContentError as error:
            raise CommandError("Nothing was loaded. Mend this first:\n" + "\n".join(error.problems)) from None
        result = services.load(shipped=content, publish=settings.DEMO)
        self.stdout.write(
            f"Education content: {result.added} added, {result.updated} updated, {result.unchanged} unchanged."
        )
        for name in result.kept:
            self.stdout.write(f"Kept as staff edited it: {name}.")
