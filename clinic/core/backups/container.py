"""The file of one backup.

    clinic-backup 1
    {"kind": …}          what anybody may read: when, by what, for which keys (`Header`)
    …                    an age stream, to the end but for the last line. In it: the manifest in one line of JSON, the
                         payload, and a seal of both under a key that follows from the clinic's own field key
    sha256:…             of everything before it, so that a damaged file is found without any key

Whoever has the public half of the backup key can encrypt for it. Who made a backup is therefore proven by the seal.
Nothing here holds more than a few blocks of it in memory.
"""

import hashlib
import hmac
import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import pyrage
from pyrage.x25519 import Identity, Recipient

from clinic.core.backups.refusals import BackupRefused

MAGIC: Final = b"clinic-backup 1\n"
BLOCK: Final = 1 << 20
LONGEST_LINE: Final = 16 << 20
"""Of a header or a manifest; beyond it this is not one."""
CHECKSUM_MARK: Final = b"sha256:"
CHECKSUM_LINE: Final = len(CHECKSUM_MARK) + 64 + 1
SEAL_BYTES: Final = 32


def write(
    out: BinaryIO,
    *,
    header: dict[str, Any],
    manifest: dict[str, Any],
    payload: Iterable[bytes],
    recipients: list[Recipient],
    seal_key: bytes,
) -> None:
    """Write one backup. Whatever reading the payload or writing raises is raised as it is."""
    counted = _Counted(out)
    feed = _Feed(_sealed(manifest, payload, seal_key))
    counted.write(MAGIC + _line(header))
    try:
        pyrage.encrypt_io(feed, counted, recipients)
    except pyrage.EncryptError:
        # The library turns the errors of both ends into its own, which keeps their words alone.
        raise (feed.failure or counted.failure or BackupRefused("The backup could not be encrypted.")) from None
    out.write(CHECKSUM_MARK + counted.digest.hexdigest().encode() + b"\n")


