"""The product's transition table, cell by cell against the one written out by hand."""

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from consultations import workflow
from consultations.enums import CLOSED_STATUSES, OPEN_STATUSES, Actor, MessageKind, RequestStatus
from consultations.workflow import TRANSITIONS
from tests.consultations.transitions import LINES, VERBS, actors, target

TransitionCell = tuple[str, str, str]
ROOT = Path(workflow.__file__).parents[1]


def what_the_product_does() -> dict[TransitionCell, str]:
    """Every status, verb and actor: the status it leads to, or who refuses."""
    done: dict[TransitionCell, str] = {}
    for verb, row in TRANSITIONS.items():
        for status in RequestStatus:
            for actor in Actor:
                refusal = "NotAllowed" if actor not in row.actors else "WrongStatus"
                is_possible = actor in row.actors and status in row.sources
                done[verb, status.value, actor.value] = row.target_from(status.value) if is_possible else refusal
    return done


def what_is_written() -> dict[TransitionCell, str]:
    written: dict[TransitionCell, str] = {}
    for verb in VERBS:
        for status in RequestStatus:
            for actor in Actor:
                refusal = "NotAllowed" if actor not in actors(verb) else "WrongStatus"
                leads_to = target(verb, status, actor)
                written[verb, status.value, actor.value] = leads_to.value if leads_to else refusal
    return written


def differing() -> dict[TransitionCell, tuple[str | None, str | None]]:
    """Cell -> (written by hand, what the product does), where they differ."""
    done, written = what_the_product_does(), what_is_written()
    return {
        cell: (written.get(cell), done.get(cell)) for cell in {*done, *written} if written.get(cell) != done.get(cell)
    }


def test_every_cell_is_as_written_by_hand() -> None:
    assert differing() == {}, "write the same row in tests/consultations/transitions.py, and the new counts here"
    assert len(what_is_written()) == 44 * 12 * 5


def test_the_hand_written_table_says_each_thing_once() -> None:
    assert len({(line.verb, line.source) for line in LINES}) == len(LINES) == 180
    assert len({(line.verb, line.actors) for line in LINES}) == len(VERBS) == 44


CHANGES: list[tuple[str, dict[str, Any], TransitionCell]] = [
    ("complete", {"actors": workflow.STAFF}, ("complete", "booked", "triage")),
    ("cancel_request", {"actors": workflow.STAFF}, ("cancel_request", "received", "triage")),
    ("offer", {"sources": TRANSITIONS["offer"].sources | {RequestStatus.IN_TRIAGE}}, ("offer", "in_triage", "doctor")),
    ("release", {"sources": TRANSITIONS["release"].sources | {RequestStatus.WITH_DOCTOR}},
     ("release", "with_doctor", "triage")),
    ("pass_to_doctor", {"sources": TRANSITIONS["pass_to_doctor"].sources | {RequestStatus.INFORMATION_ASKED}},
     ("pass_to_doctor", "information_asked", "triage")),
    ("escalate", {"sources": TRANSITIONS["escalate"].sources - {RequestStatus.INFORMATION_ASKED}},
     ("escalate", "information_asked", "triage")),
    ("mark_urgent", {"target": RequestStatus.WITH_DOCTOR}, ("mark_urgent", "with_doctor", "doctor")),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "change", "cell"), CHANGES, ids=[verb for verb, _, _ in CHANGES])
def test_a_changed_row_is_noticed(
    monkeypatch: pytest.MonkeyPatch, verb: str, change: dict[str, Any], cell: TransitionCell
) -> None:
    monkeypatch.setitem(TRANSITIONS, verb, dataclasses.replace(TRANSITIONS[verb], **change))
    assert cell in differing()


def test_a_verb_that_is_gone_or_new_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    # A table of its own: taking a row out and putting it back would change the order for the tests that follow.
    for verbs, cell in ((set(TRANSITIONS) - {"note"}, "note"), ({*TRANSITIONS, "reject"}, "reject")):
        table = {verb: dataclasses.replace(TRANSITIONS.get(verb, TRANSITIONS["note"]), verb=verb) for verb in verbs}
        with monkeypatch.context() as changed:
            changed.setattr("tests.consultations.test_workflow.TRANSITIONS", table)
            assert (cell, "received", "triage") in differing()


def test_every_status_is_open_or_closed() -> None:
    assert set(OPEN_STATUSES) | set(CLOSED_STATUSES) == set(RequestStatus)
    assert not set(OPEN_STATUSES) & set(CLOSED_STATUSES)


def test_the_vocabularies_are_those_of_the_table() -> None:
    assert set(RequestStatus) == set(workflow.ANY)
    assert set(Actor) - {Actor.SYSTEM} == {workflow.PATIENT, *workflow.STAFF}
    messages = {row.message for row in TRANSITIONS.values()} - {None}
    assert messages <= set(MessageKind)


def test_a_row_has_words_for_the_page_and_for_the_activity() -> None:
    for verb, row in TRANSITIONS.items():
        assert row.verb == verb
        assert row.label[0].isupper()
        assert row.past[0].islower()


def test_the_table_is_plain_data() -> None:
    """It is read without Django: by a tool, by the medical director's script, before there is a database."""
    code = "import sys, consultations.workflow; print([name for name in sys.modules if name.startswith('django')])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert told.stdout.strip() == "[]"
