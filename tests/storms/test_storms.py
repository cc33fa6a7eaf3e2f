"""Storms over every path on which a time is taken: nothing sold twice, nothing left over, no error; and controls."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from clinic.core import audit
from tests.depth import IS_DEEP, deepens, depth
from tests.storms.bare import bare_table
from tests.storms.ground import Ground
from tests.storms.guards import blind, no_guard
from tests.storms.paths import PATHS
from tests.storms.server import serving
from tests.storms.storm import MOST, Found, Storm
from tests.storms.table import head, line

pytestmark = pytest.mark.django_db(transaction=True)
MIXED = list(PATHS)
ALONE = [[name] if not path.keeps else [name, "choose", "phone"] for name, path in PATHS.items()]
"""For whom a time is kept has no rival on that path but those who want it."""
PEOPLE = int(os.environ.get("PEOPLE") or depth(12, 200))
MANY = int(os.environ.get("MANY") or depth(4, 50))
STORMS = int(os.environ.get("STORMS") or depth(1, 3))
CASES = [(names, times) for names in ([MIXED, *ALONE] if IS_DEEP else [MIXED]) for times in (1, MANY)]


def of_each(cases: list[tuple[list[str], int]]) -> Any:
    names = [f"{'all' if names == MIXED else names[0]}-{times}" for names, times in cases]
    return pytest.mark.parametrize(("names", "times"), cases, ids=names)


@pytest.fixture
def ground(make_request: Any) -> Iterator[Ground]:
    with bare_table():
        yield Ground(make_request, people=PEOPLE)


def storms(
    ground: Ground, names: list[str], *, times: int, most: int = MOST, port: int | None = None, note: str = ""
) -> list[Found]:
    """So many, one after another, with their line of the table."""
    found = [Storm(ground, names, times=times, seed=seed, port=port, most=most).run() for seed in range(STORMS)]
    if IS_DEEP:
        over, shown = "http" if port else "threads", "all" if names == MIXED else "+".join(names)
        about = {"over": over, "paths": f"{shown}{note}", "people": len(ground.people), "times": times}
        print(f"\n{head()}\n{line(found, engine=connection.vendor, **about)}")
    return found


def bad(found: list[Found]) -> list[Found]:
    return [one for one in found if not one.is_good]


@deepens
@of_each(CASES)
def test_in_threads(ground: Ground, names: list[str], times: int) -> None:
    found = storms(ground, names, times=times)
    assert bad(found) == []
    assert audit.verify() == []


@deepens
def test_so_it_is_where_the_database_alone_refuses(ground: Ground) -> None:
    with blind():
        found = storms(ground, MIXED, times=1, most=2, note=", services blind")
    # Nobody waits in an order here, so PostgreSQL ends one of two that wait for each other; it sells nothing twice.
    errors = [error for one in found for error in one.errors if "deadlock detected" not in error]
    assert errors == []
    assert [(one.doubles, one.lost, one.untrue) for one in found] == [(0, 0, 0)] * len(found)


@deepens
@pytest.mark.parametrize("name", [name for name in PATHS if not PATHS[name].keeps] if IS_DEEP else ["choose"])
def test_control_without_the_rule_of_the_database_it_is_sold_twice(ground: Ground, name: str) -> None:
    with blind(), no_guard():
        found = storms(ground, [name], times=1, most=2, note=", no guard")
    assert all(one.doubles > 0 for one in found)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "web.log"


@deepens
@pytest.mark.slow
@of_each(CASES if IS_DEEP else [(MIXED, MANY)])
def test_over_http(ground: Ground, names: list[str], times: int, log: Path) -> None:
    with log.open("ab") as lines, serving(log=lines) as port:
        found = storms(ground, names, times=times, port=port)
    assert bad(found) == []
    assert audit.verify() == []


@pytest.mark.deep
def test_control_over_http_without_the_rule_it_is_sold_twice(ground: Ground, log: Path) -> None:
    with ExitStack() as around:
        around.enter_context(no_guard())
        lines = around.enter_context(log.open("ab"))
        port = around.enter_context(serving(log=lines, is_blind=True))
        found = storms(ground, MIXED, times=1, most=2, port=port, note=", no guard")
    assert all(one.doubles > 0 for one in found)
