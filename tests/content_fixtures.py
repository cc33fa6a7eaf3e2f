"""The shipped content for tests that read it: loaded once for all of them in a row. A plugin of tests/conftest.py.

Loading takes half a second. So the tests that ask for `content` (as of now) or `monday_content` (as of the cast's
Monday) run one after another, each in a savepoint of the one transaction that holds what was loaded. A test that
commits, such as one with a browser, gets a copy of the rows that the first of its kind loaded.
"""

import datetime
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
import time_machine as machine
from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction

from clinic.core import clock
from education.content import shipped
from education.models import Page
from education.services import loading
from tests.personas import MONDAY_MORNING

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
    """Holds at most one transaction open, with the content of one moment; and copies, by the day of loading."""

    def __init__(self, blocker: Any) -> None:
        self.blocker, self.moment = blocker, ""
        self.copies: dict[datetime.date, dict[Any, list[Any]]] = {}

    def hold(self, moment: str) -> None:
        if moment == self.moment:
            return
        self.clear()
        at = MOMENTS[moment]
        with self.blocker.unblock(), machine.travel(at, tick=False) if at else nullcontext():
            self.transaction = transaction.atomic()
            self.transaction.__enter__()
            loading.load(shipped=SHIPPED, publish=True)
        self.moment = moment

    def put_out(self) -> None:
        """The content for a test that commits. What the audit trail tells of its loading is not copied."""
        if Page.objects.exists():
            loading.load(shipped=SHIPPED, publish=True)
        elif copy := self.copies.get(clock.today()):
            with transaction.atomic(), connection.cursor() as cursor:
                for model, rows in copy.items():
                    model._base_manager.bulk_create(rows)
                for statement in connection.ops.sequence_reset_sql(no_style(), list(copy)):
                    cursor.execute(statement)
        else:
            loading.load(shipped=SHIPPED, publish=True)
            ours = apps.get_app_config("education").get_models(include_auto_created=True)
            self.copies[clock.today()] = {model: rows for model in ours if (rows := list(model._base_manager.all()))}

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
def content(db: None, shelf: Shelf, request: pytest.FixtureRequest) -> shipped.Shipped:
    """The shipped content, published today as a demonstration shows it."""
    if is_committing(request.node):
        shelf.put_out()
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
