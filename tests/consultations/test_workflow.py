import pytest

from consultations.enums import CLOSED_STATUSES, OPEN_STATUSES, Actor, RequestStatus
from consultations.workflow import MOVES, NotAllowed, WrongStatus, move_for, verbs_for

CELLS = [(verb, status, actor) for verb in MOVES for status in RequestStatus for actor in Actor]


@pytest.mark.parametrize(("verb", "status", "actor"), CELLS)
def test_move_is_allowed_exactly_where_the_table_says(verb: str, status: RequestStatus, actor: Actor) -> None:
    move = MOVES[verb]
    expected = NotAllowed if actor not in move.actors else WrongStatus if status not in move.sources else None

    if expected is None:
        assert move_for(verb, status=status, actor=actor) is move
    else:
        with pytest.raises(expected, match=move.label):
            move_for(verb, status=status, actor=actor)


def test_every_status_is_open_or_closed() -> None:
    assert set(OPEN_STATUSES) | set(CLOSED_STATUSES) == set(RequestStatus)
    assert not set(OPEN_STATUSES) & set(CLOSED_STATUSES)


def test_every_status_but_the_first_is_reached_by_some_move() -> None:
    assert {move.target for move in MOVES.values()} - {None} >= set(RequestStatus) - {RequestStatus.RECEIVED}


@pytest.mark.parametrize("status", CLOSED_STATUSES)
def test_closed_requests_do_not_move(status: RequestStatus) -> None:
    assert verbs_for(status=status, actors=Actor) == []


@pytest.mark.parametrize("verb", ["offer", "decline", "mark_urgent", "clear"])
def test_clinical_decisions_are_a_doctors_alone(verb: str) -> None:
    assert MOVES[verb].actors == {Actor.DOCTOR}


@pytest.mark.parametrize("status", OPEN_STATUSES)
def test_a_patient_can_withdraw_any_open_request(status: RequestStatus) -> None:
    assert move_for("withdraw", status=status, actor=Actor.PATIENT).target == RequestStatus.WITHDRAWN
