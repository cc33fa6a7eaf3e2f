"""What every test shares: no network beyond this machine, and what is left out where an engine is missing."""

import os
import shutil

import pytest
from django.db import connection

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


def chromium_path() -> str | None:
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = []
    if not chromium_path() and not os.environ.get("CI"):
        left_out.append(("browser", "no Chromium found: install it (Debian: apt-get install chromium)"))
    if connection.vendor != "postgresql":
        deselected = [item for item in items if item.get_closest_marker("postgres")]
        if deselected:
            config.hook.pytest_deselected(items=deselected)
            items[:] = [item for item in items if item not in deselected]
    for marker, reason in left_out:
        for item in items:
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def chromium() -> str:
    path = chromium_path()
    if path is None:
        pytest.fail("No Chromium found. Install it (Debian: apt-get install chromium) or set CHROMIUM to its path.")
    return path
