"""The folder of the backups: their names, the newest of them, who may write, and which are kept for how long.

A file has its name only when it is whole and on the disk. What was interrupted has another name, which no reader takes
for a backup, and is removed by the next one that is made.
"""

import contextlib
import dataclasses
import errno
import fcntl
import os
import re
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from django.conf import settings

from clinic.core import clock
from clinic.core.backups.refusals import BackupRefused

NAME: Final = re.compile(r"clinic-(?P<made>\d{8}T\d{6}Z)-(?P<kind>sqlite|dump|base)\.backup")
TIME: Final = "%Y%m%dT%H%M%SZ"
UNFINISHED: Final = ".unfinished"
LOCK: Final = ".being-written"
AHEAD: Final = timedelta(minutes=5)
"""So far the clocks of two machines may differ. A name beyond it was given before the clock was put back."""


class LastBackup(NamedTuple):
    """How long ago the newest whole backup was made, and where it is."""

    age: timedelta
    path: Path


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Backup:
    """One whole backup, as its name tells."""

    made_at: datetime
    kind: str
    path: Path


def last_backup(folder: str | Path | None = None) -> LastBackup | None:
    """The newest whole backup in BACKUP_FOLDER; None where there is none, or no folder that can be read.

    A base backup does not count: without its WAL archive it is no copy of today.
    """
    now = clock.now()
    made = [item for item in in_folder(folder or settings.BACKUP_FOLDER) if item.kind != "base"]
    known = [item for item in made if item.made_at <= now + AHEAD]
    if not known:
        return None
    newest = max(known)
    return LastBackup(max(now - newest.made_at, timedelta()), newest.path)


def in_folder(folder: str | Path) -> list[Backup]:
    """The whole backups in a folder, oldest first; none where it cannot be read."""
    if not str(folder):
        return []
    try:
        names = [entry.name for entry in os.scandir(folder) if entry.is_file(follow_symlinks=False)]
    except OSError:
        return []
    found = ((NAME.fullmatch(name), Path(folder) / name) for name in names)
    return sorted(Backup(_time_of(match["made"]), match["kind"], path) for match, path in found if match)


def _time_of(text: str) -> datetime:
    try:
        return datetime.strptime(text, TIME).replace(tzinfo=UTC)
    except ValueError:  # a file that somebody named so by hand
        return datetime.min.replace(tzinfo=UTC)


def name_of(made_at: datetime, kind: str) -> str:
    return f"clinic-{made_at.astimezone(UTC).strftime(TIME)}-{kind}.backup"


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """One backup at a time. What an interrupted one left is removed. Raises BackupRefused."""
    try:
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise unwritable(folder, problem) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupRefused(f"Another backup is being written to {folder} at this moment.") from None
        for left in folder.glob(f".clinic-*{UNFINISHED}"):
            left.unlink(missing_ok=True)
        yield
    finally:
        os.close(lock)


def unwritable(folder: Path, problem: OSError) -> BackupRefused:
    if isinstance(problem, FileNotFoundError):
        return BackupRefused(f"There is no folder {folder}. Make it, for its owner alone: mkdir -m 700 {folder}")
    if isinstance(problem, NotADirectoryError):
        return BackupRefused(f"{folder} is not a folder. Name a folder for the backups.")
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return BackupRefused(f"The disk of {folder} is full. No backup was made; those of before are as they were.")
    return BackupRefused(f"The folder {folder} cannot be written: {problem.strerror}. No backup was made.")


def write_whole(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Make a file that is whole, on the disk and its owner's alone, or none. Raises BackupRefused where there is one
    already, and for a disk that is full or fails.
    """
    folder = path.parent
    unfinished = folder / f".{path.name}.{secrets.token_hex(4)}{UNFINISHED}"
    try:
        made = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(made, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            raise BackupRefused(f"There is a file {path} already. Nothing was written over it.")
        unfinished.rename(path)
        sync_folder(folder)
    except OSError as problem:
        raise unwritable(folder, problem) from problem
    finally:
        unfinished.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk. Some network shares cannot, and say so."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(opened)
    finally:
        os.close(opened)


SLOTS: Final[Mapping[str, Callable[[datetime], object]]] = {
    "latest": lambda made_at: made_at,
    "hours": lambda made_at: (made_at.date(), made_at.hour),
    "days": lambda made_at: made_at.date(),
    "weeks": lambda made_at: tuple(made_at.isocalendar())[:2],
}
"""Of each of these the newest backup is kept, in so many of them as BACKUP_KEEP says."""


def superfluous(backups: Sequence[Backup], *, keep: Mapping[str, int], now: datetime) -> list[Backup]:
    """Those that the timetable no longer wants. Counted in backups that are there, never in time: a clock that jumps,
    or a month without backups, removes none. The newest is always kept, and so is what lies ahead of the clock.
    """
    copies = [item for item in sorted(backups, reverse=True) if item.kind != "base" and item.made_at <= now + AHEAD]
    bases = [item for item in sorted(backups, reverse=True) if item.kind == "base" and item.made_at <= now + AHEAD]
    wanted = {item.path for item in (*copies[:1], *bases[: max(keep.get("bases", 1), 1)])}
    for unit, slot_of in SLOTS.items():
        wanted |= _newest_of_each(copies, slot_of, keep.get(unit, 0))
    return [item for item in (*copies, *bases) if item.path not in wanted]


def _newest_of_each(backups: Sequence[Backup], slot_of: Callable[[datetime], object], count: int) -> set[Path]:
    slots: dict[object, Path] = {}
    for item in backups:
        slots.setdefault(slot_of(item.made_at), item.path)
    return set(list(slots.values())[:count])


def remove(backups: Collection[Backup]) -> None:
    for item in backups:
        item.path.unlink(missing_ok=True)
