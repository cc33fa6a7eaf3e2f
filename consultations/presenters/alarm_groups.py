"""Alarm groups in words: many visitors without a name in one line, with a count and the way to each of them."""

import dataclasses
import datetime
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import CaseStatus
from consultations.models import AlarmGroup
from consultations.presenters.formatting import Chip, name_of, outcome_chip, time_left
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
    return GroupLine(
        pk=group.pk,
        url=f"{reverse('admin:consultations_safetycase_changelist')}?group={group.pk}",
        who=_who(group, group.still_open or group.total),
        what=_when(group),
        level=outcome_chip(group.level),
        time=time_left(group.due_at, now=now, target=group.level) if group.due_at else Chip(_("Closed")),
        newest=group.last_at.astimezone(datetime.UTC).isoformat(),
        is_acknowledged=group.acknowledged_at is not None,
        acknowledged=_acknowledged(group),
    )


def _who(group: AlarmGroup, number: int) -> str:
    if group.network == FROM_ANYWHERE:
        sentence = ngettext(
            "%(number)d visitor without a name, from many networks",
            "%(number)d visitors without a name, from many networks",
            number,
        )
    else:
        sentence = ngettext(
            "%(number)d visitor without a name, from one network",
            "%(number)d visitors without a name, from one network",
            number,
        )
    return sentence % {"number": number}


def _when(group: AlarmGroup) -> str:
    first = clock.moment(group.first_at)
    if group.first_at == group.last_at:
        return _("On %(moment)s") % {"moment": first}
    return _("The first on %(first)s, the last at %(last)s") % {"first": first, "last": clock.time(group.last_at)}


def _acknowledged(group: AlarmGroup) -> str:
    if group.acknowledged_at is None:
        return ""
    return _("%(name)s stopped its mails on %(moment)s") % {
        "name": name_of(group.acknowledged_by),
        "moment": clock.moment(group.acknowledged_at),
    }
