"""Safety cases: nobody who was shown EMERGENCY or SAME_DAY vanishes."""

import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.failures import one_by_one
from consultations.candidacy import outcomes
from consultations.enums import Actor, CaseOutcome, CaseStatus, Outcome
from consultations.models import AlarmGroup, CaseClosing, Patient, QuestionnaireResponse, SafetyCase
from consultations.permissions import require
from consultations.services import (
    alarm_groups,
    alarms,
    alerts,
    clock_alarms,
    deaths,
    duty,
    handover,
    text_alarms,
)
from consultations.services.targets import due_after


class CaseClosed(Exception):
    """The case was closed already, by the person the text names."""


def open_case(
    *,
    response: QuestionnaireResponse,
    level: Outcome,
    network: str = "",
    patient: Patient | None = None,
    by: User | None = None,
) -> SafetyCase:
    """Put a case with an owner and a due time in the queue and tell of it. Call inside a transaction.

    `network` is where it came from; without one it is never part of a flood. `patient` is who it is about, once known;
    `by` is who heard of it on the phone.
    """
    now = clock.now()
    case = SafetyCase.objects.create(
        response=response,
        patient=patient,
        opened_by=by,
        level=level,
        priority=outcomes.priority(level),
        owner=duty.next_owner(),
        raised_at=now,
        due_at=due_after(level, since=now),
        network=alarm_groups.network_index(network),
        alarmed_at=now,
    )
    alerts.sound(case, reason="opened")
    actor = "" if by else Actor.SYSTEM.value
    audit.record(action="case.open", target=case, by=by, actor=actor, details={"level": str(level)})
    return case


def raise_level(*, case: SafetyCase, level: Outcome, network: str = "") -> None:
    """Make a case more pressing, or open it again; it is unacknowledged. Call inside a transaction, on a locked row."""
    if case.status == CaseStatus.CLOSED:
        reopen(case=case, level=level, reason="raised", network=network)
        return
    case.level, case.priority, case.status = level, outcomes.priority(level), CaseStatus.OPEN
    case.due_at = max(case.raised_at, min(case.due_at, due_after(level, since=clock.now())))
    _begin_alarm(case, reason="raised", network=network)
    audit.record(action="case.raise", target=case, actor=Actor.SYSTEM.value, details={"level": str(level)})


def reopen(
    *, case: SafetyCase, level: Outcome, reason: str, network: str = "", by: User | None = None, text: str = ""
) -> None:
    """Somebody whose case is closed needs the clinic again: it counts from now. On a locked row.

    What it was closed with stays on record. `by` and `words` are of a member of staff who opens it.
    """
    had_died = case.outcome == CaseOutcome.DIED
    for closing in CaseClosing.objects.standing().filter(case=case):
        closing.reopened_at, closing.reopened_by = clock.now(), by
        closing.reopened_for, closing.reopened_words = reason, text
        closing.save(update_fields=["reopened_at", "reopened_by", "reopened_for", "reopened_words"])
    case.level, case.priority, case.status = level, outcomes.priority(level), CaseStatus.OPEN
    case.raised_at = clock.now()
    case.due_at = due_after(level, since=case.raised_at)
    case.closed_at, case.closed_by, case.outcome = None, None, ""
    _begin_alarm(case, reason=reason, network=network)
    if had_died:
        deaths.restart_mails()
    actor = "" if by else Actor.SYSTEM.value
    audit.record(action="case.reopen", target=case, by=by, actor=actor, details={"level": str(level)})


def _begin_alarm(case: SafetyCase, *, reason: str, network: str = "") -> None:
    """Nobody has acknowledged it, and it counts anew whether it came in a flood."""
    case.acknowledged_at = case.acknowledged_by = case.alarm_group = None
    case.alarmed_at = clock.now()
    case.network = alarm_groups.network_index(network) or case.network
    is_passed_on = not duty.may_keep(case.owner)
    if is_passed_on:
        case.owner = duty.next_owner()
    case.save()
    clock_alarms.sound_case_again(case)
    alerts.sound(case, reason=reason)
    if is_passed_on:
        audit.record(action="case.owner", target=case, actor=Actor.SYSTEM.value, fields=["owner"])


def attach_patient(*, case: SafetyCase, patient: Patient) -> None:
    """Name the person behind a case once the request is sent. Call inside a transaction, on a locked row."""
    if case.patient_id is None:
        name_person(case=case, patient=patient)


