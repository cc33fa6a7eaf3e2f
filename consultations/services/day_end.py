"""The day's end: at closing the managers are told, once, that nothing pressing is open, or what is.

The row and its mails are made in one transaction under a lock of the day, so that a worker that is killed leaves
nothing half done and two of them make one.
"""

import dataclasses
import datetime
import logging
from statistics import median
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from clinic.core import audit, clock, limits, outbox
from clinic.core.models import AuditEvent, OutboxMessage
from consultations.enums import Actor, MessageKind
from consultations.models import ConsultationRequest, DayEnd, SafetyCase
from consultations.services import cannot_wait, clock_alarms, duty
from consultations.services.rota import Rota, gap_words

LOOKS_BACK: Final = 14
"""Days back to the last one on which the clinic was open, across the longest closing."""
KEY: Final = "day-end-"
logger = logging.getLogger(__name__)


def make_due() -> bool:
    """Make the end of the last day on which the clinic was open, if it is closed for that day and there is none yet.

    A day that no worker saw the end of is made later, but none from before the first one that was.
    """
    now = clock.now()
    closed = _last_closing(now)
    if closed is None or DayEnd.objects.filter(on=clock.local(closed).date()).exists():
        return False
    if clock.local(closed).date() != clock.local(now).date() and not DayEnd.objects.exists():
        return False
    return _make(closed)


def _last_closing(now: datetime.datetime) -> datetime.datetime | None:
    """When the clinic closed for the last day that is over; None while none of the last two weeks is."""
    today = clock.local(now).date()
    for step in range(LOOKS_BACK):
        openings = clock.openings_on(today - datetime.timedelta(days=step))
        if openings and openings[-1][1] <= now:
            return openings[-1][1]
    return None


@transaction.atomic
def _make(closed_at: datetime.datetime) -> bool:
    on, now = clock.local(closed_at).date(), clock.now()
    limits.hold(f"{KEY}{on}")
    if DayEnd.objects.filter(on=on).exists():
        return False
    items = cannot_wait.open_items(now=now)
    row = DayEnd.objects.create(
        on=on,
        closed_at=closed_at,
        made_at=now,
        open_items=[dataclasses.asdict(item) for item in items],
        figures={**figures_of(on, until=now), "gaps": gap_words(Rota.around(now).gaps(since=now))},
    )
    row.told = _tell(row)
    row.save(update_fields=["told"])
    if not row.told:
        logger.error("day's end %s: there is no manager and no duty address to tell", on)
    details = {"open": len(items), "told": row.told}
    audit.record(action="day.end", target=row, actor=Actor.SYSTEM.value, details=details)
    return True


def _tell(row: DayEnd) -> int:
    """Every manager who may sign in; without one, the duty address."""
    told = [{"user": user.pk, "address": user.email} for user in duty.managers()]
    if not told and settings.DUTY_EMAIL:
        told = [{"user": None, "address": settings.DUTY_EMAIL}]
    for entry in told:
        payload = {"day_end": row.pk, **({"user": entry["user"]} if entry["user"] else {})}
        key = f"{KEY}{row.on}-{entry['user'] or 'duty'}"
        outbox.enqueue(kind=MessageKind.DAY_END, key=key, recipient=str(entry["address"]), payload=payload)
    return len(told)


def figures_of(on: datetime.date, *, until: datetime.datetime) -> dict[str, Any]:
    """What happened on a day, in numbers. Minutes are those from the alarm until somebody took a case on."""
    since = clock.instant(on, datetime.time(), fold=0)
    until = min(until, clock.instant(on + datetime.timedelta(days=1), datetime.time(), fold=0))
    that_day = {"gte": since, "lt": until}
    events = AuditEvent.objects.filter(**_within("at", that_day))
    taken = SafetyCase.objects.filter(**_within("acknowledged_at", that_day))
    pairs = taken.values_list("acknowledged_at", "alarmed_at")
    minutes = [(at - alarmed).total_seconds() / 60 for at, alarmed in pairs if at is not None and at >= alarmed]
    alerts = OutboxMessage.objects.filter(kind=MessageKind.STAFF_ALERT, **_within("created_at", that_day))
    alarms = clock_alarms.counts(since=since, until=until)
    return {
        "received": ConsultationRequest.objects.filter(**_within("submitted_at", that_day)).count(),
        "opened": _records(events, "case.open", "case.reopen"),
        "acknowledged": _records(events, "case.acknowledge"),
        "closed": _records(events, "case.close"),
        "alarmed": alarms.alarmed,
        "alarms_acknowledged": alarms.acknowledged,
        "alerts": alerts.count(),
        "undelivered": alerts.filter(parked_at__isnull=False, is_stopped=False).count(),
        "median_minutes": round(median(minutes)) if minutes else None,
        "longest_minutes": round(max(minutes)) if minutes else None,
    }


def _within(field: str, bounds: dict[str, datetime.datetime]) -> dict[str, datetime.datetime]:
    return {f"{field}__{name}": value for name, value in bounds.items()}


def _records(events: Any, *actions: str) -> int:
    return int(events.filter(action__in=actions).order_by().values("target_type", "target_id").distinct().count())
