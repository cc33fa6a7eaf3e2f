"""What is news to whoever sees safety cases: alarms that nobody has taken on, texts to read first, new requests.

Numbers and ages only: a page that asks for them shows nobody's record.
"""

import dataclasses
import datetime
from collections.abc import Iterable
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, Count, IntegerField, Q, When
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.permissions import may
from clinic.staff.news import News, OpenEmergency
from consultations.enums import OPEN_STATUSES, CaseStatus, Outcome
from consultations.models import ConsultationRequest, SafetyCase
from consultations.presenters.cases import url_of
from consultations.presenters.formatting import span

SHOWN: Final = 5
REQUESTS: Final = "admin:consultations_consultationrequest_changelist"
CASES: Final = "admin:consultations_safetycase_changelist"
UNTAKEN: Final = Q(status=CaseStatus.OPEN)
IS_EMERGENCY: Final = Q(level=Outcome.EMERGENCY)


@dataclasses.dataclass(frozen=True, slots=True)
class Alarms:
    """Open cases that are alike: in one status, of one level, in one flood or in none. `fresh` began since."""

    status: str
    level: str
    group: int | None
    number: int
    fresh: int


def news_for(user: User | AnonymousUser, *, since: datetime.datetime) -> News | None:
    """Three queries, whatever there is. `since` is when the page was made that asks how many came in after it."""
    if not may(user, "consultations.view_safetycase"):
        return None
    now = clock.now()
    alarms = _alarms(since)
    untaken = [item for item in alarms if item.status == CaseStatus.OPEN]
    lines = open_emergencies(now=now)
    read_first, came_in, standing = _requests(since)
    fresh = sum(item.fresh for item in untaken)
    return News(
        at=now,
        badges={
            REQUESTS: (read_first, _("with something to read first")),
            CASES: (sum(item.number for item in untaken), _("that nobody has taken on")),
        },
        emergencies=_emergencies(untaken),
        lines=lines,
        more=_emergencies(alarms) - len(lines),
        standing=standing,
        fresh={"requests": came_in, "cases": fresh, "all": came_in + fresh},
    )


def _alarms(since: datetime.datetime) -> list[Alarms]:
    """Every staff page asks for them: in groups, because a sum for each number takes twice as long."""
    alike = (
        SafetyCase.objects.exclude(status=CaseStatus.CLOSED).order_by().values_list("status", "level", "alarm_group")
    )
    rows = alike.annotate(number=Count("pk"), fresh=Count("pk", filter=Q(alarmed_at__gt=since)))
    return [Alarms(*row) for row in rows]


def _emergencies(alarms: Iterable[Alarms]) -> int:
    """How many alarms of an emergency: a flood is one."""
    found = [item for item in alarms if item.level == Outcome.EMERGENCY]
    floods = {item.group for item in found if item.group is not None}
    return len(floods) + sum(item.number for item in found if item.group is None)


def _requests(since: datetime.datetime) -> tuple[int, int, int]:
    """How many have something to read first, came in since, and have an emergency that stands in no open alarm."""
    is_first, is_fresh = Q(texts_due_at__isnull=False, texts_risk__isnull=False), Q(submitted_at__gt=since)
    # Closing a case settles nothing: what it was opened for still stands.
    is_alone = Q(response__safety_case=None) | Q(response__safety_case__status=CaseStatus.CLOSED)
    stands = Q(flag_level=Outcome.EMERGENCY, status__in=OPEN_STATUSES) & is_alone
    rows = ConsultationRequest.objects.filter(is_first | is_fresh | stands).order_by()
    # No moment is read: one that is damaged must not keep every page from being shown.
    alike = rows.values_list("flag_level", "status", "response__safety_case__status").annotate(
        number=Count("pk"), read_first=Count("pk", filter=is_first), came_in=Count("pk", filter=is_fresh)
    )
    read_first = came_in = standing = 0
    for level, status, case, number, first, fresh in alike:
        read_first, came_in = read_first + first, came_in + fresh
        if level == Outcome.EMERGENCY and status in OPEN_STATUSES and case in (None, CaseStatus.CLOSED):
            standing += number
    return read_first, came_in, standing


def open_emergencies(*, now: datetime.datetime) -> tuple[OpenEmergency, ...]:
    """The alarms that began last: one line a case, and one for all visitors of a flood."""
    taken_last = Case(When(UNTAKEN, then=0), default=1, output_field=IntegerField())
    rows = (
        SafetyCase.objects.exclude(status=CaseStatus.CLOSED)
        .filter(IS_EMERGENCY)
        .order_by(taken_last, "-alarmed_at", "-pk")
        .values_list("pk", "status", "alarmed_at", "alarm_group")
    )
    lines: dict[str, OpenEmergency] = {}
    for pk, status, alarmed_at, group in rows[: 4 * SHOWN]:
        is_taken = status != CaseStatus.OPEN
        key = f"group-{group}" if group else f"{pk}-{int(alarmed_at.timestamp())}"
        template = _of_a_group(is_taken=is_taken) if group else _of_a_case(is_taken=is_taken)
        text = template % {"number": pk, "time": span(now - alarmed_at)}
        lines.setdefault(
            key, OpenEmergency(key, text, f"{reverse(CASES)}?group={group}" if group else url_of(pk), is_taken)
        )
    return tuple(lines.values())[:SHOWN]


def _of_a_group(*, is_taken: bool) -> str:
    if is_taken:
        return _("Emergency, visitors without a name: %(time)s ago, taken on.")
    return _("Emergency, visitors without a name: %(time)s ago, nobody has taken it on.")


def _of_a_case(*, is_taken: bool) -> str:
    if is_taken:
        return _("Emergency, case %(number)d: %(time)s ago, taken on.")
    return _("Emergency, case %(number)d: %(time)s ago, nobody has taken it on.")
