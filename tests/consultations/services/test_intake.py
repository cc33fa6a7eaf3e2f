"""From the first answer to a request: every screen kept, every danger kept, one request per walk, or nothing."""

import datetime
import json
import re
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import audit, outbox
from clinic.core.models import AuditEvent, OutboxMessage
from clinic.core.notices import PRIVACY_NOTICE_VERSION
from consultations.candidacy import engine
from consultations.enums import CaseStatus, ConsentKind, MessageKind, Outcome, ResponseStatus
from consultations.models import (
    Assessment,
    Consent,
    ConsultationRequest,
    Patient,
    QuestionnaireResponse,
    SafetyCase,
)
from consultations.services import intake
from consultations.services.intake import AlreadySent, Contact, NotReady
from tests.consultations.views.conftest import OUTCOMES, ROUTINE
from tests.database_snapshot import all_rows
from tests.personas import close_case

pytestmark = pytest.mark.django_db
WORDINGS = {kind: f"I agree: {kind}" for kind in ConsentKind}
ALICE = Contact(
    name="Alice Winther", birth_on=datetime.date(1970, 3, 27), email="alice@example.com", phone="+12025550142"
)
ANSWERS = {
    name: int(value) if name in ("ab_age", "peg_p", "peg_e", "peg_g") else value for name, value in ROUTINE.items()
}
"""As the forms hand them over: numbers as numbers."""


def walked(**changes: Any) -> QuestionnaireResponse:
    response = intake.start()
    intake.save_answers(response=response, answers={**ANSWERS, **changes})
    return response


def ready(**changes: Any) -> QuestionnaireResponse:
    response = walked(**changes)
    intake.save_contact(response=response, contact=ALICE)
    return response


