"""Rules of templates: lines that a review can read, and no knowledge of statuses."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
WIDEST = 160
SHORT_LINES = (
    "clinic/core/templates",
    "clinic/staff/templates",
    "consultations/templates/admin",
    "consultations/templates/consultations/check",
    "consultations/templates/consultations/components",
    "consultations/templates/consultations/mail",
    "consultations/templates/consultations/private",
    "consultations/templates/consultations/staff",
    "consultations/templates/consultations/widgets",
    "education/templates",
)
"""Where no line may be longer than `WIDEST`."""
DRAWINGS = {
    "clinic/core/templates/clinic/components/brandmark.html",
    "clinic/core/templates/clinic/components/spine.html",
    "clinic/core/templates/clinic/components/vertebra.html",
}
"""Paths of a drawing: nobody reads them, and a line break in one says nothing."""
COMPARED = re.compile(r"""\b(\w*(?:status|level|headline|outcome|danger))\s*(?:==|!=|in)\s*["']""")
"""A status, level or outcome beside a word in quotes. The presenter of the page knows what it means, and says so."""


def templates() -> list[Path]:
    results = (file for folder in SHORT_LINES for file in (ROOT / folder).rglob("*.html"))
    return sorted(file for file in results if name(file) not in DRAWINGS)


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def lines() -> list[tuple[str, str]]:
    return [
        (f"{name(file)}:{number}", line)
        for file in templates()
        for number, line in enumerate(file.read_text().splitlines(), start=1)
    ]


def test_every_line_can_be_read_in_a_review() -> None:
    assert len(templates()) > 100
    assert [f"{index}: {len(line)}" for index, line in lines() if len(line) > WIDEST] == []


def test_no_template_compares_a_status() -> None:
    assert COMPARED.search('{% if case.level == "EMERGENCY" %}')
    assert [f"{index}: {match[0]}" for index, line in lines() if (match := COMPARED.search(line))] == []
