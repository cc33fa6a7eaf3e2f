"""The pages that nginx shows by itself stand without a database, a session or another file but their style."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from clinic.core import lines

DEPLOY = Path(__file__).resolve().parents[4] / "deploy"
FILES = ["400.html", "403.html", "404.html", "413.html", "421.html", "429.html", "503.html"]


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    call_command("static_pages", tmp_path / "pages", verbosity=0)
    return tmp_path / "pages"


def test_each_gives_the_emergency_line_and_the_telephone(pages: Path, settings: Any) -> None:
    assert sorted(file.name for file in pages.glob("*.html")) == FILES
    for file in pages.glob("*.html"):
        page = file.read_text()
        assert lines.emergency().html in page
        assert settings.CLINIC_PHONE in page
        assert "429" not in page


def test_each_needs_no_file_but_its_style(pages: Path) -> None:
    for file in pages.glob("*.html"):
        assert re.findall(r'(?:src|rel="stylesheet" href)="([^"]*)"', file.read_text()) == ["/static/clinic/error.css"]
    assert ".help{" in (pages / "static" / "clinic" / "error.css").read_text()


def test_nginx_names_these_files_and_no_other() -> None:
    named = re.findall(r"/clinic-errors/(\d+\.html);", (DEPLOY / "clinic-errors.conf").read_text())
    assert sorted(set(named)) == FILES
