"""The day after a case was closed, a person with an address is asked how it went; who was not seen is a case again."""

import datetime
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import delivery
from clinic.core.models import AuditEvent, OutboxMessage
from consultations.enums import CaseOutcome, CaseProof, CaseStatus, MessageKind, NextDayAnswer, Outcome, SafeToContact
from consultations.models import Assessment, CaseClosing, ConsultationRequest, PatientText, RuleAnswer, SafetyCase
from consultations.services import case_closing, case_mails, cases
from consultations.services.case_proofs import OutcomeClaim
from tests.consultations.services.conftest import NOW
from tests.database_snapshot import all_rows, store
from tests.mailbox import write
from tests.personas import MakeRequest, close_case, make_patient

pytestmark = pytest.mark.django_db
TOMORROW_AT_TEN = datetime.datetime(2026, 11, 24, 15, 0, tzinfo=datetime.UTC)
SERIOUS = '{"fired":[{"id":"RF-CE-01","effect":"emergency","because":["rf_ce"]},{"id":"N-1","effect":"note","because":[]}],"scores":{}}'  # noqa: E501


def closed(make_request: MakeRequest, nurse: User, **patient: Any) -> tuple[ConsultationRequest, CaseClosing]:
    consultation_request = make_request(patient=make_patient(**patient), outcome=Outcome.EMERGENCY, result=SERIOUS)
    case = cases.open_case(
        response=consultation_request.response, level=Outcome.EMERGENCY, patient=consultation_request.patient
    )
    close_case(case, by=nurse)
    return consultation_request, CaseClosing.objects.get(case=case)


def answer(
    consultation_request: ConsultationRequest, closing: CaseClosing, given: str, text: str = "", once: str = ""
) -> None:
    case_mails.answer_next_day(
        consultation_request=consultation_request, closing=closing.pk, answer=NextDayAnswer(given), text=text, once=once
    )


class TestTheQuestion:
    def test_goes_out_the_next_day_once_and_says_nothing_about_health(
        self, make_request: MakeRequest, nurse: User, mailoutbox: list[Any], time_machine: Any
    ) -> None:
        consultation_request, closing = closed(make_request, nurse)
        assert closing.asked_for == TOMORROW_AT_TEN
        delivery.deliver_due()
        assert not [mail for mail in mailoutbox if mail.to == ["alice@example.com"]]
        assert case_mails.open_question(consultation_request) is None
        time_machine.move_to(TOMORROW_AT_TEN, tick=False)
        for _ in range(2):
            delivery.deliver_due()
        (mail,) = [mail for mail in mailoutbox if mail.to == ["alice@example.com"]]
        assert mail.subject == f"Your request {consultation_request.reference}: a short question"
        for word in ("seen", "hospital", "safety", "case", "worse", "chest"):
            assert word not in mail.body.lower()
        assert case_mails.open_question(consultation_request) == closing

    def test_a_change_of_the_clocks_leaves_it_at_ten(
        self, make_request: MakeRequest, nurse: User, time_machine: Any
    ) -> None:
        time_machine.move_to(datetime.datetime(2027, 3, 13, 22, 0, tzinfo=datetime.UTC), tick=False)
        _, closing = closed(make_request, nurse)
        assert closing.asked_for == datetime.datetime(2027, 3, 14, 14, 0, tzinfo=datetime.UTC)

    @pytest.mark.parametrize("missing", [{"email": ""}, {"birth_on": None}])
    def test_needs_an_address_and_a_date_of_birth(
        self, make_request: MakeRequest, nurse: User, missing: dict[str, Any]
    ) -> None:
        _, closing = closed(make_request, nurse, **missing)
        assert closing.asked_for is None
        assert not OutboxMessage.objects.filter(kind=MessageKind.NEXT_DAY_QUESTION).exists()

    @pytest.mark.parametrize("safe", SafeToContact)
    def test_email_is_safe_for_everybody_who_gave_it(
        self, make_request: MakeRequest, nurse: User, safe: SafeToContact
    ) -> None:
        assert closed(make_request, nurse, safe_to_contact=safe)[1].asked_for == TOMORROW_AT_TEN

    @pytest.mark.parametrize(("outcome", "proof"), [("died", "told"), ("not_reached", "mails")])
    def test_not_after_other_outcomes(
        self, make_request: MakeRequest, nurse: User, time_machine: Any, outcome: str, proof: str
    ) -> None:
        consultation_request = make_request(patient=make_patient(phone=""), outcome=Outcome.EMERGENCY)
        case = cases.open_case(
            response=consultation_request.response, level=Outcome.EMERGENCY, patient=consultation_request.patient
        )
        if proof == "mails":
            for day in (0, 1):
                time_machine.move_to(NOW + datetime.timedelta(days=day), tick=False)
                case_mails.ask_to_contact(case=case, by=nurse)
                OutboxMessage.objects.filter(sent_at=None).update(sent_at=NOW + datetime.timedelta(days=day))
            time_machine.move_to(NOW + datetime.timedelta(days=3), tick=False)
        closing = case_closing.close(
            case=case, claim=OutcomeClaim(CaseOutcome(outcome), CaseProof(proof), words="Her son."), by=nurse
        )
        assert closing.asked_for is None

    @pytest.mark.parametrize("undone", ["opened again", "answered"])
    def test_is_not_sent_once_nobody_needs_the_answer(
        self, make_request: MakeRequest, nurse: User, mailoutbox: list[Any], time_machine: Any, undone: str
    ) -> None:
        _, closing = closed(make_request, nurse)
        if undone == "opened again":
            case_closing.reopen(case=closing.case, reason="She left.", by=nurse)
        else:
            store(CaseClosing, closing.pk, answer="seen_nothing", answered_at=NOW)
        time_machine.move_to(TOMORROW_AT_TEN, tick=False)
        delivery.deliver_due()
        assert not [mail for mail in mailoutbox if mail.to == ["alice@example.com"]]


