"""System checks of the settings for backups."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from clinic.core import defaults
from clinic.core.backups import keys

MOST_KEPT = 10_000


@register("clinic")
def check_backup_settings(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    try:
        keys.recipients(settings.BACKUP_KEY)
    except ValueError as problem:
        found.append(Error(str(problem), id="clinic.E050"))
    for unit in sorted(defaults.BACKUP_KEEP.keys() | settings.BACKUP_KEEP.keys()):
        if unit not in defaults.BACKUP_KEEP or not _is_count(settings.BACKUP_KEEP.get(unit)):
            found.append(
                Error(
                    f'BACKUP_KEEP for "{unit}" is not understood.',
                    hint='Give latest, hours, days, weeks or bases a number from 0 to 10000, as in {"days": 35}.',
                    id="clinic.E051",
                )
            )
    return found


def _is_count(given: Any) -> bool:
    return isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= MOST_KEPT


@register(Tags.security, deploy=True)
def check_backups_are_made(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    missing = [name for name in ("BACKUP_KEY", "BACKUP_FOLDER") if not getattr(settings, name)]
    if not missing or settings.DEBUG:
        return []
    return [
        Warning(
            f"No backup can be made: {' and '.join(missing)} not set.",
            hint="Make a key pair with the command make_backup_key (docs/operations.md, Backup and restore).",
            id="clinic.W050",
        )
    ]
