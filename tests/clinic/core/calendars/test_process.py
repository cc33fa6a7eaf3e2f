"""The process of its own: a job goes in, a reading comes out, and it ends whatever it was given."""

import dataclasses
import datetime

import pytest

from clinic.core.calendars import child, process
from clinic.core.calendars.process import read_apart
from clinic.core.calendars.reading import Job, Reading
from tests.calendar_server import CalendarServer, calendar, entry


def test_a_job_goes_in_and_a_reading_comes_out(server: CalendarServer, job: Job) -> None:
    server.serve(calendar(entry("20261130T140000Z", "20261130T150000Z")), headers={"ETag": '"v1"'})
    span = tuple(datetime.datetime(2026, 11, 30, hour, tzinfo=datetime.UTC) for hour in (14, 15))
    assert read_apart(job) == Reading([span], 0, '"v1"', "", "")  # type: ignore[list-item]


def test_an_entry_that_would_never_end_is_ended(server: CalendarServer, job: Job) -> None:
    second_by_second = ",".join(map(str, range(60)))
    rule = f"RRULE:FREQ=HOURLY;BYMINUTE={second_by_second};BYSECOND={second_by_second}"
    server.serve(calendar(entry("19000101T000000Z", "19000101T000001Z", rule)))
    assert read_apart(dataclasses.replace(job, seconds=0.5), grace=0.5) == Reading(failure="timeout")


def test_a_process_that_dies_has_read_too_much(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process.sys, "executable", "/bin/false")
    assert read_apart(job) == Reading(failure="too_much")


def test_nothing_of_a_job_is_shown(job: Job) -> None:
    shown = repr(dataclasses.replace(job, address="https://calendar.example/private-4f1c", password="open sesame"))
    assert ("4f1c" in shown, "sesame" in shown) == (False, False)
    assert (child.MEMORY, child.PROCESSOR_SECONDS) == (1024**3, 40)
