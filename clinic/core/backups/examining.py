"""Whether a backup may be restored here: everything that speaks against it is found before a row is written."""

import contextlib
import dataclasses
import os
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import Error, connection
from pyrage.x25519 import Identity

from clinic.core import clock, encryption, key_fingerprints, old_database
from clinic.core.backups import container, folder, keys
from clinic.core.backups.contents import Contents
from clinic.core.backups.making import SEAL
from clinic.core.backups.refusals import BackupRefused
from clinic.core.models import AuditEvent, AuditLink


@dataclasses.dataclass(frozen=True, slots=True)
class Unpacked:
    """A backup that was proven, and its payload in a file that is gone with the end of the block."""

    path: Path
    header: dict[str, Any]
    contents: Contents
    payload: Path

    @property
    def made_at(self) -> datetime:
        return datetime.fromisoformat(self.header["made_at"])

    @property
    def age(self) -> timedelta:
        return clock.now() - self.made_at


def newest(place: Path) -> Path:
    """Raises BackupRefused where there is none."""
    if not place.is_dir():
        raise BackupRefused(f"There is no folder {place} with backups.")
    last = folder.last_backup(place)
    if last is None:
        raise BackupRefused(f"There is no backup in {place}.")
    return last.path


def examine(path: Path, *, identity: Identity, other_installation: bool = False) -> dict[str, Any]:
    """Its header, when the file is whole and made for these keys and this clinic. Raises BackupRefused."""
    header = container.read_header(path)
    container.verify_checksum(path)
    try:
        _require_backup_key(path, header, identity)
        _require_field_keys(path, header)
        if not other_installation:
            _require_installation(path, header)
    except (KeyError, TypeError, AttributeError):
        raise BackupRefused(f"{path} is damaged: it does not say what it holds. Take another backup.") from None
    return header


def _require_backup_key(path: Path, header: dict[str, Any], identity: Identity) -> None:
    given = keys.fingerprint(identity.to_public())
    if given not in header["backup_keys"]:
        raise BackupRefused(
            f"{path} is encrypted for another backup key: it names {', '.join(header['backup_keys'])}, and the one "
            f"given is {given}. The fingerprint stands on the paper."
        )


def _require_field_keys(path: Path, header: dict[str, Any]) -> None:
    needed = {**header["field_keys"], header["seal"]["key"]: header["seal"]["fingerprint"]}
    known = {name: (digest, False) for name, digest in needed.items()}
    problems = key_fingerprints.compare(encryption.key_fingerprints(), known, is_index_key_set=bool(settings.INDEX_KEY))
    if problems:
        sentences = " ".join(problem.sentence for problem in problems)
        raise BackupRefused(
            f"The settings do not hold the field keys of {path}, so its health data could not be read. {sentences} "
            "Put in the keys from the paper."
        )


def _require_installation(path: Path, header: dict[str, Any]) -> None:
    ours = living_installation()
    if ours and ours != header["installation"]:
        raise BackupRefused(
            f"{path} is of another installation ({header['site']}) than the database in the settings. If it is the one "
            "that you mean, say --other-installation."
        )


def living_installation() -> str:
    """The first link of the audit chain of the database in the settings; empty where it does not answer or has none."""
    try:
        if AuditLink._meta.db_table not in connection.introspection.table_names():
            return ""
        return AuditLink.objects.filter(position=1).values_list("digest", flat=True).first() or ""
    except Error:
        return ""


def living_erasures(installation: str) -> list[str] | None:
    """The patient rows that were erased in the living database; None where it does not answer, or is another one."""
    if not installation or living_installation() != installation:
        return None
    events = AuditEvent.objects.filter(action="patient.erase")
    return list(events.order_by().values_list("target_id", flat=True).distinct())


@contextlib.contextmanager
def unpacked(path: Path, header: dict[str, Any], *, identity: Identity, scratch: Path) -> Iterator[Unpacked]:
    """Decrypt a backup that was examined, prove it, and hold its payload in a folder. Raises BackupRefused."""
    payload = scratch / f".restoring-{secrets.token_hex(4)}"
    try:
        with os.fdopen(os.open(payload, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            manifest = container.unpack(path, identity=identity, out=out, key_of=_seal_key)
        if manifest.pop("header", None) != header:
            raise BackupRefused(f"{path} was changed after it was made: what it says of itself is not what it holds.")
        held = Contents(**manifest)
        if unknown := old_database.unknown_migrations(held.migrations):
            raise BackupRefused(
                f"{path} was made by a newer version of this program: it holds {unknown[0]}, which this version does "
                "not know. Install that version first."
            )
        yield Unpacked(path, header, held, payload)
    except OSError as problem:
        raise folder.unwritable(scratch, problem) from problem
    finally:
        payload.unlink(missing_ok=True)


def _seal_key(manifest: dict[str, Any]) -> bytes:
    return encryption.derived_key(manifest["header"]["seal"]["key"], purpose=SEAL)


def erased_since(held: Unpacked, *, identity: Identity, scratch: Path) -> tuple[list[str], str]:
    """The patient rows that no copy may bring back, and where that is known from: the living database, or else the
    newest backup beside this one.
    """
    known = set(held.contents.erased)
    living = living_erasures(held.header["installation"])
    if living is not None:
        return sorted(known | set(living)), "the living database"
    beside = folder.in_folder(held.path.parent)
    others = [item.path for item in beside if item.made_at >= held.made_at and item.path != held.path]
    for other in reversed(others):
        with contextlib.suppress(BackupRefused):
            header = examine(other, identity=identity, other_installation=True)
            if header["installation"] != held.header["installation"]:
                continue
            with unpacked(other, header, identity=identity, scratch=scratch) as later:
                return sorted(known | set(later.contents.erased)), other.name
    return sorted(known), held.path.name
