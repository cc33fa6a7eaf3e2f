"""Alarm groups in words: many visitors without a name in one line, with a count and the way to each of them."""

import dataclasses
import datetime
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import CaseStatus
from consultations.models import AlarmGroup
from consultations.presenters.words import Chip, count, name_of, outcome_chip, time_left
from consultations.services.alarm_groups import FROM_ANYWHERE


@dataclasses.dataclass(frozen=True, slots=True)
class GroupLine:
    """One group in a list. `newest` is when the last alarm it counts began, so that a press stops no later one."""

    pk: int
    url: str
    who: str
    what: str
    level: Chip
    time: Chip
    newest: str
    is_acknowledged: bool
    acknowledged: str


def _groups(viewer: User) -> QuerySet[Any]:
    is_open = ~Q(cases__status=CaseStatus.CLOSED)
    return (
        AlarmGroup.objects.visible_to(viewer)
        .select_related("acknowledged_by")
        .annotate(
            total=Count("cases"),
            still_open=Count("cases", filter=is_open),
            due_at=Min("cases__due_at", filter=is_open),
        )
        .order_by(F("acknowledged_at").asc(nulls_first=True), "level", "-first_at", "-pk")
    )


def open_groups(*, viewer: User, now: datetime.datetime) -> list[GroupLine]:
    """Groups with a case that nobody has closed; those that nobody has acknowledged first."""
    return [_line(group, now=now) for group in _groups(viewer).filter(still_open__gt=0)]


def group_line(pk: int, *, viewer: User, now: datetime.datetime) -> GroupLine | None:
    group = _groups(viewer).filter(pk=pk).first()
    return None if group is None else _line(group, now=now)


def _line(group: Any, *, now: datetime.datetime) -> GroupLine:
    origin = "many networks" if group.network == FROM_ANYWHERE else "one network"
    first, last = clock.moment(group.first_at), clock.time(group.last_at)
    who = count(group.still_open or group.total, "visitor") + f" without a name, from {origin}"
    return GroupLine(
        pk=group.pk,
        url=f"{reverse('admin:consultations_safetycase_changelist')}?group={group.pk}",
        who=who,
        what=f"The first on {first}, the last at {last}" if group.first_at != group.last_at else f"On {first}",
        level=outcome_chip(group.level),
        time=time_left(group.due_at, now=now) if group.due_at else Chip("Closed"),
        newest=group.last_at.astimezone(datetime.UTC).isoformat(),
        is_acknowledged=group.acknowledged_at is not None,
        acknowledged=f"{name_of(group.acknowledged_by)} stopped its mails on {clock.moment(group.acknowledged_at)}"
        if group.acknowledged_at
        else "",
    )
