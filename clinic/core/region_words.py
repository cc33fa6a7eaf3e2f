"""The words that differ by region, as people there say and spell them. Plain data from region_words.toml, no Django."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

FILE: Final = Path(__file__).parent / "region_words.toml"
MARKER: Final = re.compile(r"\{([A-Za-z]\w*)\}")


class UnknownWordError(LookupError):
    """A text asks for a word that is not in the table."""


@cache
def table() -> Mapping[str, Mapping[str, str]]:
    """Name of the word -> region -> the word."""
    parts: dict[str, dict[str, dict[str, str]]] = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {name: by_region for part in parts.values() for name, by_region in part.items()}


def forms() -> tuple[frozenset[str], ...]:
    """What the regions say, word by word: all that mean the same."""
    return tuple(frozenset(by_region.values()) for by_region in table().values())


@cache
def words(region: str) -> Mapping[str, str]:
    """Name of the word -> the word, as one region says it."""
    return MappingProxyType({name: by_region.get(region, by_region["default"]) for name, by_region in table().items()})


def word(name: str, region: str) -> str:
    """One word; with a capital where its name begins with one. Raises UnknownWordError."""
    plain = name[:1].lower() + name[1:]
    if plain not in table():
        raise UnknownWordError(f"there is no word “{name}” in {FILE.name}")
    found = words(region)[plain]
    return found if name == plain else found[:1].upper() + found[1:]


def put_in(text: str, region: str) -> str:
    """The text with each {word} as the region says it. Raises UnknownWordError."""
    return MARKER.sub(lambda marker: word(marker[1], region), text)
