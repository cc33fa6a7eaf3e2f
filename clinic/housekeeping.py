"""What must be forgotten in time: old sign-ins and old counts of tries. The worker asks each turn; it happens daily.

And whether the worker lives.
"""

from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.db import transaction

from clinic import clock, limits
from clinic.models import Heartbeat

EVERY = timedelta(days=1)


def worker_state() -> tuple[str, str]:
    """("worker", a word): ok, late, never seen, or which of its duties failed in its last turn."""
    beat = Heartbeat.objects.filter(name="worker").first()
    if beat is None:
        return "worker", "never seen"
    if beat.is_late:
        return "worker", "late"
    return "worker", f"failing: {beat.failing}" if beat.failing else "ok"


@transaction.atomic
def tidy_daily() -> bool:
    """Forget what ran out, unless that was done within a day; True when it was done now."""
    last = Heartbeat.objects.select_for_update().filter(name="housekeeping").first()
    if last is not None and clock.now() - last.at < EVERY:
        return False
    limits.forget_old()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    Heartbeat.beat("housekeeping")
    return True
