"""A new request is never less urgent than the open one of the same person, until somebody says why it may be.

Whoever writes again, and is calmer this time, is the same person in the same danger. When two requests turn out to be
of one person, the newer one takes over risk, priority and time of the more pressing older one. It keeps what it was, so
that the desk can set it back with a reason (`consultations/actions/`).
"""

from collections.abc import Collection, Iterable

from clinic.accounts.models import User
from clinic.core import audit, clock
from consultations.candidacy import outcomes
from consultations.enums import (
    OPEN_STATUSES,
    OUTCOME_RISK,
    STAFF_QUEUE,
    URGENT_OUTCOMES,
    Actor,
    Outcome,
)
from consultations.models import ConsultationRequest, Patient
from consultations.services.targets import due_after

BY_RISK = {rank: outcome for outcome, rank in OUTCOME_RISK.items()}


def hold_requests(patients: Iterable[Patient]) -> set[int]:
    """Lock every request of the persons behind these rows, by its key. Call before any person is held."""
    persons = Patient.objects.filter(pk__in=[patient.pk for patient in patients]).values("person")
    rows = ConsultationRequest.objects.select_for_update(of=("self",)).filter(patient__person__in=persons)
    return set(rows.order_by("pk").values_list("pk", flat=True))


def requests_of(rows: Collection[Patient]) -> set[int]:
    return set(ConsultationRequest.objects.filter(patient__in=rows).values_list("pk", flat=True))


def inherit(rows: Collection[Patient], *, by: User | None) -> None:
    """Raise what is open and newer than something more pressing. Its requests are held, and `rows` are one person's."""
    is_open = ConsultationRequest.objects.filter(patient__in=rows, status__in=OPEN_STATUSES)
    worst: ConsultationRequest | None = None
    for item in is_open.order_by("submitted_at", "pk"):
        if worst is not None and worst.risk < item.risk and BY_RISK[worst.risk] in URGENT_OUTCOMES:
            _raise(item, worst, by=by)
        if worst is None or item.risk < worst.risk:
            worst = item


def _raise(consultation_request: ConsultationRequest, older: ConsultationRequest, *, by: User | None) -> None:
    level = BY_RISK[older.risk]
    due_at = older.due_at if older.status in STAFF_QUEUE else due_after(level, since=clock.now())
    before = consultation_request.risk
    if not consultation_request.is_as_pressing:
        consultation_request.own_risk, consultation_request.own_due_at = (
            consultation_request.risk,
            consultation_request.due_at,
        )
    consultation_request.as_pressing_as, consultation_request.risk, consultation_request.priority = (
        older,
        older.risk,
        outcomes.priority(level),
    )
    consultation_request.due_at = max(consultation_request.submitted_at, min(consultation_request.due_at, due_at))
    changed = ["as_pressing_as", "own_risk", "own_due_at", "risk", "priority", "due_at"]
    consultation_request.save(update_fields=changed)
    audit.record(
        action="request.as_pressing",
        target=consultation_request,
        by=by,
        actor="" if by else Actor.SYSTEM.value,
        fields=changed,
        details={"as": older.pk, "risk_before": before, "risk": older.risk},
    )


def own_urgency(consultation_request: ConsultationRequest) -> dict[str, object]:
    """The fields of a request that is set back: what it was, or the same day where somebody has escalated it."""
    risk = consultation_request.risk if consultation_request.own_risk is None else consultation_request.own_risk
    if consultation_request.is_escalated:
        risk = min(risk, OUTCOME_RISK[Outcome.SAME_DAY])
    return {
        "risk": risk,
        "priority": outcomes.priority(BY_RISK[risk]),
        "due_at": consultation_request.due_at if consultation_request.is_escalated else consultation_request.own_due_at,
        "as_pressing_as": None,
        "own_risk": None,
        "own_due_at": None,
    }
