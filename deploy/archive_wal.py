"""PostgreSQL's archive of its WAL, encrypted: what it calls for each segment, and what brings one back.

In postgresql.conf (docs/operations.md, Backup and restore):

    archive_command = '/srv/clinic/.venv/bin/python /srv/clinic/deploy/archive_wal.py put --to FOLDER --key age1… %p'

It needs the public half of the backup key alone. It answers 0 only when the segment is whole and on the disk; with
anything else PostgreSQL keeps the segment and tries again.
"""

import argparse
import contextlib
import hashlib
import io
import os
import secrets
import sys
import zlib
from pathlib import Path

import pyrage
from pyrage.x25519 import Identity, Recipient

ENDING = ".age"
WRONG_KEYS = (pyrage.RecipientError, pyrage.IdentityError, pyrage.DecryptError)


def put(segment: Path, folder: Path, public_keys: str) -> None:
    """Raises FileExistsError for another segment of that name: two servers must not share an archive."""
    final = folder / f"{segment.name}{ENDING}"
    content = segment.read_bytes()
    digest_name = final.with_suffix(".sum")
    if final.exists():
        if digest_name.exists() and digest_name.read_text() == checksum(content):
            return  # PostgreSQL asks again when it died before it noted the answer
        raise FileExistsError(f"{final} holds another segment already. Give each server an archive of its own.")
    recipients = [Recipient.from_str(part.strip()) for part in public_keys.split(",")]
    write(digest_name, checksum(content).encode(), replaces=True)
    write(final, pyrage.encrypt(zlib.compress(content, 1), recipients))


def checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write(final: Path, content: bytes, *, replaces: bool = False) -> None:
    unfinished = final.with_name(f".{final.name}.{secrets.token_hex(4)}.unfinished")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if final.exists() and not replaces:
            raise FileExistsError(f"{final} is there already.")
        unfinished.rename(final)
        opened = os.open(final.parent, os.O_RDONLY | os.O_DIRECTORY)
        with contextlib.suppress(OSError):
            os.fsync(opened)
        os.close(opened)
    finally:
        unfinished.unlink(missing_ok=True)


def get(name: str, destination: Path, folder: Path, identity_file: Path) -> None:
    """Raises FileNotFoundError for a segment that is not there: so PostgreSQL learns that the archive ends."""
    identity = Identity.from_str("".join(identity_file.read_text().split()).upper())
    opened = io.BytesIO()
    with (folder / f"{name}{ENDING}").open("rb") as file:
        pyrage.decrypt_io(file, opened, [identity])
    destination.write_bytes(zlib.decompress(opened.getvalue()))


def main() -> int:
    parser = argparse.ArgumentParser(description="Archive a WAL segment of PostgreSQL, encrypted, or bring one back.")
    acts = parser.add_subparsers(dest="act", required=True)
    putting = acts.add_parser("put")
    putting.add_argument("--to", required=True, type=Path)
    putting.add_argument("--key", required=True)
    putting.add_argument("segment", type=Path)
    getting = acts.add_parser("get")
    getting.add_argument("--from", required=True, type=Path, dest="folder")
    getting.add_argument("--identity", required=True, type=Path)
    getting.add_argument("name")
    getting.add_argument("destination", type=Path)
    given = parser.parse_args()
    try:
        if given.act == "put":
            put(given.segment, given.to, given.key)
        else:
            get(given.name, given.destination, given.folder, given.identity)
    except FileNotFoundError as problem:
        sys.stderr.write(f"archive_wal: {problem.filename} is not there\n")
        return 1
    except (OSError, ValueError, zlib.error, *WRONG_KEYS) as problem:
        sys.stderr.write(f"archive_wal: {problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
