"""What actions of the triage desk share: decisions kept, who is told of an overdue request."""

import datetime
from typing import Final

from django.db import transaction
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.failures import one_by_one
from clinic.core.models import OutboxMessage
from consultations.enums import OUTCOME_RISK, Outcome, RequestStatus, TriageAction
from consultations.models import Clinician, ConsultationRequest, TriageDecision
from consultations.services import duty, messaging
from consultations.services.targets import due_after

REPEATED_WITHIN: Final = datetime.timedelta(minutes=2)


def alert_overdue() -> int:
    """Tell whoever has it, once, that a request's time ran out unanswered. Returns how many were announced now.

    Raises SomeFailed after the others had their turn.
    """
    overdue = ConsultationRequest.objects.in_staff_queue().filter(due_at__lt=clock.now())
    keys = {each.pk: f"overdue-{each.pk}-{int(each.due_at.timestamp())}" for each in overdue.only("pk", "due_at")}
    known = set(OutboxMessage.objects.filter(key__in=keys.values()).values_list("key", flat=True))
    unknown = [pk for pk, key in keys.items() if key not in known]
    return one_by_one(unknown, lambda pk: _announce_overdue(pk, keys[pk]), what="overdue request")


@transaction.atomic
def _announce_overdue(pk: int, key: str) -> bool:
    request = ConsultationRequest.objects.select_related("doctor", "claimed_by").get(pk=pk)
    holder = request.doctor if request.status == RequestStatus.WITH_DOCTOR else request.claimed_by
    owner = holder if duty.may_keep(holder) else duty.next_owner()
    return owner is not None and messaging.alert_staff(user=owner, key=key, path=page_of(request)) is not None


def page_of(request: ConsultationRequest) -> str:
    """The path of the request's page in the staff area."""
    return reverse("admin:consultations_consultationrequest_change", args=[request.pk])


def notes_of(consultation_request: ConsultationRequest, action: TriageAction) -> list[str]:
    """What was written with each decision of this kind."""
    return [each.note for each in consultation_request.triage_decisions.filter(action=action)]


def record_decision(
    *, consultation_request: ConsultationRequest, action: TriageAction, note: str, by: User
) -> TriageDecision:
    """Keep what was decided at the desk, and why. Call inside a transaction, on a locked row."""
    return TriageDecision.objects.create(
        request=consultation_request, action=action, note=note, decided_at=clock.now(), decided_by=by
    )


def called_today(consultation_request: ConsultationRequest) -> dict[str, object]:
    """The fields of a request that must be called today: risk and time, never less than they were."""
    due_at = min(consultation_request.due_at, due_after(Outcome.SAME_DAY, since=clock.now()))
    return {
        "risk": min(consultation_request.risk, OUTCOME_RISK[Outcome.SAME_DAY]),
        "due_at": max(consultation_request.submitted_at, due_at),
    }


def was_just_written(consultation_request: ConsultationRequest, *, action: TriageAction, note: str, by: User) -> bool:
    """A double click or a reload sends the same words twice; the second time they are already there."""
    newest = (
        TriageDecision.objects.filter(
            request=consultation_request,
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
