"""What several modules of this folder need."""

import functools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from education.content import shipped
from education.markup.markdown import MARKDOWN


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped.CONTENT, tmp_path / "content"))


RECORD_FILES = (
    "sources.json", "evidence.toml", "glossary.toml", "faq.toml", "trials.toml", "regulation.toml", "waivers.toml",
)  # fmt: skip


@pytest.fixture(scope="module")
def each_text_is_parsed_once() -> Iterator[None]:
    """All tests of a module read the same three hundred texts, and one or two that differ."""
    parse = functools.lru_cache(maxsize=2000)(MARKDOWN.parse)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(MARKDOWN, "parse", parse)
        yield
