"""The style sheets that pages load, each put together from the parts in `frontend/css` when it is asked for.

A page asks for one file, and nobody has to build it: where the parts change, the next request has the change. In
production `collectstatic` asks once.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.files.storage import FileSystemStorage

PARTS = Path(__file__).parent / "frontend/css"
SHARED = ("fonts", "bootstrap", "tokens", "base", "layout", "components", "forms")
SHEETS = {
    "clinic/public.css": (*SHARED, "content", "figures", "check", "print"),
    "clinic/check.css": (*SHARED, "content", "check", "private", "print"),
    "clinic/staff.css": (
        *SHARED, "content", "figures", "check", "private", "staff", "staff-frame", "staff-pages", "week", "print",
    ),
}  # fmt: skip
"""By the path that a template gives to `{% static %}`. Addresses inside a part start from `clinic/`."""


def text_of(sheet: str) -> str:
    return "\n".join((PARTS / f"{part}.css").read_text() for part in SHEETS[sheet])


class StyleSheetFinder(BaseFinder):
    """Answers like the finders of files: each process keeps what it has put together in a folder of its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        folder = tempfile.mkdtemp(prefix="clinic-sheets-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        self.storage = FileSystemStorage(location=folder)

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        if path not in SHEETS:
            return []
        file = self._written(path)
        return [file] if find_all else file

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        for path in SHEETS:
            if not matches_patterns(path, ignore_patterns):
                self._written(path)
                yield path, self.storage

    def _written(self, sheet: str) -> str:
        """In one step, so that nobody reads half a sheet; a sheet that is right is left as it is."""
        file, text = Path(self.storage.path(sheet)), text_of(sheet)
        if not file.is_file() or file.read_text() != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            new = file.with_name(f"{file.name}.{os.getpid()}.{id(text)}")
            new.write_text(text)
            new.replace(file)
        return str(file)
