"""What patients are shown and told whatever version judged them: read from data files that no content hash covers.

Owner: the clinic's medical director. Source: clinical changes 1.1, sections 2, 4 and 5.
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from clinic.core import region_words
from consultations.questionnaire.files import FileError, text_of

DISPLAY: Final = Path(__file__).parent / "display"


class DisplayError(ValueError):
    """A file of display words that cannot be read."""


@cache
def document(name: str) -> dict[str, Any]:
    """One file as it stands: "results", "spoken", "asked_again" or "sentences". Raises DisplayError."""
    path = DISPLAY / f"{name}.toml"
    try:
        return tomllib.loads(text_of(path))
    except tomllib.TOMLDecodeError as problem:
        raise DisplayError(f"{path.name} is not TOML: {problem}.") from None
    except FileError as problem:
        raise DisplayError(str(problem)) from None


def paragraph(sentences: Iterable[str]) -> str:
    """Whole sentences, one after the other."""
    between: str = document("sentences")["between_sentences"]
    return between.join(sentences)


def words(region: str) -> Mapping[str, str]:
    """The words that differ by region, as people there say them: {belly} and {poo}."""
    return region_words.words(region)


def patient_line(rule_id: str, of_version: str, *, region: str) -> str:
    """The reason of a rule as the patient reads it: that of the display table, or else that of its version."""
    line = document("results")["patient_lines"].get(rule_id)
    return of_version if line is None else line.format(**words(region))
