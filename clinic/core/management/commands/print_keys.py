from typing import Any

from django.conf import settings

from clinic.core import encryption
from clinic.core.backups import paper
from clinic.core.management.clinic_command import ClinicCommand


class Command(ClinicCommand):
    help = "Print FIELD_KEYS and INDEX_KEY in letters that can be typed again, with a check value for each line."
    needs_tables = False

    def handle(self, *args: Any, **options: Any) -> None:
        self.stderr.write(
            "These are secrets. Print them on a printer that keeps nothing, and leave no file behind "
            "(docs/operations.md, Keys on paper)."
        )
        for name, key in keys_in_use().items():
            self.stdout.write(f"{paper.write(name, key)}\n")


def keys_in_use() -> dict[str, bytes]:
    """Newest first. The digest key follows from the last field key where the settings do not name one."""
    keys = encryption.parse_keys(settings.FIELD_KEYS)
    return {**keys, encryption.INDEX_KEY: encryption.index_key()} if settings.INDEX_KEY else keys
