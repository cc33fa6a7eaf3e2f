"""The product's transition table, cell by cell against the one written out by hand."""

import dataclasses
from typing import Any

import pytest

from clinic.core.refusals import NotAllowed, TransitionNotAllowed, WrongStatus
from consultations import workflow
from consultations.enums import CLOSED_STATUSES, OPEN_STATUSES, Actor, RequestStatus
from consultations.workflow import MOVES, move_for, verbs_for
from tests.consultations.transitions import LINES, VERBS, actors, target

Cell = tuple[str, str, str]


def what_the_product_does() -> dict[Cell, str]:
    """Every status, verb and actor: the status it leads to, or who refuses."""
    done: dict[Cell, str] = {}
    for verb in MOVES:
        for status in RequestStatus:
            for actor in Actor:
                try:
                    move = move_for(verb, status=status, actor=actor)
                except TransitionNotAllowed as refusal:
                    done[verb, status.value, actor.value] = type(refusal).__name__
                else:
                    done[verb, status.value, actor.value] = (move.target or status).value
    return done


def what_is_written() -> dict[Cell, str]:
    written: dict[Cell, str] = {}
    for verb in VERBS:
        for status in RequestStatus:
            for actor in Actor:
                refusal = "NotAllowed" if actor not in actors(verb) else "WrongStatus"
                leads_to = target(verb, status, actor)
                written[verb, status.value, actor.value] = leads_to.value if leads_to else refusal
    return written


def differing() -> dict[Cell, tuple[str | None, str | None]]:
    """Cell -> (written by hand, what the product does), where they differ."""
    done, written = what_the_product_does(), what_is_written()
    return {
        cell: (written.get(cell), done.get(cell)) for cell in {*done, *written} if written.get(cell) != done.get(cell)
    }


def test_every_cell_is_as_written_by_hand() -> None:
    assert differing() == {}
    assert len(what_is_written()) == 22 * 12 * 5


def test_the_hand_written_table_says_each_thing_once() -> None:
    assert len({(line.verb, line.source) for line in LINES}) == len(LINES) == 92
    assert len({(line.verb, line.actors) for line in LINES}) == len(VERBS) == 22


CHANGES: list[tuple[str, dict[str, Any], Cell]] = [
    ("complete", {"actors": workflow.DESK}, ("complete", "booked", "triage")),
    ("cancel_request", {"actors": workflow.DESK}, ("cancel_request", "received", "triage")),
    ("offer", {"sources": MOVES["offer"].sources | {RequestStatus.IN_TRIAGE}}, ("offer", "in_triage", "doctor")),
    ("release", {"sources": MOVES["release"].sources | {RequestStatus.WITH_DOCTOR}},
     ("release", "with_doctor", "triage")),
    ("pass_to_doctor", {"sources": MOVES["pass_to_doctor"].sources | {RequestStatus.INFORMATION_ASKED}},
     ("pass_to_doctor", "information_asked", "triage")),
    ("escalate", {"sources": MOVES["escalate"].sources - {RequestStatus.INFORMATION_ASKED}},
     ("escalate", "information_asked", "triage")),
    ("mark_urgent", {"target": RequestStatus.WITH_DOCTOR}, ("mark_urgent", "with_doctor", "doctor")),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "change", "cell"), CHANGES, ids=[verb for verb, _, _ in CHANGES])
def test_a_changed_row_is_noticed(
    monkeypatch: pytest.MonkeyPatch, verb: str, change: dict[str, Any], cell: Cell
) -> None:
    monkeypatch.setitem(MOVES, verb, dataclasses.replace(MOVES[verb], **change))
    assert cell in differing()


def test_a_verb_that_is_gone_or_new_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as fewer:
        fewer.delitem(MOVES, "note")
        assert ("note", "received", "triage") in differing()
    monkeypatch.setitem(MOVES, "reject", dataclasses.replace(MOVES["note"], verb="reject"))
    assert ("reject", "received", "triage") in differing()


def test_a_refusal_names_the_verb_and_the_status_in_plain_words() -> None:
    with pytest.raises(NotAllowed, match="“Offer a consultation” is not something your role may do"):
        move_for("offer", status=RequestStatus.WITH_DOCTOR, actor=Actor.TRIAGE)
    with pytest.raises(WrongStatus, match="“Start triage” is not possible while the request is “Booked”"):
        move_for("claim", status=RequestStatus.BOOKED, actor=Actor.TRIAGE)


def test_every_status_is_open_or_closed() -> None:
    assert set(OPEN_STATUSES) | set(CLOSED_STATUSES) == set(RequestStatus)
    assert not set(OPEN_STATUSES) & set(CLOSED_STATUSES)


def test_the_verbs_of_a_status_are_those_of_the_table() -> None:
    for status in RequestStatus:
        for actor in Actor:
            offered = {move.verb for move in verbs_for(status=status, actors=[actor])}
            assert offered == {verb for verb in VERBS if target(verb, status, actor)}
    of_patient = [move.verb for move in verbs_for(status="offered", actors=[Actor.PATIENT])]
    assert of_patient == ["correct_email", "book", "withdraw", "message"]
    assert [move.verb for move in verbs_for(status="withdrawn", actors=Actor)] == ["note", "log_call", "read_text"]
