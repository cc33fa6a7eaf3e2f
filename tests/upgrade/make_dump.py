"""`python -m tests.upgrade.make_dump`: make the dumps of 1.0 anew and freeze its migrations. Only before 1.0 is out."""

import json
import lzma
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.faults.cluster import Cluster
from tests.upgrade import dumps


def main() -> None:
    dumps.FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="clinic-dump-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        _of_sqlite(folder)
        _of_postgresql(folder)
    _freeze()


def _make(url: str) -> None:
    dumps.run("manage.py", "migrate", "--verbosity", "0", url=url)
    dumps.run("-m", "tests.upgrade.invented_clinic", "make", url=url)


def _look(engine: str, url: str) -> None:
    """What stands in it. Last of all: who looks at staff pages is written down."""
    found = json.loads(dumps.run("-m", "tests.upgrade.invented_clinic", "look", url=url))
    dumps.expected(engine).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    wrong = [name for name, status in found["pages"].items() if status != 200]
    if wrong or found["audit"]["problems"]:
        sys.exit(f"The clinic of the dump is not well: {wrong} {found['audit']['problems']}")


def _of_sqlite(folder: Path) -> None:
    file, copy = folder / "clinic.sqlite3", folder / "copy.sqlite3"
    _make(f"sqlite:///{file}")
    with sqlite3.connect(file) as connection:
        connection.execute(f"VACUUM INTO '{copy}'")
    dumps.SQLITE.write_bytes(lzma.compress(copy.read_bytes(), preset=9))
    _look("sqlite", f"sqlite:///{file}")


def _of_postgresql(folder: Path) -> None:
    cluster = Cluster(folder / "cluster")
    try:
        # Whoever makes it on a busy machine may think for long between two statements.
        _make(f"{cluster.url}?options=-c%20idle_in_transaction_session_timeout%3D0")
        command = [
            str(cluster.programs / "pg_dump"), "--dbname", cluster.url, "--no-owner", "--no-privileges", "--inserts",
            "--rows-per-insert=200",
        ]  # fmt: skip
        text = subprocess.run(command, capture_output=True, check=True).stdout
        dumps.POSTGRESQL.write_bytes(lzma.compress(text, preset=9))
        _look("postgresql", cluster.url)
    finally:
        cluster.remove()


def _freeze() -> None:
    os.environ.update({**dumps.ENVIRONMENT, "DATABASE_URL": "sqlite:////dev/null"})
    from tests.upgrade import frozen

    frozen.write()


if __name__ == "__main__":
    main()
