"""What is news to whoever sees safety cases: alarms that nobody has taken on, texts to read first, new requests.

Numbers and ages only: a page that asks for them shows nobody's record.
"""

import datetime
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


def news_for(user: User | AnonymousUser, *, since: datetime.datetime) -> News | None:
    """Three queries, whatever there is. `since` is when the page was made that asks how many came in after it."""
    if not may(user, "consultations.view_safetycase"):
        return None
    now = clock.now()
    waiting = SafetyCase.objects.exclude(status=CaseStatus.CLOSED)
    is_alone = Q(alarm_group=None)
    counts = waiting.aggregate(
        untaken=Count("pk", filter=UNTAKEN),
        alone=Count("pk", filter=UNTAKEN & IS_EMERGENCY & is_alone),
        floods=Count("alarm_group", filter=UNTAKEN & IS_EMERGENCY, distinct=True),
        all_alone=Count("pk", filter=IS_EMERGENCY & is_alone),
        all_floods=Count("alarm_group", filter=IS_EMERGENCY, distinct=True),
        fresh=Count("pk", filter=UNTAKEN & Q(alarmed_at__gt=since)),
    )
    lines = open_emergencies(now=now)
    is_first, is_fresh = Q(texts_due_at__isnull=False, texts_risk__isnull=False), Q(submitted_at__gt=since)
    # Closing a case settles nothing: what it was opened for still stands.
    stands = Q(flag_level=Outcome.EMERGENCY, status__in=OPEN_STATUSES) & ~Q(response__safety_case__in=waiting)
    requests = ConsultationRequest.objects.filter(is_first | is_fresh | stands).aggregate(
        read_first=Count("pk", filter=is_first),
        came_in=Count("pk", filter=is_fresh),
        standing=Count("pk", filter=stands),
    )
    came_in = requests["came_in"]
    return News(
        at=now,
        badges={
            REQUESTS: (requests["read_first"], _("with something to read first")),
            CASES: (counts["untaken"], _("that nobody has taken on")),
        },
        emergencies=counts["alone"] + counts["floods"],
        lines=lines,
        more=counts["all_alone"] + counts["all_floods"] - len(lines),
        standing=requests["standing"],
        fresh={"requests": came_in, "cases": counts["fresh"], "all": came_in + counts["fresh"]},
    )


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
