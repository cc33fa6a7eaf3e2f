"""PostgreSQL's own programs, and connections past Django's: a backup may take longer than a page."""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import psycopg2

from clinic.core.backups.container import BLOCK
from clinic.core.backups.refusals import BackupRefused

LIBPQ: Final = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "PASSWORD": "PGPASSWORD", "NAME": "PGDATABASE"}
OF_OPTIONS: Final = {
    "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "passfile": "PGPASSFILE", "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
}  # fmt: skip
"""What an address may say after its question mark."""
FOLDERS: Final = (Path("/usr/lib/postgresql"), "*/bin")
"""Where Debian keeps the programs of each version."""
NO_LIMITS: Final = "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=60s"


def environment(given: dict[str, Any]) -> dict[str, str]:
    """Where the database is, for PostgreSQL's programs. Nothing of it stands on a command line, where every user of the
    machine would read the password.
    """
    theirs = {name: value for name, value in os.environ.items() if name != "PGOPTIONS"}
    theirs |= {variable: str(given[part]) for part, variable in LIBPQ.items() if given.get(part)}
    options = given.get("OPTIONS") or {}
    theirs |= {variable: str(options[name]) for name, variable in OF_OPTIONS.items() if name in options}
    return {**theirs, "PGCONNECT_TIMEOUT": "10", "PGAPPNAME": "clinic backup"}


@contextlib.contextmanager
def connected(given: dict[str, Any]) -> Iterator[Any]:
    """A connection without time limits. Raises BackupRefused for a server that does not answer."""
    options = {name: value for name, value in (given.get("OPTIONS") or {}).items() if name in OF_OPTIONS}
    parts = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password", "NAME": "dbname"}
    options |= {name: given[part] for part, name in parts.items() if given.get(part)}
    try:
        connection = psycopg2.connect(**options, options=NO_LIMITS, connect_timeout=10)
    except psycopg2.OperationalError as problem:
        reason = (str(problem).strip().splitlines() or ["no reason given"])[0]
        raise BackupRefused(f"The database {given['NAME']} cannot be reached: {reason}") from None
    try:
        yield connection
    finally:
        connection.close()


def program(name: str, *, server: int, newest: bool = False) -> str:
    """The program of the server's own major version, or else of the next newer one. An older one cannot read it."""
    folders = [os.path.dirname(found)] if (found := shutil.which(name)) else []
    root, pattern = FOLDERS
    folders += map(str, root.glob(pattern))
    known = {major: path for folder in folders if (major := _major(path := os.path.join(folder, name)))}
    fitting = sorted(major for major in known if major >= server)
    if fitting:
        return known[fitting[-1 if newest else 0]]
    found_words = f"{name} of PostgreSQL {max(known)} is older than the server" if known else f"{name} is not installed"
    raise BackupRefused(
        f"{found_words}, which is PostgreSQL {server}. Install postgresql-client-{server} (Debian), and try again."
    )


def _major(path: str) -> int:
    """0 where there is no such program."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    match = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(match[1]) if match else 0


def server_major(connection: Any) -> int:
    return int(connection.server_version) // 10_000


def output_of(arguments: Sequence[str], *, given: dict[str, Any]) -> Iterator[bytes]:
    """What a program writes, block by block. Raises BackupRefused where it ends with anything but success."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            arguments,
            env=environment(given),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        assert process.stdout is not None
        try:
            while block := process.stdout.read(BLOCK):
                yield block
        finally:
            process.stdout.close()
            if process.poll() is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=60)
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode:
            raise failed(arguments[0], process.returncode, _text(errors))


def run(arguments: Sequence[str], *, given: dict[str, Any]) -> None:
    done = subprocess.run(
        arguments, env=environment(given), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise failed(arguments[0], done.returncode, done.stderr)


def _text(file: Any) -> str:
    file.seek(0)
    return str(file.read().decode(errors="replace"))


def failed(path: str, status: int, said: str) -> BackupRefused:
    """With the line of its own that says why; those that follow say which row, and a row may be a patient's."""
    lines = [line for line in said.splitlines() if re.search(r"(error|fatal|aborting|FATAL|ERROR)", line)]
    reason = (lines or said.splitlines() or ["it gave no reason"])[0]
    return BackupRefused(f"{Path(path).name} ended with status {status}: {reason.strip()[:300]}")
