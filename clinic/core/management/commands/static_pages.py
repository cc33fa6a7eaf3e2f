from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management.base import CommandError, CommandParser

from clinic.core import error_pages
from clinic.core.management.clinic_command import ClinicCommand

STYLE: Final = "clinic/error.css"
PAGES: Final = {
    "400.html": "web_server/400.html",
    "403.html": "web_server/403.html",
    "404.html": "web_server/404.html",
    "413.html": "web_server/413.html",
    "421.html": "web_server/421.html",
    "429.html": "web_server/429.html",
    "503.html": "503.html",
}
"""File -> template. `deploy/clinic-errors.conf` says which answer shows which file."""


class Command(ClinicCommand):
    """Without the clinic's settings it would write the demonstration's lines for help where patients see them."""

    help = "Write the pages that nginx shows when it answers itself, and their style, into a folder."
    needs_tables = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        files = {name: error_pages.page(template, 200).content for name, template in PAGES.items()}
        files[f"{settings.STATIC_URL.strip('/')}/{STYLE}"] = self._style()
        for name, content in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            self.stdout.write(f"Wrote {file}")

    def _style(self) -> bytes:
        found = finders.find(STYLE)
        if not found:
            raise CommandError(f"{STYLE} is missing.")
        return Path(found).read_bytes()
