"""The one transition table of a consultation request.

Owner: the clinic's medical director. A row says which verb takes a request from which statuses to which status, and who
may do it. Nothing else in the product decides a status; services look their move up here.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from consultations.enums import OPEN_STATUSES, Actor, RequestStatus

S = RequestStatus
TRIAGE = frozenset({Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER})
DOCTOR = frozenset({Actor.DOCTOR})
DESK = frozenset({Actor.TRIAGE, Actor.MANAGER, Actor.DOCTOR})
MANAGEMENT = frozenset({Actor.MANAGER, Actor.DOCTOR})
PATIENT = frozenset({Actor.PATIENT})


class MoveRefused(Exception):
    """A verb that this status, or this person, does not allow. The text is fit to show to staff."""


class WrongStatus(MoveRefused):
    pass


class NotAllowed(MoveRefused):
    pass


@dataclass(frozen=True, slots=True)
class Move:
    """One row: `verb` takes a request from any of `sources` to `target`; `None` keeps the status it has."""

    verb: str
    sources: frozenset[RequestStatus]
    target: RequestStatus | None
    actors: frozenset[Actor]
    label: str


def _move(
    verb: str, sources: Iterable[RequestStatus], target: RequestStatus | None, actors: frozenset[Actor], label: str
) -> Move:
    return Move(verb, frozenset(sources), target, actors, label)


MOVES: dict[str, Move] = {
    move.verb: move
    for move in (
        _move("claim", {S.RECEIVED, S.URGENT}, S.IN_TRIAGE, TRIAGE, "Start triage"),
        _move("release", {S.IN_TRIAGE}, S.RECEIVED, TRIAGE, "Put back in the queue"),
        _move("note", S, None, TRIAGE, "Add a note"),
        _move("log_call", S, None, TRIAGE, "Log a call"),
        _move("correct_email", OPEN_STATUSES, None, PATIENT | TRIAGE, "Correct the email address"),
        _move("escalate", {S.RECEIVED, S.IN_TRIAGE, S.WITH_DOCTOR, S.INFORMATION_ASKED}, S.URGENT, TRIAGE, "Escalate"),
        _move("clear", {S.IN_TRIAGE, S.URGENT, S.WITH_DOCTOR}, None, DOCTOR, "Clear the red flags"),
        _move("pass_to_doctor", {S.RECEIVED, S.IN_TRIAGE, S.URGENT}, S.WITH_DOCTOR, TRIAGE, "Pass to a doctor"),
        _move(
            "ask",
            {S.RECEIVED, S.IN_TRIAGE, S.WITH_DOCTOR, S.URGENT},
            S.INFORMATION_ASKED,
            TRIAGE,
            "Ask for more information",
        ),
        _move("answer", {S.INFORMATION_ASKED}, S.IN_TRIAGE, PATIENT, "Answer the nurse's question"),
        _move("answer_doctor", {S.INFORMATION_ASKED}, S.WITH_DOCTOR, PATIENT, "Answer the doctor's question"),
        _move("offer", {S.WITH_DOCTOR, S.URGENT}, S.OFFERED, DOCTOR, "Offer a consultation"),
        _move("decline", {S.WITH_DOCTOR, S.URGENT}, S.NOT_SUITABLE, DOCTOR, "Not suitable, with advice"),
        _move("mark_urgent", {S.WITH_DOCTOR}, S.URGENT, DOCTOR, "Urgent: call today"),
        _move("book", {S.OFFERED}, S.BOOKED, PATIENT | DESK, "Book a time"),
        _move("cancel_booking", {S.BOOKED}, S.OFFERED, PATIENT | DESK, "Cancel the time"),
        _move("complete", {S.BOOKED}, S.COMPLETED, MANAGEMENT, "Consultation took place"),
        _move("mark_no_show", {S.BOOKED}, S.NO_SHOW, DESK, "Patient did not attend"),
        _move("withdraw", OPEN_STATUSES, S.WITHDRAWN, PATIENT, "Withdraw the request"),
        _move("message", OPEN_STATUSES, None, PATIENT, "Write to the clinic"),
        _move("read_text", S, None, TRIAGE, "Mark as read"),
        _move("cancel_request", OPEN_STATUSES, S.CANCELLED, MANAGEMENT, "Close the request"),
    )
}


def move_for(verb: str, *, status: str, actor: Actor) -> Move:
    """Look up the move, or raise WrongStatus / NotAllowed with a sentence that says why."""
    move = MOVES[verb]
    if actor not in move.actors:
        raise NotAllowed(f"“{move.label}” is not something your role may do.")
    if status not in move.sources:
        raise WrongStatus(
            f"“{move.label}” is not possible while the request is “{RequestStatus(status).label}”. "
            "Someone may have moved it: reload the page."
        )
    return move


def verbs_for(*, status: str, actors: Iterable[Actor]) -> list[Move]:
    """Every move that any of these actors may make from this status, in table order."""
    roles = frozenset(actors)
    return [move for move in MOVES.values() if status in move.sources and move.actors & roles]
