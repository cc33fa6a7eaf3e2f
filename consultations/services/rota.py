"""What the rota says: who is on duty when, and when nobody is. `handover.follow_rota` applies it."""

import dataclasses
import datetime
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final, Self

from django.db.models import Q
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import ShiftChangeKind
from consultations.models import Shift, ShiftChange
from consultations.services import duty

LOOKS_BACK: Final = 8
"""Days in which a shift must have begun or ended to count: longer than the longest weekend of a weekly rota."""
LOOKS_AHEAD: Final = 7
"""Days ahead in which a gap is named."""
GAPS_NAMED: Final = 4
UNTIL_MIDNIGHT: Final = datetime.time(23, 59)
"""No time input can say 24:00, so this minute stands for it."""
DAY: Final = datetime.timedelta(days=1)
LONG_AGO: Final = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)

Span = tuple[datetime.datetime, datetime.datetime]


@dataclasses.dataclass(frozen=True)
class Rota:
    """The rota of some days, for everybody who can own a case; instants, end not included."""

    first: datetime.date
    last: datetime.date
    members: frozenset[int]
    shifts: tuple[Shift, ...]
    changes: tuple[ShiftChange, ...]

    @classmethod
    def of(cls, first: datetime.date, last: datetime.date, *, team: Iterable[User] | None = None) -> Self:
        """`team` where the care team is known already."""
        members = frozenset(item.pk for item in (duty.care_team() if team is None else team))
        shifts = Shift.objects.filter(Q(ends_on=None) | Q(ends_on__gte=first), starts_on__lte=last, user__in=members)
        changes = ShiftChange.objects.filter(last_on__gte=first, first_on__lte=last, user__in=members)
        return cls(first, last, members, tuple(shifts), tuple(changes))

    @classmethod
    def around(cls, now: datetime.datetime, *, team: Iterable[User] | None = None) -> Self:
        today = clock.local(now).date()
        return cls.of(today - LOOKS_BACK * DAY, today + LOOKS_AHEAD * DAY, team=team)

    @property
    def days(self) -> Iterator[datetime.date]:
        return (self.first + step * DAY for step in range((self.last - self.first).days + 1))

    @property
    def is_used(self) -> bool:
        """Whether the clinic keeps one: without a weekly shift nothing is a gap."""
        return bool(self.shifts)

    @cached_property
    def spans(self) -> dict[int, list[Span]]:
        """Member -> when they are on duty. Who is not in it has no rota, and only their own press counts."""
        known = {item.user_id for item in self.shifts} | {item.user_id for item in self.changes}
        merged = {key: _merged(span for day in self.days for span in self.on_day(key, day)) for key in known}
        return {key: spans for key, spans in merged.items() if spans}

    def on_day(self, user: int, day: datetime.date) -> list[Span]:
        """On a day on which the clinic is closed, only what was put in for that day counts."""
        shifts = [] if day in clock.closed_dates() else [item for item in self.shifts if item.user_id == user]
        spans = [_span(day, item.starts, item.ends) for item in shifts if item.falls_on(day)]
        changes = [item for item in self.changes if item.user_id == user and item.falls_on(day)]
        for change in changes:
            if change.kind == ShiftChangeKind.AWAY:
                spans = list(_without(spans, _away_on(change, day)))
        besides = [item for item in changes if item.kind == ShiftChangeKind.ON]
        return _merged([*spans, *(span for beside in besides for span in _hours_of(beside, day))])

    def says(self, user: int, *, now: datetime.datetime) -> bool | None:
        """Whether the rota has this person on duty now; None for somebody without one."""
        if any(begins <= now < ends for begins, ends in self.spans.get(user, [])):
            return True
        return False if user in self.spans or any(a <= now < b for a, b in self._away(user)) else None

    def until(self, user: int, *, now: datetime.datetime) -> datetime.datetime | None:
        """When the shift that this person is in now ends."""
        return next((ends for begins, ends in self.spans.get(user, []) if begins <= now < ends), None)

    def spoke_at(self, user: int, *, now: datetime.datetime) -> datetime.datetime:
        """When the rota last had a say about this person: a shift or an absence of theirs began or ended, or the clinic
        closed for the day. A press after that counts; one before it does not any more.
        """
        moments = [moment for span in (*self.spans.get(user, []), *self._away(user)) for moment in span]
        moments += [openings[-1][1] for day in self.days if (openings := clock.openings_on(day))]
        return max((moment for moment in moments if moment <= now), default=LONG_AGO)

    def _away(self, user: int) -> list[Span]:
        changes = [item for item in self.changes if item.user_id == user and item.kind == ShiftChangeKind.AWAY]
        return [span for day in self.days for item in changes if item.falls_on(day) for span in _away_on(item, day)]

    def gaps(self, *, since: datetime.datetime) -> list[Span]:
        """When the clinic is open and nobody is on the rota, from that instant on."""
        if not self.is_used:
            return []
        covered = _merged(span for spans in self.spans.values() for span in spans)
        openings = [opening for day in self.days for opening in clock.openings_on(day)]
        return [(max(begins, since), ends) for begins, ends in _without(openings, covered) if ends > since]


def gap_words(gaps: list[Span]) -> list[str]:
    """The first few, one line each."""
    shown = [
        _("%(day)s, %(hours)s") % {"day": clock.day(begins), "hours": clock.time_span(begins, ends)}
        for begins, ends in gaps[:GAPS_NAMED]
    ]
    more = len(gaps) - GAPS_NAMED
    return [*shown, _("and %(count)s more in the next seven days") % {"count": more}] if more > 0 else shown


def _span(day: datetime.date, starts: datetime.time, ends: datetime.time) -> Span:
    end = _whole(day)[1] if ends == UNTIL_MIDNIGHT else clock.instant(day, ends, fold=1)
    return clock.instant(day, starts, fold=0), end


def _whole(day: datetime.date) -> Span:
    midnight = datetime.time()
    return clock.instant(day, midnight, fold=0), clock.instant(day + DAY, midnight, fold=0)


def _hours_of(change: ShiftChange, day: datetime.date) -> list[Span]:
    """Without hours, those in which the clinic is open."""
    if change.starts is None or change.ends is None:
        return clock.openings_on(day)
    return [_span(day, change.starts, change.ends)]


def _away_on(change: ShiftChange, day: datetime.date) -> list[Span]:
    return _hours_of(change, day) if change.starts else [_whole(day)]


def _merged(spans: Iterable[Span]) -> list[Span]:
    """In order, those that touch or overlap as one. A span inside the hour that the clocks skip is none."""
    merged: list[Span] = []
    for begins, ends in sorted(span for span in spans if span[0] < span[1]):
        if merged and begins <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], ends))
        else:
            merged.append((begins, ends))
    return merged


def _without(spans: Iterable[Span], taken: Iterable[Span]) -> Iterator[Span]:
    """What is left of spans."""
    covered = _merged(taken)
    for begins, ends in spans:
        at = begins
        for first, last in covered:
            if last <= at or first >= ends:
                continue
            if first > at:
                yield at, first
            at = max(at, last)
        if at < ends:
            yield at, ends
