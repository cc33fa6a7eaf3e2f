"""Backups: encrypted files that hold the whole database and none of the field keys, and the way back from one.

`/readyz` and `/metrics` ask `last_backup`.
"""

from clinic.core.backups.folder import LastBackup, last_backup

__all__ = ["LastBackup", "last_backup"]
