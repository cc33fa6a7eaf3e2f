"""A PostgreSQL cluster of our own, with the durability of production, that may die at any moment."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Final

from tests.concurrency.processes import free_port
from tests.faults.plan import CannotRun

DURABLE: Final = ("fsync=on", "full_page_writes=on", "synchronous_commit=on")
ACCOUNT: Final = "postgres"
"""PostgreSQL refuses to run as root; packages make this account for it."""


def programs() -> Path | None:
    """Where initdb and pg_ctl are: on the path, or where Debian keeps the newest."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return versions[-1].parent if versions else None


def can_run() -> bool:
    return programs() is not None and (os.geteuid() != 0 or _has_account())


def _has_account() -> bool:
    return any(entry.pw_name == ACCOUNT for entry in pwd.getpwall())


class Cluster:
    """`folder` is made, and is the cluster's own. Stopped and removed by `remove`."""

    def __init__(self, folder: Path, *settings: str) -> None:
        found = programs()
        if found is None or not can_run():
            raise CannotRun("There is no PostgreSQL here. Debian: apt-get install postgresql; or ENGINE=sqlite.")
        self.programs, self.folder, self.port = found, folder, free_port()
        self.stops = 0
        folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(folder, ACCOUNT)
        self._run("initdb", "-D", str(self.data), "-A", "trust", "-U", "clinic", "-E", "UTF8", "--locale=C")
        lines = [*DURABLE, f"port={self.port}", "listen_addresses='127.0.0.1'", "unix_socket_directories=''",
                 "max_connections=80", "log_min_messages=fatal", *settings]  # fmt: skip
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        self.start()
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "clinic", "clinic")

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        return f"postgres://clinic:clinic@127.0.0.1:{self.port}/clinic"

    def start(self) -> None:
        self._run("pg_ctl", "-D", str(self.data), "-l", str(self.folder / "log"), "-w", "-t", "60", "start")

    def die(self) -> None:
        """As by a loss of power: every server process at once, nothing written that was not written."""
        self.stops += 1
        self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")

    def take_no_writes(self, *, on: bool) -> None:
        """As a server is after a switch to its stand-by."""
        self._sql(f"ALTER SYSTEM SET default_transaction_read_only = {'on' if on else 'off'}")
        self._sql("SELECT pg_reload_conf()")

    def is_running(self) -> bool:
        return self._run("pg_ctl", "-D", str(self.data), "status", check=False) == 0

    def remove(self) -> None:
        self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop", check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _sql(self, statement: str) -> None:
        at = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "clinic")
        writable = "SET default_transaction_read_only = off"
        self._run("psql", *at, "-d", "clinic", "-q", "-c", writable, "-c", statement)

    def _run(self, program: str, *arguments: str, check: bool = True) -> int:
        as_account = ["runuser", "-u", ACCOUNT, "--"] if os.geteuid() == 0 else []
        command = [*as_account, str(self.programs / program), *arguments]
        # Its output goes to a file: a server that was started would hold a pipe open for ever.
        with (self.folder / "commands").open("ab") as log:
            done = subprocess.run(command, cwd=self.folder, stdout=log, stderr=log, check=False)
        if check and done.returncode:
            raise CannotRun(f"{program} failed: {(self.folder / 'commands').read_text(errors='replace')[-500:]}")
        return done.returncode
