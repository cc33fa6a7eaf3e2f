"""What templates and style sheets may hold: nothing of one clinic, nothing from elsewhere, nothing that is missing."""

import re
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
    found = [file for app in ("clinic", "education", "consultations") for file in (ROOT / app).rglob("templates/**/*")]
    return tuple(sorted(file for file in found if file.suffix in {".html", ".txt"}))


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def without_tags(text: str) -> str:
    """What a reader sees or hears: drawings have numbers of their own."""
    return re.sub(r"<svg\b.*?</svg>|<(path|rect|circle|g|ellipse)\b[^>]*>", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("file", templates(), ids=name)
class TestTemplates:
    def test_the_clinic_is_named_and_numbered_by_its_settings_only(self, file, settings):
        text = without_tags(file.read_text())
        assert settings.CLINIC_SHORT_NAME not in text
        assert settings.CLINIC_ADDRESS not in text
        assert not TELEPHONE.search(text)
        assert not NUMBERS_TO_CALL.search(text)

    def test_every_icon_is_drawn(self, file):
        drawn = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text()))
        assert set(re.findall(r"""{% icon ["']([^"']+)["']""", file.read_text())) <= drawn


@pytest.mark.parametrize(
    "file", sorted((ROOT / "clinic/core/templates/clinic").glob("*/*.html")), ids=lambda file: file.stem
)
def test_components_and_widgets_say_what_they_take(file):
    text = file.read_text()
    takes_something = "{{" in text or "{% if" in text or "{% for" in text
    assert not takes_something or re.match(r"(\{#.*#\}\n)*\{#.*\bVariables: ", text)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
class TestStyleSheets:
    def test_they_load_nothing_inline_and_nothing_from_elsewhere(self, sheet):
        text = sheet.read_text()
        assert "@import" not in text
        for target in re.findall(r"url\(([^)]*)\)", text):
            assert not re.match(r"""["']?(data:|https?:|//)""", target)

    def test_every_file_they_name_exists(self, sheet):
        for target in re.findall(r"url\(([^)]*)\)", sheet.read_text()):
            path = target.strip("\"'").split("#")[0]
            assert not path or finders.find(f"clinic/{path}") or sheet.parent.joinpath(path).is_file()


@pytest.mark.parametrize("font", sorted(STATIC.glob("fonts/*.woff2")), ids=lambda file: file.stem)
def test_every_font_has_its_licence_beside_it(font):
    words = font.stem.split("-")[0]
    assert [licence for licence in font.parent.glob("OFL-*.txt") if words in licence.stem]


@pytest.mark.parametrize("drawing", sorted(STATIC.rglob("*.svg")), ids=lambda file: file.stem)
def test_drawings_carry_no_style_and_no_script(drawing):
    assert not re.search(
        r"<(style|script|foreignObject)\b|\s(style|on[a-z]+)=|(href|src)=.(https?:)?//", drawing.read_text()
    )
