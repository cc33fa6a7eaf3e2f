"""A safety case is closed with an outcome and what shows it, and with nothing less."""

import dataclasses
import datetime
from collections.abc import Callable
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.models import AuditEvent
from clinic.core.refusals import NotAllowed, TransitionNotAllowed
from consultations.enums import (
    CaseOutcome,
    CaseProof,
    CaseStatus,
    Outcome,
    SafeToContact,
)
from consultations.models import Call, CaseClosing, SafetyCase
from consultations.models.case_closing import PROOFS
from consultations.services import case_closing, case_proofs, cases, intake, notes
from consultations.services.case_proofs import OutcomeClaim, ProofMissing
from tests.consultations.services.conftest import HOUR, NOW, Ward
from tests.database_snapshot import all_rows, taken_back

pytestmark = pytest.mark.django_db

WHO_MAY = {
    ("went_for_care", "call"): "triage doctor manager",
    ("went_for_care", "letter"): "triage doctor manager",
    ("went_for_care", "own_words"): "triage doctor manager",
    ("no_emergency_found", "call"): "doctor",
    ("no_emergency_found", "letter"): "doctor",
    ("seen_elsewhere", "call"): "triage doctor manager",
    ("seen_elsewhere", "letter"): "triage doctor manager",
    ("seen_elsewhere", "own_words"): "triage doctor manager",
    ("declined_advice", "call"): "triage doctor manager",
    ("declined_advice", "refused"): "doctor",
    ("not_reached", "tries"): "triage doctor manager",
    ("not_reached", "mails"): "triage doctor manager",
    ("no_way_to_reach", "no_name"): "triage doctor manager",
    ("no_way_to_reach", "no_contact"): "doctor",
    ("duplicate", "open_case"): "triage doctor manager",
    ("died", "told"): "triage doctor manager",
    ("entered_by_mistake", "said_mistake"): "doctor",
    ("entered_by_mistake", "staff_mistake"): "doctor",
}
"""Outcome and proof -> who may close with it. Every other pair is refused."""

Stage = Callable[[], tuple[SafetyCase, OutcomeClaim]]


def test_the_table_is_this_one() -> None:
    table = {
        (outcome.value, proof.value): {str(actor) for actor in actors}
        for outcome, proofs in case_proofs.RULES.items()
        for proof, actors in proofs.items()
    }
    assert table == {pair: set(who.split()) for pair, who in WHO_MAY.items()}
    assert {outcome: tuple(proofs) for outcome, proofs in case_proofs.RULES.items()} == PROOFS
    assert set(case_proofs.RULES) == set(CaseOutcome)


def later(time_machine: Any) -> None:
    """Thursday, 12:00: everything that was staged is in the past, and two working days are over."""
    time_machine.move_to(NOW + datetime.timedelta(days=3, hours=2), tick=False)


@pytest.mark.parametrize("outcome", CaseOutcome)
def test_every_row_closes_for_who_may_and_for_nobody_else(
    ward: Ward, staff: Any, time_machine: Any, outcome: CaseOutcome
) -> None:
    for proof in CaseProof:
        who = WHO_MAY.get((outcome.value, proof.value), "").split()
        time_machine.move_to(NOW, tick=False)
        with taken_back():
            case, claim = ward.proved(outcome.value, proof.value)
            later(time_machine)
            if proof == CaseProof.LETTER:
                claim = dataclasses.replace(claim, letter_on=clock.today())
            for group in ("editor", "triage", "doctor", "manager"):
                with taken_back():
                    closes_if(group in who, SafetyCase.objects.get(pk=case.pk), claim, staff(group))


def closes_if(is_allowed: bool, case: SafetyCase, claim: OutcomeClaim, by: User) -> None:
    if not is_allowed:
        with pytest.raises(NotAllowed):
            case_closing.close(case=case, claim=claim, by=by)
        assert not CaseClosing.objects.filter(case=case).exists()
        return
    closing = case_closing.close(case=case, claim=claim, by=by)
    case.refresh_from_db()
    assert (case.status, case.outcome, closing.proof) == (CaseStatus.CLOSED, claim.outcome, claim.proof)
    assert closing.words == "As it was."
    assert AuditEvent.objects.about(case).order_by("sequence").last().action == "case.close"


