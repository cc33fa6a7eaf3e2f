"""Lists of what people say, and sentences they read: words of people, never a name from the program.

A renamed function once took its old name along out of the phrases of danger, where it was an ordinary word.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
IDENTIFIER = re.compile(r"[A-Za-z]_[A-Za-z]")
NAMED = re.compile(r"[<{]\w+\+?[>}]")
"""`<class>` of a pattern and `{word}` of a region are names on purpose."""
PHRASES = (
    "clinic/core/danger_signs.toml",
    "clinic/core/danger_words.toml",
    "clinic/core/self_harm_words.toml",
    "education/claims/overclaims.toml",
)
WEIGHTS = {"clinic/core/self_harm_weights.toml": "weights", "education/claims/word_weights.toml": "words"}
SENTENCES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("consultations/candidacy/display/*.toml"))


def _texts(value: object) -> Iterator[str]:
    """Every phrase and sentence of a file; one word alone may be a code."""
    if isinstance(value, str) and " " in value:
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / name).read_text(encoding="utf-8"))


def test_no_phrase_and_no_sentence_has_a_name_of_the_program_in_it() -> None:
    named = [
        f"{name}: {text[:80]}"
        for name in (*PHRASES, *SENTENCES)
        for text in _texts(_read(name))
        if IDENTIFIER.search(NAMED.sub("", text))
    ]

    assert named == []


def test_no_weighed_word_has_a_name_of_the_program_in_it() -> None:
    weighed = [word for name, table in WEIGHTS.items() for word in _read(name)[table]]

    assert [word for word in weighed if IDENTIFIER.search(NAMED.sub("", word))] == []