class TestSaveAnswers:
    def test_keeps_what_was_given_raw_and_screen_by_screen(self) -> None:
        response = intake.start()
        intake.save_answers(response=response, answers={"ab_age": " 56 "})
        intake.save_answers(response=response, answers={"rf_now": ["none", "made up"]})
        response.refresh_from_db()
        assert response.answers == {"ab_age": " 56 ", "rf_now": ["none", "made up"]}
        actions = AuditEvent.objects.about(response).values_list("action", "fields")
        assert list(actions) == [("response.start", []), ("response.save", ["ab_age"]), ("response.save", ["rf_now"])]

    def test_the_audit_trail_tells_of_the_contact_screen_and_of_nothing_on_it(self) -> None:
        response = intake.start()
        intake.save_contact(response=response, contact=ALICE)
        event = AuditEvent.objects.about(response).get(action="response.contact")
        assert (event.actor, event.fields, event.details) == ("patient", ["contact"], {})

    def test_no_answer_stands_in_the_audit_trail(self) -> None:
        intake.save_answers(response=intake.start(), answers={**ANSWERS, "ex_note": "My sister Ada had it."})
        written = json.dumps(list(AuditEvent.objects.values("details", "fields", "actor", "target_id")))
        assert "Ada" not in written
        assert "aspirin" not in written

    def test_a_sent_walk_is_frozen(self) -> None:
        response = ready()
        intake.send(response=response, wordings=WORDINGS)
        before = all_rows()
        with pytest.raises(AlreadySent):
            intake.save_answers(response=response, answers={"ab_age": "70"})
        with pytest.raises(AlreadySent):
            intake.save_contact(response=response, contact=ALICE)
        assert all_rows() == before

    @pytest.mark.parametrize("headline", ["EMERGENCY", "SAME_DAY"])
    def test_a_danger_is_a_case_with_its_assessment_at_once(self, nurse: User, headline: str) -> None:
        response = walked(**OUTCOMES[headline])
        case = SafetyCase.objects.get(response=response)
        assert (case.level, case.patient, case.owner) == (headline, None, nurse)
        assert Assessment.objects.get(response=response).outcome == headline

    def test_the_highest_headline_shown_stays_whatever_is_changed_afterwards(self, nurse: User) -> None:
        response = walked(**OUTCOMES["EMERGENCY"])
        for headline in ("SAME_DAY", "LIKELY_SUITABLE"):
            intake.save_answers(response=response, answers={**ANSWERS, **OUTCOMES[headline]})
        response.refresh_from_db()
        assert response.highest_outcome == Outcome.EMERGENCY
        assert SafetyCase.objects.get(response=response).level == Outcome.EMERGENCY

    def test_a_second_danger_raises_the_one_case(self, nurse: User) -> None:
        response = walked(**OUTCOMES["SAME_DAY"])
        intake.save_answers(response=response, answers=OUTCOMES["EMERGENCY"])
        case = SafetyCase.objects.get(response=response)
        assert case.level == Outcome.EMERGENCY
        assert [item.outcome for item in response.assessments.all()] == [Outcome.SAME_DAY, Outcome.EMERGENCY]

    def test_a_closed_case_opens_for_a_danger_that_was_not_named_before_and_for_no_other(self, nurse: User) -> None:
        response = walked(**OUTCOMES["EMERGENCY"])
        close_case(SafetyCase.objects.get(), by=nurse)
        for answers, status, kept in (
            ({"rf_now": ["chest"]}, CaseStatus.CLOSED, 1),
            ({"rf_now": ["chest", "belly"]}, CaseStatus.OPEN, 2),
            ({"rf_now": ["chest", "belly", "collapse"]}, CaseStatus.OPEN, 2),
        ):
            intake.save_answers(response=response, answers=answers)
            assert (SafetyCase.objects.get().status, Assessment.objects.count()) == (status, kept)

    def test_a_danger_and_its_answers_are_kept_together_or_not_at_all(
        self, nurse: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        response = intake.start()
        before = all_rows()
        monkeypatch.setattr(outbox, "enqueue", lambda **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            intake.save_answers(response=response, answers={**ANSWERS, **OUTCOMES["EMERGENCY"]})
        assert all_rows() == before


class TestSend:
    @pytest.mark.parametrize("headline", [name for name in OUTCOMES if name != "EMERGENCY"])
    def test_everything_a_request_needs_in_one_go(self, nurse: User, headline: str) -> None:
        response = ready(**OUTCOMES[headline], ex_note="  Ødegård’s words. ")
        consultation_request = intake.send(response=response, wordings=WORDINGS)
        response.refresh_from_db()
        assert response.status == ResponseStatus.COMPLETED
        assert response.contact == {}
        assert (consultation_request.outcome, consultation_request.highest_outcome, consultation_request.has_note) == (
            headline,
            headline,
            True,
        )
        assert (consultation_request.patient.name, consultation_request.patient.birth_on) == (
            ALICE.name,
            ALICE.birth_on,
        )
        assert {(item.kind, item.wording, item.notice_version) for item in Consent.objects.all()} == {
            (kind, text, PRIVACY_NOTICE_VERSION) for kind, text in WORDINGS.items()
        }
        mails = OutboxMessage.objects.filter(subject__consultation_request=consultation_request).values_list(
            "kind", flat=True
        )
        assert list(mails) == [MessageKind.REQUEST_RECEIVED]
        assert consultation_request.due_at > consultation_request.submitted_at
        assert audit.verify() == []

    def test_the_result_is_kept_as_computed_with_the_questions_as_asked(self) -> None:
        consultation_request = intake.send(response=ready(), wordings=WORDINGS)
        stored = consultation_request.assessment
        again = engine.assess(stored.record["answers"], version=stored.questionnaire_version)
        assert json.loads(stored.result) == json.loads(json.dumps(again.as_json()))
        asked = {item["id"]: item for item in stored.record["asked"]}
        assert set(again.visible) <= set(asked)
        assert all(item["text"] for item in asked.values())

    def test_twice_is_one_request(self) -> None:
        response = ready()
        first = intake.send(response=response, wordings=WORDINGS)
        before = all_rows()
        assert intake.send(response=response, wordings=WORDINGS) == first
        assert all_rows() == before

    def test_a_case_that_was_anonymous_gets_the_name(self, nurse: User) -> None:
        consultation_request = intake.send(response=ready(**OUTCOMES["SAME_DAY"]), wordings=WORDINGS)
        assert SafetyCase.objects.get().patient == consultation_request.patient

    def test_a_danger_taken_back_still_counts_in_the_queue(self, nurse: User) -> None:
        response = walked(**OUTCOMES["EMERGENCY"])
        intake.save_answers(response=response, answers={"rf_now": ["none"]})
        intake.save_contact(response=response, contact=ALICE)
        consultation_request = intake.send(response=response, wordings=WORDINGS)
        assert (consultation_request.outcome, consultation_request.highest_outcome) == (
            Outcome.LIKELY_SUITABLE,
            Outcome.EMERGENCY,
        )
        assert (consultation_request.risk, consultation_request.priority) == (0, "stat")
        assert consultation_request.is_blocked_by_flags

    def refused(self, response: QuestionnaireResponse, wordings: dict[ConsentKind, str]) -> str:
        before = all_rows()
        with pytest.raises(NotReady) as refusal:
            intake.send(response=response, wordings=wordings)
        assert all_rows() == before
        return str(refusal.value)

    def test_not_without_a_way_to_reach_the_person(self) -> None:
        assert "how to reach you" in self.refused(walked(), WORDINGS)

    @pytest.mark.parametrize("missing", ConsentKind)
    def test_not_without_every_consent(self, missing: ConsentKind) -> None:
        given = {kind: text for kind, text in WORDINGS.items() if kind != missing}
        assert "Tick every box" in self.refused(ready(), given)

    @pytest.mark.parametrize("stop", [OUTCOMES["EMERGENCY"], {"ab_age": 17}], ids=["emergency", "child"])
    def test_not_past_a_stop(self, nurse: User, stop: dict[str, Any]) -> None:
        assert "end here" in self.refused(ready(**stop), WORDINGS)

    @pytest.mark.parametrize("broken", ["_create_request", "make_patient", "_store_assessment"])
    def test_all_of_it_or_nothing(self, broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
        response = ready()
        before = all_rows()
        monkeypatch.setattr(intake, broken, lambda *args, **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            intake.send(response=response, wordings=WORDINGS)
        assert all_rows() == before

    def test_a_reference_that_is_taken_is_drawn_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        drawn = iter(["LS-AAAA-AA", "LS-AAAA-AA", "LS-BBBB-BB"])
        monkeypatch.setattr(intake, "_new_reference", lambda: next(drawn))
        assert intake.send(response=ready(), wordings=WORDINGS).reference == "LS-AAAA-AA"
        assert intake.send(response=ready(), wordings=WORDINGS).reference == "LS-BBBB-BB"
        assert ConsultationRequest.objects.count() == 2


def test_a_reference_is_short_enough_to_be_read_out_on_the_phone() -> None:
    reference = intake.send(response=ready(), wordings=WORDINGS).reference
    assert re.fullmatch(r"LS-[A-Z2-9]{4}-[A-Z2-9]{2}", reference), reference


class TestCallBack:
    def test_puts_a_name_to_the_case_and_tells_its_owner_once(self, nurse: User) -> None:
        response = walked(**OUTCOMES["EMERGENCY"])
        case = intake.ask_for_call_back(response=response, contact=ALICE)
        assert case.patient is not None
        assert case.patient.name == "Alice Winther"
        before = all_rows()
        intake.ask_for_call_back(response=response, contact=ALICE)
        assert all_rows() == before
        assert OutboxMessage.objects.filter(kind=MessageKind.STAFF_ALERT).count() == 2
        assert Patient.objects.count() == 1

    def test_opens_a_case_again_that_was_closed_while_nobody_could_be_called(self, nurse: User) -> None:
        response = walked(**OUTCOMES["EMERGENCY"])
        close_case(SafetyCase.objects.get(), by=nurse)
        intake.ask_for_call_back(response=response, contact=ALICE)
        case = SafetyCase.objects.get()
        assert (case.status, case.level) == (CaseStatus.OPEN, Outcome.EMERGENCY)
        assert AuditEvent.objects.filter(action="case.reopen").count() == 1
