"""Who owns a case: somebody who is there, and somebody else when they go."""

import datetime
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.models import AuditEvent
from clinic.core.refusals import NotAllowed
from consultations.enums import CaseStatus, Outcome
from consultations.models import SafetyCase
from consultations.services import alarms, cases, duty, handover
from tests.consultations.services.test_cases import alerts, open_case
from tests.database_snapshot import all_rows
from tests.personas import make_patient, make_user

pytestmark = pytest.mark.django_db
LEVELS = [Outcome.EMERGENCY, Outcome.SAME_DAY]
MINUTE = datetime.timedelta(minutes=1)


def named(level: Outcome = Outcome.EMERGENCY, name: str = "Tomas Reed") -> SafetyCase:
    case = open_case(level)
    cases.name_person(case=case, patient=make_patient(name))
    return case


def off_duty(*users: User) -> None:
    for user in users:
        handover.switch_duty(is_on_duty=False, by=user)


class TestTheNextOwner:
    def test_is_on_duty_before_off_duty_whatever_the_group(self, nurse: User, doctor: User, manager: User) -> None:
        assert duty.next_owner() == nurse
        off_duty(nurse)
        assert duty.next_owner() == doctor
        off_duty(doctor)
        assert duty.next_owner() == manager
        off_duty(manager)
        assert duty.next_owner() == nurse

    def test_has_the_fewest_open_cases_of_the_group_on_duty(self, nurse: User, other_nurse: User, doctor: User) -> None:
        owners = [open_case().owner for _ in range(3)]
        assert owners == [nurse, other_nurse, nurse]
        off_duty(other_nurse)
        assert open_case().owner == nurse

    @pytest.mark.parametrize("group", ["editor", None])
    def test_is_nobody_from_outside_the_care_team(self, db: None, group: str | None) -> None:
        if group:
            make_user("elsewhere", group)
        User.objects.create_superuser("root", "root@clinic.example", "a quiet passphrase")
        assert duty.next_owner() is None

    def test_who_is_in_two_groups_counts_once(self, nurse: User, doctor: User) -> None:
        nurse.groups.add(*doctor.groups.all())
        assert duty.on_duty() == [doctor, nurse]
        assert duty.next_owner() == nurse


class TestSwitching:
    def test_is_on_record_and_twice_is_harmless(self, nurse: User, doctor: User) -> None:
        off_duty(nurse)
        event = AuditEvent.objects.get(action="staff.duty")
        assert (event.actor_user, event.target_id, event.details) == (nurse, str(nurse.pk), {"is_on_duty": False})
        before = all_rows()
        off_duty(nurse)
        assert all_rows() == before
        handover.switch_duty(is_on_duty=True, by=nurse)
        nurse.refresh_from_db()
        assert nurse.is_on_duty
        assert nurse.duty_changed_at == clock.now()

    def test_is_not_an_editors_to_do(self, editor: User) -> None:
        before = all_rows()
        with pytest.raises(NotAllowed):
            off_duty(editor)
        assert all_rows() == before


