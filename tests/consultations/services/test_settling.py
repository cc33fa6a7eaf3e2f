"""A red flag is lowered by a doctor only, sign by sign, on what shows it; a sign that it does not show stays."""

import dataclasses
import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from clinic.accounts.models import User
from clinic.core.models import AuditEvent
from clinic.core.refusals import ChangedMeanwhile, NotAllowed
from consultations.candidacy.union import Sign
from consultations.enums import AssessmentOrigin, CallOutcome, Outcome, RequestStatus, SettledHow
from consultations.models import Call, ConsultationRequest, SafetyCase, Settlement
from consultations.services import dangers, notes, persons, settling
from consultations.services.settling import NotShown, Proof
from consultations.services.transitions import lock
from tests.consultations.candidacy.test_asked_again import CLEAR
from tests.consultations.perform import perform
from tests.consultations.services.conftest import NOW
from tests.database_snapshot import all_rows
from tests.personas import MakeRequest, make_patient

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)
TODAY = datetime.date(2026, 11, 23)
EXAMINED = Proof(how=SettledHow.EXAMINED, who="Dr Halloran", place="Here", seen_on=TODAY)
ELSEWHERE = Proof(how=SettledHow.SEEN_ELSEWHERE, place="St. Mary", seen_on=TODAY, told_by="Letter of 23 November")
CHEST, FEVER, WEIGHT = Sign("rf_now", "chest"), Sign("rf_now", "fever"), Sign("rf_systemic", "weight_loss")
UNWELL = Sign("asked_again", "unwell")
ALL_ASKED = {name: value for name, value in CLEAR.items() if name.startswith("rf_") and value}
Make = Callable[..., ConsultationRequest]


@pytest.fixture
def told(make_request: MakeRequest) -> Make:
    """A request whose person ticked these when asked again."""

    def make(*codes: str, **more: Any) -> ConsultationRequest:
        record = {"answers": CLEAR, "cleaned": {}, "asked": []}
        consultation_request = make_request(answers=CLEAR, record=record, **more)
        tick(consultation_request, *codes)
        return consultation_request

    return make


def tick(consultation_request: ConsultationRequest, *codes: str) -> None:
    with transaction.atomic():
        fresh = lock(consultation_request)
        dangers.hear(
            response=fresh.response, consultation_request=fresh, origin=AssessmentOrigin.ASKED_AGAIN, ticks=codes
        )
    consultation_request.refresh_from_db()


def call(consultation_request: ConsultationRequest, by: User, at: datetime.datetime, **more: Any) -> Call:
    """A script that was ended; `answers` are those of the call, nothing was named in it."""
    values = {"outcome": CallOutcome.DANGER_ASKED, "answers": ALL_ASKED, "heard_at": at, "completed_at": at, **more}
    return Call.objects.create(response=consultation_request.response, made_at=at, made_by=by, **values)


def settle(
    consultation_request: ConsultationRequest, proof: Proof, *signs: Sign, by: User, seen: str = ""
) -> Settlement:
    key = seen or settling.told_of(consultation_request).key
    done = perform("settle", consultation_request, signs=signs, proof=proof, heard=key, by=by)
    consultation_request.refresh_from_db()
    return done.result


def open_signs(consultation_request: ConsultationRequest) -> set[Sign]:
    return set(settling.told_of(consultation_request).standing.open_signs)


