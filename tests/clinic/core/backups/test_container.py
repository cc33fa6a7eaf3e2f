"""The file of a backup: what was put in comes out, and nothing that was cut off, changed or made by others is taken."""

import errno
import io
import json
import tracemalloc
from pathlib import Path

import pytest
from pyrage.x25519 import Identity

from clinic.core.backups import container
from clinic.core.backups.refusals import BackupRefused

OURS, OTHERS = Identity.generate(), Identity.generate()
HEADER = {"kind": "dump", "made_at": "2026-11-28T12:00:00+00:00"}
MANIFEST = {"counts": {"patients": 3}}
PAYLOAD = [b"a row of a table\n" * 5000, b"", b"\x00\xff" * 70_000, b"the end"]
SEAL = b"s" * 32


def written(path: Path, *, payload=PAYLOAD, seal: bytes = SEAL, header=HEADER) -> Path:
    with path.open("wb") as out:
        container.write(
            out, header=header, manifest=MANIFEST, payload=payload, recipients=[OURS.to_public()], seal_key=seal
        )
    return path


def opened(path: Path, *, identity: Identity = OURS, seal: bytes = SEAL) -> tuple[dict[str, object], bytes]:
    out = io.BytesIO()
    manifest = container.unpack(path, identity=identity, out=out, key_of=lambda _: seal)
    return manifest, out.getvalue()


def looked_at(path: Path) -> None:
    container.read_header(path)
    container.verify_checksum(path)


@pytest.fixture
def backup(tmp_path):
    return written(tmp_path / "a.backup")


def test_what_was_put_in_comes_out(backup):
    container.verify_checksum(backup)
    assert container.read_header(backup) == HEADER
    assert opened(backup) == (MANIFEST, b"".join(PAYLOAD))


@pytest.mark.parametrize("payload", [[], [b""], [b"x"], [b"x" * (1 << 20)], [b"x" * ((1 << 20) + 1)]], ids=len)
def test_of_any_length(tmp_path, payload):
    assert opened(written(tmp_path / "a.backup", payload=payload))[1] == b"".join(payload)


def test_without_the_key_nothing_of_it_can_be_read(backup):
    assert b"a row of a table" not in backup.read_bytes()
    assert b"patients" not in backup.read_bytes()


@pytest.mark.parametrize("identity", [OURS, OTHERS], ids=["the clinic's", "escrow's"])
def test_each_of_several_keys_opens_it(tmp_path, identity):
    path = tmp_path / "a.backup"
    both = [OURS.to_public(), OTHERS.to_public()]
    with path.open("wb") as out:
        container.write(out, header=HEADER, manifest=MANIFEST, payload=PAYLOAD, recipients=both, seal_key=SEAL)
    assert opened(path, identity=identity)[1] == b"".join(PAYLOAD)


def test_another_key_opens_nothing(backup):
    with pytest.raises(BackupRefused, match="encrypted for another backup key"):
        opened(backup, identity=OTHERS)


def test_who_has_the_public_half_cannot_make_one_of_ours(tmp_path):
    forged = written(tmp_path / "a.backup", seal=b"x" * 32)
    container.verify_checksum(forged)
    with pytest.raises(BackupRefused, match="was not made with the field keys of this clinic"):
        opened(forged)


@pytest.mark.parametrize("cut", [1, 10, 71, 72, 73, 200, 70_000])
def test_one_that_was_cut_off_is_refused(backup, cut):
    whole = backup.read_bytes()
    backup.write_bytes(whole[:-cut])
    with pytest.raises(BackupRefused, match="was cut off: its end is missing"):
        container.verify_checksum(backup)


@pytest.mark.parametrize("left", [0, 5, 16, 60, 300])
def test_of_which_only_the_beginning_is_left(backup, left):
    backup.write_bytes(backup.read_bytes()[:left])
    with pytest.raises(BackupRefused, match=r"is not a backup of this program|is damaged|was cut off"):
        looked_at(backup)


@pytest.mark.parametrize("part", range(20))
def test_one_changed_byte_anywhere_is_found_without_a_key(backup, part):
    content = bytearray(backup.read_bytes())
    place = len(container.MAGIC) + (len(content) - len(container.MAGIC) - 1) * part // 19
    content[place] ^= 1
    backup.write_bytes(content)
    with pytest.raises(BackupRefused, match=r"is damaged|was cut off"):
        container.verify_checksum(backup)


def test_a_checksum_made_anew_does_not_help(backup):
    import hashlib

    content = bytearray(backup.read_bytes()[: -container.CHECKSUM_LINE])
    content[-40] ^= 1
    backup.write_bytes(content + b"sha256:" + hashlib.sha256(content).hexdigest().encode() + b"\n")
    container.verify_checksum(backup)
    with pytest.raises(BackupRefused, match="is damaged: it cannot be decrypted"):
        opened(backup)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not a backup of this program"),
        (b"PGDMP and so on", "is not a backup of this program"),
        (b"clinic-backup 2\n{}\n", "was made by another version of this program"),
        (b"clinic-backup 1\nnot json\n", "is damaged: it does not say what it holds"),
        (b"clinic-backup 1\n[1]\n", "is damaged: it does not say what it holds"),
    ],
)
def test_what_is_no_backup_is_said_to_be_none(tmp_path, content, said):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(BackupRefused, match=said):
        container.read_header(tmp_path / "a")


def test_none_at_all(tmp_path):
    with pytest.raises(BackupRefused, match="There is no backup"):
        container.read_header(tmp_path / "gone")
    with pytest.raises(BackupRefused, match="cannot be read: Is a directory"):
        container.read_header(tmp_path)


def test_what_the_source_says_is_said(tmp_path):
    def dies():
        yield b"some"
        raise BackupRefused("pg_dump ended with status 1")

    with pytest.raises(BackupRefused, match="pg_dump ended with status 1"):
        written(tmp_path / "a", payload=dies())


def test_what_the_disk_says_is_said():
    class Full(io.BytesIO):
        def write(self, block):
            if self.tell() > 1000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(block)

    with pytest.raises(OSError, match="No space left"):
        container.write(
            Full(), header=HEADER, manifest=MANIFEST, payload=PAYLOAD, recipients=[OURS.to_public()], seal_key=SEAL
        )


def test_a_big_one_needs_little_memory(tmp_path):
    """Twenty megabytes that do not pack, and never more than a few of them at a time."""
    import random

    draws = random.Random(1)
    blocks = (draws.randbytes(1 << 20) for _ in range(20))
    tracemalloc.start()
    path = written(tmp_path / "a.backup", payload=blocks)
    with (tmp_path / "out").open("wb") as out:
        container.unpack(path, identity=OURS, out=out, key_of=lambda _: SEAL)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "out").stat().st_size == 20 << 20
    assert peak < 10 << 20


def test_the_manifest_is_one_line_of_json(backup):
    assert json.loads(backup.read_bytes().split(b"\n")[1]) == HEADER
