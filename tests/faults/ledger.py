"""The ledger: what people were told, one JSON line each, written before the person goes on."""

import dataclasses
import json
import threading
import time
from pathlib import Path
from typing import Any, Final

TOLD_NO: Final = "told that it was not saved"
TOLD_PERHAPS: Final = "told that it may not be saved"
TOLD_ERROR: Final = "told an error"
UNANSWERED: Final = "no answer"


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One line. `what` is a kind of act; `key` whose or on what; `told` "" for a yes, or how the site failed.

    `pressed` is when the form was sent that this answers.
    """

    at: float
    what: str
    key: str
    told: str = ""
    pressed: float = 0.0
    details: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def is_acknowledged(self) -> bool:
        return not self.told


class Ledger:
    """A file that is only added to, and the same in memory. Threads share it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: list[Entry] = []
        self.acknowledged = 0
        self.last = time.monotonic()
        self._lock = threading.Lock()

    def acknowledge(self, what: str, key: str, **details: Any) -> None:
        """Somebody was told yes."""
        self._add(Entry(time.time(), what, key, details=details))

    def failed(self, what: str, key: str, told: str, *, pressed: float = 0.0) -> None:
        """Somebody pressed, and was told this instead of a yes."""
        self._add(Entry(time.time(), what, key, told, pressed))

    def _add(self, entry: Entry) -> None:
        with self._lock:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(dataclasses.asdict(entry)) + "\n")
            self.entries.append(entry)
            if entry.is_acknowledged:
                self.acknowledged += 1
                self.last = time.monotonic()