class TestEachWay:
    @pytest.mark.parametrize("proof", [EXAMINED, ELSEWHERE], ids=["examined", "elsewhere"])
    def test_what_was_chosen_is_settled_and_the_rest_stays(self, told: Make, doctor: User, proof: Proof) -> None:
        consultation_request = told("chest", "weight_loss")
        settlement = settle(consultation_request, proof, CHEST, by=doctor)
        assert (settlement.how, settlement.signs, settlement.settled_by) == (proof.how, [list(CHEST)], doctor)
        assert open_signs(consultation_request) == {WEIGHT}
        assert (consultation_request.flag_level, consultation_request.risk, consultation_request.priority) == (
            "URGENT_REVIEW",
            2,
            "urgent",
        )
        assert consultation_request.danger_due_at is not None
        settle(consultation_request, proof, WEIGHT, by=doctor)
        assert open_signs(consultation_request) == set()
        assert (consultation_request.flag_level, consultation_request.risk, consultation_request.priority) == (
            "",
            6,
            "routine",
        )
        assert consultation_request.danger_due_at is None
        assert SafetyCase.objects.get().status == "open", "closing the case is an act of its own"
        event = AuditEvent.objects.filter(action="request.settle").last()
        assert event is not None
        assert (event.details["how"], event.details["signs"]) == (proof.how.value, 1)

    def test_spoken_to_settles_what_was_asked_again(self, told: Make, nurse: User, doctor: User) -> None:
        consultation_request = told("fever", "weight_loss")
        asked = call(consultation_request, nurse, NOW + HOUR, answers={"rf_now": ["none"]})
        proof = Proof(how=SettledHow.SPOKEN_TO, call=asked)
        settle(consultation_request, proof, FEVER, WEIGHT, by=doctor)
        assert open_signs(consultation_request) == {WEIGHT}

    def test_an_emergency_needs_the_call_of_the_doctor(self, told: Make, nurse: User, doctor: User) -> None:
        consultation_request = told("chest")
        for caller, is_settled in ((nurse, False), (doctor, True)):
            proof = Proof(how=SettledHow.SPOKEN_TO, call=call(consultation_request, caller, NOW + HOUR))
            if is_settled:
                settle(consultation_request, proof, CHEST, by=doctor)
            else:
                with pytest.raises(NotShown, match="the doctor who settles it makes the call"):
                    settle(consultation_request, proof, CHEST, by=doctor)
            assert (open_signs(consultation_request) == set()) == is_settled

    @pytest.mark.parametrize(("told_again", "is_settled"), [({"unwell": "no"}, True), ({}, False)])
    def test_of_a_tick_its_words_are_asked(
        self, told: Make, doctor: User, told_again: dict[str, str], is_settled: bool
    ) -> None:
        consultation_request = told("unwell")
        answers = {**ALL_ASKED, **({"asked_again": told_again} if told_again else {})}
        proof = Proof(how=SettledHow.SPOKEN_TO, call=call(consultation_request, doctor, NOW + HOUR, answers=answers))
        if is_settled:
            settle(consultation_request, proof, UNWELL, by=doctor)
        else:
            with pytest.raises(NotShown, match="not asked again"):
                settle(consultation_request, proof, UNWELL, by=doctor)
        assert (open_signs(consultation_request) == set()) == is_settled

    @pytest.mark.parametrize(("answer", "is_settled"), [("none", True), ("", False)])
    def test_of_an_unanswered_question_the_question_is_answered(
        self, make_request: MakeRequest, doctor: User, answer: str, is_settled: bool
    ) -> None:
        result = '{"fired":[{"id":"SYS-01","effect":"urgent","because":["rf_weak"]}],"scores":{}}'
        record = {"answers": {**CLEAR, "rf_weak": ""}, "cleaned": {}, "asked": []}
        consultation_request = make_request(outcome=Outcome.URGENT_REVIEW, result=result, record=record)
        sign = Sign("rf_weak", "")
        assert open_signs(consultation_request) == {sign}
        said = call(consultation_request, doctor, NOW + HOUR, answers={**ALL_ASKED, "rf_weak": answer})
        proof = Proof(how=SettledHow.SPOKEN_TO, call=said)
        if is_settled:
            settle(consultation_request, proof, sign, by=doctor)
        else:
            with pytest.raises(NotShown, match="not asked again"):
                settle(consultation_request, proof, sign, by=doctor)
        assert consultation_request.flag_level == ("" if is_settled else "URGENT_REVIEW")

    def test_what_was_shown_on_the_way_needs_everything_asked(self, make_request: MakeRequest, doctor: User) -> None:
        """The answers were changed after the danger page, so nobody knows which question it was."""
        consultation_request = make_request(outcome=Outcome.LIKELY_SUITABLE, highest_outcome=Outcome.SAME_DAY)
        (sign,) = open_signs(consultation_request)
        part = call(consultation_request, doctor, NOW + HOUR, answers={"rf_now": ["none"]})
        with pytest.raises(NotShown, match="not asked again"):
            settle(consultation_request, Proof(how=SettledHow.SPOKEN_TO, call=part), sign, by=doctor)
        whole = call(consultation_request, doctor, NOW + HOUR)
        settle(consultation_request, Proof(how=SettledHow.SPOKEN_TO, call=whole), sign, by=doctor)
        assert consultation_request.flag_level == ""

    def test_a_mistake_said_by_the_person_in_a_call(self, told: Make, nurse: User, doctor: User) -> None:
        consultation_request = told("chest")
        reached = call(
            consultation_request,
            nurse,
            NOW + HOUR,
            outcome=CallOutcome.REACHED_OTHER,
            answers={},
            heard_at=None,
            completed_at=None,
        )
        proof = Proof(how=SettledHow.MISTAKE, call=reached, words="Her grandson pressed it.")
        settle(consultation_request, proof, CHEST, by=doctor)
        assert open_signs(consultation_request) == set()

    def test_a_mistake_of_the_member_of_staff_who_entered_it(self, told: Make, nurse: User, doctor: User) -> None:
        consultation_request = told("none")
        with transaction.atomic():
            fresh = lock(consultation_request)
            dangers.hear(
                response=fresh.response, consultation_request=fresh, origin=AssessmentOrigin.CALL,
                said={"rf_now": ["chest"]}, asked_by=nurse,
            )  # fmt: skip
        consultation_request.refresh_from_db()
        assert consultation_request.flag_level == "EMERGENCY"
        other = Proof(how=SettledHow.MISTAKE, entered_by=doctor, words="Wrong line.")
        with pytest.raises(NotShown, match="for the person to say"):
            settle(consultation_request, other, CHEST, by=doctor)
        proof = dataclasses.replace(other, entered_by=nurse)
        with pytest.raises(NotShown, match="says so first"):
            settle(consultation_request, proof, CHEST, by=doctor)
        notes.add_to_case(case=SafetyCase.objects.get(), text="I took the wrong line.", says_mistake=True, by=nurse)
        settle(consultation_request, proof, CHEST, by=doctor)
        assert open_signs(consultation_request) == set()
        tick(consultation_request, "chest")
        with pytest.raises(NotShown, match="for the person to say"):
            settle(consultation_request, proof, CHEST, by=doctor)


