"""The blocks a page text may hold (`::: name … :::`), and how the parts inside one are written. Pure."""

import dataclasses
import re
from pathlib import Path
from typing import Final

BLOCKS: Final = frozenset(
    {
        "care-card",
        "compare",
        "compare-all",
        "decision-form",
        "evidence",
        "evidence-table",
        "faq",
        "figure",
        "going-ahead",
        "know",
        "note",
        "pair",
        "quoted-claim",
        "regulation",
        "regulatory",
        "scenario",
        "steps",
        "trials",
        "warning",
    }
)
"""The names of all blocks; `presenters.page_renderer` shows each."""
STEP: Final = re.compile(r"^###\s+(.+?)\s*\|\s*(.+)$")
CARE_CARD: Final = "care-card"
CONTAINERS: Final = ("note", "warning", "know", "steps", "quoted-claim", "scenario")
PLATES: Final = ("ddd", "herniated", "stenosis", "facet", "healthy")
FIGURES: Final = tuple(
    sorted(file.stem for file in (Path(__file__).parents[1] / "templates/education/figures").glob("*.html"))
)
"""A figure is a template of its own: drawing, caption, and a text alternative that carries the same facts."""


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """How many of one hundred people in each of two groups."""

    first: int
    second: int
    first_group: str
    second_group: str
    what_happened: str


def pair_of(text: str) -> Pair | None:
    """Read `74 69 | group | group | what happened`; None when it is not that."""
    pieces = [piece.strip() for piece in text.split("|")]
    numbers = pieces[0].split()
    if len(pieces) != 4 or len(numbers) != 2:
        return None
    if not all(number.isascii() and number.isdecimal() and int(number) <= 100 for number in numbers):
        return None
    return Pair(int(numbers[0]), int(numbers[1]), *pieces[1:])


def columns_of(text: str) -> list[tuple[str, str]]:
    """The parts of `::: know` as (title, text)."""
    columns = [column for column in re.split(r"^### ", text, flags=re.MULTILINE) if column.strip()]
    return [(title.strip(), rest) for title, _, rest in (column.partition("\n") for column in columns)]


def steps_of(text: str) -> list[tuple[str, str, str]]:
    """The parts of `::: steps` as (title, when, text)."""
    steps: list[tuple[str, str, list[str]]] = []
    for line in text.split("\n"):
        heading = STEP.match(line.strip())
        if heading:
            steps.append((heading.group(1), heading.group(2), []))
        elif steps:
            steps[-1][2].append(line)
    return [(title, when, "\n".join(lines)) for title, when, lines in steps]