class TestHandingOver:
    @pytest.mark.parametrize("level", LEVELS)
    def test_who_goes_off_duty_gives_their_open_cases_away_at_once(
        self, nurse: User, other_nurse: User, level: Outcome
    ) -> None:
        case = named(level)
        assert case.owner == nurse
        told = alerts()
        off_duty(nurse)
        case.refresh_from_db()
        assert case.owner == other_nurse
        assert alerts() == [*told, other_nurse.email]
        assert [event.action for event in AuditEvent.objects.about(case)][-1] == "case.owner"

    @pytest.mark.parametrize("level", LEVELS)
    def test_what_they_had_taken_on_is_nobodys_again(self, nurse: User, other_nurse: User, level: Outcome) -> None:
        case = named(level)
        cases.acknowledge(case=case, by=nurse)
        off_duty(nurse)
        case.refresh_from_db()
        assert (case.owner, case.status, case.acknowledged_at) == (other_nurse, CaseStatus.OPEN, None)
        assert alerts()[-1] == other_nurse.email

    @pytest.mark.parametrize("level", LEVELS)
    def test_with_nobody_on_duty_it_stays_until_somebody_comes(self, nurse: User, doctor: User, level: Outcome) -> None:
        case = named(level)
        cases.acknowledge(case=case, by=nurse)
        off_duty(doctor, nurse)
        case.refresh_from_db()
        assert (case.owner, case.status) == (nurse, CaseStatus.ACKNOWLEDGED)
        handover.switch_duty(is_on_duty=True, by=doctor)
        case.refresh_from_db()
        assert (case.owner, case.status) == (doctor, CaseStatus.OPEN)

    def test_who_takes_one_on_while_off_duty_keeps_it(self, nurse: User, doctor: User, time_machine: Any) -> None:
        case = named()
        off_duty(doctor)
        time_machine.shift(MINUTE)
        cases.acknowledge(case=case, by=doctor)
        time_machine.shift(MINUTE)
        before = all_rows()
        assert cases.alert_again() == 0
        assert all_rows() == before

    @pytest.mark.parametrize("is_taken_on", [False, True])
    @pytest.mark.parametrize("left", ["is_active", "is_staff", "groups"])
    @pytest.mark.parametrize("level", LEVELS)
    def test_who_leaves_gives_it_away_by_the_workers_next_look(
        self, nurse: User, other_nurse: User, level: Outcome, left: str, is_taken_on: bool
    ) -> None:
        case = named(level)
        if is_taken_on:
            cases.acknowledge(case=case, by=nurse)
        nurse.groups.clear() if left == "groups" else setattr(nurse, left, False)
        nurse.save()
        assert cases.alert_again() == 1
        case.refresh_from_db()
        assert (case.owner, case.status) == (other_nurse, CaseStatus.OPEN)
        assert alerts()[-1] == other_nurse.email
        assert cases.alert_again() == 0

    @pytest.mark.parametrize("level", LEVELS)
    def test_when_everybody_leaves_it_has_no_owner_and_that_is_said(
        self, nurse: User, doctor: User, level: Outcome
    ) -> None:
        case = named(level)
        User.objects.update(is_active=False)
        cases.alert_again()
        case.refresh_from_db()
        assert case.owner is None
        assert any("no owner" in sentence for sentence in alarms.sentences(now=clock.now()))
        User.objects.filter(pk=doctor.pk).update(is_active=True)
        assert cases.alert_again() == 1
        case.refresh_from_db()
        assert case.owner == doctor

    def test_forty_without_a_name_are_two_mails_to_whoever_gets_them(self, nurse: User, other_nurse: User) -> None:
        for _ in range(40):
            open_case()
        SafetyCase.objects.update(owner=nurse)
        before = len(alerts())
        off_duty(nurse)
        cases.alert_again()
        assert alerts()[before:] == [other_nurse.email]
        for _ in range(40):
            open_case(Outcome.SAME_DAY)
        SafetyCase.objects.update(owner=other_nurse)
        before = len(alerts())
        handover.switch_duty(is_on_duty=True, by=nurse)
        off_duty(other_nurse)
        assert alerts()[before:] == [nurse.email]

    def test_two_nurses_and_a_doctor_come_and_go(
        self, nurse: User, other_nurse: User, doctor: User, time_machine: Any
    ) -> None:
        case = named()
        owners = []
        for who, is_on in ((nurse, False), (other_nurse, False), (nurse, True), (doctor, False), (nurse, False)):
            time_machine.shift(MINUTE)
            handover.switch_duty(is_on_duty=is_on, by=who)
            case.refresh_from_db()
            owners.append(case.owner)
        assert owners == [other_nurse, doctor, doctor, nurse, nurse]
        assert [email.partition("@")[0] for email in alerts()] == ["nurse", "other_nurse", "doctor", "nurse"]
