"""A safety case is closed with an outcome and what shows it, and with nothing less."""

import dataclasses
import datetime
from collections.abc import Callable
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.models import AuditEvent, OutboxMessage
from clinic.core.refusals import NotAllowed, TransitionNotAllowed
from consultations.enums import (
    Actor,
    CallOutcome,
    CaseOutcome,
    CaseProof,
    CaseStatus,
    MessageKind,
    Outcome,
    SafeToContact,
    TextKind,
)
from consultations.models import Assessment, Call, CaseClosing, PatientText, SafetyCase
from consultations.models.case_closing import PROOFS
from consultations.services import case_closing, case_mails, case_proofs, cases, intake, notes, persons
from consultations.services.case_proofs import OutcomeClaim, ProofMissing
from tests.consultations.services.conftest import NOW
from tests.database_snapshot import all_rows, taken_back
from tests.mailbox import queue_directly
from tests.personas import MakeRequest, close_case, make_patient

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)

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


class Ward:
    """A case in which everything stands that one outcome rests on, and nothing else."""

    def __init__(self, make_request: MakeRequest, nurse: User, doctor: User) -> None:
        self.make_request, self.nurse, self.doctor = make_request, nurse, doctor

    def case(self, **kwargs: Any) -> SafetyCase:
        consultation_request = self.make_request(patient=make_patient(**kwargs), outcome=Outcome.EMERGENCY)
        return cases.open_case(
            response=consultation_request.response, level=Outcome.EMERGENCY, patient=consultation_request.patient
        )

    def call(
        self,
        case: SafetyCase,
        outcome: str = "danger_asked",
        *,
        after: datetime.timedelta = HOUR,
        ends: bool = True,
        answers: dict[str, Any] | None = None,
    ) -> Call:
        at = case.raised_at + after
        return Call.objects.create(
            response=case.response, outcome=outcome, made_at=at, made_by=self.nurse,
            heard_at=at if outcome == CallOutcome.DANGER_ASKED else None,
            completed_at=at if outcome == CallOutcome.DANGER_ASKED and ends else None,
            answers=answers or {"rf_now": ["chest"]} if outcome == CallOutcome.DANGER_ASKED else {},
        )  # fmt: skip

    def tries(self, case: SafetyCase, *hours: float, outcome: str = "not_reached") -> None:
        for hour in hours:
            self.call(case, outcome, after=hour * HOUR)

    def text(self, case: SafetyCase, *, is_read: bool = True) -> PatientText:
        at = case.raised_at + HOUR
        reading = {"read_at": at, "read_by": self.nurse} if is_read else {}
        return PatientText.objects.create(
            response=case.response, kind=TextKind.MESSAGE, text="I am home.", sent_at=at, due_at=at, **reading
        )

    def mails(self, case: SafetyCase, *days: int) -> None:
        consultation_request = case_proofs.request_of(case)
        assert consultation_request is not None
        for number, day in enumerate(days):
            key = f"{case.pk}-{number}"
            message = queue_directly(
                consultation_request=consultation_request, key=key, kind=MessageKind.PLEASE_CONTACT
            )
            OutboxMessage.objects.filter(pk=message.pk).update(sent_at=case.raised_at + datetime.timedelta(days=day))

    def proved(self, outcome: str, proof: str) -> tuple[SafetyCase, OutcomeClaim]:
        case = self.case(**PATIENTS.get(proof, {}))
        named = None
        if proof in ("call", "said_mistake"):
            named = self.call(case).pk
        elif proof == "refused":
            named = self.call(case, "reached_other").pk
        elif proof == "own_words":
            named = self.text(case).pk
        elif proof == "tries":
            self.tries(case, 0, 2, 4)
        elif proof == "mails":
            self.mails(case, 0, 1)
        elif proof == "no_name":
            SafetyCase.objects.filter(pk=case.pk).update(patient=None)
        elif proof == "open_case":
            other = self.case()
            persons.join(patient=case.patient, other=other.patient, reason="Same voice.", by=self.nurse)
            named = other.pk
        elif proof == "staff_mistake":
            self.call(case, "not_reached")
            named = notes.add_to_case(case=case, text="Wrong row.", says_mistake=True, by=self.nurse).pk
        letter = {"letter_from": "St Anne", "letter_on": clock.today()} if proof == "letter" else {}
        claim = OutcomeClaim(CaseOutcome(outcome), CaseProof(proof), named=named, words="As it was.", **letter)
        return SafetyCase.objects.get(pk=case.pk), claim


PATIENTS: dict[str, dict[str, str]] = {"mails": {"phone": ""}, "no_contact": {"phone": "", "email": ""}}


@pytest.fixture
def ward(make_request: MakeRequest, nurse: User, doctor: User) -> Ward:
    return Ward(make_request, nurse, doctor)


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


class TestDuplicate:
    def test_the_higher_level_moves_and_the_other_stays_open(self, ward: Ward, nurse: User) -> None:
        case, claim = ward.proved("duplicate", "open_case")
        SafetyCase.objects.filter(pk=claim.named).update(level="SAME_DAY", priority="asap")
        case_closing.close(case=case, claim=claim, by=nurse)
        other = SafetyCase.objects.get(pk=claim.named)
        assert (other.status, other.level) == (CaseStatus.OPEN, Outcome.EMERGENCY)

    def test_a_lower_level_changes_nothing_on_the_other(self, ward: Ward, nurse: User) -> None:
        case, claim = ward.proved("duplicate", "open_case")
        SafetyCase.objects.filter(pk=case.pk).update(level="SAME_DAY", priority="asap")
        before = SafetyCase.objects.filter(pk=claim.named).values().get()
        case_closing.close(case=case, claim=claim, by=nurse)
        assert SafetyCase.objects.filter(pk=claim.named).values().get() == before

    @pytest.mark.parametrize("wrong", ["closed", "somebody else", "itself"])
    def test_of_nothing_but_an_open_case_of_the_same_person(self, ward: Ward, nurse: User, wrong: str) -> None:
        case, claim = ward.proved("duplicate", "open_case")
        if wrong == "closed":
            close_case(SafetyCase.objects.get(pk=claim.named), by=nurse)
        named = {"closed": claim.named, "somebody else": ward.case().pk, "itself": case.pk}[wrong]
        with pytest.raises(ProofMissing):
            case_closing.close(case=case, claim=dataclasses.replace(claim, named=named), by=nurse)


