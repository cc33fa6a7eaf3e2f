"""The rota in words: a week of it, who is on now and until when, and when nobody is."""

import dataclasses
import datetime
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.permissions import may
from clinic.core.text_lists import and_list
from consultations.enums import ShiftChangeKind
from consultations.models import ShiftChange
from consultations.presenters.formatting import name_of
from consultations.services import duty, rota

DAYS: Final = 7


def rota_page(*, viewer: User, since: datetime.date) -> dict[str, Any]:
    last = since + (DAYS - 1) * rota.DAY
    known = rota.Rota.of(since, last)
    members = list(duty.care_team())
    gaps = known.gaps(since=clock.instant(since, datetime.time(), fold=0))
    return {
        "days": [_day(day, known, members, gaps) for day in known.days],
        "changes": [_change(change, viewer=viewer) for change in _changes(since, last)],
        "is_used": known.is_used,
        "may_change": may(viewer, "consultations.change_shift"),
        "first": clock.day(since),
        "last": clock.day(last),
        "earlier": f"?{urlencode({'from': since - DAYS * rota.DAY})}",
        "later": f"?{urlencode({'from': since + DAYS * rota.DAY})}",
        "clinic_zone": clock.zone_words(clock.instant(since, datetime.time(12), fold=0)),
    }


def _day(day: datetime.date, known: rota.Rota, members: list[User], gaps: list[rota.Span]) -> dict[str, Any]:
    lines = [(spans[0][0], member, spans) for member in members if (spans := known.on_day(member.pk, day))]
    openings = clock.openings_on(day)
    return {
        "title": clock.day(day),
        "is_today": day == clock.today(),
        "open": _("open %(hours)s") % {"hours": _hours(openings)} if openings else _("closed"),
        "lines": [
            {"who": name_of(user), "hours": _hours(spans)}
            for _begins, user, spans in sorted(lines, key=lambda line: (line[0], line[1].name))
        ],
        "gaps": _hours([gap for gap in gaps if clock.local(gap[0]).date() == day]),
    }


def _changes(first: datetime.date, last: datetime.date) -> list[ShiftChange]:
    rows = ShiftChange.objects.filter(last_on__gte=first, first_on__lte=last).select_related("user")
    return list(rows.order_by("first_on", "pk"))


def _change(change: ShiftChange, *, viewer: User) -> dict[str, Any]:
    return {
        "who": name_of(change.user),
        "what": ShiftChangeKind(change.kind).label.lower(),
        "when": _("%(days)s, %(hours)s") % {"days": _days_of(change), "hours": _hours_of(change)},
        "reason": change.reason,
        "url": reverse("admin:consultations_shiftchange_change", args=[change.pk])
        if may(viewer, "consultations.change_shiftchange")
        else "",
    }


def _days_of(change: ShiftChange) -> str:
    first = clock.day(change.first_on)
    if change.last_on == change.first_on:
        return first
    return _("%(first)s to %(last)s") % {"first": first, "last": clock.day(change.last_on)}


def _hours_of(change: ShiftChange) -> str:
    if not change.starts or not change.ends:
        return _("the whole day")
    return clock.time_span(change.starts, change.ends)


def _hours(spans: list[rota.Span]) -> str:
    return and_list(clock.time_span(begins, ends) for begins, ends in spans)


@dataclasses.dataclass(frozen=True, slots=True)
class DutyNow:
    """Who is on duty now and who comes next, in words, and when nobody is on the rota though the clinic is open."""

    names: tuple[str, ...]
    coming: tuple[str, ...]
    gaps: tuple[str, ...]
    is_on: bool
    may_switch: bool


def duty_now(*, viewer: User, now: datetime.datetime) -> DutyNow:
    """A superuser outside the groups gets no cases, and has nothing to switch."""
    team = list(duty.care_team())
    known = rota.Rota.around(now, team=team)
    return DutyNow(
        names=tuple(_name(item, known, viewer=viewer, now=now) for item in team if item.is_on_duty),
        coming=tuple(_coming(team, known, now=now)),
        gaps=tuple(rota.gap_words(known.gaps(since=now))),
        is_on=viewer.is_on_duty,
        may_switch=any(item.pk == viewer.pk for item in team),
    )


def _name(user: User, known: rota.Rota, *, viewer: User, now: datetime.datetime) -> str:
    ends = known.until(user.pk, now=now)
    is_viewer, name = user.pk == viewer.pk, user.display_name
    if ends is None:
        return _("%(name)s (you)") % {"name": name} if is_viewer else name
    label = _("%(name)s (you, until %(time)s)") if is_viewer else _("%(name)s (until %(time)s)")
    return label % {"name": name, "time": clock.time(ends)}


def _coming(team: list[User], known: rota.Rota, *, now: datetime.datetime) -> Iterator[str]:
    """Whose next shift begins within a day, the first first."""
    begins = [
        (begin, item.display_name) for item in team for begin, _end in known.spans.get(item.pk, []) if begin > now
    ]
    named: set[str] = set()
    for begin, name in sorted(begins):
        if begin <= now + rota.DAY and name not in named:
            named.add(name)
            yield _("%(name)s, %(moment)s") % {"name": name, "moment": clock.moment(begin)}
