"""What must be forgotten in time: old sign-ins and old counts of tries. The worker asks each turn; it happens daily.

And whether the worker lives.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.db import transaction

from clinic.core import clock, limits
from clinic.core.models import Heartbeat

EVERY = timedelta(days=1)
PASS_SECONDS = 10
"""After this long no further batch is begun in a turn, so that alerts are not kept waiting."""


def worker_state() -> tuple[str, str]:
    """("worker", a word): ok, late, never seen, or which of its duties failed in its last turn."""
    beat = Heartbeat.objects.filter(name="worker").first()
    if beat is None:
        return "worker", "never seen"
    if beat.is_late:
        return "worker", "late"
    return "worker", f"failing: {beat.failing}" if beat.failing else "ok"


@transaction.atomic
def daily(name: str, act: Callable[[], object]) -> bool:
    """Do it unless it was done within a day; True when it was done now. What fails is tried again at the next look."""
    last = Heartbeat.objects.select_for_update().filter(name=name).first()
    if last is not None and _is_within_a_day(last):
        return False
    act()
    Heartbeat.beat(name)
    return True


def daily_in_batches(name: str, batch: Callable[[], int]) -> int:
    """Batch after batch, each a transaction of its own, until one finds nothing; then not again within a day.

    What a turn does not reach, the next one does. Returns how much was done.
    """
    last = Heartbeat.objects.filter(name=name).first()
    if last is not None and _is_within_a_day(last):
        return 0
    done, is_finished = in_batches(batch)
    if is_finished:
        Heartbeat.beat(name)
    return done


def _is_within_a_day(last: Heartbeat) -> bool:
    """A time far ahead is not: it was noted before the clock was put back, and would keep the duty from being done."""
    return abs(clock.now() - last.at) < EVERY


def in_batches(batch: Callable[[], int]) -> tuple[int, bool]:
    """How much was done in this turn, and whether nothing is left."""
    done, begun = 0, time.monotonic()
    while time.monotonic() - begun < PASS_SECONDS:
        count = batch()
        if not count:
            return done, True
        done += count
    return done, False


def forget_what_ran_out() -> None:
    """Old counts of tries, and sessions that ended."""
    limits.forget_old()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
