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
COMPARED = re.compile(r"""([\w.]+)\s*(?:==|!=|\bin)\s*(["'])[\w ]+\2""")
"""A value beside a word in quotes. The presenter of the page knows what the word means, and says so by a name."""
COMPARABLE = {
    "message.tags": "Django's messages",
    "field.field.widget.input_type": "Django's widgets",
    "field.widget_type": "Django's admin",
    "clinic.theme": "what the visitor chose, for the buttons that choose it",
    "case": "why Django refused a form",
    "begins": "what a refused form would have begun",
    "item.kind": "a column of a content record",
    "page.kind": "a column of a content record",
    "beside.kind": "a column of a content record",
    "item.grade_owner": "a column of a content record",
    "field.name": "the fields of a form",
    "option.value": "an end of a scale",
    "cell": "one letter of a drawing",
}
"""What a template may compare, as no presenter stands between the two."""


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


def test_no_template_compares_a_word_of_its_presenter() -> None:
    """Give the template a value that is true or false; or, for what comes from elsewhere, add it to COMPARABLE."""
    assert COMPARED.search('{% if case.level == "EMERGENCY" %}')
    tags = [(place, tag) for place, line in lines() for tag in re.findall(r"\{% (?:el)?if .*?%\}", line)]
    compared = [(place, match[1]) for place, tag in tags for match in COMPARED.finditer(tag)]
    assert [f"{place}: {value}" for place, value in compared if value not in COMPARABLE] == []
    assert sorted(COMPARABLE.keys() - {value for _place, value in compared}) == []
