"""The tables that an earlier run migrated, kept in var/ and copied instead of made anew: on SQLite, and not in CI.
For PostgreSQL see `tests/migrated_copies.py`.

To migrate takes ten seconds, before the first test and in each process. The copy depends on the migrations and on every
module of ours that they import, themselves or by way of others. What Django adds after each run of `migrate`, such as
the permissions of the models as they are now, is added to the copy as well.
"""

import hashlib
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from typing import Final

from django.db import connection

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGES: Final = ("clinic", "consultations", "education", "tests")
IMPORTED: Final = re.compile(
    r"^[ \t]*(?:from|import)[ \t]+([\w.]+)(?:[ \t]+import[ \t]+(\([^)]*\)|[^\n(]*))?", re.MULTILINE
)
IS_KEPT: Final = not os.environ.get("CI")


def put_at(path: str) -> None:
    if IS_KEPT:
        with suppress(FileNotFoundError):
            Path(path).write_bytes(_place().read_bytes())


def keep() -> None:
    place = _place()
    if not IS_KEPT or place.exists():
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    for old in place.parent.glob("*.sqlite3"):
        old.unlink(missing_ok=True)
    unfinished = place.with_suffix(f".{os.getpid()}")
    with (
        closing(sqlite3.connect(connection.settings_dict["NAME"])) as committed,
        closing(sqlite3.connect(unfinished)) as copy,
    ):
        committed.backup(copy)
    unfinished.rename(place)


def _place() -> Path:
    return ROOT / "var/migrated" / f"{digest()[:32]}.sqlite3"


@cache
def digest() -> str:
    """Another one for other migrations."""
    read = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for file in sorted(modules()):
        read.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return read.hexdigest()


def modules() -> set[Path]:
    """The files of ours that a migration is or imports."""
    found: set[Path] = {ROOT / "clinic/settings.py", ROOT / "tests/settings.py"}
    new = {file for package in PACKAGES for file in (ROOT / package).glob("**/migrations/*.py")}
    while new:
        found |= new
        new = {file for each in new for file in _imports(each)} - found
    return found


def _imports(file: Path) -> Iterator[Path]:
    for module, names in IMPORTED.findall(file.read_text(encoding="utf-8")):
        if module.partition(".")[0] in PACKAGES:
            parts = module.split(".")
            for name in ("", *re.findall(r"\w+", names)):
                path = ROOT.joinpath(*parts, name) if name else ROOT.joinpath(*parts)
                yield from (each for each in (path.with_suffix(".py"), path / "__init__.py") if each.is_file())
            for depth in range(1, len(parts)):
                yield from (each for each in [ROOT.joinpath(*parts[:depth], "__init__.py")] if each.is_file())
