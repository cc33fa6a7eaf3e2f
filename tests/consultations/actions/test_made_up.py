"""An action that the product does not have: its row and its module are all that it takes, from panel to audit trail."""

import dataclasses
from typing import Any

import pytest

from clinic.core import audit, permissions
from clinic.core.actions import NoData, perform_action
from clinic.core.models import AuditEvent, OutboxMessage
from clinic.core.refusals import ChangedMeanwhile, NotAllowed, TransitionNotAllowed, WrongStatus
from consultations.actions.base import ConsultationAction, Ctx, Message, StaffAction
from consultations.admin.audit import audit_labels
from consultations.enums import MessageKind, RequestStatus, TriageAction
from consultations.forms.staff import StepForm, text
from consultations.models import TriageDecision
from consultations.presenters.activity import activity
from consultations.services import messaging, triage
from consultations.services.transitions import WORKFLOW
from consultations.workflow import TRANSITIONS, TransitionRow
from tests.consultations.admin.conftest import act, page_of, text_of
from tests.database_snapshot import all_rows

pytestmark = pytest.mark.django_db
ROW = TransitionRow(
    verb="set_aside",
    sources=frozenset({"received", "urgent"}),
    target="information_asked",
    actors=frozenset({"triage"}),
    label="Set it aside",
    past="set it aside",
    message="question_asked",
)


class SetAsideForm(StepForm):
    why = text("Why can it wait?", required="Write why it can wait.")


@dataclasses.dataclass(frozen=True, slots=True)
class SetAsideData:
    why: str


class SetAside(StaffAction[SetAsideData, TriageDecision]):
    verb, data_class = "set_aside", SetAsideData
    position, form_class = 25, SetAsideForm
    button = "Set this request aside"
    done = "The request waits."

    def check(self, ctx: Ctx, data: SetAsideData) -> None:
        if data.why == "No reason.":
            raise TransitionNotAllowed("That is no reason.")

    def changes(self, ctx: Ctx, data: SetAsideData) -> dict[str, object]:
        return {"has_note": True}

    def perform(self, ctx: Ctx, data: SetAsideData) -> TriageDecision:
        ctx.details["words"] = len(data.why.split())
        return triage.record_decision(
            consultation_request=ctx.row, action=TriageAction.NOTE, note=data.why, by=ctx.person
        )

    def message(self, ctx: Ctx, data: SetAsideData, result: TriageDecision) -> Message:
        return Message(f"set-aside-{result.pk}")


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WORKFLOW, "actions", dict(WORKFLOW.actions))
    monkeypatch.setitem(TRANSITIONS, "set_aside", ROW)
    WORKFLOW.register(SetAside)


class TestOnThePages:
    def test_the_panel_offers_it_in_its_place_with_its_form(self, sign_in, nurse, doctor, alice):
        offered = sign_in(nurse).get(page_of(alice)).context["panel"].actions
        assert [item.name for item in offered][:3] == ["claim", "set_aside", "pass_to_doctor"]
        (mine,) = [item for item in offered if item.name == "set_aside"]
        assert (mine.label, mine.button, list(mine.form.fields)) == (
            "Set it aside",
            "Set this request aside",
            ["seen", "why"],
        )
        assert "set_aside" not in {item.name for item in sign_in(doctor).get(page_of(alice)).context["panel"].actions}

    def test_a_press_does_it_once_and_says_so(self, sign_in, nurse, alice):
        client = sign_in(nurse)
        page = act(client, alice, "set_aside", why="Waits for the letter of the surgeon.")
        assert "The request waits." in text_of(page)
        assert "set it aside, now “Waiting for the patient&#x27;s answer”" in text_of(page)
        again = act(client, alice, "set_aside", why="Waits for the letter of the surgeon.")
        assert "moved this request" not in text_of(again)
        alice.refresh_from_db()
        assert (alice.status, alice.has_note) == (RequestStatus.INFORMATION_ASKED, True)
        assert [decision.note for decision in TriageDecision.objects.all()] == ["Waits for the letter of the surgeon."]
        assert OutboxMessage.objects.get(subject__consultation_request=alice).kind == MessageKind.QUESTION_ASKED

    def test_what_is_missing_is_asked_for_at_the_field(self, sign_in, nurse, alice):
        page = act(sign_in(nurse), alice, "set_aside", why="")
        assert page.context["bound"]["set_aside"].errors["why"] == ["Write why it can wait."]

    def test_a_refusal_keeps_what_was_typed(self, sign_in, nurse, alice):
        page = act(sign_in(nurse), alice, "set_aside", why="No reason.")
        assert "That is no reason." in text_of(page)
        assert page.context["bound"]["set_aside"]["why"].value() == "No reason."


