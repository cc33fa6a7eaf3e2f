"""The one place that changes a request's status: lock, permission, transition, audit event."""

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.models import AuditEvent
from consultations.enums import Actor
from consultations.models import ConsultationRequest
from consultations.permissions import actors_of
from consultations.workflow import MOVES, NotAllowed, WrongStatus, move_for


def lock(request: ConsultationRequest) -> ConsultationRequest:
    """Re-read the row under a lock; every decision is taken on what stands there now, not on what a page showed."""
    return ConsultationRequest.objects.select_for_update(of=("self",)).select_related("patient").get(pk=request.pk)


def apply_move(
    *,
    request: ConsultationRequest,
    verb: str,
    by: User | None = None,
    details: dict[str, str | int] | None = None,
    **changes: object,
) -> tuple[ConsultationRequest, bool]:
    """Make one move of the table on a locked row; `by=None` is the patient. Call inside a transaction.

    Returns the row and whether anything changed: the same verb by the same person twice is harmless. Raises WrongStatus
    (naming who was there first) or NotAllowed.
    """
    fresh = lock(request)
    actor = _actor_for(verb, by)
    try:
        move = move_for(verb, status=fresh.status, actor=actor)
    except WrongStatus:
        earlier = last_move(fresh)
        if earlier and earlier.action == f"request.{verb}" and earlier.actor_user_id == (by.pk if by else None):
            return fresh, False
        raise _named(verb, fresh, earlier) from None
    before = fresh.status
    if move.target is not None:
        fresh.status, fresh.status_changed_at = move.target, clock.now()
    for name, value in changes.items():
        setattr(fresh, name, value)
    fresh.save()
    audit.record(
        action=f"request.{verb}",
        target=fresh,
        by=by,
        actor="" if by else actor.value,
        fields=["status", *changes],
        details={"from": before, "to": fresh.status, **(details or {})},
    )
    return fresh, True


def _actor_for(verb: str, by: User | None) -> Actor:
    if by is None:
        return Actor.PATIENT
    for actor in sorted(MOVES[verb].actors):
        if actor in actors_of(by):
            return actor
    raise NotAllowed(f"“{MOVES[verb].label}” is not something your role may do.")


def last_move(request: ConsultationRequest) -> AuditEvent | None:
    """The audit event of the newest move that changed the status."""
    verbs = [f"request.{verb}" for verb, move in MOVES.items() if move.target is not None]
    return AuditEvent.objects.about(request).filter(action__in=verbs).select_related("actor_user").last()


def _named(verb: str, request: ConsultationRequest, earlier: AuditEvent | None) -> WrongStatus:
    who = "Someone"
    if earlier and earlier.actor_user:
        who = earlier.actor_user.display_name
    elif earlier and earlier.actor == Actor.PATIENT:
        who = "The patient"
    return WrongStatus(
        f"“{MOVES[verb].label}” is no longer possible: {who} has moved this request to "
        f"“{request.get_status_display()}”. Nothing was changed."
    )
