"""The dumps of 1.0: where they lie, how one becomes a database again, how they were made."""

import lzma
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from tests.upgrade.invented_clinic import ENVIRONMENT

FOLDER: Final = Path(__file__).with_name("data")
ROOT: Final = Path(__file__).resolve().parents[2]
SQLITE: Final = FOLDER / "clinic-1.0.sqlite3.xz"
POSTGRESQL: Final = FOLDER / "clinic-1.0.postgresql.sql.xz"
OF_PSQL: Final = re.compile(r"^\\.*$", re.MULTILINE)
"""Lines that only psql understands."""


def expected(engine: str) -> Path:
    """What stood in the dump when it was made, as `invented_clinic.look` says it."""
    return FOLDER / f"expected.{engine}.json"


def write_sqlite(file: Path) -> None:
    """The file that a clinic of 1.0 has."""
    file.write_bytes(lzma.decompress(SQLITE.read_bytes()))


def fill_postgresql(cursor: Any) -> None:
    """Into an empty database, as psql would."""
    cursor.execute(OF_PSQL.sub("", lzma.decompress(POSTGRESQL.read_bytes()).decode()))


def run(*arguments: str, url: str) -> str:
    """Python with these arguments on that database, as the invented clinic has it. Its output."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env={**os.environ, **ENVIRONMENT, "DATABASE_URL": url},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise AssertionError(f"{' '.join(arguments)} failed:\n{done.stderr[-3000:]}")
    return done.stdout
