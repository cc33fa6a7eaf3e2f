"""A case is always with somebody who is there: it is passed on when its owner goes off duty or leaves.

Who is there follows the rota, unless they pressed to come or to go since it last had a say.
"""

import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from clinic.accounts.models import User
from clinic.core import audit, clock
from consultations.enums import Actor, CaseStatus, Outcome
from consultations.models import SafetyCase
from consultations.permissions import require
from consultations.services import alarm_groups, alerts, clock_alarms, duty
from consultations.services.rota import Rota


@transaction.atomic
def switch_duty(*, is_on_duty: bool, by: User) -> User:
    """Go on or off duty; cases go to somebody there at once. The same twice is harmless. Raises NotAllowed.

    It counts until the rota has its next say about this person; without a rota, until they press again.
    """
    require(by, Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER)
    fresh = User.objects.select_for_update(of=("self",), no_key=True).get(pk=by.pk)
    if fresh.is_on_duty == is_on_duty:
        return fresh
    fresh.is_on_duty, fresh.duty_changed_at, fresh.duty_pressed_at = is_on_duty, clock.now(), clock.now()
    fresh.save(update_fields=["is_on_duty", "duty_changed_at", "duty_pressed_at"])
    hand_over()
    audit.record(action="staff.duty", target=fresh, by=by, fields=["is_on_duty"], details={"is_on_duty": is_on_duty})
    return fresh


def follow_rota() -> int:
    """Put on or off duty whoever the rota says so of by now; cases go to somebody there at once. Returns how many
    people that were. The worker does it at each look, before it hands cases over.
    """
    now, team = clock.now(), list(duty.care_team())
    known = Rota.around(now, team=team)
    if not (keys := [item.pk for item in team if _is_due(item, known, now=now)]):
        return 0
    return _follow(keys, known)


@transaction.atomic
def _follow(keys: list[int], known: Rota) -> int:
    now, moved = clock.now(), []
    for user in User.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=keys).order_by("pk"):
        if _is_due(user, known, now=now):
            user.is_on_duty, user.duty_changed_at, user.duty_pressed_at = not user.is_on_duty, now, None
            user.save(update_fields=["is_on_duty", "duty_changed_at", "duty_pressed_at"])
            moved.append(user)
    hand_over()
    for user in moved:
        details = {"is_on_duty": user.is_on_duty}
        audit.record(action="staff.duty", target=user, actor=Actor.SYSTEM.value, fields=["is_on_duty"], details=details)
    return len(moved)


def _is_due(user: User, known: Rota, *, now: datetime.datetime) -> bool:
    """Whether the rota says otherwise than it is, and this person has not pressed since it last had a say."""
    says = known.says(user.pk, now=now)
    if says is None or says == user.is_on_duty:
        return False
    return user.duty_pressed_at is None or user.duty_pressed_at < known.spoke_at(user.pk, now=now)


@transaction.atomic
def hand_over() -> int:
    """Give every open case whose owner is not there to somebody who is. Returns how many alarms that made.

    Somebody off duty keeps their cases while nobody is on duty. Who takes a case on while off duty keeps it.
    """
    is_staffed = bool(duty.on_duty())
    locked = _left(is_staffed=is_staffed).select_related("owner").order_by("pk")
    moved: list[SafetyCase] = []
    for case in locked.select_for_update(of=("self",)):
        owner = duty.next_owner()
        if owner != case.owner:
            give(case, owner)
            moved.append(case)
    return announce(moved)


def announce(moved: list[SafetyCase], *, by: User | None = None) -> int:
    """Tell the new owners of cases that were given to them, and put it on record. Returns how many alarms that made.

    Call inside a transaction, on locked rows.
    """
    alarm_groups.sound_anew(moved)
    announced = _tell_new_owners(moved)
    for case in moved:
        whose: dict[str, Any] = {"actor": Actor.SYSTEM.value} if by is None else {"by": by}
        audit.record(action="case.owner", target=case, fields=["owner", "status"], **whose)
    return announced


def _left(*, is_staffed: bool) -> QuerySet[SafetyCase]:
    able = User.objects.filter(
        Q(pk__in=duty.care_team().order_by().values("pk")) | Q(is_superuser=True, is_active=True, is_staff=True)
    )
    left = Q(owner=None) | ~Q(owner__in=able.values("pk"))
    if is_staffed:
        left |= Q(status=CaseStatus.OPEN, owner__is_on_duty=False)
        left |= Q(owner__is_on_duty=False, owner__duty_changed_at__gte=F("acknowledged_at"))
    return SafetyCase.objects.filter(left).exclude(status=CaseStatus.CLOSED)


def give(case: SafetyCase, owner: User | None) -> None:
    """Nobody has taken it on any more, so its alarm begins anew; so it does where nobody is left to be told. A group
    whose mails were stopped is for the caller to sound anew (`announce`): whoever stopped them is not who has the case
    now. Call inside a transaction, on a locked row.
    """
    if case.status == CaseStatus.ACKNOWLEDGED or owner is None:
        case.alarmed_at, case.alarm_group = clock.now(), None
    case.owner, case.status, case.told_at = owner, CaseStatus.OPEN, None
    case.acknowledged_at = case.acknowledged_by = None
    case.save()
    clock_alarms.sound_case_again(case)


def _tell_new_owners(moved: list[SafetyCase]) -> int:
    """Each case with a name by itself. Emergencies without one are in the worker's next count, two seconds later."""
    told = [case for case in moved if case.owner is not None]
    announced = sum(alerts.sound(case, reason="owner") for case in told if case.patient_id is not None)
    same_day = [case for case in told if case.patient_id is None and case.level == Outcome.SAME_DAY]
    return announced + alerts.tell_owners(same_day, key="owner", now=clock.now())
