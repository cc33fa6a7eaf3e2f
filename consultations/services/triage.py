"""What actions of the triage desk share: decisions kept, who is told of an overdue request."""

import datetime
from typing import Final

from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import TriageAction
from consultations.models import Clinician, ConsultationRequest, TriageDecision

REPEATED_WITHIN: Final = datetime.timedelta(minutes=2)


def page_of(consultation_request: ConsultationRequest) -> str:
    """The path of the request's page in the staff area."""
    return reverse("admin:consultations_consultationrequest_change", args=[consultation_request.pk])


def notes_of(consultation_request: ConsultationRequest, action: TriageAction) -> list[str]:
    """What was written with each decision of this kind."""
    return [triage_decision.note for triage_decision in consultation_request.triage_decisions.filter(action=action)]


def record_decision(
    *, consultation_request: ConsultationRequest, action: TriageAction, note: str, by: User
) -> TriageDecision:
    """Keep what was decided at the desk, and why. Call inside a transaction, on a locked row."""
    return TriageDecision.objects.create(
        consultation_request=consultation_request, action=action, note=note, decided_at=clock.now(), decided_by=by
    )


def was_just_written(consultation_request: ConsultationRequest, *, action: TriageAction, note: str, by: User) -> bool:
    """A double click or a reload sends the same words twice; the second time they are already there."""
    newest = (
        TriageDecision.objects.filter(
            consultation_request=consultation_request,
            decided_by=by,
            action=action,
            decided_at__gte=clock.now() - REPEATED_WITHIN,
        )
        .order_by("-decided_at", "-pk")
        .first()
    )
    return newest is not None and newest.note == note


def author_of(user: User) -> str:
    """The name that patients and colleagues know a doctor by."""
    clinician = Clinician.objects.filter(user=user).only("display_name").first()
    return clinician.display_name if clinician else user.display_name
