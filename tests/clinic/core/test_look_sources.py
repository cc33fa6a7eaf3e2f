"""What templates and style sheets may hold: nothing of one clinic, nothing from elsewhere, nothing that is missing."""

import re
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from clinic.core import style_sheets

ROOT = Path(__file__).resolve().parents[3]
STATIC = ROOT / "clinic/core/static/clinic"
SHEETS = (STATIC / "error.css", *sorted(style_sheets.PARTS.glob("*.css")))
TELEPHONE = re.compile(r"\(?\b\d{3}\)?[ -]\d{3}[ -]\d{4}\b|tel:\+?\d")
NUMBERS_TO_CALL = re.compile(r"(?<![\d.#-])(911|999|112|988)(?![\d.])")


@cache
def templates() -> tuple[Path, ...]:
    results = [
        file for app in ("clinic", "education", "consultations") for file in (ROOT / app).rglob("templates/**/*")
    ]
    return tuple(sorted(file for file in results if file.suffix in {".html", ".txt"}))


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def offenders(files: Iterable[Path], is_wrong: Callable[[Path], object]) -> list[str]:
    """A rule holds when this is empty; else it names every file that breaks it."""
    return [name(file) for file in files if is_wrong(file)]


def targets_of(sheet: Path) -> list[str]:
    """What it loads."""
    return re.findall(r"url\(([^)]*)\)", sheet.read_text())


def without_tags(text: str) -> str:
    """What a reader sees or hears: drawings have numbers of their own."""
    return re.sub(r"<svg\b.*?</svg>|<(path|rect|circle|g|ellipse)\b[^>]*>", "", text, flags=re.DOTALL)


class TestTemplates:
    def test_they_are_found(self):
        assert len(templates()) > 150

    def test_the_clinic_is_named_by_its_settings_only(self, settings):
        named = (settings.CLINIC_SHORT_NAME, settings.CLINIC_ADDRESS)
        assert all(named)
        assert (
            offenders(templates(), lambda file: any(phrase in without_tags(file.read_text()) for phrase in named)) == []
        )

    @pytest.mark.parametrize("numbers", [TELEPHONE, NUMBERS_TO_CALL], ids=["telephone", "to call"])
    def test_the_clinic_is_numbered_by_its_settings_only(self, numbers):
        assert offenders(templates(), lambda file: numbers.search(without_tags(file.read_text()))) == []

    def test_every_icon_is_drawn(self):
        drawn = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text()))
        used = re.compile(r"""{% icon ["']([^"']+)["']""")
        assert offenders(templates(), lambda file: set(used.findall(file.read_text())) - drawn) == []


def says_nothing_of_what_it_takes(file: Path) -> bool:
    text = file.read_text()
    takes_something = "{{" in text or "{% if" in text or "{% for" in text
    return takes_something and not re.match(r"(\{#.*#\}\n)*\{#.*\bVariables: ", text)


def test_components_and_widgets_say_what_they_take():
    components = sorted((ROOT / "clinic/core/templates/clinic").glob("*/*.html"))
    assert len(components) > 10
    assert offenders(components, says_nothing_of_what_it_takes) == []


class TestStyleSheets:
    def test_they_load_nothing_inline_and_nothing_from_elsewhere(self):
        assert offenders(SHEETS, lambda sheet: "@import" in sheet.read_text()) == []
        elsewhere = re.compile(r"""["']?(data:|https?:|//)""")
        assert offenders(SHEETS, lambda sheet: any(map(elsewhere.match, targets_of(sheet)))) == []

    def test_every_file_they_name_exists(self):
        missing = [
            f"{name(sheet)}: {path}"
            for sheet in SHEETS
            for path in (target.strip("\"'").split("#")[0] for target in targets_of(sheet))
            if path and not finders.find(f"clinic/{path}") and not sheet.parent.joinpath(path).is_file()
        ]
        assert missing == []


def test_every_font_has_its_licence_beside_it():
    fonts = sorted(STATIC.glob("fonts/*.woff2"))
    assert len(fonts) > 1
    assert offenders(fonts, lambda font: not licences_of(font)) == []


def licences_of(font: Path) -> list[Path]:
    return [file for file in font.parent.glob("OFL-*.txt") if font.stem.split("-")[0] in file.stem]


def test_drawings_carry_no_style_and_no_script():
    drawings = sorted(STATIC.rglob("*.svg"))
    assert drawings
    unsafe = re.compile(r"<(style|script|foreignObject)\b|\s(style|on[a-z]+)=|(href|src)=.(https?:)?//")
    assert offenders(drawings, lambda drawing: unsafe.search(drawing.read_text())) == []
