"""Every page that gives a line for help lets its number be dialled. Mails are plain text and are left out."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
MAILS = ROOT / "consultations/templates/consultations/mail"
TEMPLATES = sorted(
    file
    for app in ("clinic", "education", "consultations")
    for file in (ROOT / app).glob("**/templates/**/*.*")
    if not file.is_relative_to(MAILS)
)
MAKERS = {"clinic/core/lines.py", "clinic/settings.py", "clinic/core/checks.py", "clinic/core/context_processors.py"}
SENDERS = {"consultations/emails.py"}
LINES = {"EMERGENCY_LINE", "URGENT_LINE", "CRISIS_LINE"}


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_there_are_templates_to_look_at():
    assert len(TEMPLATES) > 100
    assert any("{% crisis_line %}" in file.read_text() for file in TEMPLATES)


def test_no_template_prints_a_line_without_its_links():
    printed = re.compile(r"\{\{\s*clinic\.(emergency|urgent|crisis)_line")
    assert [name(file) for file in TEMPLATES if printed.search(file.read_text())] == []


def test_no_template_makes_a_link_of_the_emergency_number_itself():
    """`clinic.emergency_href` is that link."""
    linked = re.compile(r"tel:\{\{\s*clinic\.emergency_number")
    assert [name(file) for file in TEMPLATES if linked.search(file.read_text())] == []


def test_only_the_lines_themselves_and_the_mails_read_the_settings():
    readers = {
        name(file)
        for app in ("clinic", "education", "consultations")
        for file in (ROOT / app).glob("**/*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in LINES
        and isinstance(node.value, ast.Name)
        and node.value.id == "settings"
    }
    assert readers <= MAKERS | SENDERS
