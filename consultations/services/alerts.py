"""Telling the clinic of a safety case: whom, when, and how often. A mail says only that something waits."""

import dataclasses
import datetime
import logging
from collections import Counter
from collections.abc import Iterable
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.failures import one_by_one
from consultations.enums import CaseStatus, Outcome
from consultations.models import SafetyCase
from consultations.services import alarm_groups, duty, messaging

REPEAT: Final = datetime.timedelta(minutes=10)
POOL: Final = "pool"
"""How the key of a mail begins that stands for every alarm without a name."""
logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Recipient:
    """`label` stands in the key of the mail in place of the address."""

    address: str
    label: str
    first_name: str = ""


def sound(case: SafetyCase, *, reason: str) -> bool:
    """Tell of an alarm that begins now, unless it came in a flood that was told already. Whether it was told alone.

    Call inside a transaction, on a locked or new row, and before anything is put on record: the audit trail is the
    last lock that anybody takes.
    """
    now = clock.now()
    if alarm_groups.fold(case):
        _told_with_its_group(case)
        return False
    begins = f"group-{case.alarm_group_id}" if case.alarm_group_id else f"case-{case.pk}-{reason}-{case.level}"
    key = f"{begins}-{int(now.timestamp())}"
    is_told = tell(first_told(case, now=now), key=key, path=page_of(case), case=case)
    if is_told:
        case.told_at = now
    else:
        logger.error("safety case %s: nobody can be told", case.pk)
        case.told_at, case.warned_at = None, now
    case.save(update_fields=["told_at", "warned_at"])
    return is_told


def _told_with_its_group(case: SafetyCase) -> None:
    """An emergency is in the next count of its group; a same-day case makes one more mail, but not at once."""
    others = SafetyCase.objects.filter(alarm_group=case.alarm_group_id, status=CaseStatus.OPEN).exclude(pk=case.pk)
    last = others.aggregate(last=Max("told_at"))["last"]
    case.told_at = last if case.level == Outcome.EMERGENCY else None
    case.save(update_fields=["told_at"])


def first_told(case: SafetyCase, *, now: datetime.datetime) -> list[Recipient]:
    """Of an emergency the owner and the duty address, or ON_CALL alone while the clinic is closed; of a same-day case
    the owner, who reads it after opening.
    """
    if case.level == Outcome.EMERGENCY:
        return at_once(case.owner, now=now)
    return people([case.owner]) or duty_address()


def at_once(owner: User | None, *, now: datetime.datetime) -> list[Recipient]:
    """Who hears first of what cannot wait: the owner and the duty address, or ON_CALL alone while we are closed."""
    if settings.ON_CALL and not clock.is_open(now):
        return [_on_call()]
    return [*people([owner]), *duty_address()]


def told_again(owners: Iterable[User | None], *, now: datetime.datetime) -> list[Recipient]:
    """While the clinic is open everybody on duty besides the owners and the duty address; else ON_CALL alone."""
    is_open = clock.is_open(now)
    if settings.ON_CALL and not is_open:
        return [_on_call()]
    return [*people(owners), *duty_address(), *(people(duty.on_duty()) if is_open else [])]


def _on_call() -> Recipient:
    return Recipient(settings.ON_CALL, "on-call")


def duty_address() -> list[Recipient]:
    return [Recipient(settings.DUTY_EMAIL, "duty")] if settings.DUTY_EMAIL else []


def people(users: Iterable[User | None]) -> list[Recipient]:
    known = {user.pk: user for user in users if user is not None}
    return [
        Recipient(user.email, f"staff{user.pk}", user.get_short_name())
        for user in known.values()
        if duty.is_reachable(user)
    ]


def tell(
    recipients: Iterable[Recipient], *, key: str, path: str, case: SafetyCase | None = None, count: int = 1
) -> bool:
    """One mail to each address, however often it is named. Whether there was anybody."""
    by_address: dict[str, Recipient] = {}
    for item in recipients:
        by_address.setdefault(item.address.casefold(), item)
    for item in by_address.values():
        messaging.alert_address(
            address=item.address,
            first_name=item.first_name,
            key=f"{key}-{item.label}",
            path=path,
            case=case,
            count=count,
        )
    return bool(by_address)


def page_of(case: SafetyCase) -> str:
    """The path of the case's page in the staff area."""
    return reverse("admin:consultations_safetycase_change", args=[case.pk])


