"""The archive of PostgreSQL's WAL: a segment comes back as it was, and nothing is ever archived over another one."""

import importlib.util
import os
import stat
from pathlib import Path
from typing import Any

import pyrage
import pytest
from pyrage.x25519 import Identity

ROOT = Path(__file__).resolve().parent.parent.parent.parent.parent
IDENTITY = Identity.generate()
KEY = str(IDENTITY.to_public())
NAME = "000000010000000000000007"


@pytest.fixture
def archive() -> Any:
    spec = importlib.util.spec_from_file_location("archive_wal", ROOT / "deploy" / "archive_wal.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def segment(tmp_path: Path) -> Path:
    (tmp_path / "pg_wal").mkdir()
    path = tmp_path / "pg_wal" / NAME
    path.write_bytes(os.urandom(5000) + bytes(100_000))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "archive").mkdir()
    return tmp_path / "archive"


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    (tmp_path / "paper").write_text(f"{IDENTITY}\n")
    return tmp_path / "paper"


def test_a_segment_comes_back_as_it_was(archive, segment, folder, paper, tmp_path):
    archive.put(segment, folder, KEY)
    archive.get(NAME, tmp_path / "back", folder, paper)
    assert (tmp_path / "back").read_bytes() == segment.read_bytes()
    kept = folder / f"{NAME}.age"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.stat().st_size < 7000
    assert segment.read_bytes()[:50] not in kept.read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == [f"{NAME}.age", f"{NAME}.sum"]


def test_the_same_segment_again_is_no_error(archive, segment, folder):
    archive.put(segment, folder, KEY)
    before = (folder / f"{NAME}.age").read_bytes()
    archive.put(segment, folder, KEY)
    assert (folder / f"{NAME}.age").read_bytes() == before


def test_another_segment_of_that_name_is_refused(archive, segment, folder, paper, tmp_path):
    archive.put(segment, folder, KEY)
    mine = segment.read_bytes()
    segment.write_bytes(b"of another server")
    with pytest.raises(FileExistsError, match="another segment"):
        archive.put(segment, folder, KEY)
    archive.get(NAME, tmp_path / "back", folder, paper)
    assert (tmp_path / "back").read_bytes() == mine


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["put", "--to", "{gone}", "--key", KEY, "{segment}"], "is not there"),
        (["put", "--to", "{folder}", "--key", "age1mistyped", "{segment}"], "archive_wal: "),
        (["get", "--from", "{folder}", "--identity", "{paper}", "000000010000000000000008", "{gone}"], "is not there"),
        (["get", "--from", "{folder}", "--identity", "{segment}", NAME, "{gone}"], "archive_wal: "),
    ],
)
def test_what_fails_answers_one_so_that_postgresql_tries_again(
    archive, segment, folder, paper, tmp_path, monkeypatch, capsys, words, said
):
    segment.write_text("no key")
    (folder / f"{NAME}.age").write_bytes(pyrage.encrypt(b"", [IDENTITY.to_public()]))
    places = {"gone": tmp_path / "gone" / "away", "segment": segment, "folder": folder, "paper": paper}
    if words[0] == "put":
        (folder / f"{NAME}.age").unlink()
    monkeypatch.setattr("sys.argv", ["archive_wal.py", *(word.format(**places) for word in words)])
    assert archive.main() == 1
    assert said in capsys.readouterr().err
