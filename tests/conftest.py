"""What every test shares: no network beyond this machine, a real browser, and what is left out where one is missing."""

import gc
import os
import shutil
import time
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.db import connection

from clinic.core import key_fingerprints
from tests import migrated, migrated_copies
from tests.deploy.servers import nginx_path

pytest_plugins = ["tests.personas", "tests.content_fixtures", "tests.pseudo.switch", "tests.quick_columns"]

CHROMIUM_NAMES = (
    "chromium-headless-shell", "chrome-headless-shell",
    "chromium", "chromium-browser", "google-chrome-stable", "google-chrome",
)  # fmt: skip
"""The first that is there is used. The headless shell is the same browser without windows, and half again as quick."""
GET_CHROMIUM = "Debian: apt-get install chromium-headless-shell, or set CHROMIUM to the path of one"
IN_CI = bool(os.environ.get("CI"))


def chromium_path() -> str | None:
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def on_postgresql() -> bool:
    return settings.DATABASES["default"]["ENGINE"].endswith("postgresql")


def left_out() -> dict[str, str]:
    """Marker -> how to have those tests run. In CI a missing browser is a failure, not a gap."""
    gaps = {}
    if not chromium_path() and not IN_CI:
        gaps["browser"] = f"browser tests need Chromium ({GET_CHROMIUM})"
    if not nginx_path() and not IN_CI:
        gaps["nginx"] = "tests of the web server need nginx (Debian: apt-get install nginx-light)"
    if not os.environ.get("DEEP"):
        gaps["deep"] = "deep tests take minutes (make test-deep)"
    if not on_postgresql():
        gaps["postgres"] = "PostgreSQL tests need DATABASE_URL, for example postgres://user:word@127.0.0.1/clinic"
    return gaps


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    gaps = left_out()
    stored, left = [], []
    for item in items:
        (left if any(item.get_closest_marker(marker) for marker in gaps) else stored).append(item)
    config.hook.pytest_deselected(items=left)
    items[:] = stored


def pytest_collection_finish() -> None:
    """What stands now, tens of thousands of tests among it, stays to the end: it need not be looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    for sentence in left_out().values():
        terminalreporter.write_line(f"Left out: {sentence}.")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a failed run: a race test that lies skipped proves nothing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if IN_CI and reporter and reporter.stats.get("skipped") and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session", autouse=True)
def keys_of_the_run_fit() -> None:
    """For tests without a database, whichever of them comes first: the keys are compared once there is one."""
    memory, ring = key_fingerprints._memory, key_fingerprints._ring()
    memory.fitting.add(ring)
    memory.recorded.add(ring)


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb: bool) -> bool:
    """On SQLite the file is this process's own, and may have its tables already."""
    return django_db_keepdb or not on_postgresql()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, django_db_blocker: Any) -> None:
    if on_postgresql():
        with django_db_blocker.unblock():
            migrated_copies.begin()
    else:
        migrated.put_at(settings.DATABASES["default"]["TEST"]["NAME"])


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The keys of the test run are known to its database, as those of a clinic are from the first record on."""
    with django_db_blocker.unblock():
        (migrated_copies if on_postgresql() else migrated).keep()
        key_fingerprints.look_again(writing=True)
    yield
    if on_postgresql():
        with django_db_blocker.unblock():
            end_other_sessions()


def end_other_sessions() -> None:
    """A thread of a server that a test left behind may still be connected, and PostgreSQL drops no database in use."""
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    until = time.monotonic() + 10
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_terminate_backend(pid) {others}")
        while cursor.fetchall() and time.monotonic() < until:
            time.sleep(0.05)
            cursor.execute(f"SELECT pid {others}")


@pytest.fixture
def no_fingerprints(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that knows no key yet, and a process that compared none."""
    from clinic.core.models import KeyFingerprint

    KeyFingerprint.objects.all().delete()
    monkeypatch.setattr(key_fingerprints, "_memory", key_fingerprints.Memory())


@pytest.fixture(scope="session", autouse=True)
def static_files_are_kept() -> Iterator[None]:
    """A browser asks for a file once, as on a real site, where its name changes with what it holds."""
    serve = StaticFilesHandler.serve

    def kept(self: StaticFilesHandler, request: Any) -> Any:
        answer = serve(self, request)
        answer["Cache-Control"] = "max-age=3600"
        return answer

    with mock.patch.object(StaticFilesHandler, "serve", kept):
        yield


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One Chromium for the whole run, as Playwright's Browser. Open a context for each test."""
    path = chromium_path()
    if path is None:
        pytest.fail(f"No Chromium was found ({GET_CHROMIUM}).")
    # Playwright's synchronous interface runs an event loop in this thread, which Django would refuse to share.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any, live_server: Any) -> Iterator[Any]:
    """A fresh page on the live server: `page.goto("/check/")`."""
    context = chromium.new_context(base_url=live_server.url, reduced_motion="reduce")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()
