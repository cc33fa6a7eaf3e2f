"""What a doctor decided, kept beside the computed result, which is never edited."""

from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.refusals import TransitionNotAllowed
from consultations.candidacy.suggestion import departs, suggest
from consultations.enums import Outcome, ReviewDecision
from consultations.models import ClinicalReview, ConsultationRequest


class ReasonMissing(TransitionNotAllowed):
    """A decision that departs from what the rules suggest, or clears a danger, needs a written reason."""


def suggestion_of(consultation_request: ConsultationRequest) -> Outcome:
    """What the rules suggest for this request now: the red flag that stands, or what the other answers say."""
    computed = consultation_request.assessment
    return suggest(
        outcome=consultation_request.outcome,
        standing=consultation_request.flag_level,
        disposition=computed.disposition,
        is_early_exit=computed.is_early_exit,
    )


def record_review(
    *, consultation_request: ConsultationRequest, decision: ReviewDecision, patient_note: str, reason: str, by: User
) -> ClinicalReview:
    """Keep one decision. Call inside a transaction, on a locked row. Raises ReasonMissing."""
    suggestion = suggestion_of(consultation_request)
    if departs(decision, suggestion) and not reason.strip():
        raise ReasonMissing(
            _("Your decision differs from the suggestion “%(suggestion)s”: write why.")
            % {"suggestion": suggestion.label}
        )
    return ClinicalReview.objects.create(
        consultation_request=consultation_request,
        decision=decision,
        suggestion=suggestion,
        reason=reason,
        patient_note=patient_note,
        decided_at=clock.now(),
        decided_by=by,
    )