class TestStale:
    @pytest.mark.parametrize("told", ["a danger", "a text", "nothing"])
    def test_what_came_in_after_the_page_keeps_it_open(self, ward: Ward, nurse: User, told: str) -> None:
        case = ward.case()
        seen = case_closing.state_of(case)
        if told == "a danger":
            cases.raise_level(case=case, level=Outcome.EMERGENCY) if told else None
            Assessment.objects.filter(response=case.response).update(revision=7)
        if told == "a text":
            ward.text(case)
        case.refresh_from_db()
        claim = OutcomeClaim(CaseOutcome.DIED, CaseProof.TOLD, words="Her son.")
        if told == "nothing":
            case_closing.close(case=case, claim=claim, by=nurse, seen=seen)
            return
        if told == "a danger":
            SafetyCase.objects.filter(pk=case.pk).update(alarmed_at=NOW + HOUR)
        with pytest.raises(case_closing.CaseChanged):
            case_closing.close(case=case, claim=claim, by=nurse, seen=seen)

    def test_the_second_is_told_who_was_first(self, ward: Ward, nurse: User, other_nurse: User) -> None:
        case = close_case(ward.case(), by=nurse)
        before = all_rows()
        with pytest.raises(cases.CaseClosed, match="Nora Adeyemi has closed this case"):
            close_case(case, by=other_nurse)
        assert all_rows() == before


class TestOpenedAgain:
    def test_by_staff_with_a_reason_it_alarms_and_keeps_how_it_was_closed(
        self, ward: Ward, nurse: User, other_nurse: User, time_machine: Any
    ) -> None:
        case = close_case(ward.case(), by=nurse, words="At St Anne.")
        time_machine.shift(HOUR)
        mails = OutboxMessage.objects.filter(kind=MessageKind.STAFF_ALERT).count()
        fresh = case_closing.reopen(case=case, reason="Her son called: she left.", by=other_nurse)
        assert (fresh.status, fresh.outcome, fresh.raised_at, fresh.acknowledged_at) == ("open", "", NOW + HOUR, None)
        assert OutboxMessage.objects.filter(kind=MessageKind.STAFF_ALERT).count() == mails + 1
        closing = CaseClosing.objects.get()
        assert (closing.words, closing.reopened_by, closing.reopened_words) == (
            "At St Anne.", other_nurse, "Her son called: she left.",
        )  # fmt: skip
        close_case(fresh, by=nurse, words="Seen now.")
        assert [item.words for item in CaseClosing.objects.all()] == ["At St Anne.", "Seen now."]
        assert AuditEvent.objects.about(case).filter(action="case.reopen").get().actor_user == other_nurse

    def test_an_open_case_and_an_editor_are_refused(self, ward: Ward, nurse: User, editor: User) -> None:
        case = ward.case()
        with pytest.raises(case_closing.NotClosed):
            case_closing.reopen(case=case, reason="x", by=nurse)
        close_case(case, by=nurse)
        before = all_rows()
        with pytest.raises(NotAllowed):
            case_closing.reopen(case=case, reason="x", by=editor)
        assert all_rows() == before

    def test_a_note_can_be_added_to_a_closed_case_and_once(self, ward: Ward, nurse: User, editor: User) -> None:
        case = close_case(ward.case(), by=nurse)
        for _ in range(2):
            notes.add_to_case(case=case, text="Her letter came.", by=nurse)
        assert [note.text for note in case.notes.all()] == ["Her letter came."]
        with pytest.raises(NotAllowed):
            notes.add_to_case(case=case, text="x", by=editor)


class TestAskingToContact:
    def test_once_a_day_and_neutral(self, ward: Ward, nurse: User, time_machine: Any) -> None:
        case = ward.case()
        assert case_mails.ask_to_contact(case=case, by=nurse)
        assert not case_mails.ask_to_contact(case=case, by=nurse)
        time_machine.shift(24 * HOUR)
        assert case_mails.ask_to_contact(case=case, by=nurse)
        assert AuditEvent.objects.about(case).filter(action="case.mail").count() == 2

    def test_not_without_an_address_or_a_request(self, ward: Ward, nurse: User) -> None:
        for case in (ward.case(email=""), cases.open_case(response=intake.start(), level=Outcome.EMERGENCY)):
            with pytest.raises(case_mails.NoMail):
                case_mails.ask_to_contact(case=case, by=nurse)


def test_closing_leaves_the_red_flag(ward: Ward, nurse: User) -> None:
    case = ward.case()
    consultation_request = case_proofs.request_of(case)
    assert consultation_request is not None
    consultation_request.flag_level = Outcome.EMERGENCY
    consultation_request.save()
    close_case(case, by=nurse)
    consultation_request.refresh_from_db()
    assert (consultation_request.flag_level, consultation_request.is_blocked_by_flags) == (Outcome.EMERGENCY, True)


def test_nobody_but_staff_is_an_actor_here() -> None:
    assert {actor for proofs in case_proofs.RULES.values() for who in proofs.values() for actor in who} == {
        Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER,
    }  # fmt: skip
