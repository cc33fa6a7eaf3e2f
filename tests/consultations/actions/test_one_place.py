"""An action stands in two places, its row and its module, and nothing else in the product knows its name."""

import ast
from pathlib import Path
from typing import Final

import pytest

import consultations
from clinic.core import permissions
from consultations import actions
from consultations.enums import Actor, RequestStatus
from consultations.presenters.action_panel import panel_entries
from consultations.services.transitions import WORKFLOW
from consultations.workflow import TRANSITIONS
from tests.consultations.transitions import VERBS, target

ROOT: Final = Path(consultations.__file__).parents[1]
EVERYDAY: Final = {"answer", "message", "note"}
"""Also the names of form fields, of parts of the questionnaire and of log records, so that they prove nothing."""
LISTED: Final = {
    "consultations/enums.py": {"ask", "escalate", "offer", "settle"},  # values of stored decisions
    "consultations/presenters/next_step.py": {"offer"},  # the name of a part of the private page
    "consultations/presenters/week_time.py": {"book", "move"},  # ids of the forms that a time is chosen in
    "consultations/services/contact_details.py": {"correct_email"},  # counts corrections for the sender's own page
    "consultations/services/scheduling/__init__.py": {"book", "move", "undo_cancel"},  # functions over slots
    "consultations/urls.py": {
        "correct_email",
        "leave_waiting_list",
        "undo_cancel",
        "withdraw",
    },  # names of pages, as in the next three
    "consultations/views/check_address.py": {"correct_email"},
    "consultations/views/check_lost.py": {"correct_email"},
    "consultations/views/check_required.py": {"correct_email"},
    "consultations/views/check_session.py": {"correct_email"},
}
SHARED: Final = {"__init__", "base", "ended_visit", "offered_time"}
OWN_MODULE: Final = {"answer_doctor": "answer"}
"""Two answers that differ in whom they go back to share a module."""


def names() -> set[str]:
    return {*WORKFLOW.actions, "decide"}


def module_of(name: str) -> str:
    return f"consultations/actions/{OWN_MODULE.get(name, name)}.py"


def strings_of(file: Path) -> set[str]:
    """Every string of a module that names an action, bare or as its audit code."""
    values = [node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant)]
    return {value.removeprefix("request.") for value in values if isinstance(value, str)} & names()


def test_every_action_has_a_row_and_every_row_an_action():
    verbs = {action.verb for action in WORKFLOW.actions.values()}
    assert verbs == set(TRANSITIONS), "each row of workflow.py needs a registered class in actions/, and the reverse"
    assert verbs == set(VERBS), "write its lines in tests/consultations/transitions.py"
    assert names() == {*VERBS, "answer_section", "ask_as_doctor", "book_offered", "decide", "move_offered"}


def test_every_action_has_a_module_of_its_own():
    modules = {file.stem for file in Path(actions.__file__).parent.glob("*.py")} - SHARED
    assert modules == names() - set(OWN_MODULE)
    for name in names():
        assert name in strings_of(ROOT / module_of(name))


def test_no_other_module_of_the_product_names_one():
    results: dict[str, set[str]] = {}
    for file in [*ROOT.glob("consultations/**/*.py"), *ROOT.glob("clinic/**/*.py")]:
        path = file.relative_to(ROOT).as_posix()
        own = {name for name in names() if module_of(name) == path}
        shared = {WORKFLOW.actions[name].verb for name in own & set(WORKFLOW.actions)}
        if path != "consultations/workflow.py" and "migrations" not in file.parts:
            results[path] = strings_of(file) - EVERYDAY - own - shared
    assert {path: named for path, named in results.items() if named} == LISTED


def test_no_data_is_an_open_dictionary():
    """What an action is given is a frozen class of its own, so that a wrong name is found before it runs."""
    for action in WORKFLOW.actions.values():
        assert action.data_class.__dataclass_params__.frozen
        assert action.data_class.__slots__ is not None


def test_everything_in_the_panel_says_what_it_is_called_and_how_it_ended():
    places = [entry.position for entry in panel_entries().values()]
    assert places == sorted(set(places)), "two actions have one position: choose a free one"
    assert list(panel_entries()) == [
        "claim", "release", "pass_to_doctor", "settle", "settle_escalation", "set_own_urgency", "decide",
        "order_booking", "ask", "offer_again", "invite_follow_up", "invite_after_advice", "book_offered",
        "move_offered", "book", "decline_offered_time", "move", "wait_for_earlier", "confirm_visit", "set_video_link",
        "complete",
        "mark_no_show", "note", "escalate", "take_back_escalation", "tell_needs", "ask_weekly", "choose_reminders",
        "leave_waiting_list", "correct_email", "expire_offer", "cancel_booking", "cancel_request", "undo_complete",
        "undo_no_show",
    ], "list the new action here, where its position puts it"  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("group", ["triage", "doctor", "manager", "editor"])
def test_a_permission_asked_with_the_row_says_what_the_table_says(staff, make_request, group):
    user, consultation_request = staff(group), make_request()
    actor = Actor(group) if group != "editor" else None
    for verb in VERBS:
        allowed = any(target(verb, status, actor) for status in RequestStatus)
        assert permissions.may(user, f"consultations.{verb}", consultation_request) == allowed
        assert (WORKFLOW.permitted([verb], by=user, row=consultation_request) == {verb}) == allowed


@pytest.mark.django_db
@pytest.mark.parametrize("group", [None, "triage", "doctor", "manager", "editor"])
def test_the_actions_of_a_status_are_those_of_the_table(staff, make_request, group):
    consultation_request, user = make_request(), staff(group) if group else None
    actor = Actor.PATIENT if group is None else Actor(group) if group != "editor" else None
    for status in RequestStatus:
        consultation_request.status = status
        possible = {action.verb for action in WORKFLOW.actions_for(consultation_request, by=user)}
        assert possible == {verb for verb in VERBS if target(verb, status, actor)}


@pytest.mark.django_db
def test_they_come_in_the_order_of_the_table(make_request):
    consultation_request = make_request(status=RequestStatus.OFFERED)
    possible = [action.name for action in WORKFLOW.actions_for(consultation_request, by=None)]
    assert possible == [
        "correct_email", "book", "book_offered", "undo_cancel", "withdraw", "message", "answer_again",
        "answer_section", "ask_weekly", "tell_needs", "choose_reminders", "wait_for_earlier", "leave_waiting_list",
        "decline_offered_time",
    ]  # fmt: skip
