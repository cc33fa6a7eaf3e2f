"""Static files are served to our own pages, and the list of them to nobody."""

from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from clinic.core.static_files import StaticFilesMiddleware


@pytest.fixture
def served(tmp_path: Path, settings: Any) -> StaticFilesMiddleware:
    settings.STATIC_ROOT = tmp_path
    settings.WHITENOISE_AUTOREFRESH = False
    (tmp_path / "clinic").mkdir()
    (tmp_path / "clinic" / "site.js").write_text("1;")
    (tmp_path / "staticfiles.json").write_text("{}")
    return StaticFilesMiddleware(lambda request: HttpResponse(status=404))


def test_a_file_is_served_and_opens_itself_to_no_other_site(served: StaticFilesMiddleware) -> None:
    answer = served(RequestFactory().head("/static/clinic/site.js"))
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer


def test_the_list_of_files_is_not(served: StaticFilesMiddleware) -> None:
    assert served(RequestFactory().get("/static/staticfiles.json")).status_code == 404