class TestProof:
    """What is missing by a hair is missing."""

    def refused(self, case: SafetyCase, claim: OutcomeClaim, by: User, why: str) -> None:
        before = all_rows()
        with pytest.raises(ProofMissing, match=why):
            case_closing.close(case=SafetyCase.objects.get(pk=case.pk), claim=claim, by=by)
        assert all_rows() == before

    def test_a_call_before_the_case_or_not_ended_or_about_another_matter(
        self, ward: Ward, nurse: User, time_machine: Any
    ) -> None:
        case = ward.case()
        calls = [
            ward.call(case, after=-HOUR), ward.call(case, ends=False), ward.call(case, "reached_other"),
            ward.call(ward.case()), ward.call(case, answers={"rf_ce": ["none"]}),
        ]  # fmt: skip
        later(time_machine)
        for call in calls:
            self.refused(
                case, OutcomeClaim(CaseOutcome.WENT_FOR_CARE, CaseProof.CALL, named=call.pk), nurse, "No call with"
            )
        time_machine.move_to(NOW, tick=False)
        good = ward.call(case)
        later(time_machine)
        wrong = OutcomeClaim(CaseOutcome.WENT_FOR_CARE, CaseProof.CALL, named=calls[0].pk)
        self.refused(case, wrong, nurse, "does not stand any more")
        case_closing.close(case=case, claim=dataclasses.replace(wrong, named=good.pk), by=nurse)

    def test_a_call_that_had_ended_before_more_was_told(self, ward: Ward, doctor: User, time_machine: Any) -> None:
        """Heard in the very call, it is answered there."""
        case = ward.case()
        before = ward.call(case, after=HOUR)
        time_machine.move_to(NOW + 2 * HOUR, tick=False)
        cases.raise_level(case=SafetyCase.objects.get(pk=case.pk), level=Outcome.EMERGENCY)
        claim = OutcomeClaim(CaseOutcome.NO_EMERGENCY_FOUND, CaseProof.CALL, named=before.pk)
        self.refused(SafetyCase.objects.get(pk=case.pk), claim, doctor, "or more was told")
        Call.objects.filter(pk=before.pk).update(completed_at=NOW + 2 * HOUR)
        assert case_closing.close(case=case, claim=claim, by=doctor).call_id == before.pk

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"letter_from": " "}, "where the letter is from"),
            ({"letter_on": None}, "the date of the letter"),
            ({"letter_on": NOW.date() - datetime.timedelta(days=1)}, "older than the case"),
            ({"letter_on": NOW.date() + datetime.timedelta(days=1)}, "in the future"),
            ({"words": " "}, "what the letter says"),
        ],
    )
    def test_a_letter_says_where_from_when_and_what(
        self, ward: Ward, nurse: User, change: dict[str, Any], why: str
    ) -> None:
        case, claim = ward.proved("went_for_care", "letter")
        self.refused(case, dataclasses.replace(claim, **change), nurse, why)

    @pytest.mark.parametrize(
        ("outcome", "proof", "why"),
        [
            ("declined_advice", "call", "what was advised"),
            ("died", "told", "who told us"),
            ("entered_by_mistake", "said_mistake", "entered by mistake"),
        ],
    )
    def test_words_where_only_words_can_say_it(
        self, ward: Ward, doctor: User, time_machine: Any, outcome: str, proof: str, why: str
    ) -> None:
        case, claim = ward.proved(outcome, proof)
        later(time_machine)
        self.refused(case, dataclasses.replace(claim, words=""), doctor, why)

    def test_words_of_the_person_that_nobody_has_read(self, ward: Ward, nurse: User, time_machine: Any) -> None:
        case = ward.case()
        text = ward.text(case, is_read=False)
        later(time_machine)
        claim = OutcomeClaim(CaseOutcome.SEEN_ELSEWHERE, CaseProof.OWN_WORDS, named=text.pk)
        self.refused(case, claim, nurse, "has been read")

    @pytest.mark.parametrize(
        ("hours", "counted"),
        [((0, 2), 2), ((0, 0.2, 0.4), 1), ((0.9, 1.1, 2.2), 2), ((0, 24, 48), 1), ((0, 1, 2), 3), ((0, 26, 52), 3)],
    )
    def test_tries_are_at_different_hours(
        self, ward: Ward, nurse: User, time_machine: Any, hours: tuple[float, ...], counted: int
    ) -> None:
        case = ward.case()
        ward.tries(case, *hours)
        later(time_machine)
        assert case_proofs.evidence_of(case).tries == counted
        claim = OutcomeClaim(CaseOutcome.NOT_REACHED, CaseProof.TRIES)
        if counted < 3:
            self.refused(case, claim, nurse, f"{counted} of 3 tries")
        else:
            assert case_closing.close(case=case, claim=claim, by=nurse).tries == 3

    @pytest.mark.parametrize("outcome", ["voicemail", "wrong_number", "someone_else"])
    def test_a_wrong_number_a_voicemail_and_someone_else_are_tries(self, ward: Ward, outcome: str) -> None:
        case = ward.case()
        ward.tries(case, 0, 2, outcome=outcome)
        assert case_proofs.evidence_of(case).tries == 2

    def test_tries_count_from_when_the_person_was_last_reached(self, ward: Ward) -> None:
        case = ward.case()
        ward.tries(case, 0, 2)
        ward.call(case, "reached_other", after=3 * HOUR)
        ward.tries(case, 4)
        assert case_proofs.evidence_of(case).tries == 1

    def test_mails_only_for_who_has_no_phone_or_must_not_be_called(
        self, ward: Ward, nurse: User, time_machine: Any
    ) -> None:
        claim = OutcomeClaim(CaseOutcome.NOT_REACHED, CaseProof.MAILS)
        with_phone, quiet = ward.case(), ward.case(safe_to_contact=SafeToContact.EMAIL_ONLY)
        for case in (with_phone, quiet):
            ward.mails(case, 0, 1)
        later(time_machine)
        self.refused(with_phone, claim, nurse, "by email only")
        assert case_closing.close(case=quiet, claim=claim, by=nurse).mails == 2

    @pytest.mark.parametrize(
        ("days", "now", "why"),
        [
            ((0,), 3, "1 of 2 emails"),
            ((0, 0), 3, "1 of 2 emails"),
            ((5, 6), 8, "0 of 2 emails"),
            ((0, 1), 1, "not over"),
        ],
    )
    def test_two_mails_over_two_working_days(
        self, ward: Ward, nurse: User, time_machine: Any, days: tuple[int, ...], now: int, why: str
    ) -> None:
        case = ward.case(phone="")
        ward.mails(case, *days)
        time_machine.move_to(NOW + datetime.timedelta(days=now), tick=False)
        self.refused(case, OutcomeClaim(CaseOutcome.NOT_REACHED, CaseProof.MAILS), nurse, why)

    def test_a_phone_or_an_address_is_a_way(self, ward: Ward, doctor: User) -> None:
        claim = OutcomeClaim(CaseOutcome.NO_WAY_TO_REACH, CaseProof.NO_CONTACT)
        for way in ({"phone": ""}, {"email": ""}, {}):
            self.refused(ward.case(**way), claim, doctor, "There is a phone number or an email address")

    def test_contact_details_that_may_still_be_sent_are_waited_for(
        self, nurse: User, doctor: User, time_machine: Any
    ) -> None:
        response = intake.start()
        case = cases.open_case(response=response, level=Outcome.EMERGENCY)
        contact = intake.Contact(name="Al", birth_on=datetime.date(1970, 3, 27), email="a@example.com", phone="")
        intake.save_contact(response=response, contact=contact)
        nobody = OutcomeClaim(CaseOutcome.NO_WAY_TO_REACH, CaseProof.NO_NAME)
        self.refused(case, nobody, nurse, "may still be sent")
        time_machine.move_to(case.due_at, tick=False)
        self.refused(case, nobody, nurse, "so a doctor closes it")
        case_closing.close(case=case, claim=OutcomeClaim(CaseOutcome.NO_WAY_TO_REACH, CaseProof.NO_CONTACT), by=doctor)

    def test_who_entered_it_cannot_confirm_it_as_well(self, ward: Ward, doctor: User, other_doctor: User) -> None:
        case = ward.case()
        Call.objects.create(response=case.response, outcome="not_reached", made_at=NOW, made_by=doctor)
        note = notes.add_to_case(case=case, text="Wrong row.", says_mistake=True, by=doctor)
        claim = OutcomeClaim(CaseOutcome.MISTAKE, CaseProof.STAFF_MISTAKE, named=note.pk, words="Wrong row.")
        self.refused(case, claim, doctor, "cannot confirm it as well")
        assert case_closing.close(case=case, claim=claim, by=other_doctor).statement == note

    def test_only_who_entered_something_says_that_it_was_a_mistake(self, ward: Ward, nurse: User, doctor: User) -> None:
        case = ward.case()
        with pytest.raises(TransitionNotAllowed, match="You entered nothing"):
            notes.add_to_case(case=case, text="Wrong.", says_mistake=True, by=nurse)
        ward.call(case)
        assert notes.add_to_case(case=case, text="Wrong.", says_mistake=True, by=nurse).says_mistake