class TestOnRecord:
    def test_one_event_tells_who_did_what_to_what(self, nurse, alice):
        perform_action(SetAside(), alice, SetAsideData("Waits for a letter."), by=nurse)
        (event,) = AuditEvent.objects.about(alice)
        assert (event.action, event.actor_user, event.fields) == ("request.set_aside", nurse, ["has_note", "status"])
        assert event.details == {"from": "received", "to": "information_asked", "words": 4}
        assert audit.verify() == []

    def test_activity_and_audit_trail_have_its_words(self, nurse, alice):
        perform_action(SetAside(), alice, SetAsideData("Waits for a letter."), by=nurse)
        assert "Nora Adeyemi set it aside" in [entry.plain for entry in activity(alice)]
        assert audit_labels()["request.set_aside"] == "Request: set it aside"

    @pytest.mark.parametrize("failing", [(audit, "record"), (messaging, "notify_patient")], ids=["event", "message"])
    def test_it_is_whole_or_not_at_all(self, nurse, alice, monkeypatch, failing):
        def fail(*args: Any, **kwargs: Any) -> None:
            raise RuntimeError

        before = all_rows()
        monkeypatch.setattr(*failing, fail)
        with pytest.raises(RuntimeError):
            perform_action(SetAside(), alice, SetAsideData("Waits for a letter."), by=nurse)
        assert all_rows() == before

    def test_the_event_comes_after_what_it_records_and_before_the_message(self, nurse, alice, monkeypatch):
        order: list[str] = []
        for module, name in ((triage, "record_decision"), (audit, "record"), (messaging, "notify_patient")):
            real = getattr(module, name)
            monkeypatch.setattr(
                module, name, lambda real=real, name=name, **given: (order.append(name), real(**given))[1]
            )
        perform_action(SetAside(), alice, SetAsideData("Waits for a letter."), by=nurse)
        assert order == ["record_decision", "record", "notify_patient"]


class TestWhoAndWhen:
    def test_its_row_is_its_permission(self, nurse, doctor, alice):
        assert permissions.may(nurse, "consultations.set_aside", alice)
        assert not permissions.may(doctor, "consultations.set_aside", alice)

    @pytest.mark.parametrize("who", ["doctor", "patient"])
    def test_nobody_else_may(self, doctor, alice, who):
        before = all_rows()
        with pytest.raises(NotAllowed, match="“Set it aside” is not something your role may do"):
            perform_action(SetAside(), alice, SetAsideData("Why."), by=doctor if who == "doctor" else None)
        assert all_rows() == before

    def test_the_second_person_is_told_who_was_first(self, nurse, other_nurse, alice):
        perform_action(SetAside(), alice, SetAsideData("Waits."), by=nurse)
        before = all_rows()
        with pytest.raises(WrongStatus, match="Nora Adeyemi has moved this request to “Waiting for the patient's ans"):
            perform_action(SetAside(), alice, SetAsideData("Waits."), by=other_nurse)
        assert all_rows() == before

    def test_a_page_shown_before_a_change_changes_nothing(self, nurse, other_nurse, make_request):
        consultation_request = make_request(status=RequestStatus.URGENT)
        before = all_rows()
        with pytest.raises(ChangedMeanwhile, match="Someone moved this request to “Urgent: call the patient” while"):
            perform_action(SetAside(), consultation_request, SetAsideData("Waits."), by=nurse, seen="received")
        assert all_rows() == before


class TestRegister:
    def test_two_actions_of_one_name_are_refused(self):
        with pytest.raises(ValueError, match="two actions named “set_aside”"):
            WORKFLOW.register(SetAside)

    def test_an_action_without_a_row_is_refused(self):
        class Rowless(ConsultationAction[NoData, None]):
            verb, data_class = "jump_the_queue", NoData

            def perform(self, ctx: Ctx, data: NoData) -> None:
                return None

        with pytest.raises(ValueError, match="“jump_the_queue” has no row"):
            WORKFLOW.register(Rowless)

    def test_a_message_that_is_not_described_is_an_error(self, nurse, alice, monkeypatch):
        monkeypatch.delattr(SetAside, "message")
        before = all_rows()
        with pytest.raises(NotImplementedError, match="set_aside sends a message"):
            perform_action(SetAside(), alice, SetAsideData("Waits."), by=nurse)
        assert all_rows() == before
