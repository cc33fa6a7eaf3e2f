"""A whole day of the clinic: every danger reaches somebody who acts, or an alarm says that nobody did."""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from clinic.core import clock
from consultations.services import alerts, clock_alarms, clocks
from tests.simulation.day import ON_CALL, Day, Plan
from tests.simulation.ledger import Danger

pytestmark = pytest.mark.django_db

FULL = Plan(
    requests=300, calls=40, asked_again=30, dangers=20, begins=8 * 60 + 30, ends=20 * 60, kills=(600, 700),
    night_step=1, wakes_until=11 * 60,
)  # fmt: skip
SHORT = Plan(
    requests=30, calls=6, asked_again=4, dangers=13, begins=15 * 60, ends=18 * 60, kills=(920, 940),
    wakes_until=10 * 60 + 45,
)  # fmt: skip
"""From three in the afternoon over the closing to the next morning."""
BRIEF = Plan(requests=12, calls=2, asked_again=2, dangers=13, begins=12 * 60, ends=15 * 60, kills=(730, 760))


CHANNELS = {
    "form, call asked for", "form, nobody named", "form, same day", "form, urgent", "asked again, chest",
    "asked again, fever", "asked again, unwell", "phone", "caller without a request", "escalated", "message",
    "message, despair", "decision aid",
}  # fmt: skip


@pytest.fixture(autouse=True)
def somebody_on_call(settings: Any) -> None:
    """No duty address: what is told must be told to people."""
    settings.ON_CALL, settings.DUTY_EMAIL = ON_CALL, ""


def live(plan: Plan, time_machine: Any, until: str = "") -> tuple[Day, list[str]]:
    day = Day(plan, time_machine)
    return day, day.run(until)


def holds(plan: Plan, time_machine: Any) -> None:
    day, faults = live(plan, time_machine)
    book, now = day.ledger, clock.now()
    in_time, alarmed = book.in_time(), book.alarmed()
    tell([
        f"{len(book.dangers)} dangers: {len(in_time)} acknowledged in their target, {len(alarmed)} alarmed",
        *(f"  {item}, due {clock.moment(item.due_at)}: {said_of(item, in_time, alarmed)}" for item in book.dangers),
    ])  # fmt: skip
    assert faults == []
    assert len(book.dangers) == plan.dangers
    assert {item.channel for item in book.dangers} == CHANNELS
    assert day.worker.kills == 2
    assert in_time
    assert alarmed
    assert all(item in in_time or item in alarmed or item.due_at > now for item in book.dangers)


def said_of(danger: Danger, in_time: list[Danger], alarmed: list[Danger]) -> str:
    words = [word for word, among in (("in time", in_time), ("alarmed", alarmed)) if danger in among]
    return " and ".join(words) or "not due yet"


def tell(lines: list[str]) -> None:
    """Print both counts; DAY_REPORT names a file to keep them in."""
    print("\n".join(lines))
    if path := os.environ.get("DAY_REPORT"):
        Path(path).write_text("\n".join(lines) + "\n")


@pytest.mark.slow
def test_an_afternoon_and_the_closing(time_machine: Any) -> None:
    holds(SHORT, time_machine)


@pytest.mark.deep
def test_a_whole_day(time_machine: Any) -> None:
    holds(FULL, time_machine)


def kinds(faults: list[str]) -> Counter[str]:
    return Counter(fault.partition(":")[0] for fault in faults)


def test_control_with_alarms_off_dangers_are_lost(time_machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_alarms, "look", lambda: 0)
    assert kinds(live(BRIEF, time_machine, "lost")[1])["lost"] > 0


def test_control_with_alerts_off_nobody_is_told(time_machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "sound", lambda case, *, reason: False)
    assert kinds(live(BRIEF, time_machine, "untold")[1])["untold"] > 0


@pytest.mark.parametrize("name", ["_of_cases", "_of_requests", "_of_texts"])
def test_control_without_one_clock_it_fails(name: str, time_machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocks, name, lambda until, responses: iter(()))
    assert kinds(live(BRIEF, time_machine, "clocks")[1])["clocks"] > 0