def waiting() -> QuerySet[SafetyCase]:
    """Emergencies that nobody has acknowledged, alone or with their group."""
    return SafetyCase.objects.filter(alarm_groups.is_sounding(), status=CaseStatus.OPEN, level=Outcome.EMERGENCY)


def told_before(now: datetime.datetime) -> datetime.datetime | None:
    """A waiting emergency that was told before this instant, or ten minutes ago, is due. None: repeats rest.

    When the clinic opens or closes somebody else is to be told, so what was told before that is due at once. It rests
    only while the clinic is closed and nobody is on call.
    """
    return clock.last_change(now) if settings.ON_CALL or clock.is_open(now) else None


def is_due(told_at: datetime.datetime | None, *, now: datetime.datetime) -> bool:
    change = told_before(now)
    if told_at is None or told_at > now + REPEAT:
        return True
    return change is not None and (told_at <= now - REPEAT or told_at < change)


def due_now(now: datetime.datetime) -> Q:
    # One that was told well in the future was told before the clock was put back.
    never, change = Q(told_at=None) | Q(told_at__gt=now + REPEAT), told_before(now)
    return never if change is None else never | Q(told_at__lte=now - REPEAT) | Q(told_at__lt=change)


def repeat() -> int:
    """Tell again of every emergency that is due: each with a name by itself, those without in one mail with a count.

    Returns how many alarms were announced. Raises SomeFailed at the end: one that fails keeps no other from its turn.
    """
    now = clock.now()
    due = dict(waiting().filter(due_now(now)).values_list("pk", "patient_id"))
    named: list[int | None] = [pk for pk, patient in due.items() if patient is not None]
    # Whoever is told of one without a name hears of all of them, so that a flood is one mail a turn.
    unnamed: list[int | None] = [None] if None in due.values() else []
    return one_by_one([*named, *unnamed], lambda pk: _repeat(pk, now=now), what="safety case")


@transaction.atomic
def _repeat(pk: int | None, *, now: datetime.datetime) -> bool:
    """One case, or all without a name, if that is still due on what stands there now."""
    chosen = Q(patient=None) if pk is None else Q(pk=pk)
    rows = waiting().filter(chosen).select_related("owner").order_by("pk")
    locked = list(rows.select_for_update(of=("self",)))
    return any(is_due(case.told_at, now=now) for case in locked) and _again(locked, now=now)


def _again(cases: list[SafetyCase], *, now: datetime.datetime) -> bool:
    is_alone = len(cases) == 1
    stamp = int(now.timestamp())
    is_told = tell(
        told_again([case.owner for case in cases], now=now),
        key=f"case-{cases[0].pk}-again-{stamp}" if is_alone else f"{POOL}-{stamp}",
        path=page_of(cases[0]) if is_alone else reverse("admin:consultations_safetycase_changelist"),
        case=cases[0] if is_alone else None,
        count=len(cases),
    )
    if is_told:
        SafetyCase.objects.filter(pk__in=[case.pk for case in cases]).update(told_at=now)
    return is_told


@transaction.atomic
def tell_of_more() -> int:
    """One mail an owner about same-day cases that were folded into a group, at most every ten minutes while open."""
    now = clock.now()
    grouped = SafetyCase.objects.filter(
        status=CaseStatus.OPEN, level=Outcome.SAME_DAY, patient=None, alarm_group__acknowledged_at=None
    ).exclude(alarm_group=None)
    untold = grouped.filter(told_at=None).select_related("owner").order_by("pk")
    if not clock.is_open(now) or not untold.exists():
        return 0
    last = grouped.aggregate(last=Max("told_at"))["last"]
    if last is not None and now - REPEAT < last <= now + REPEAT:
        return 0
    locked = list(untold.select_for_update(of=("self",)))
    return tell_owners(locked, key="more", now=now)


def tell_owners(cases: list[SafetyCase], *, key: str, now: datetime.datetime) -> int:
    """One mail with a count to each owner of same-day cases; they are told. Returns how many mails that made."""
    counts: Counter[Recipient] = Counter()
    for case in cases:
        counts.update(first_told(case, now=now))
    for recipient, count in counts.items():
        tell(
            [recipient],
            key=f"{key}-{cases[0].pk}-{int(now.timestamp())}",
            path=reverse("admin:consultations_safetycase_changelist"),
            count=count,
        )
    if counts:
        SafetyCase.objects.filter(pk__in=[case.pk for case in cases]).update(told_at=now)
    return len(counts)
