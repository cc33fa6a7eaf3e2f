"""From a backup file to a database that may be worked with, step by step, with the time that each took."""

import contextlib
import dataclasses
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from pyrage.x25519 import Identity

from clinic.core.backups import container, examining, postgres, targets
from clinic.core.backups.examining import Unpacked
from clinic.core.backups.refusals import BackupRefused


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asked for."""

    into: dict[str, Any]
    identity: Identity
    replace: str = ""
    other_installation: bool = False
    ends_links: bool = False


@dataclasses.dataclass(slots=True)
class Restored:
    lines: list[str]
    seconds: dict[str, float]
    made_at: str = ""
    kept: str = ""
    is_complete: bool = True


def restore(path: Path, wish: Wish) -> Restored:
    """Nothing is written before the whole backup was proven, and nothing is ever written over. Raises BackupRefused."""
    done = Restored([], {})
    header = container.read_header(path)
    targets.require_kind(wish.into, str(header.get("kind")))
    has_rows = targets.require_empty(wish.into, replace=wish.replace)
    with _timed(done, "prove"):
        header = examining.examine(path, identity=wish.identity, other_installation=wish.other_installation)
    scratch = _scratch(wish.into)
    with contextlib.ExitStack() as open_files:
        with _timed(done, "decrypt"):
            held = open_files.enter_context(examining.unpacked(path, header, identity=wish.identity, scratch=scratch))
            facts = facts_of(held, wish, scratch, done)
        done.made_at = header["made_at"]
        if header["kind"] == "sqlite":
            _into_file(held, wish, facts, done)
        else:
            _into_server(held, wish, facts, done, has_rows=has_rows)
    return done


def _scratch(into: dict[str, Any]) -> Path:
    """On the disk of the new file; for a server in the temporary folder, which TMPDIR names."""
    if into["ENGINE"].endswith("postgresql"):
        return Path(tempfile.gettempdir())
    return Path(into["NAME"]).absolute().parent


def facts_of(held: Unpacked, wish: Wish, scratch: Path, done: Restored) -> dict[str, Any]:
    erased, source = examining.erased_since(held, identity=wish.identity, scratch=scratch)
    done.lines.append(
        f"Erasures are known from {source}."
        + ("" if source == "the living database" else " Erase again by hand whoever was erased after that was made.")
    )
    return {
        "made_at": held.header["made_at"], "counts": held.contents.counts, "erased": erased,
        "ends_links": wish.ends_links,
    }  # fmt: skip


def _into_file(held: Unpacked, wish: Wish, facts: dict[str, Any], done: Restored) -> None:
    path = Path(wish.into["NAME"]).absolute()
    with targets.sqlite_beside(held.payload, path) as beside:
        with _timed(done, "verify"):
            _settle({**wish.into, "NAME": str(beside)}, facts, done)
        with _timed(done, "put in place"):
            kept = targets.take_place(beside, path)
    done.kept = str(kept or "")


def _into_server(held: Unpacked, wish: Wish, facts: dict[str, Any], done: Restored, *, has_rows: bool) -> None:
    with _timed(done, "put in place"):
        if has_rows:
            done.kept = f"schema {targets.put_aside(wish.into)} of {wish.into['NAME']}"
        targets.fill_postgres(wish.into, held.payload)
    with _timed(done, "verify"):
        _settle(wish.into, facts, done)


def _settle(given: dict[str, Any], facts: dict[str, Any], done: Restored) -> None:
    """By a process of its own: this one has the database of the settings."""
    environment = {
        **postgres.environment(given), "DATABASE_URL": targets.address_of(given), "MIGRATE_DATABASE_URL": "",
        "STATEMENT_TIMEOUT_MS": "0",
    }  # fmt: skip
    child = subprocess.run(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "after_restore", "--facts", "-"],
        env=environment,
        input=json.dumps(facts), capture_output=True, text=True, check=False,
    )  # fmt: skip
    done.lines += child.stdout.splitlines()
    if child.returncode == 0:
        return
    notices = ("Database:", "This is the demonstration")
    said = [line for line in child.stderr.splitlines() if line and not line.startswith(notices)]
    if "run after_restore again" in child.stderr:
        done.lines += said
        done.is_complete = False
        return
    raise BackupRefused("\n".join(["The restored copy is not fit to be worked with.", *said]))


@contextlib.contextmanager
def _timed(done: Restored, name: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    done.seconds[name] = done.seconds.get(name, 0) + time.monotonic() - begun
