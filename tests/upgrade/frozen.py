"""What 1.0 did to the database: its migrations, and the modules whose functions they call."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.conf import settings

LIST: Final = Path(__file__).with_name("frozen.sha256")
CALLED: Final = ("clinic/core/append_only.py", "clinic/accounts/roles.py")
MIGRATIONS: Final = frozenset(
    {
        ("accounts", "0001_initial"),
        ("core", "0001_initial"), ("core", "0002_audit_append_only"),
        ("consultations", "0001_initial"), ("consultations", "0002_overlap_guard"), ("consultations", "0003_groups"),
        ("education", "0001_initial"), ("education", "0002_groups"), ("education", "0003_full_text"),
    }
)  # fmt: skip
APPS: Final = ("clinic/accounts", "clinic/core", "consultations", "education")


def digests() -> dict[str, str]:
    """Path -> digest, as they were when 1.0 was frozen."""
    lines = LIST.read_text(encoding="ascii").splitlines()
    return {path: digest for digest, _, path in (line.partition("  ") for line in lines)}


def digest_of(path: str) -> str:
    file = settings.BASE_DIR / path
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else "missing"


def write() -> None:
    """Freeze what stands now. Done once, when the dumps of 1.0 are made."""
    LIST.write_text("".join(f"{digest_of(path)}  {path}\n" for path in _paths()), encoding="ascii")


def _paths() -> Iterator[str]:
    yield from CALLED
    for app in APPS:
        for file in sorted((settings.BASE_DIR / app / "migrations").glob("*.py")):
            if file.name != "__init__.py":
                yield f"{app}/migrations/{file.name}"
