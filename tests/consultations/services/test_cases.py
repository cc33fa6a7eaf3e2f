"""Safety cases: whoever was shown EMERGENCY or SAME_DAY has an owner and a due time, and is not forgotten."""

import datetime
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core.models import AuditEvent, OutboxMessage
from clinic.core.refusals import NotAllowed
from consultations.candidacy import outcomes
from consultations.enums import CaseStatus, MessageKind, Outcome
from consultations.models import SafetyCase
from consultations.services import cases, intake
from tests.consultations.services.conftest import NOW
from tests.consultations.services.test_transitions import Staff
from tests.database_snapshot import all_rows
from tests.personas import close_case, make_user

pytestmark = pytest.mark.django_db
TEN_MINUTES = datetime.timedelta(minutes=10)


def open_case(level: Outcome = Outcome.EMERGENCY) -> SafetyCase:
    return cases.open_case(response=intake.start(), level=level)


def alerts() -> list[str]:
    return [item.recipient for item in OutboxMessage.objects.filter(kind=MessageKind.STAFF_ALERT).order_by("pk")]


class TestTheOwner:
    def test_is_whoever_of_triage_has_least_to_do(self, nurse: User, other_nurse: User, doctor: User) -> None:
        owners = [open_case().owner for _ in range(3)]
        assert owners == [nurse, other_nurse, nurse]
        close_case(SafetyCase.objects.filter(owner=nurse)[0], by=nurse, words="Reached.")
        close_case(SafetyCase.objects.filter(owner=nurse, closed_at=None)[0], by=nurse, words="Reached.")
        assert open_case().owner == nurse

    @pytest.mark.parametrize("gone", ["is_active", "is_staff"])
    def test_is_never_somebody_who_left(self, nurse: User, other_nurse: User, gone: str) -> None:
        setattr(nurse, gone, False)
        nurse.save()
        assert open_case().owner == other_nurse

    def test_is_a_doctor_or_a_manager_where_triage_is_empty(self, db: None) -> None:
        assert open_case().owner is None
        manager = make_user("m", "manager")
        assert open_case().owner == manager
        doctor = make_user("d", "doctor")
        assert open_case().owner == doctor
        make_user("e", "editor")
        assert alerts() == [manager.email, doctor.email]


@pytest.mark.parametrize("level", [Outcome.EMERGENCY, Outcome.SAME_DAY])
def test_a_case_is_due_prioritised_on_record_and_announced(nurse: User, level: Outcome) -> None:
    case = open_case(level)
    assert (case.status, case.raised_at, case.priority) == (CaseStatus.OPEN, NOW, outcomes.priority(level))
    assert NOW <= case.due_at <= NOW + datetime.timedelta(hours=8)
    assert AuditEvent.objects.about(case).get().action == "case.open"
    assert alerts() == [nurse.email]


class TestRaise:
    def test_makes_it_sooner_never_later_and_unacknowledged_again(self, nurse: User) -> None:
        case = open_case(Outcome.SAME_DAY)
        cases.acknowledge(case=case, by=nurse)
        case.refresh_from_db()
        was_due = case.due_at
        cases.raise_level(case=case, level=Outcome.EMERGENCY)
        case.refresh_from_db()
        assert (case.level, case.priority, case.status) == (Outcome.EMERGENCY, "stat", CaseStatus.OPEN)
        assert (case.acknowledged_at, case.acknowledged_by) == (None, None)
        assert case.due_at <= was_due
        assert len(alerts()) == 2


class TestAcknowledge:
    @pytest.mark.parametrize("group", ["triage", "doctor", "manager"])
    def test_whoever_takes_it_on_owns_it(self, nurse: User, staff: Staff, group: str) -> None:
        case, by = open_case(), staff(group)
        fresh = cases.acknowledge(case=case, by=by)
        assert (fresh.owner, fresh.acknowledged_by, fresh.status) == (by, by, CaseStatus.ACKNOWLEDGED)

    def test_twice_is_harmless(self, nurse: User) -> None:
        case = open_case()
        cases.acknowledge(case=case, by=nurse)
        before = all_rows()
        cases.acknowledge(case=case, by=nurse)
        assert all_rows() == before

    def test_a_colleague_may_take_over(self, nurse: User, other_nurse: User) -> None:
        case = open_case()
        cases.acknowledge(case=case, by=nurse)
        assert cases.acknowledge(case=case, by=other_nurse).owner == other_nurse


