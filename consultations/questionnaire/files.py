"""The text of a file that clinicians keep, or a sentence that says what is wrong with it."""

import codecs
from pathlib import Path


class FileError(ValueError):
    """A file whose bytes are no text we read; the text says what to do."""


def text_of(path: Path) -> str:
    """UTF-8 without a byte order mark, which some editors put first and no reader of ours takes. Raises FileError."""
    try:
        raw = path.read_bytes()
    except OSError as problem:
        raise FileError(f"{path.name} cannot be opened: {problem.strerror}.") from None
    if raw.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FileError(f"{path.name} begins with a byte order mark: save it as UTF-8 without one.")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = raw[: problem.start].count(b"\n") + 1
        raise FileError(f"{path.name} is not UTF-8 (line {line}): save it as UTF-8.") from None
