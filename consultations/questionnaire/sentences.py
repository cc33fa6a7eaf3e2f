"""The sentences around the questions, the same for every version, read from sentences.toml."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from consultations.questionnaire.files import text_of

FILE: Final = Path(__file__).with_name("sentences.toml")


@cache
def sentences() -> dict[str, str]:
    return tomllib.loads(text_of(FILE))
