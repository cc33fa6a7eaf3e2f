"""That somebody at the clinic found a request more pressing than the answers did: a fact of its own, whatever its rank.

It stays, with its reason, until a doctor settles it. Whoever raised it by mistake can take it back for ten minutes, but
not once the person was asked about a danger since.
"""

import datetime
from typing import Final

from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.refusals import TransitionNotAllowed
from consultations.candidacy import outcomes
from consultations.enums import OUTCOME_RISK, STAFF_QUEUE, Outcome, Priority, RequestStatus
from consultations.models import Assessment, ConsultationRequest
from consultations.services import clocks, review
from consultations.services.targets import due_after

TAKEN_BACK_WITHIN: Final = datetime.timedelta(minutes=10)
KEPT: Final = ("status", "risk", "priority", "due_at", "danger_due_at")


class NotTakenBack(TransitionNotAllowed):
    """An escalation that only a doctor can end; the text says why."""


def escalated(consultation_request: ConsultationRequest, *, by: User, now: datetime.datetime) -> dict[str, object]:
    """The fields of a request that somebody must call today: never less pressing or later than they were.

    What it was before is kept for the maker alone, and only by the first of several escalations.
    """
    before = {} if consultation_request.is_escalated else _state(consultation_request)
    risk = min(consultation_request.risk, OUTCOME_RISK[Outcome.SAME_DAY])
    level = list(Outcome)[risk]
    return {
        "risk": risk,
        "priority": Priority.STAT if level == Outcome.EMERGENCY else Priority.ASAP,
        "due_at": _called_by(consultation_request, now=now),
        "danger_due_at": clocks.danger_due(consultation_request, Outcome.SAME_DAY, now=now),
        "escalated_at": now,
        "escalated_by": by,
        "before_escalation": before,
        # Whoever ordered a visit did not know of this.
        "booking_ordered_at": None,
        "booking_ordered_by": None,
    }


def _called_by(consultation_request: ConsultationRequest, *, now: datetime.datetime) -> datetime.datetime:
    """Our next step is due as of a same-day request; an offer and a booked visit keep their own time."""
    if consultation_request.status in (RequestStatus.OFFERED, RequestStatus.BOOKED):
        return consultation_request.due_at
    return max(
        consultation_request.submitted_at, min(consultation_request.due_at, due_after(Outcome.SAME_DAY, since=now))
    )


def _state(consultation_request: ConsultationRequest) -> dict[str, object]:
    values = {name: getattr(consultation_request, name) for name in KEPT}
    return {
        name: value.isoformat() if isinstance(value, datetime.datetime) else value for name, value in values.items()
    }


def can_take_back(consultation_request: ConsultationRequest, *, by: User) -> bool:
    try:
        ensure_taken_back(consultation_request, by=by)
    except NotTakenBack:
        return False
    return True


def ensure_taken_back(consultation_request: ConsultationRequest, *, by: User) -> None:
    """Raises NotTakenBack."""
    if consultation_request.escalated_at is None:
        raise NotTakenBack(_("This request is not escalated any more. Nothing was changed."))
    if consultation_request.escalated_by_id != by.pk:
        raise NotTakenBack(_("Only a doctor can end this escalation now: a colleague made it."))
    if not consultation_request.before_escalation:
        raise NotTakenBack(_("Only a doctor can end this escalation now: the request was escalated before."))
    if clock.now() > consultation_request.escalated_at + TAKEN_BACK_WITHIN:
        raise NotTakenBack(_("Only a doctor can end this escalation now: it was made more than ten minutes ago."))
    # Of any of the person's requests: what was said in one is about the same body.
    person = consultation_request.patient.person_id
    heard = Assessment.objects.filter(
        response__consultation_request__patient__person=person, assessed_at__gte=consultation_request.escalated_at
    )
    if heard.exclude(pk=consultation_request.assessment_id).exists():
        raise NotTakenBack(
            _("Only a doctor can end this escalation now: the patient answered questions about danger since.")
        )


def taken_back(consultation_request: ConsultationRequest) -> dict[str, object]:
    """The fields as they were. A danger clock that was ended since does not run again."""
    before = consultation_request.before_escalation
    is_running = consultation_request.danger_due_at is not None
    return {
        "risk": before["risk"],
        "priority": before["priority"],
        "due_at": datetime.datetime.fromisoformat(before["due_at"]),
        "danger_due_at": _instant(before["danger_due_at"]) if is_running else None,
        **_nothing(),
    }


def status_before(consultation_request: ConsultationRequest) -> str:
    """Where it goes back to: a request that somebody moved on since stays where it is."""
    was_moved = consultation_request.status != RequestStatus.URGENT
    return (
        consultation_request.status
        if was_moved
        else str(consultation_request.before_escalation.get("status", consultation_request.status))
    )


def settled(consultation_request: ConsultationRequest, *, now: datetime.datetime) -> dict[str, object]:
    """The fields once a doctor has looked: as pressing as what stands without the escalation."""
    level = standing_level(consultation_request)
    outcome = level or review.suggestion_of(consultation_request)
    changes: dict[str, object] = {
        "risk": OUTCOME_RISK[outcome],
        "priority": outcomes.priority(outcome),
        **_nothing(),
    }
    if level is None:
        changes["danger_due_at"] = None
    if consultation_request.status in STAFF_QUEUE:
        changes["due_at"] = max(consultation_request.due_at, due_after(outcome, since=now))
    return changes


def standing_level(consultation_request: ConsultationRequest) -> Outcome | None:
    """The worst red flag that still stands, if any."""
    return Outcome(consultation_request.flag_level) if consultation_request.flag_level else None


def _nothing() -> dict[str, object]:
    return {"escalated_at": None, "escalated_by": None, "before_escalation": {}}


def _instant(text: str | None) -> datetime.datetime | None:
    return datetime.datetime.fromisoformat(text) if text else None
