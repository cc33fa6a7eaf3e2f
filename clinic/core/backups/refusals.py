"""Why a backup is not made, or not taken."""


class BackupRefused(Exception):
    """Says in a sentence what is wrong, for the person at the keyboard. It never shows a key or a password."""
