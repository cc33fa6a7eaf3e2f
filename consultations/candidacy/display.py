"""What patients are shown and told whatever version judged them: read from data files that no content hash covers.

Owner: the clinic's medical director. Source: clinical changes 1.1, sections 2, 4 and 5.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

from consultations.questionnaire.files import FileError, text_of

DISPLAY: Final = Path(__file__).parent / "display"


class DisplayError(ValueError):
    """A file of display words that cannot be read."""


@cache
def document(name: str) -> dict[str, Any]:
    """One file as it stands: "results" or "spoken". Raises DisplayError."""
    path = DISPLAY / f"{name}.toml"
    try:
        return tomllib.loads(text_of(path))
    except tomllib.TOMLDecodeError as problem:
        raise DisplayError(f"{path.name} is not TOML: {problem}.") from None
    except FileError as problem:
        raise DisplayError(str(problem)) from None


def patient_line(rule_id: str, of_version: str) -> str:
    """The reason of a rule as the patient reads it: that of the display table, or else that of its version."""
    line: str = document("results")["patient_lines"].get(rule_id, of_version)
    return line
