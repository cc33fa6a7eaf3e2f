"""Closing a safety case with what became of the person and what shows it, opening it again, and notes on it.

Closing says nothing of the red flags: they stand until a doctor settles them.
"""

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.refusals import TransitionNotAllowed
from consultations.enums import (
    OUTCOME_RISK,
    Actor,
    CaseOutcome,
    CaseProof,
    CaseStatus,
    Outcome,
)
from consultations.models import (
    Assessment,
    CaseClosing,
    ConsultationRequest,
    PatientText,
    SafetyCase,
)
from consultations.models.case_closing import BY_CALL
from consultations.permissions import require
from consultations.services import case_mails, case_proofs, cases, clocks, deaths
from consultations.services.case_proofs import Evidence, OutcomeClaim


class CaseChanged(TransitionNotAllowed):
    """Something came in after the page was shown."""


class NotClosed(TransitionNotAllowed):
    """A case that is open cannot be opened again."""


CHANGED = gettext_lazy(
    "Something new came in about this person while your page was open. The case is still open and what you wrote is "
    "kept: look at the case, then close it."
)


def state_of(case: SafetyCase) -> str:
    """What a page shows of a case, in a word: another one means that somebody told us more since."""
    told = Assessment.objects.filter(response=case.response_id).count()
    written = PatientText.objects.filter(response=case.response_id).count()
    return f"{case.alarmed_at.isoformat()}-{case.level}-{told}-{written}"


@transaction.atomic
def close(*, case: SafetyCase, claim: OutcomeClaim, by: User, seen: str = "") -> CaseClosing:
    """Close a case with an outcome and its proof. `seen` is the state that the page showed.

    Raises NotAllowed, ProofMissing, CaseChanged, and CaseClosed naming who was first.
    """
    require(by, Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER)
    consultation_request = hold_requests(case)
    fresh, other = _lock(case, claim)
    if seen and seen != state_of(fresh):
        raise CaseChanged(CHANGED)
    evidence = case_proofs.evidence_of(fresh)
    case_proofs.require_proved(claim, evidence, case=fresh, by=by)
    closing = _written(fresh, claim, evidence, by=by)
    if other is not None and OUTCOME_RISK[Outcome(fresh.level)] < OUTCOME_RISK[Outcome(other.level)]:
        cases.raise_level(case=other, level=Outcome(fresh.level))
    if claim.outcome == CaseOutcome.DIED and fresh.patient is not None:
        deaths.stop_mails(fresh.patient)
    clocks.case_closed(consultation_request=consultation_request, now=closing.closed_at)
    case_mails.ask_next_day(closing)
    details = {"outcome": claim.outcome.value, "proof": claim.proof.value}
    audit.record(action="case.close", target=fresh, by=by, fields=["status", "outcome"], details=details)
    return closing


def _lock(case: SafetyCase, claim: OutcomeClaim) -> tuple[SafetyCase, SafetyCase | None]:
    """The cases by their keys, after the requests of the person; the second is the one it repeats."""
    wanted = [case.pk, *([claim.named] if claim.outcome == CaseOutcome.DUPLICATE and claim.named else [])]
    locked = SafetyCase.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk")
    by_key = {item.pk: item for item in locked}
    return cases.require_open(by_key[case.pk]), next((by_key[pk] for pk in wanted[1:] if pk in by_key), None)


def hold_requests(case: SafetyCase) -> ConsultationRequest | None:
    """Lock every request of the person behind a case, so that no mail about one is on its way out meanwhile. The one
    of the case's own response is returned.
    """
    wanted = ConsultationRequest.objects.filter(response=case.response_id).values("pk")
    if case.patient is not None:
        # Each by its own index: an "or" over both tables would read every request of the clinic.
        wanted = wanted.union(ConsultationRequest.objects.filter(patient__person=case.patient.person_id).values("pk"))
    locked = list(ConsultationRequest.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk"))
    return next(
        (row for row in locked if row.response_id == case.response_id),
        None,
    )


def _written(fresh: SafetyCase, claim: OutcomeClaim, evidence: Evidence, *, by: User) -> CaseClosing:
    now = clock.now()
    if fresh.acknowledged_at is None:
        fresh.acknowledged_at, fresh.acknowledged_by = now, by
    fresh.status, fresh.closed_at, fresh.closed_by, fresh.outcome = CaseStatus.CLOSED, now, by, claim.outcome
    fresh.save()
    proof = claim.proof
    is_letter = proof == CaseProof.LETTER
    return CaseClosing.objects.create(
        case=fresh,
        outcome=claim.outcome,
        proof=proof,
        closed_at=now,
        closed_by=by,
        words=claim.words.strip(),
        call_id=claim.named if proof in BY_CALL else None,
        text_id=claim.named if proof == CaseProof.OWN_WORDS else None,
        statement_id=claim.named if proof == CaseProof.STAFF_MISTAKE else None,
        duplicate_of_id=claim.named if proof == CaseProof.OPEN_CASE else None,
        letter_from=claim.letter_from.strip() if is_letter else "",
        letter_on=claim.letter_on if is_letter else None,
        tries=evidence.tries if proof == CaseProof.TRIES else None,
        mails=len(evidence.mails) if proof == CaseProof.MAILS else None,
    )


@transaction.atomic
def reopen(*, case: SafetyCase, reason: str, by: User) -> SafetyCase:
    """Open a closed case again: it alarms and counts from now, and what it was closed with stays on record.

    Raises NotAllowed, NotClosed.
    """
    require(by, Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER)
    hold_requests(case)
    fresh = SafetyCase.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if fresh.status != CaseStatus.CLOSED:
        raise NotClosed(_("This case is open already. Nothing was changed."))
    cases.reopen(case=fresh, level=Outcome(fresh.level), reason="staff", by=by, text=reason)
    return fresh
