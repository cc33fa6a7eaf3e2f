"""Two workers at closing: one day's end, and one mail to each manager."""

import threading
from typing import Any

import pytest
from django.db import IntegrityError

from clinic.core import limits
from clinic.core.models import AuditEvent, OutboxMessage
from consultations.models import DayEnd
from consultations.services import day_end
from tests.concurrency.test_one_text import at_once
from tests.personas import make_user

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
WORKERS = 6


@pytest.fixture(autouse=True)
def closing(time_machine: Any) -> None:
    time_machine.move_to("2026-11-23T22:30:00+00:00", tick=False)
    make_user("manager", "manager", name="Mara Voss")


def look() -> str:
    try:
        return "made" if day_end.make_due() else "there"
    except IntegrityError:
        return "refused"


def test_two_workers_make_one() -> None:
    assert sorted(at_once([look] * WORKERS)) == ["made", *["there"] * (WORKERS - 1)]
    assert (DayEnd.objects.count(), OutboxMessage.objects.filter(kind="day_end").count()) == (1, 1)
    assert AuditEvent.objects.filter(action="day.end").count() == 1


def test_control_without_the_lock_they_collide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has looked and found none before any of them writes: only the table itself refuses the second."""
    everybody = threading.Barrier(2, timeout=20)
    monkeypatch.setattr(limits, "hold", lambda key: None)
    real = day_end.cannot_wait.open_items

    def slow(**more: Any) -> Any:
        everybody.wait()
        return real(**more)

    monkeypatch.setattr(day_end.cannot_wait, "open_items", slow)
    assert sorted(at_once([look] * 2)) == ["made", "refused"]
    assert DayEnd.objects.count() == 1
