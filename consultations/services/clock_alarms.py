"""Warning before a clock runs out, and the alarm after it: whom, when, and how often, until somebody acknowledges it.

The worker looks every two seconds. What it owes is worked out from what stands in the database and is written in one
transaction, so two workers at once, one that dies, and a clock that is put back owe nothing twice and lose nothing.
"""

import dataclasses
import datetime
from collections.abc import Callable, Iterable
from typing import Final

from django.db import transaction
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.failures import one_by_one
from clinic.core.models import Lane
from consultations.enums import Actor, ClockKind
from consultations.models import ClockAlarm, ConsultationRequest, SafetyCase
from consultations.permissions import require
from consultations.services import clock_table, clocks, messaging
from consultations.services.alerts import Recipient
from consultations.services.clock_subjects import ClockSubject, Moment, subjects_of
from consultations.services.clocks import Clock
from consultations.services.targets import target_hours

RecipientsOf = Callable[[ClockSubject, ClockAlarm], list[Recipient]]
MOST_TOLD: Final = 500
"""Alarms in one mail: what is more is told two seconds later."""


@dataclasses.dataclass(frozen=True, slots=True)
class Counts:
    """How many alarms began in a span of time, and what became of them."""

    alarmed: int
    told: int
    acknowledged: int
    ended: int


def look() -> int:
    """Everything that clocks owe now. Returns how many alarms and warnings were told.

    Each part has a transaction of its own. Raises SomeFailed after all had their turn.
    """
    parts = {"end": _end_stopped, "begin": _begin_due, "warn": _warn, "tell": _tell}
    return one_by_one(parts, lambda name: parts[name](), what="part of the clocks")


def counts(*, since: datetime.datetime, until: datetime.datetime) -> Counts:
    begun = ClockAlarm.objects.filter(began_at__gte=since, began_at__lt=until)
    return Counts(
        alarmed=begun.count(),
        told=begun.exclude(told_at=None).count(),
        acknowledged=begun.exclude(acknowledged_at=None).count(),
        ended=begun.exclude(ended_at=None).count(),
    )


@transaction.atomic
def acknowledge(*, alarm: ClockAlarm, by: User) -> ClockAlarm:
    """End the repeats: somebody acts on it. The clock goes on until what it asks for is done. Twice is harmless."""
    require(by, Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER)
    fresh = ClockAlarm.objects.select_for_update(of=("self",)).get(pk=alarm.pk)
    if fresh.began_at is None or fresh.acknowledged_at is not None:
        return fresh
    fresh.acknowledged_at, fresh.acknowledged_by = clock.now(), by
    fresh.save(update_fields=["acknowledged_at", "acknowledged_by"])
    consultation_request = ConsultationRequest.objects.filter(response=fresh.response_id).only("pk").first()
    case = SafetyCase.objects.filter(response=fresh.response_id).only("pk").first()
    audit.record(
        action="alarm.acknowledge",
        target=case if fresh.kind == ClockKind.CASE or consultation_request is None else consultation_request,
        by=by,
        fields=["acknowledged_at"],
        details={"alarm": fresh.pk, "clock": fresh.kind},
    )
    return fresh


def acknowledge_case(*, case: SafetyCase, by: User) -> None:
    """Who takes a case on has heard its alarm. Call inside the transaction, on the locked case."""
    sounding = ClockAlarm.objects.sounding().filter(response=case.response_id, kind=ClockKind.CASE)
    sounding.update(acknowledged_at=clock.now(), acknowledged_by=by)


def sound_case_again(case: SafetyCase) -> None:
    """Nobody has the case any more, or not with what is known now: whoever had stopped the repeats of its clock spoke
    for themselves. Call inside a transaction, on the locked case.
    """
    silent = ClockAlarm.objects.going_on().filter(response=case.response_id, kind=ClockKind.CASE)
    silent.exclude(acknowledged_at=None).update(acknowledged_at=None, acknowledged_by=None)


def page_of(alarm: ClockAlarm) -> str:
    """The path of the staff page on which it stands."""
    return subjects_of([alarm])[alarm.response_id].page_of(alarm)


# --- The parts of a look --------------------------------------------------------------------------------------------


@transaction.atomic
def _end_stopped() -> int:
    """Alarms whose clock stopped, or runs to another time: nobody is told any more, and the next run begins anew."""
    known = list(ClockAlarm.objects.going_on().values_list("pk", "response_id", "kind", "due_at"))
    if not known:
        return 0
    running = clocks.running(responses={response for _, response, _, _ in known})
    due = {(item.response_id, item.kind.value): item.due_at for item in running}
    stopped = [pk for pk, response, kind, due_at in known if due.get((response, kind)) != due_at]
    ClockAlarm.objects.going_on().filter(pk__in=stopped).update(ended_at=clock.now())
    return 0


