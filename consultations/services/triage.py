"""What the triage desk does with a request."""

from django.db import transaction
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.failures import one_by_one
from consultations.enums import (
    OUTCOME_RISK,
    Actor,
    MessageKind,
    Outcome,
    Priority,
    RequestStatus,
    TextKind,
    TriageAction,
)
from consultations.models import ConsultationRequest, InformationRequest, OutboxMessage, TriageDecision
from consultations.permissions import actors_of, require
from consultations.services import duty, messaging, patient_texts, scheduling
from consultations.services.low_mood import is_low_mood
from consultations.services.moves import apply_move
from consultations.services.targets import due_after
from consultations.workflow import NotAllowed, WrongStatus


@transaction.atomic
def claim(*, request: ConsultationRequest, by: User) -> ConsultationRequest:
    """Take a request out of the queue to work on it. Raises WrongStatus, NotAllowed."""
    fresh, _ = apply_move(request=request, verb="claim", by=by, claimed_at=clock.now(), claimed_by=by)
    return fresh


@transaction.atomic
def release(*, request: ConsultationRequest, by: User) -> ConsultationRequest:
    """Put a request back for a colleague. Raises WrongStatus, NotAllowed."""
    fresh, _ = apply_move(request=request, verb="release", by=by, claimed_at=None, claimed_by=None)
    return fresh


@transaction.atomic
def add_note(*, request: ConsultationRequest, note: str, by: User) -> TriageDecision:
    """Keep a note for colleagues. Raises WrongStatus when the request is closed, NotAllowed."""
    fresh, _ = apply_move(request=request, verb="note", by=by)
    return _decide(fresh, TriageAction.NOTE, note, by)


@transaction.atomic
def log_call(*, request: ConsultationRequest, was_reached: bool, note: str, by: User) -> TriageDecision:
    """Keep that somebody rang, and whether the patient was reached and asked the danger signs again."""
    action = TriageAction.CALLED if was_reached else TriageAction.NOT_REACHED
    fresh, _ = apply_move(request=request, verb="log_call", by=by, details={"call": action.value})
    return _decide(fresh, action, note, by)


@transaction.atomic
def escalate(*, request: ConsultationRequest, note: str, by: User) -> ConsultationRequest:
    """Put a request at the top of the list: somebody must ring today. Raises WrongStatus, NotAllowed."""
    now = clock.now()
    risk = min(request.risk, OUTCOME_RISK[Outcome.SAME_DAY])
    fresh, changed = apply_move(
        request=request,
        verb="escalate",
        by=by,
        risk=risk,
        priority=Priority.STAT if risk == OUTCOME_RISK[Outcome.EMERGENCY] else Priority.ASAP,
        due_at=max(request.submitted_at, min(request.due_at, due_after(Outcome.SAME_DAY, since=now))),
        flags_cleared_at=None,
        flags_cleared_by=None,
    )
    if changed:
        _decide(fresh, TriageAction.ESCALATE, note, by)
        if fresh.doctor is not None:
            messaging.alert_staff(
                user=fresh.doctor, key=f"escalated-{fresh.pk}-{int(now.timestamp())}", path=page_of(fresh)
            )
    return fresh


@transaction.atomic
def pass_to_doctor(*, request: ConsultationRequest, doctor: User, note: str, by: User) -> ConsultationRequest:
    """Hand a request to a doctor. Raises NotAllowed when that person is no doctor, WrongStatus."""
    if Actor.DOCTOR not in actors_of(doctor):
        raise NotAllowed(f"{doctor.display_name} is not in the doctor group.")
    fresh, changed = apply_move(request=request, verb="pass_to_doctor", by=by, doctor=doctor)
    if changed:
        _decide(fresh, TriageAction.PASS, note, by)
    return fresh


@transaction.atomic
def ask(*, request: ConsultationRequest, question: str, by: User) -> InformationRequest:
    """Ask the patient a question; the mail says only that there is one. Raises WrongStatus, NotAllowed."""
    is_from_doctor = request.status == RequestStatus.WITH_DOCTOR and Actor.DOCTOR in actors_of(by)
    fresh, changed = apply_move(request=request, verb="ask", by=by)
    if not changed:
        return fresh.information_requests.get(answered_at=None)
    asked = InformationRequest.objects.create(
        request=fresh, question=question, asked_at=clock.now(), asked_by=by, is_from_doctor=is_from_doctor
    )
    _decide(fresh, TriageAction.ASK, "", by)
    messaging.tell_patient(kind=MessageKind.QUESTION_ASKED, request=fresh, key=f"question-{asked.pk}")
    return asked


@transaction.atomic
def answer(*, request: ConsultationRequest, answer: str, asked: str = "") -> ConsultationRequest:
    """Keep the patient's answer; the request goes back to whoever asked, due again.

    The same answer twice is harmless. Raises WrongStatus, also for another answer to a question that has one, and when
    a later question stands open than the one that the page showed: `asked` is its instant.
    """
    question = InformationRequest.objects.filter(request=request).order_by("-asked_at", "-pk").first()
    verb = "answer_doctor" if question and question.is_from_doctor else "answer"
    now = clock.now()
    due_at = due_after(request.highest_outcome, since=now, is_low_mood=is_low_mood(request))
    fresh, changed = apply_move(request=request, verb=verb, due_at=due_at)
    if changed:
        open_question = InformationRequest.objects.select_for_update(of=("self",)).get(request=fresh, answered_at=None)
        if asked and asked != open_question.asked_at.isoformat():
            raise WrongStatus("Another question was asked since.")
        open_question.answer, open_question.answered_at = answer, now
        open_question.save(update_fields=["answer", "answered_at"])
        patient_texts.keep_about(request=fresh, kind=TextKind.ANSWER, text=answer)
    elif question is not None:
        # Read again: an answer sent at the same moment was kept while this one waited for the row.
        question.refresh_from_db(fields=["answer"])
        if question.answer != answer:
            raise WrongStatus("This question has an answer already. The later one was not kept.")
    return fresh


@transaction.atomic
def withdraw(*, request: ConsultationRequest) -> ConsultationRequest:
    """End a request at the patient's wish; a booked time is freed. Raises WrongStatus, also after a visit has begun."""
    fresh, changed = apply_move(request=request, verb="withdraw")
    if changed:
        scheduling.free_times_of(request=fresh, actor=Actor.PATIENT)
        messaging.tell_patient(kind=MessageKind.REQUEST_CLOSED, request=fresh, key=f"withdrawn-{fresh.pk}")
    return fresh


@transaction.atomic
def cancel_request(*, request: ConsultationRequest, note: str, by: User) -> ConsultationRequest:
    """Close a request for the clinic; a booked time is freed. Raises WrongStatus, NotAllowed."""
    actor = require(by, Actor.MANAGER, Actor.DOCTOR)
    fresh, changed = apply_move(request=request, verb="cancel_request", by=by)
    if changed:
        _decide(fresh, TriageAction.NOTE, note, by)
        scheduling.free_times_of(request=fresh, actor=actor)
        messaging.tell_patient(kind=MessageKind.REQUEST_CLOSED, request=fresh, key=f"cancelled-{fresh.pk}")
    return fresh


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


def _decide(request: ConsultationRequest, action: TriageAction, note: str, by: User) -> TriageDecision:
    return TriageDecision.objects.create(
        request=request, action=action, note=note, decided_at=clock.now(), decided_by=by
    )
