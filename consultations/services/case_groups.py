"""Closing in one act the cases of a group of visitors who left nothing."""

import datetime
from collections.abc import Collection
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.refusals import TransitionNotAllowed
from consultations.enums import Actor, CaseOutcome, CaseProof, CaseStatus
from consultations.models import AlarmGroup, CaseClosing, SafetyCase
from consultations.permissions import require
from consultations.services import alarm_groups


class GroupClosed(NamedTuple):
    """How many were closed, and how many of those that the page showed were not."""

    closed: int
    left: int


@transaction.atomic
def close_unnamed(
    *, group: AlarmGroup, shown: Collection[int], seen: datetime.datetime | None, by: User
) -> GroupClosed:
    """Close those cases of a group that the page showed and in which nobody has left anything to this moment.

    `seen` is `last_at` of the group as the page showed it: whoever saw the danger page again since then stays open, as
    does whoever has begun to say how to reach them. Raises NotAllowed; TransitionNotAllowed where nothing was shown.
    """
    require(by, Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER)
    if seen is None or not shown:
        raise TransitionNotAllowed(_("We could not tell which cases you were shown. Nothing was closed."))
    rows = SafetyCase.objects.filter(pk__in=shown, alarm_group=group, patient=None, alarmed_at__lte=seen)
    locked = list(rows.exclude(status=CaseStatus.CLOSED).select_for_update(of=("self",)).order_by("pk"))
    closing = [case for case in locked if not alarm_groups.has_unsent_contact(case)]
    now = clock.now()
    for case in closing:
        if case.acknowledged_at is None:
            case.acknowledged_at, case.acknowledged_by = now, by
        case.status, case.closed_at, case.closed_by = CaseStatus.CLOSED, now, by
        case.outcome = CaseOutcome.NO_WAY_TO_REACH
        case.save()
        CaseClosing.objects.create(
            case=case, outcome=case.outcome, proof=CaseProof.NO_NAME, closed_at=now, closed_by=by
        )
    details = {"outcome": CaseOutcome.NO_WAY_TO_REACH.value, "group": group.pk}
    for case in closing:
        audit.record(action="case.close", target=case, by=by, fields=["status", "outcome"], details=details)
    return GroupClosed(len(closing), len(set(shown)) - len(closing))