@transaction.atomic
def _begin_due() -> int:
    """One row for each clock that ran out, whoever of two workers is first."""
    now = clock.now()
    late = clocks.overdue(now=now)
    _keep(late, began_at=now)
    warned = ClockAlarm.objects.going_on().filter(began_at=None, due_at__lt=now)
    warned.update(began_at=now)
    return 0


@transaction.atomic
def _warn() -> int:
    """Tell the holder of each clock of which only the share of the table is left. Only while the clinic is open."""
    now = clock.now()
    if not clock.is_open(now):
        return 0
    horizons = {target: horizon(target, now=now) for target, row in clock_table.ALARMS.items() if row.warns}
    soon = clocks.running(until=max(horizons.values()))
    _keep([item for item in soon if now < item.due_at <= horizons.get(item.target, now)], warned_at=now)
    waiting = ClockAlarm.objects.going_on().filter(began_at=None, told_times=0).order_by("due_at", "pk")
    locked = list(waiting.select_for_update(skip_locked=True)[:MOST_TOLD])
    told = _mail(locked, lambda subject, alarm: subject.to_holder(alarm))
    ClockAlarm.objects.filter(pk__in=[item.pk for item in locked]).update(told_times=1)
    return len(told)


@transaction.atomic
def _tell() -> int:
    """One mail to each person for all alarms that are due to be told, the earliest first."""
    moment = Moment.of(clock.now())
    order = ClockAlarm.objects.sounding().order_by("due_at", "pk")
    due = [pk for pk, target, told_at in order.values_list("pk", "target", "told_at") if moment.is_due(target, told_at)]
    if not due:
        return 0
    rows = order.filter(pk__in=due[:MOST_TOLD]).select_for_update(skip_locked=True)
    locked = [item for item in rows if moment.is_due(item.target, item.told_at)]
    told = _mail(locked, lambda subject, alarm: subject.to_alarm(alarm, moment))
    for item in told:
        item.told_at, item.told_times = moment.now, item.told_times + 1
    ClockAlarm.objects.bulk_update(told, ["told_at", "told_times"])
    # The others that were told before are repeated by an alert of their own: they must not stand in the way here.
    silent = [item.pk for item in locked if item.told_at is not None and item.told_at != moment.now]
    ClockAlarm.objects.filter(pk__in=silent).update(told_at=moment.now)
    return len(told)


def _keep(ended: Iterable[Clock], **when: datetime.datetime) -> None:
    """A row for each clock that has none; another worker may write the same row at this very moment."""
    known = set(ClockAlarm.objects.going_on().values_list("response_id", "kind"))
    new = [
        ClockAlarm(response_id=item.response_id, kind=item.kind, target=item.target, due_at=item.due_at, **when)
        for item in ended
        if (item.response_id, item.kind.value) not in known
    ]
    ClockAlarm.objects.bulk_create(new, batch_size=MOST_TOLD, ignore_conflicts=True)


def horizon(target: str, *, now: datetime.datetime) -> datetime.datetime:
    """What is due by then has no more left than the share of its target at which its holder is warned."""
    return clock.add_working_hours(now, clock_table.ALARMS[target].warns * target_hours(target))


def _mail(alarms: list[ClockAlarm], recipients_of: RecipientsOf) -> list[ClockAlarm]:
    """One mail to each address about all that concerns it. Returns the alarms of which somebody was told."""
    subjects, by_address = subjects_of(alarms), dict[str, tuple[Recipient, list[ClockAlarm]]]()
    for alarm in alarms:
        for recipient in recipients_of(subjects[alarm.response_id], alarm):
            about = by_address.setdefault(recipient.address.casefold(), (recipient, []))[1]
            if alarm not in about:
                about.append(alarm)
    for recipient, about in by_address.values():
        first = about[0]
        messaging.alert_address(
            address=recipient.address,
            first_name=recipient.first_name,
            key=f"clock-{first.pk}-{first.told_times}-{recipient.label}",
            path=subjects[first.response_id].page_of(first) if len(about) == 1 else reverse("admin:today"),
            count=len(about),
            lane=Lane.ALERTS if any(clock_table.ALARMS[item.target].is_pressing for item in about) else Lane.STAFF,
        )
    told = {item.pk for _, about in by_address.values() for item in about}
    return [item for item in alarms if item.pk in told]