def _line(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _sealed(manifest: dict[str, Any], payload: Iterable[bytes], key: bytes) -> Iterator[bytes]:
    """Manifest, packed payload, seal."""
    seal = hmac.new(key, digestmod="sha256")
    packing = zlib.compressobj(1)

    def parts() -> Iterator[bytes]:
        yield _line(manifest)
        for block in payload:
            yield packing.compress(block)
        yield packing.flush()

    for part in parts():
        seal.update(part)
        yield part
    yield seal.digest()


class _Counted:
    """A file that remembers the checksum of what was written, and what went wrong."""

    def __init__(self, out: BinaryIO) -> None:
        self.out, self.digest = out, hashlib.sha256()
        self.failure: Exception | None = None

    def write(self, block: bytes) -> int:
        try:
            self.out.write(block)
        except Exception as problem:
            self.failure = problem
            raise
        self.digest.update(block)
        return len(block)

    def flush(self) -> None:
        """Whoever opened the file does."""


class _Feed:
    """A file to read from, made of blocks as they come."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self.blocks, self.rest = blocks, memoryview(b"")
        self.failure: Exception | None = None

    def read(self, size: int = BLOCK) -> bytes:
        try:
            while not self.rest:
                self.rest = memoryview(next(self.blocks))
        except StopIteration:
            return b""
        except Exception as problem:
            self.failure = problem
            raise
        part, self.rest = self.rest[:size], self.rest[size:]
        return bytes(part)


def read_header(path: Path) -> dict[str, Any]:
    """What anybody may read of a backup. Raises BackupRefused for what is none."""
    try:
        with path.open("rb") as file:
            return _header_of(file, path)
    except FileNotFoundError:
        raise BackupRefused(f"There is no backup {path}.") from None
    except OSError as problem:
        raise BackupRefused(f"The backup {path} cannot be read: {problem.strerror}.") from None


def _header_of(file: BinaryIO, path: Path) -> dict[str, Any]:
    """Leaves the file at the beginning of the encrypted part."""
    start = file.read(len(MAGIC))
    if start != MAGIC:
        if start.startswith(MAGIC.split(b" ")[0]):
            raise BackupRefused(f"{path} was made by another version of this program. Restore it with that version.")
        raise BackupRefused(f"{path} is not a backup of this program.")
    try:
        header = json.loads(file.readline(LONGEST_LINE))
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise BackupRefused(f"{path} is damaged: it does not say what it holds. Take another backup.")
    return header


def verify_checksum(path: Path) -> None:
    """Read the whole file once; no key is needed. Raises BackupRefused for one that was cut off or changed."""
    left, digest = path.stat().st_size - CHECKSUM_LINE, hashlib.sha256()
    with path.open("rb") as file:
        while left > 0 and (block := file.read(min(left, BLOCK))):
            left -= len(block)
            digest.update(block)
        last = file.read()
    if not (last.startswith(CHECKSUM_MARK) and last.endswith(b"\n") and len(last) == CHECKSUM_LINE):
        raise BackupRefused(f"{path} was cut off: its end is missing. Take another backup.")
    if last != CHECKSUM_MARK + digest.hexdigest().encode() + b"\n":
        raise BackupRefused(f"{path} is damaged: its checksum does not fit what it holds. Take another backup.")


def unpack(
    path: Path, *, identity: Identity, out: BinaryIO, key_of: Callable[[dict[str, Any]], bytes]
) -> dict[str, Any]:
    """Decrypt a backup into a file, and return its manifest once the seal has proven both.

    `key_of` gives the key of the seal, for the manifest that is read first. Raises BackupRefused; what was written by
    then must be thrown away.
    """
    with path.open("rb") as file:
        _header_of(file, path)
        end = path.stat().st_size - CHECKSUM_LINE
        opened = _Opened(out, key_of)
        try:
            pyrage.decrypt_io(_Part(file, end - file.tell()), opened, [identity])
        except (pyrage.DecryptError, OSError) as problem:
            if opened.failure is not None:
                raise opened.failure from None
            if "No matching keys" in str(problem):
                raise BackupRefused(f"{path} is encrypted for another backup key than the one given.") from None
            raise BackupRefused(f"{path} is damaged: it cannot be decrypted. Take another backup.") from None
    if not opened.is_proven():
        raise BackupRefused(f"{path} was not made with the field keys of this clinic, or was changed afterwards.")
    return opened.manifest


class _Part:
    """The encrypted part of the file."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file, self.left = file, size

    def read(self, size: int = BLOCK) -> bytes:
        block = self.file.read(min(size, self.left))
        self.left -= len(block)
        return block


class _Opened:
    """Takes what was decrypted: the manifest, the payload, which goes on unpacked, and the seal, which is compared."""

    def __init__(self, out: BinaryIO, key_of: Callable[[dict[str, Any]], bytes]) -> None:
        self.out, self.key_of = out, key_of
        self.manifest: dict[str, Any] = {}
        self.waiting, self.unpacking = b"", zlib.decompressobj()
        self.seal: hmac.HMAC | None = None
        self.failure: Exception | None = None

    def write(self, block: bytes) -> int:
        try:
            self._take(bytes(block))
        except zlib.error:
            self.failure = BackupRefused("The backup is damaged: what it holds cannot be unpacked. Take another one.")
            raise
        except Exception as problem:
            self.failure = problem
            raise
        return len(block)

    def _take(self, block: bytes) -> None:
        self.waiting += block
        if self.seal is None:
            line, found, rest = self.waiting.partition(b"\n")
            if not found:
                if len(self.waiting) > LONGEST_LINE:
                    raise BackupRefused("The backup is damaged: it has no manifest. Take another one.")
                return
            self.manifest = json.loads(line)
            self.seal = hmac.new(self.key_of(self.manifest), line + b"\n", "sha256")
            self.waiting = rest
        # The last bytes are the seal, and which ones are the last shows only at the end.
        part, self.waiting = self.waiting[:-SEAL_BYTES], self.waiting[-SEAL_BYTES:]
        self.seal.update(part)
        while True:
            unpacked = self.unpacking.decompress(part, BLOCK)
            self.out.write(unpacked)
            part = self.unpacking.unconsumed_tail
            if not part and len(unpacked) < BLOCK:
                return

    def flush(self) -> None:
        """Nothing is held back but the seal."""

    def is_proven(self) -> bool:
        if self.seal is None or not self.unpacking.eof or self.unpacking.unused_data:
            return False
        return hmac.compare_digest(self.seal.digest(), self.waiting)
