"""What a doctor decided, kept beside the computed result, which is never edited."""

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.refusals import TransitionNotAllowed
from consultations.enums import ReviewDecision
from consultations.models import ClinicalReview, ConsultationRequest


class ReasonMissing(TransitionNotAllowed):
    """A decision that departs from the computed outcome, or clears a danger, needs a written reason."""


def record_review(
    *,
    consultation_request: ConsultationRequest,
    decision: ReviewDecision,
    patient_note: str,
    reason: str,
    agreed_outcome: str,
    by: User,
) -> ClinicalReview:
    """Keep one decision. Call inside a transaction, on a locked row. Raises ReasonMissing."""
    agreed = agreed_outcome or consultation_request.outcome
    if agreed != consultation_request.outcome and not reason.strip():
        raise ReasonMissing("Your view differs from the computed result: write why.")
    return ClinicalReview.objects.create(
        request=consultation_request,
        decision=decision,
        agreed_outcome=agreed,
        reason=reason,
        patient_note=patient_note,
        decided_at=clock.now(),
        decided_by=by,
    )
