"""The key pair of the backups, in the form of age: `age1…` encrypts and stands in BACKUP_KEY; `AGE-SECRET-KEY-1…`
decrypts and is on paper, never on the machine that makes backups. Both carry a check of their own (Bech32), so that
one wrong letter is noticed.
"""

import hashlib
from typing import Final

import pyrage
from pyrage.x25519 import Identity, Recipient

SECRET_PREFIX: Final = "AGE-SECRET-KEY-"  # noqa: S105  (what any of them begins with)
FINGERPRINT_LENGTH: Final = 16


def recipients(text: str) -> list[Recipient]:
    """Those that backups are encrypted for; each can open them by itself. Raises ValueError with a sentence."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        if part.upper().startswith(SECRET_PREFIX):
            raise ValueError(
                "BACKUP_KEY holds a secret half (AGE-SECRET-KEY-…), which belongs on paper. Take it out of the "
                "settings at once, and put in the public half, which starts with age1."
            )
        try:
            found.append(Recipient.from_str(part))
        except pyrage.RecipientError:
            raise ValueError(
                "BACKUP_KEY must be as make_backup_key printed it: age1 and 58 letters and digits."
            ) from None
    return found


def identity(typed: str) -> Identity:
    """The secret half, as somebody typed it from paper or as it stands in a file. Raises ValueError with a sentence."""
    lines = [line for line in typed.splitlines() if not line.lstrip().startswith("#")]
    letters = "".join("".join(lines).split()).upper()
    try:
        return Identity.from_str(letters)
    except pyrage.IdentityError:
        raise ValueError(
            "This is not the secret half of a backup key: it starts with AGE-SECRET-KEY-1, and one wrong letter is "
            "enough for it not to be read. Type it again from the paper."
        ) from None


def fingerprint(recipient: Recipient) -> str:
    """What names a key pair, in a backup and on the paper. It tells nothing of the secret half."""
    return hashlib.sha256(str(recipient).encode()).hexdigest()[:FINGERPRINT_LENGTH]


def generate() -> Identity:
    return Identity.generate()
