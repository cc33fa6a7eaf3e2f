"""What several modules of this folder need."""

import shutil
from pathlib import Path

import pytest

from education.content import shipped


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped.CONTENT, tmp_path / "content"))


RECORD_FILES = (
    "sources.json", "evidence.toml", "glossary.toml", "faq.toml", "trials.toml", "regulation.toml", "waivers.toml",
)  # fmt: skip
