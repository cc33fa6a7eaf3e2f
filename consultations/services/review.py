"""The doctor's decisions. The computed result is never edited; a decision stands beside it."""

from typing import Final

from django.db import transaction

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import (
    OUTCOME_RISK,
    Actor,
    MessageKind,
    Outcome,
    Priority,
    ReviewDecision,
    TriageAction,
)
from consultations.models import (
    AppointmentType,
    ClinicalReview,
    ConsultationRequest,
    InformationRequest,
    TriageDecision,
)
from consultations.permissions import require
from consultations.services import messaging, triage
from consultations.services.moves import apply_move, lock
from consultations.services.targets import due_after
from consultations.workflow import MoveRefused

ROUTINE_RISK: Final = OUTCOME_RISK[Outcome.NOT_SUITABLE_NOW]


class FlagsStand(MoveRefused):
    """A consultation cannot be offered while a red flag stands that no doctor has cleared."""


class ReasonMissing(MoveRefused):
    """A decision that departs from the computed outcome, or clears a danger, needs a written reason."""


@transaction.atomic
def clear_flags(*, request: ConsultationRequest, reason: str, by: User) -> ConsultationRequest:
    """Record that a doctor looked at the red flags and may go on. Raises ReasonMissing, WrongStatus, NotAllowed."""
    if not reason.strip():
        raise ReasonMissing("Write why the red flags do not stand in the way, before you clear them.")
    current = lock(request)
    if current.flags_cleared_by_id == by.pk:
        return current
    fresh, _ = apply_move(
        request=current,
        verb="clear",
        by=by,
        flags_cleared_at=clock.now(),
        flags_cleared_by=by,
        risk=max(current.risk, ROUTINE_RISK),
        priority=Priority.ROUTINE,
    )
    TriageDecision.objects.create(
        request=fresh, action=TriageAction.CLEAR, note=reason, decided_at=clock.now(), decided_by=by
    )
    return fresh


@transaction.atomic
def offer(
    *,
    request: ConsultationRequest,
    appointment_type: AppointmentType,
    patient_note: str,
    by: User,
    reason: str = "",
    agreed_outcome: str = "",
) -> ConsultationRequest:
    """Offer a consultation: the patient may now choose a time.

    Raises FlagsStand, ReasonMissing, WrongStatus, NotAllowed.
    """
    if lock(request).is_blocked_by_flags:
        raise FlagsStand("Slots cannot be offered until a doctor has cleared the red flags, with a reason.")
    fresh, changed = apply_move(request=request, verb="offer", by=by, appointment_type=appointment_type)
    if changed:
        review = _review(fresh, ReviewDecision.OFFER, patient_note, reason, agreed_outcome, by)
        messaging.tell_patient(
            kind=MessageKind.CONSULTATION_OFFERED, request=fresh, key=f"offered-{fresh.pk}-{review.pk}"
        )
    return fresh


@transaction.atomic
def decline(
    *, request: ConsultationRequest, patient_note: str, by: User, reason: str = "", agreed_outcome: str = ""
) -> ConsultationRequest:
    """Say that a consultation would not help now, with advice. Raises ReasonMissing, WrongStatus, NotAllowed."""
    if not patient_note.strip():
        raise ReasonMissing("Write the advice the patient will read: a no without a reason is no help.")
    fresh, changed = apply_move(request=request, verb="decline", by=by)
    if changed:
        _review(fresh, ReviewDecision.NOT_SUITABLE, patient_note, reason, agreed_outcome, by)
        messaging.tell_patient(kind=MessageKind.REQUEST_CLOSED, request=fresh, key=f"declined-{fresh.pk}")
    return fresh


@transaction.atomic
def ask(
    *, request: ConsultationRequest, question: str, by: User, reason: str = "", agreed_outcome: str = ""
) -> InformationRequest:
    """Ask the patient for more, as a clinical decision. Raises ReasonMissing, WrongStatus, NotAllowed."""
    require(by, Actor.DOCTOR)
    already = set(InformationRequest.objects.filter(request=request).values_list("pk", flat=True))
    asked = triage.ask(request=request, question=question, by=by)
    if asked.pk not in already:
        _review(asked.request, ReviewDecision.ASK, question, reason, agreed_outcome, by)
    return asked


@transaction.atomic
def mark_urgent(
    *, request: ConsultationRequest, reason: str, by: User, patient_note: str = "", agreed_outcome: str = ""
) -> ConsultationRequest:
    """Send a request back to the top of the list: ring the patient today.

    Raises ReasonMissing, WrongStatus, NotAllowed.
    """
    if not reason.strip():
        raise ReasonMissing("Write what the nurse must ask or say when ringing the patient.")
    fresh, changed = apply_move(
        request=request,
        verb="mark_urgent",
        by=by,
        risk=min(request.risk, OUTCOME_RISK[Outcome.SAME_DAY]),
        priority=Priority.ASAP,
        due_at=max(request.submitted_at, min(request.due_at, due_after(Outcome.SAME_DAY, since=clock.now()))),
        flags_cleared_at=None,
        flags_cleared_by=None,
    )
    if changed:
        _review(fresh, ReviewDecision.URGENT, patient_note, reason, agreed_outcome, by)
        if fresh.claimed_by is not None:
            messaging.alert_staff(
                user=fresh.claimed_by,
                key=f"urgent-{fresh.pk}-{int(clock.now().timestamp())}",
                path=triage.page_of(fresh),
            )
    return fresh


def _review(
    request: ConsultationRequest, decision: ReviewDecision, patient_note: str, reason: str, agreed: str, by: User
) -> ClinicalReview:
    agreed_outcome = agreed or request.outcome
    if agreed_outcome != request.outcome and not reason.strip():
        raise ReasonMissing("Your view differs from the computed result: write why.")
    return ClinicalReview.objects.create(
        request=request,
        decision=decision,
        agreed_outcome=agreed_outcome,
        reason=reason,
        patient_note=patient_note,
        decided_at=clock.now(),
        decided_by=by,
    )