def name_person(*, case: SafetyCase, patient: Patient, tells: bool = False) -> None:
    """Put a name to a case: it leaves its group, and is then told by itself. `tells`: also one that stood alone.

    Call inside a transaction, on a locked row.
    """
    was_folded = case.alarm_group_id is not None and case.status != CaseStatus.CLOSED
    case.patient, case.alarm_group = patient, None
    if was_folded:
        case.alarmed_at = clock.now()
    case.save(update_fields=["patient", "alarm_group", "alarmed_at"])
    if (tells or was_folded) and case.status != CaseStatus.CLOSED:
        alerts.sound(case, reason="named")
    audit.record(action="case.named", target=case, actor=Actor.PATIENT.value, fields=["patient"])


@transaction.atomic
def acknowledge(*, case: SafetyCase, by: User) -> SafetyCase:
    """Take a case on. Taking it twice is harmless; taking over from a colleague makes them its owner no more."""
    require(by, Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER)
    fresh = lock_open(case)
    if fresh.status == CaseStatus.ACKNOWLEDGED and fresh.acknowledged_by_id == by.pk:
        return fresh
    fresh.status, fresh.owner = CaseStatus.ACKNOWLEDGED, by
    fresh.acknowledged_at, fresh.acknowledged_by = clock.now(), by
    fresh.save()
    clock_alarms.acknowledge_case(case=fresh, by=by)
    audit.record(action="case.acknowledge", target=fresh, by=by, fields=["status", "owner"])
    return fresh


@transaction.atomic
def acknowledge_group(*, group: AlarmGroup, by: User, seen: datetime.datetime | None) -> AlarmGroup:
    """End the repeats of a group. It is not calling: each of its cases stays open, with its clock and its owner.

    `seen` is `last_at` of the group as the person was shown it; with None, or an instant that no page can have shown,
    nothing was seen. What has begun since, whenever its case was first raised, begins a group of its own and is told at
    once. Twice is harmless.
    """
    require(by, Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER)
    # Cases before their group, as whoever raises one of them does.
    list(SafetyCase.objects.select_for_update(of=("self",)).filter(alarm_group=group.pk).order_by("pk").only("pk"))
    fresh = AlarmGroup.objects.select_for_update(of=("self",)).get(pk=group.pk)
    if fresh.acknowledged_at is not None:
        return fresh
    fresh.acknowledged_at, fresh.acknowledged_by = clock.now(), by
    fresh.save(update_fields=["acknowledged_at", "acknowledged_by"])
    unseen = SafetyCase.objects.filter(alarm_group=fresh, status=CaseStatus.OPEN)
    if seen is not None and seen <= fresh.last_at:
        unseen = unseen.filter(alarmed_at__gt=seen)
    if unseen.exists():
        first = unseen.earliest("alarmed_at").alarmed_at
        newer = AlarmGroup.objects.create(
            network=fresh.network, level=fresh.level, first_at=first, last_at=max(first, fresh.last_at)
        )
        # Told by the worker's next look, in one mail with a count.
        unseen.update(alarm_group=newer, told_at=None)
    audit.record(action="alarm_group.acknowledge", target=fresh, by=by, fields=["acknowledged_at"])
    return fresh


def alert_again() -> int:
    """What the worker owes safety cases at each look: an owner who is there, repeats, and a line in the log for each
    of which nobody was told. Returns how many were announced.

    Each part has transactions of its own: locks are taken in one order, cases first and the audit trail last. Raises
    SomeFailed at the end: a part that fails keeps no other from its turn.
    """
    parts = {
        "rota": _follow_rota,
        "hand over": handover.hand_over,
        "repeat": alerts.repeat,
        "tell of more": alerts.tell_of_more,
        "repeat of texts": text_alarms.repeat,
        "log": _log_untold,
    }
    return one_by_one(parts, lambda name: parts[name](), what="part")


def _follow_rota() -> int:
    """Who comes or goes is no announcement."""
    handover.follow_rota()
    return 0


def _log_untold() -> int:
    """A line in the log announces nothing to anybody."""
    alarms.log_untold()
    alarms.log_untold_texts()
    return 0


def lock_open(case: SafetyCase) -> SafetyCase:
    """The row under a lock. Raises CaseClosed, naming who was first."""
    return require_open(SafetyCase.objects.select_for_update(of=("self",)).get(pk=case.pk))


def require_open(fresh: SafetyCase) -> SafetyCase:
    """A locked row as it is. Raises CaseClosed."""
    if fresh.status == CaseStatus.CLOSED:
        closer = fresh.closed_by
        who = closer.display_name if closer else _("Someone")
        raise CaseClosed(_("%(who)s has closed this case already. Nothing was changed.") % {"who": who})
    return fresh
