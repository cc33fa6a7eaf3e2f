"""Field keys on paper: letters that a person types again without guessing, and a check value for each line of them.

The letters are those of Crockford's base 32: none looks like another one, and what does (O and 0, I, L and 1) is read
as the one that is meant. The check value covers the name of the key and the number of the line too.
"""

import base64
import hashlib
import re
from collections.abc import Iterator
from typing import Final

LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
STANDARD: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
TO_PAPER: Final = str.maketrans(STANDARD, LETTERS)
FROM_PAPER: Final = str.maketrans(LETTERS, STANDARD)
MEANT: Final = str.maketrans("OIL", "011")
LINE: Final = re.compile(r"\s*(?P<number>\d)\s+(?P<letters>[0-9A-Za-z ]+?)\s*-\s*(?P<check>[0-9A-Za-z]{4})\s*")
A_LINE: Final = 16
CHECK_LETTERS: Final = 4
ALL_LETTERS: Final = 52
"""Of a key of 32 bytes."""


class Mistyped(ValueError):
    """Names the line that is not as it was printed, and never what was typed."""


def write(name: str, key: bytes) -> str:
    letters = base64.b32encode(key).decode().rstrip("=").translate(TO_PAPER)
    parts = [letters[start : start + A_LINE] for start in range(0, len(letters), A_LINE)]
    lines = [f"{number}  {_grouped(part)}  -  {_check(name, number, part)}" for number, part in enumerate(parts, 1)]
    return "\n".join([name, *lines])


def _grouped(letters: str) -> str:
    return " ".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def _check(name: str, number: int, letters: str) -> str:
    digest = hashlib.sha256(f"{name}:{number}:{letters}".encode()).digest()
    return base64.b32encode(digest).decode()[:CHECK_LETTERS].translate(TO_PAPER)


def read(typed: str) -> dict[str, bytes]:
    """Name -> key, of everything that was typed. Raises Mistyped."""
    found: dict[str, str] = {}
    for name, number, letters, check in _lines(typed):
        if _check(name, number, letters) != check:
            raise Mistyped(f"Line {number} of {name} is not as it was printed. Look at it again.")
        if number != len(found.get(name, "")) // A_LINE + 1:
            raise Mistyped(f"Line {number} of {name} does not follow the line before it. Type all of them in order.")
        found[name] = found.get(name, "") + letters
    return {name: _key(name, letters) for name, letters in found.items()}


def _lines(typed: str) -> Iterator[tuple[str, int, str, str]]:
    name = ""
    for line in filter(str.strip, typed.splitlines()):
        match = LINE.fullmatch(line)
        if match is None:
            name = line.strip()
            continue
        if not name:
            raise Mistyped("Type the name of the key first, as it is printed above its lines.")
        letters = "".join(match["letters"].split())
        yield name, int(match["number"]), _meant(letters), _meant(match["check"])


def _meant(letters: str) -> str:
    return letters.upper().translate(MEANT)


def _key(name: str, letters: str) -> bytes:
    if len(letters) != ALL_LETTERS:
        raise Mistyped(f"{name} is not complete. Type all its lines.")
    return base64.b32decode(letters.translate(FROM_PAPER) + "=" * (-len(letters) % 8))