class TestOfThatMomentOnly:
    def test_told_again_it_stands_again(self, told: Make, doctor: User) -> None:
        consultation_request = told("chest")
        settle(consultation_request, EXAMINED, CHEST, by=doctor)
        tick(consultation_request, "chest")
        assert open_signs(consultation_request) == {CHEST}
        assert (consultation_request.flag_level, consultation_request.risk) == ("EMERGENCY", 0)

    def test_what_is_told_while_the_page_is_open_is_not_settled_unseen(self, told: Make, doctor: User) -> None:
        consultation_request = told("chest")
        seen = settling.told_of(consultation_request).key
        tick(consultation_request, "fever")
        before = all_rows()
        with pytest.raises(ChangedMeanwhile, match="while your page was open"):
            settle(consultation_request, EXAMINED, CHEST, by=doctor, seen=seen)
        assert all_rows() == before

    @pytest.mark.parametrize(
        ("day", "phrase"), [(TODAY - datetime.timedelta(1), "later"), (TODAY + datetime.timedelta(1), "to come")]
    )
    def test_not_seen_before_it_was_told_nor_on_a_day_to_come(
        self, told: Make, doctor: User, day: datetime.date, phrase: str
    ) -> None:
        consultation_request = told("chest")
        for proof in (EXAMINED, ELSEWHERE):
            with pytest.raises(NotShown, match=phrase):
                settle(consultation_request, dataclasses.replace(proof, seen_on=day), CHEST, by=doctor)

    def test_not_by_a_call_before_it_or_one_in_which_it_was_said(self, told: Make, doctor: User) -> None:
        consultation_request = told("chest")
        earlier = Proof(how=SettledHow.SPOKEN_TO, call=call(consultation_request, doctor, NOW - HOUR))
        unended = Proof(
            how=SettledHow.SPOKEN_TO, call=call(consultation_request, doctor, NOW + HOUR, completed_at=None)
        )
        said = call(consultation_request, doctor, NOW, answers={**ALL_ASKED, "rf_now": ["chest"]})
        with transaction.atomic():
            fresh = lock(consultation_request)
            heard = dangers.hear(
                response=fresh.response, consultation_request=fresh, origin=AssessmentOrigin.CALL,
                said={"rf_now": ["chest"]}, asked_by=doctor,
            )  # fmt: skip
        Call.objects.filter(pk=said.pk).update(assessment=heard.assessment)
        said.refresh_from_db()
        for proof, phrase in (
            (earlier, "in that call, or later"),
            (unended, "not asked to the end"),
            (Proof(how=SettledHow.SPOKEN_TO, call=said), "in that call, or later"),
        ):
            with pytest.raises(NotShown, match=phrase):
                settle(consultation_request, proof, CHEST, by=doctor)

    def test_it_counts_for_the_other_requests_of_the_person(
        self, told: Make, make_request: MakeRequest, doctor: User, nurse: User
    ) -> None:
        consultation_request, other = told("chest"), make_request(patient=make_patient("Alice Winther"))
        persons.join(patient=consultation_request.patient, other=other.patient, reason="Same voice.", by=nurse)
        dangers.refresh(lock(consultation_request))
        other.refresh_from_db()
        assert other.flag_level == "EMERGENCY"
        settle(consultation_request, EXAMINED, CHEST, by=doctor)
        other.refresh_from_db()
        assert other.flag_level == ""


