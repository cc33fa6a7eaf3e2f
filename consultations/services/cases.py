"""Safety cases: nobody who was shown EMERGENCY or SAME_DAY vanishes."""

import datetime
from typing import Final

from django.db import transaction
from django.db.models import Count, Q
from django.urls import reverse

from clinic import audit, clock
from clinic.accounts.models import User
from consultations.candidacy import outcomes
from consultations.enums import Actor, CaseStatus, Outcome
from consultations.models import Patient, QuestionnaireResponse, SafetyCase
from consultations.permissions import actors_of, require
from consultations.services import messaging
from consultations.services.targets import due_after

REALERT: Final = datetime.timedelta(minutes=10)


class CaseClosed(Exception):
    """The case was closed already, by the person the text names."""


def open_case(*, response: QuestionnaireResponse, level: Outcome) -> SafetyCase:
    """Put a case with an owner and a due time in the queue and alert the owner. Call inside a transaction."""
    now = clock.now()
    case = SafetyCase.objects.create(
        response=response,
        level=level,
        priority=outcomes.priority(level),
        owner=on_duty(),
        raised_at=now,
        due_at=due_after(level, since=now),
    )
    audit.record(action="case.open", target=case, actor=Actor.SYSTEM.value, details={"level": str(level)})
    alert_owner(case=case, reason="opened")
    return case


def raise_level(*, case: SafetyCase, level: Outcome) -> None:
    """Make a case more pressing, or open it again; it is unacknowledged. Call inside a transaction, on a locked row."""
    if case.status == CaseStatus.CLOSED:
        reopen(case=case, level=level, reason="raised")
        return
    case.level, case.priority, case.status = level, outcomes.priority(level), CaseStatus.OPEN
    case.due_at = max(case.raised_at, min(case.due_at, due_after(level, since=clock.now())))
    case.acknowledged_at = case.acknowledged_by = None
    case.save()
    audit.record(action="case.raise", target=case, actor=Actor.SYSTEM.value, details={"level": str(level)})
    alert_owner(case=case, reason="raised")


def reopen(*, case: SafetyCase, level: Outcome, reason: str) -> None:
    """Somebody whose case is closed needs the clinic again: it counts from now. On a locked row.

    The note it was closed with stays, for whoever closes it again.
    """
    case.level, case.priority, case.status = level, outcomes.priority(level), CaseStatus.OPEN
    case.raised_at = clock.now()
    case.due_at = due_after(level, since=case.raised_at)
    case.acknowledged_at = case.acknowledged_by = case.closed_at = case.closed_by = None
    case.save()
    audit.record(action="case.reopen", target=case, actor=Actor.SYSTEM.value, details={"level": str(level)})
    alert_owner(case=case, reason=reason)


def attach_patient(*, case: SafetyCase, patient: Patient) -> None:
    """Name the person behind a case once the request is sent. Call inside a transaction, on a locked row."""
    if case.patient_id is None:
        case.patient = patient
        case.save(update_fields=["patient"])
        audit.record(action="case.named", target=case, actor=Actor.PATIENT.value, fields=["patient"])


def alert_owner(*, case: SafetyCase, reason: str) -> bool:
    """Tell the owner that the case waits, or whoever is there now if the owner left. Whether a mail is owed for it."""
    if is_without_owner(case) and (owner := on_duty()) is not None:
        case.owner = owner
        case.save(update_fields=["owner"])
        audit.record(action="case.owner", target=case, actor=Actor.SYSTEM.value, fields=["owner"])
    key = f"case-{case.pk}-{reason}-{case.level}-{int(case.raised_at.timestamp())}"
    if case.owner is None or is_without_owner(case):
        return False
    return messaging.alert_staff(user=case.owner, key=key, path=reverse("admin:today")) is not None


def is_without_owner(case: SafetyCase) -> bool:
    return case.owner is None or not actors_of(case.owner)


def on_duty() -> User | None:
    """Whoever of triage has the fewest open cases; with nobody there a doctor, then a manager; else None."""
    is_open = Q(owned_safety_cases__status__in=[CaseStatus.OPEN, CaseStatus.ACKNOWLEDGED])
    for group in ("triage", "doctor", "manager"):
        members = User.objects.filter(groups__name=group, is_active=True, is_staff=True)
        counted = members.annotate(open_cases=Count("owned_safety_cases", filter=is_open, distinct=True))
        if owner := counted.order_by("open_cases", "pk").first():
            return owner
    return None


@transaction.atomic
def acknowledge(*, case: SafetyCase, by: User) -> SafetyCase:
    """Take a case on. Taking it twice is harmless; taking over from a colleague makes them its owner no more."""
    require(by, Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER)
    fresh = _lock(case)
    if fresh.status == CaseStatus.ACKNOWLEDGED and fresh.acknowledged_by_id == by.pk:
        return fresh
    fresh.status, fresh.owner = CaseStatus.ACKNOWLEDGED, by
    fresh.acknowledged_at, fresh.acknowledged_by = clock.now(), by
    fresh.save()
    audit.record(action="case.acknowledge", target=fresh, by=by, fields=["status", "owner"])
    return fresh


@transaction.atomic
def close(*, case: SafetyCase, note: str, by: User) -> SafetyCase:
    """Say what became of the person and close the case. Raises CaseClosed, naming who was first."""
    require(by, Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER)
    fresh = _lock(case)
    now = clock.now()
    if fresh.acknowledged_at is None:
        fresh.acknowledged_at, fresh.acknowledged_by = now, by
    fresh.status, fresh.closed_at, fresh.closed_by = CaseStatus.CLOSED, now, by
    fresh.closing_note = "\n\n".join(filter(None, [fresh.closing_note, note]))
    fresh.save()
    audit.record(action="case.close", target=fresh, by=by, fields=["status", "closing_note"])
    return fresh


@transaction.atomic
def alert_again() -> int:
    """Repeat the alert of every emergency nobody has acknowledged, each ten minutes; and find an owner for a case of
    the same day that has none, or one who left. Returns how many were announced.
    """
    now, announced = clock.now(), 0
    waiting = SafetyCase.objects.filter(status=CaseStatus.OPEN, raised_at__lte=now - REALERT)
    for case in waiting.select_related("owner").select_for_update(of=("self",), skip_locked=True):
        if case.level == Outcome.EMERGENCY or is_without_owner(case):
            turn = int((now - case.raised_at) / REALERT)
            announced += alert_owner(case=case, reason=f"again{turn}")
    return announced


def _lock(case: SafetyCase) -> SafetyCase:
    fresh = SafetyCase.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if fresh.status == CaseStatus.CLOSED:
        closer = fresh.closed_by
        who = (closer.display_name) if closer else "Someone"
        raise CaseClosed(f"{who} has closed this case already. Nothing was changed.")
    return fresh
