"""A server that fails on demand, and readings of what it serves."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from clinic.core.calendars.reading import Job, Reading, read
from tests.calendar_server import CalendarServer, running

SINCE, UNTIL = "2026-11-28T00:00:00+00:00", "2027-12-31T00:00:00+00:00"
ReadCalendar = Callable[..., Reading]


@pytest.fixture
def server() -> Iterator[CalendarServer]:
    with running() as server:
        yield server


@pytest.fixture
def job(server: CalendarServer) -> Job:
    """The usual one, allowed to ask this machine."""
    return Job(
        address=server.address(), since=SINCE, until=UNTIL, zone="America/New_York", allowed=("127.0.0.0/8",), seconds=5
    )


@pytest.fixture
def ask(job: Job) -> ReadCalendar:
    def ask(**changes: Any) -> Reading:
        return read(dataclasses.replace(job, **changes))

    return ask
