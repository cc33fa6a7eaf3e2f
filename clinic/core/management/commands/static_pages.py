from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from clinic.core import error_pages

PAGES = {"429.html": 429, "503.html": 503}


class Command(BaseCommand):
    help = "Write the pages that the proxy shows when the application cannot answer: 429.html and 503.html."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for template, status in PAGES.items():
            (folder / template).write_bytes(error_pages.page(template, status).content)
            self.stdout.write(f"Wrote {folder / template}")