class TestTheAnswer:
    @pytest.fixture
    def asked(
        self, make_request: MakeRequest, nurse: User, time_machine: Any
    ) -> tuple[ConsultationRequest, CaseClosing]:
        result = closed(make_request, nurse)
        time_machine.move_to(TOMORROW_AT_TEN, tick=False)
        return result

    @pytest.mark.parametrize("given", ["not_seen", "worse"])
    def test_not_seen_or_worse_opens_the_case_and_sounds_the_alarm(self, asked: Any, nurse: User, given: str) -> None:
        consultation_request, closing = asked
        before = OutboxMessage.objects.filter(kind=MessageKind.STAFF_ALERT).count()
        answer(consultation_request, closing, given, "They sent me home.", "a page")
        case = SafetyCase.objects.get()
        assert (case.status, case.level, case.raised_at) == (CaseStatus.OPEN, Outcome.EMERGENCY, TOMORROW_AT_TEN)
        assert OutboxMessage.objects.filter(kind=MessageKind.STAFF_ALERT).count() == before + 1
        fresh = CaseClosing.objects.get()
        assert (fresh.answer, fresh.reopened_for, fresh.reopened_by) == (given, "answered", None)
        text = PatientText.objects.get()
        assert (text.text, text.kind) == ("They sent me home.", "next_day")
        assert text.due_at is not None
        assert AuditEvent.objects.about(case).filter(action="case.answer").get().details == {"closing": closing.pk}

    @pytest.mark.parametrize("given", ["seen_treated", "seen_other", "seen_nothing"])
    def test_the_rest_is_counted_by_rule_and_leaves_the_case_closed(self, asked: Any, given: str) -> None:
        consultation_request, closing = asked
        for _ in range(2):
            answer(consultation_request, closing, given)
        assert list(RuleAnswer.objects.values_list("rule", "answer", "number")) == [("RF-CE-01", given, 1)]
        assert SafetyCase.objects.get().status == CaseStatus.CLOSED

    def test_a_second_press_is_the_same_answer(self, asked: Any) -> None:
        consultation_request, closing = asked
        answer(consultation_request, closing, "worse", "It hurts.", "a page")
        before = all_rows()
        answer(consultation_request, closing, "worse", "It hurts.", "a page")
        assert all_rows() == before

    def test_another_answer_changes_nothing_but_worse_always_counts(self, asked: Any) -> None:
        consultation_request, closing = asked
        answer(consultation_request, closing, "seen_nothing")
        before = all_rows()
        with pytest.raises(case_mails.NotAsked):
            answer(consultation_request, closing, "seen_other")
        assert all_rows() == before
        answer(consultation_request, closing, "worse")
        assert SafetyCase.objects.get().status == CaseStatus.OPEN
        assert RuleAnswer.objects.get().answer == "seen_nothing"

    def test_worse_counts_when_staff_have_opened_the_case_meanwhile(
        self, asked: Any, nurse: User, time_machine: Any
    ) -> None:
        consultation_request, closing = asked
        case_closing.reopen(case=closing.case, reason="Her son called.", by=nurse)
        cases.acknowledge(case=closing.case, by=nurse)
        time_machine.shift(60)
        with pytest.raises(case_mails.NotAsked):
            answer(consultation_request, closing, "seen_nothing")
        answer(consultation_request, closing, "worse")
        case = SafetyCase.objects.get()
        assert (case.status, case.acknowledged_at) == (CaseStatus.OPEN, None)

    def test_of_another_request_nobody_is_asked(self, asked: Any, make_request: MakeRequest) -> None:
        other = make_request()
        with pytest.raises(case_mails.NotAsked):
            answer(other, asked[1], "worse")

    def test_what_cannot_be_read_is_counted_by_no_rule_and_loses_no_answer(self, asked: Any) -> None:
        consultation_request, closing = asked
        Assessment.objects.filter(response=consultation_request.response).update(content_hash="1" * 64)
        Assessment._base_manager.filter(response=consultation_request.response).update(ruleset_version="0")
        store(Assessment, Assessment.objects.get().pk, result="no json")
        answer(consultation_request, closing, "not_seen")
        assert SafetyCase.objects.get().status == CaseStatus.OPEN
        assert not RuleAnswer.objects.exists()


def test_the_mail_that_asks_to_contact_us_says_nothing_about_health(make_request: MakeRequest, nurse: User) -> None:
    consultation_request = make_request(outcome=Outcome.EMERGENCY)
    case = cases.open_case(
        response=consultation_request.response, level=Outcome.EMERGENCY, patient=consultation_request.patient
    )
    case_mails.ask_to_contact(case=case, by=nurse)
    letter = write(OutboxMessage.objects.get(kind=MessageKind.PLEASE_CONTACT))
    assert "We would like to speak to you about your request." in letter.text
    for word in ("safety", "danger", "hospital", "symptom", "chest"):
        assert word not in letter.text.lower()