class TestClose:
    def test_keeps_what_became_of_the_person(self, nurse: User) -> None:
        fresh = close_case(open_case(), by=nurse, words="Went to hospital by ambulance.")
        assert (fresh.status, fresh.closed_by, fresh.acknowledged_by) == (CaseStatus.CLOSED, nurse, nurse)
        assert fresh.closings.get().words == "Went to hospital by ambulance."
        assert AuditEvent.objects.about(fresh).last().action == "case.close"

    def test_the_second_is_told_who_was_first(self, nurse: User, other_nurse: User) -> None:
        case = open_case()
        close_case(case, by=nurse, words="Reached.")
        before = all_rows()
        for late in (cases.acknowledge, lambda case, by: close_case(case, by=by)):
            with pytest.raises(cases.CaseClosed, match="Nora Adeyemi has closed this case"):
                late(case=case, by=other_nurse)
        assert all_rows() == before

    @pytest.mark.parametrize("act", ["acknowledge", "close"])
    def test_is_not_an_editors_to_do(self, nurse: User, staff: Staff, act: str) -> None:
        case, by = open_case(), staff("editor")
        before = all_rows()
        with pytest.raises(NotAllowed):
            cases.acknowledge(case=case, by=by) if act == "acknowledge" else close_case(case, by=by, words="x")
        assert all_rows() == before


class TestAlertAgain:
    def test_an_emergency_nobody_took_on_is_announced_every_ten_minutes(self, nurse: User, time_machine: Any) -> None:
        open_case()
        for minutes, heard in ((9, 1), (10, 2), (11, 2), (19, 2), (20, 3), (60, 4)):
            time_machine.move_to(NOW + datetime.timedelta(minutes=minutes), tick=False)
            cases.alert_again()
            assert len(alerts()) == heard, minutes

    def test_two_workers_announce_it_once(self, nurse: User, time_machine: Any) -> None:
        open_case()
        time_machine.shift(TEN_MINUTES)
        cases.alert_again()
        cases.alert_again()
        assert len(alerts()) == 2

    @pytest.mark.parametrize("done", ["acknowledged", "closed", "same day"])
    def test_nothing_else_is(self, nurse: User, time_machine: Any, done: str) -> None:
        case = open_case(Outcome.SAME_DAY if done == "same day" else Outcome.EMERGENCY)
        if done == "acknowledged":
            cases.acknowledge(case=case, by=nurse)
        if done == "closed":
            close_case(case, by=nurse, words="Reached.")
        time_machine.shift(3 * TEN_MINUTES)
        assert cases.alert_again() == 0
        assert len(alerts()) == 1

    def test_it_reaches_whoever_owns_it_now(self, nurse: User, other_nurse: User, time_machine: Any) -> None:
        case = open_case()
        cases.acknowledge(case=case, by=other_nurse)
        case.refresh_from_db()
        cases.raise_level(case=case, level=Outcome.EMERGENCY)
        time_machine.shift(TEN_MINUTES)
        cases.alert_again()
        assert alerts() == [nurse.email, other_nurse.email, other_nurse.email, nurse.email]

    @pytest.mark.parametrize("level", [Outcome.EMERGENCY, Outcome.SAME_DAY])
    @pytest.mark.parametrize("left", ["nobody was there", "is_active", "is_staff", "groups"])
    def test_a_case_without_an_owner_gets_whoever_is_there(self, time_machine: Any, level: Outcome, left: str) -> None:
        if left == "nobody was there":
            case = open_case(level)
        else:
            gone = make_user("gone", "triage")
            case = open_case(level)
            gone.groups.clear() if left == "groups" else setattr(gone, left, False)
            gone.save()
        time_machine.shift(TEN_MINUTES)
        assert cases.alert_again() == 0
        before = all_rows()
        assert cases.alert_again() == 0
        assert all_rows() == before, "nobody to tell, and nothing to put on record at every turn"
        here = make_user("here", "triage")

        time_machine.shift(TEN_MINUTES)
        assert cases.alert_again() == 1

        case.refresh_from_db()
        assert case.owner == here
        assert alerts()[-1] == here.email
        assert AuditEvent.objects.about(case).last().action == "case.owner"
        time_machine.shift(TEN_MINUTES)
        assert cases.alert_again() == (1 if level == Outcome.EMERGENCY else 0)

    def test_a_case_opened_again_is_announced_anew(self, nurse: User, time_machine: Any) -> None:
        case = open_case()
        time_machine.shift(TEN_MINUTES)
        cases.alert_again()
        close_case(case, by=nurse, words="Seen.")
        case.refresh_from_db()
        cases.reopen(case=case, level=Outcome.EMERGENCY, reason="named")
        assert len(alerts()) == 3

        time_machine.shift(TEN_MINUTES)

        assert cases.alert_again() == 1
        assert len(alerts()) == 4
