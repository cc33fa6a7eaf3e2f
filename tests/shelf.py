"""The shipped content for tests that read it: loaded once for all of them in a row. A plugin of tests/conftest.py.

Loading takes half a second. So the tests that ask for `content` (as of now) or `monday_content` (as of the cast's
Monday) run one after another, each in a savepoint of the one transaction that holds what was loaded. A test that
commits, such as one with a browser, loads for itself.
"""

import datetime
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
import time_machine as machine
from django.db import transaction

from education import services, shipped
from tests.cast import MONDAY_MORNING

SHIPPED = shipped.read()
MOMENTS: dict[str, datetime.datetime | None] = {"content": None, "monday_content": MONDAY_MORNING}


def moment_of(item: pytest.Item) -> str:
    """Which content a test reads; "" for none, and for tests that commit."""
    names = set(getattr(item, "fixturenames", ()))
    return "" if is_committing(item) else next((name for name in MOMENTS if name in names), "")


def is_committing(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    names = set(getattr(item, "fixturenames", ()))
    return bool((marker and marker.kwargs.get("transaction")) or names & {"live_server", "transactional_db"})


class Shelf:
    """Holds at most one transaction open, with the content of one moment."""

    def __init__(self, blocker: Any) -> None:
        self.blocker, self.moment = blocker, ""

    def hold(self, moment: str) -> None:
        if moment == self.moment:
            return
        self.clear()
        at = MOMENTS[moment]
        with self.blocker.unblock(), machine.travel(at, tick=False) if at else nullcontext():
            self.transaction = transaction.atomic()
            self.transaction.__enter__()
            services.load(shipped=SHIPPED, publish=True)
        self.moment = moment

    def clear(self) -> None:
        if self.moment:
            with self.blocker.unblock():
                transaction.set_rollback(True)
                self.transaction.__exit__(None, None, None)
            self.moment = ""


@pytest.fixture(scope="session")
def shelf(django_db_setup: None, django_db_blocker: Any) -> Iterator[Shelf]:
    one = Shelf(django_db_blocker)
    yield one
    one.clear()


@pytest.fixture
def shelved(shelf: Shelf, request: pytest.FixtureRequest) -> None:
    """Runs before the test's own transaction begins; put first by the hook below."""
    if moment := moment_of(request.node):
        shelf.hold(moment)
    else:
        shelf.clear()


@pytest.fixture
def content(db: None, request: pytest.FixtureRequest) -> shipped.Shipped:
    """The shipped content, published just now as a demonstration shows it."""
    if is_committing(request.node):
        services.load(shipped=SHIPPED, publish=True)
    return SHIPPED


@pytest.fixture
def monday_content(db: None) -> shipped.Shipped:
    """The shipped content, published on the cast's Monday."""
    return SHIPPED


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the same content stand together, those that commit at the end, where pytest-django puts them."""
    places = ["", *MOMENTS]
    items.sort(key=lambda item: len(places) if is_committing(item) else places.index(moment_of(item)))
    for item in items:
        names = getattr(item, "fixturenames", [])
        if item.get_closest_marker("django_db") or {"db", "transactional_db", "live_server"} & set(names):
            names.insert(0, "shelved")
