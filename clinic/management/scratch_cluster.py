"""A PostgreSQL server of its own for an hour: in a folder that only its owner can enter, reached by no network."""

import contextlib
import dataclasses
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from clinic.core.backups import postgres
from clinic.core.backups.refusals import BackupRefused

OWNER: Final = "postgres"
"""PostgreSQL refuses to run as root; Debian has this user for it."""
CARELESS: Final = {"fsync": "off", "full_page_writes": "off", "autovacuum": "off"}
"""What is thrown away need not survive a power cut."""


@dataclasses.dataclass(frozen=True, slots=True)
class Cluster:
    """A server in `folder`/data that listens on a socket in `folder` alone."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def entry(self, name: str = "drill") -> dict[str, Any]:
        """Django's DATABASES entry."""
        return {
            "ENGINE": "django.db.backends.postgresql", "HOST": str(self.folder), "PORT": 5432, "USER": "clinic",
            "PASSWORD": "", "NAME": name, "OPTIONS": {},
        }  # fmt: skip

    def make(self) -> None:
        own(self.folder)
        _run(
            [
                _program("initdb"), "--pgdata", str(self.data), "--username=clinic", "--auth=trust", "--encoding=UTF8",
                "--locale=C.UTF-8",
            ]
        )  # fmt: skip

    def start(self, settings: dict[str, str]) -> None:
        """Raises BackupRefused."""
        settings = {"listen_addresses": "", "unix_socket_directories": str(self.folder), **settings}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        log = str(self.folder / "log")
        _run([_program("pg_ctl"), "--pgdata", str(self.data), "--log", log, "--wait", "--options", options, "start"])

    def stop(self) -> None:
        """At once, as a power cut would."""
        _run([_program("pg_ctl"), "--pgdata", str(self.data), "--mode=immediate", "stop"])

    def create(self, name: str = "drill") -> dict[str, Any]:
        with postgres.connected(self.entry("postgres")) as opened:
            opened.autocommit = True
            opened.cursor().execute(f"CREATE DATABASE {name}")
        return self.entry(name)


@contextlib.contextmanager
def scratch_database() -> Iterator[dict[str, Any]]:
    """Django's DATABASES entry of an empty database. Raises BackupRefused where PostgreSQL is not installed."""
    cluster = Cluster(Path(tempfile.mkdtemp(prefix="clinic-drill-")))
    try:
        cluster.make()
        cluster.start(CARELESS)
        try:
            yield cluster.create()
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(cluster.folder, ignore_errors=True)


def own(path: Path) -> None:
    """Let the server's user have a folder with all that is in it."""
    if os.geteuid() == 0:
        for item in (path, *path.rglob("*")):
            shutil.chown(item, OWNER, OWNER)


def _program(name: str) -> str:
    """Of the newest server that is installed here."""
    return postgres.program(name, server=1, newest=True)


def _run(arguments: Sequence[str]) -> None:
    """As the user whom PostgreSQL accepts. Raises BackupRefused."""
    runner = ["runuser", "-u", OWNER, "--"] if os.geteuid() == 0 else []
    # The output of a server that goes on must be no pipe: whoever reads it would wait for the server's end.
    with tempfile.TemporaryFile() as said:
        command = [*runner, *arguments]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd="/", check=False)
        if done.returncode:
            said.seek(0)
            reason = said.read().decode(errors="replace").strip()[-300:]
            raise BackupRefused(f"{Path(arguments[0]).name} failed: {reason}")
