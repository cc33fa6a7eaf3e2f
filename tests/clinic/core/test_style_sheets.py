"""Style sheets: put together from their parts, written one declaration a line, and found like any other file."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from clinic.core import style_sheets

BREAKS_THE_FORM = re.compile(r"[;{].*\S.*[;{}]|\}.*\S|\S.*\}|^\t")
"""Two declarations on a line, a rule on one line, something before or behind a closing brace."""

BUILT = {"bootstrap", "fonts"}


def parts() -> list[Path]:
    """Those written by hand."""
    return sorted(file for file in style_sheets.PARTS.glob("*.css") if file.stem not in BUILT)


def test_each_sheet_is_found_with_its_parts_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(style_sheets, "PARTS", tmp_path)
    monkeypatch.setattr(style_sheets, "SHEETS", {"clinic/short.css": ("tokens", "print")})
    (tmp_path / "tokens.css").write_text("a {\n}\n")
    (tmp_path / "print.css").write_text("b {\n}\n")
    finder = style_sheets.StyleSheetFinder()
    assert Path(finder.find("clinic/short.css")).read_text() == "a {\n}\n\nb {\n}\n"

    (tmp_path / "print.css").write_text("c {\n}\n")
    assert Path(finder.find("clinic/short.css", find_all=True)[0]).read_text() == "a {\n}\n\nc {\n}\n"
    assert [path for path, _ in finder.list([])] == ["clinic/short.css"]
    assert [path for path, _ in finder.list(["*.css"])] == []
    assert finder.find("clinic/other.css") == []


@pytest.mark.parametrize("sheet", ["public", "check", "staff"])
def test_it_is_found_where_files_are(sheet):
    file = Path(finders.find(f"clinic/{sheet}.css"))
    assert file.name == f"{sheet}.css"
    assert "--paper:" in file.read_text()


def test_every_part_is_in_a_sheet():
    used = {part for sheet in style_sheets.SHEETS.values() for part in sheet}
    assert {*BUILT, *(file.stem for file in parts())} == used


def test_parts_are_written_one_declaration_a_line():
    wrong = []
    for file in parts():
        text = re.sub(r"/\*.*?\*/", "", file.read_text(), flags=re.DOTALL)
        for line in text.splitlines():
            if len(line) > 120 or BREAKS_THE_FORM.search(line):
                wrong.append(f"{file.name}: {line[:100]}")
    assert wrong == []


def test_a_link_that_looks_like_a_button_is_not_underlined_by_where_it_stands():
    frame = (style_sheets.PARTS / "staff-frame.css").read_text()
    underlined = re.findall(r"([^{}]+)\{[^{}]*text-decoration: underline;[^{}]*\}", frame)
    everywhere = [part.strip() for rule in underlined for part in rule.split(",") if "#content" in part]

    assert len(everywhere) >= 3
    assert [part for part in everywhere if not part.endswith("a:not(.btn)")] == []


def test_no_color_of_the_palette_stands_twice():
    """Each name is given its values once, for both themes; print may take some away."""
    names = re.findall(r"^\s+(--(?!bs-|light|dark)[\w-]+):", (style_sheets.PARTS / "tokens.css").read_text(), re.M)
    assert len(names) > 60
    assert sorted(names) == sorted(set(names))
