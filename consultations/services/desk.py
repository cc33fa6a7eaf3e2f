"""The staff pages' door to the services: nothing is done to a request that is not as the page showed it."""

import datetime
from collections.abc import Callable
from typing import Any, Final

from django.db import transaction

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import Actor, TriageAction
from consultations.models import ConsultationRequest, TriageDecision
from consultations.services import contact_details, review, scheduling, triage
from consultations.services.moves import last_move, lock
from consultations.workflow import WrongStatus

REPEATED_WITHIN: Final = datetime.timedelta(minutes=2)
ACTS: Final[dict[str, Callable[..., Any]]] = {
    "claim": triage.claim,
    "release": triage.release,
    "note": triage.add_note,
    "log_call": triage.log_call,
    "escalate": triage.escalate,
    "correct_email": contact_details.correct_email,
    "pass_to_doctor": triage.pass_to_doctor,
    "ask": triage.ask,
    "ask_as_doctor": review.ask,
    "clear": review.clear_flags,
    "offer": review.offer,
    "decline": review.decline,
    "mark_urgent": review.mark_urgent,
    "cancel_booking": scheduling.cancel,
    "complete": scheduling.complete,
    "mark_no_show": scheduling.mark_no_show,
    "cancel_request": triage.cancel_request,
}
"""What a staff page may do to a request. Booking is not here: it takes its own locks, in its own order."""
MOVE_OF: Final = {"ask_as_doctor": "ask"}


class MovedMeanwhile(WrongStatus):
    """Somebody moved the request after the page was shown; the text names them."""


@transaction.atomic
def act(*, verb: str, request: ConsultationRequest, seen: str, by: User, **values: Any) -> bool:
    """Make one move if the request still has the status the page showed; False when it was a repeat of the same press.

    Raises MovedMeanwhile, and whatever the move itself refuses with.
    """
    fresh = lock(request)
    if fresh.status != seen:
        earlier = last_move(fresh)
        done = f"request.{MOVE_OF.get(verb, verb)}"
        if earlier and earlier.action == done and earlier.actor_user_id == by.pk:
            return False
        raise MovedMeanwhile(moved_words(fresh))
    if verb in ("note", "log_call") and _was_just_written(fresh, by, values):
        return False
    ACTS[verb](request=fresh, by=by, **values)
    return True


def moved_words(request: ConsultationRequest) -> str:
    """Who moved a request, and to what, while somebody else looked at it."""
    earlier = last_move(request)
    who = "Someone"
    if earlier and earlier.actor_user:
        who = earlier.actor_user.display_name
    elif earlier and earlier.actor == Actor.PATIENT:
        who = "The patient"
    return (
        f"{who} moved this request to “{request.get_status_display()}” while your page was open. "
        "Nothing was changed. What you wrote is kept below."
    )


def _was_just_written(request: ConsultationRequest, by: User, values: dict[str, Any]) -> bool:
    """A double click or a reload sends the same words twice; the second time they are already there."""
    actions = [TriageAction.NOTE]
    if "was_reached" in values:
        actions = [TriageAction.CALLED if values["was_reached"] else TriageAction.NOT_REACHED]
    newest = (
        TriageDecision.objects.filter(
            request=request, decided_by=by, action__in=actions, decided_at__gte=clock.now() - REPEATED_WITHIN
        )
        .order_by("-decided_at", "-pk")
        .first()
    )
    return newest is not None and newest.note == values["note"]
