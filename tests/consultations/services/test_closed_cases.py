"""What a closed case leaves, and what opens it again."""

import dataclasses
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core.models import AuditEvent, OutboxMessage
from clinic.core.refusals import NotAllowed
from consultations.enums import (
    Actor,
    CaseOutcome,
    CaseProof,
    CaseStatus,
    MessageKind,
    Outcome,
)
from consultations.models import Assessment, CaseClosing, SafetyCase
from consultations.services import case_closing, case_mails, case_proofs, cases, intake, notes
from consultations.services.case_proofs import OutcomeClaim, ProofMissing
from tests.consultations.services.conftest import HOUR, NOW, Ward
from tests.database_snapshot import all_rows
from tests.personas import close_case

pytestmark = pytest.mark.django_db


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