@pytest.mark.parametrize(
    ("proof", "phrase"),
    [
        (dataclasses.replace(EXAMINED, who=" "), "by whom"), (dataclasses.replace(EXAMINED, place=""), "where"),
        (dataclasses.replace(EXAMINED, seen_on=None), "date"), (dataclasses.replace(ELSEWHERE, told_by=""), "letter"),
        (dataclasses.replace(ELSEWHERE, place=""), "where"), (dataclasses.replace(ELSEWHERE, seen_on=None), "date"),
        (Proof(how=SettledHow.SPOKEN_TO), "the call"), (Proof(how=SettledHow.MISTAKE, words="So."), "Select one"),
    ],
)  # fmt: skip
def test_a_proof_that_lacks_a_part_settles_nothing(told: Make, doctor: User, proof: Proof, phrase: str) -> None:
    consultation_request = told("chest")
    before = all_rows()
    with pytest.raises(NotShown, match=phrase):
        settle(consultation_request, proof, CHEST, by=doctor)
    assert all_rows() == before


@pytest.mark.parametrize("group", ["triage", "manager"])
def test_nobody_but_a_doctor(told: Make, staff: Callable[[str], User], group: str) -> None:
    consultation_request, by = told("chest"), staff(group)
    before = all_rows()
    with pytest.raises(NotAllowed):
        settle(consultation_request, EXAMINED, CHEST, by=by)
    assert all_rows() == before


@pytest.mark.parametrize("status", list(RequestStatus))
def test_in_every_status(told: Make, doctor: User, status: RequestStatus) -> None:
    consultation_request = told("chest", status=status)
    for _ in range(2):
        settle(consultation_request, EXAMINED, CHEST, by=doctor)
    assert (consultation_request.flag_level, consultation_request.status) == ("", status)
    assert Settlement.objects.count() == 1
