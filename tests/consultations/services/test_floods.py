"""Floods: many alarms without a name are one alarm with a count, and nobody with a name is ever counted in."""

import datetime
from collections import Counter
from typing import Any

import pytest
from django.db import connection

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.models import AuditEvent, OutboxMessage
from clinic.core.refusals import NotAllowed
from consultations.enums import CaseStatus, MessageKind, Outcome
from consultations.models import AlarmGroup, QuestionnaireResponse, SafetyCase
from consultations.services import alarm_groups, cases, handover, intake
from tests.consultations.services.conftest import NOW
from tests.consultations.services.test_alerts import DOCTOR, DUTY, NURSE, OTHER, minutes
from tests.database_snapshot import all_rows
from tests.personas import close_case, make_patient

pytestmark = pytest.mark.django_db
HERE, THERE = "203.0.113.0/24", "198.51.100.0/24"
ALICE = intake.Contact(name="Alice Winther", birth_on=datetime.date(1970, 3, 27), email="", phone="+12025550142")


def visit(network: str = HERE, level: Outcome = Outcome.EMERGENCY) -> SafetyCase:
    return cases.open_case(response=intake.start(), level=level, network=network)


def stop_mails(group: AlarmGroup, by: User) -> None:
    """As whoever presses on a page of this moment."""
    cases.acknowledge_group(group=group, by=by, seen=AlarmGroup.objects.get(pk=group.pk).last_at)


def mails() -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(kind=MessageKind.STAFF_ALERT).order_by("pk"))


def told() -> Counter[str]:
    return Counter(mail.recipient for mail in mails())


class TestFolding:
    @pytest.fixture(autouse=True)
    def team(self, nurse: User) -> None:
        """One nurse."""

    def test_the_first_three_are_told_singly_the_rest_as_one(self) -> None:
        heard = []
        for _ in range(8):
            visit()
            heard.append(len(mails()))
        assert heard == [1, 2, 3, 4, 4, 4, 4, 4]
        assert AlarmGroup.objects.get().cases.count() == 5
        assert SafetyCase.objects.filter(alarm_group=None).count() == 3

    @pytest.mark.parametrize(("after", "groups"), [(9.9, 1), (10, 0)])
    def test_three_within_ten_minutes(self, time_machine: Any, after: float, groups: int) -> None:
        for _ in range(3):
            visit()
        time_machine.move_to(NOW + minutes(after), tick=False)
        visit()
        assert AlarmGroup.objects.count() == groups

    @pytest.mark.parametrize("network", ["", "unknown"])
    def test_without_a_network_none_is_folded(self, network: str) -> None:
        for _ in range(25):
            visit(network)
        assert (len(mails()), AlarmGroup.objects.count()) == (25, 0)

    def test_networks_do_not_count_for_one_another(self) -> None:
        for network in (HERE, THERE) * 3:
            visit(network)
        assert (len(mails()), AlarmGroup.objects.count()) == (6, 0)

    def test_a_busy_network_never_folds_what_comes_from_another(self) -> None:
        for _ in range(60):
            visit(HERE)
        before = len(mails())
        assert visit(THERE).alarm_group is None
        assert len(mails()) == before + 1

    def test_many_networks_are_one_alarm_after_twenty(self) -> None:
        for number in range(50):
            visit(f"2001:db8:0:{number:x}::/64")
        assert len(mails()) == 21
        assert AlarmGroup.objects.get().network == "anywhere"

    def test_those_with_a_name_do_not_count(self) -> None:
        for number in range(3):
            cases.name_person(case=visit(), patient=make_patient(f"Patient {number}"))
        assert visit().alarm_group is None

    def test_same_day_cases_are_folded_apart_from_emergencies(self, time_machine: Any) -> None:
        for _ in range(3):
            visit(level=Outcome.SAME_DAY)
        assert visit().alarm_group is None
        for _ in range(5):
            visit(level=Outcome.SAME_DAY)
        assert AlarmGroup.objects.get().level == Outcome.SAME_DAY
        before = len(mails())
        for number, more in ((9, 0), (10, 1), (11, 1), (60, 1)):
            SafetyCase.objects.filter(level=Outcome.EMERGENCY).update(
                status=CaseStatus.CLOSED, closed_at=NOW, closed_by=User.objects.get(), outcome="died"
            )
            time_machine.move_to(NOW + minutes(number), tick=False)
            cases.alert_again()
            assert len(mails()) == before + more, number
        assert mails()[-1].payload["count"] == "4"

    def test_the_network_is_kept_as_a_digest_and_forgotten_after_two_days(self, time_machine: Any) -> None:
        for _ in range(4):
            visit()
        assert {len(case.network) for case in SafetyCase.objects.all()} == {64}
        time_machine.move_to(NOW + datetime.timedelta(days=2), tick=False)
        assert alarm_groups.forget_networks() == 0
        time_machine.move_to(NOW + datetime.timedelta(days=2, seconds=1), tick=False)
        assert alarm_groups.forget_networks() == 4
        assert {case.network for case in SafetyCase.objects.all()} == {""}
        assert AlarmGroup.objects.get().network == ""

    def test_the_answers_of_a_visit_carry_it(self) -> None:
        for _ in range(4):
            answers = {"ab_age": 46, "rf_now": ["chest"]}
            intake.save_answers(response=intake.start(), answers=answers, network=HERE)
        assert AlarmGroup.objects.get().cases.count() == 1
        assert not QuestionnaireResponse.objects.exclude(safety_case__network__regex="^[0-9a-f]{64}$").exists()


class TestAName:
    @pytest.fixture(autouse=True)
    def team(self, nurse: User, settings: Any) -> None:
        settings.DUTY_EMAIL = DUTY

    def test_takes_a_case_out_of_its_group_and_tells_it_at_once(self, time_machine: Any) -> None:
        for _ in range(5):
            case = visit()
        before = told()
        time_machine.move_to(NOW + minutes(4), tick=False)
        intake.ask_for_call_back(response=case.response, contact=ALICE)
        case.refresh_from_db()
        assert case.alarm_group is None
        assert told() - before == {NURSE: 1, DUTY: 1}
        assert mails()[-1].subject.case == case

    def test_sending_the_request_does_so_too(self) -> None:
        for _ in range(4):
            case = visit(level=Outcome.SAME_DAY)
        before = told()
        cases.attach_patient(case=case, patient=make_patient())
        case.refresh_from_db()
        assert (case.alarm_group, told() - before) == (None, {NURSE: 1})

    def test_a_case_of_a_group_whose_mails_were_stopped_is_told_and_repeated(
        self, nurse: User, time_machine: Any
    ) -> None:
        for _ in range(5):
            case = visit()
        stop_mails(AlarmGroup.objects.get(), nurse)
        SafetyCase.objects.filter(alarm_group=None).update(
            status=CaseStatus.ACKNOWLEDGED, acknowledged_at=NOW, acknowledged_by=nurse
        )
        before = told()
        intake.ask_for_call_back(response=case.response, contact=ALICE)
        assert told() - before == {NURSE: 1, DUTY: 1}
        time_machine.move_to(NOW + minutes(10), tick=False)
        cases.alert_again()
        assert told() - before == {NURSE: 2, DUTY: 2}


class TestContactDetailsThatWereNotSent:
    @pytest.fixture(autouse=True)
    def team(self, nurse: User) -> None:
        for _ in range(5):
            visit()

    @staticmethod
    def begun(level: Outcome | None = None) -> QuestionnaireResponse:
        response = intake.start()
        if level is not None:
            cases.open_case(response=response, level=level, network=HERE)
        intake.save_contact(response=response, contact=ALICE)
        return response

    def test_an_emergency_after_the_contact_screen_is_told_by_itself(self) -> None:
        before, response = len(mails()), self.begun()
        intake.save_answers(response=response, answers={"ab_age": 46, "rf_now": ["chest"]}, network=HERE)
        case = SafetyCase.objects.get(response=response)
        assert (case.alarm_group, len(mails()), mails()[-1].subject.case) == (None, before + 1, case)

    def test_so_is_a_case_that_is_raised_or_reopened_after_it(self, nurse: User) -> None:
        for is_closed in (False, True):
            if is_closed:
                response = intake.start()
                cases.open_case(response=response, level=Outcome.SAME_DAY, network=HERE)
                case = close_case(response.safety_case, by=nurse)
                intake.save_contact(response=response, contact=ALICE)
            else:
                case = self.begun(Outcome.SAME_DAY).safety_case
            before = len(mails())
            cases.raise_level(case=SafetyCase.objects.get(pk=case.pk), level=Outcome.EMERGENCY, network=HERE)
            case.refresh_from_db()
            assert (case.alarm_group, len(mails()), mails()[-1].subject.case) == (None, before + 1, case)

    def test_details_that_cannot_be_read_are_details(self) -> None:
        case = self.begun(Outcome.SAME_DAY).safety_case
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE consultations_questionnaireresponse SET contact = 'x' WHERE id = %s", [case.response_id]
            )
        case = SafetyCase.objects.get(pk=case.pk)
        cases.raise_level(case=case, level=Outcome.EMERGENCY, network=HERE)
        case.refresh_from_db()
        assert case.alarm_group is None


class TestAcknowledgingAGroup:
    @pytest.fixture
    def group(self, nurse: User) -> AlarmGroup:
        for _ in range(6):
            visit()
        for case in SafetyCase.objects.filter(alarm_group=None):
            cases.acknowledge(case=case, by=nurse)
        return AlarmGroup.objects.get()

    def test_stops_its_repeats_and_nothing_else(self, group: AlarmGroup, nurse: User, time_machine: Any) -> None:
        before = list(group.cases.values("status", "owner", "due_at", "raised_at", "acknowledged_at"))
        stop_mails(group, nurse)
        assert list(group.cases.values("status", "owner", "due_at", "raised_at", "acknowledged_at")) == before
        assert AuditEvent.objects.about(group).get().action == "alarm_group.acknowledge"
        time_machine.move_to(NOW + minutes(60), tick=False)
        assert cases.alert_again() == 0
        case = close_case(group.cases.first(), by=nurse, words="Nobody to call.")
        assert (case.status, group.cases.exclude(status=CaseStatus.CLOSED).count()) == (CaseStatus.CLOSED, 2)

    def test_without_it_they_go_on_as_one_mail_with_the_count(self, group: AlarmGroup, time_machine: Any) -> None:
        before = len(mails())
        time_machine.move_to(NOW + minutes(10), tick=False)
        assert cases.alert_again() == 1
        assert len(mails()) == before + 1
        assert mails()[-1].payload["count"] == "3"

    def test_twice_is_harmless_and_not_an_editors_to_do(self, group: AlarmGroup, nurse: User, editor: User) -> None:
        before = all_rows()
        with pytest.raises(NotAllowed):
            stop_mails(group, editor)
        assert all_rows() == before
        stop_mails(group, nurse)
        before = all_rows()
        stop_mails(group, nurse)
        assert all_rows() == before

    def test_the_next_alarm_begins_a_new_group_with_one_mail(self, group: AlarmGroup, nurse: User) -> None:
        stop_mails(group, nurse)
        before = len(mails())
        for _ in range(20):
            visit()
        assert len(mails()) == before + 1
        assert AlarmGroup.objects.exclude(pk=group.pk).get().cases.count() == 20

    def test_what_nobody_has_seen_is_told_again(self, group: AlarmGroup, nurse: User) -> None:
        seen = group.cases.latest("alarmed_at").alarmed_at
        unseen = [visit().pk, visit().pk]
        before = len(mails())
        cases.acknowledge_group(group=group, by=nurse, seen=seen)
        assert cases.alert_again() == 1
        assert mails()[before].payload["count"] == "2"
        newer = AlarmGroup.objects.exclude(pk=group.pk).get()
        assert list(newer.cases.order_by("pk").values_list("pk", flat=True)) == unseen

    @pytest.mark.parametrize("was_closed", [False, True])
    def test_an_older_case_that_is_raised_or_reopened_is_unseen(
        self, nurse: User, was_closed: bool, time_machine: Any
    ) -> None:
        older = visit(level=Outcome.SAME_DAY)
        if was_closed:
            older = close_case(older, by=nurse, words="Went home.")
        for _ in range(6):
            visit()
        group = AlarmGroup.objects.get()
        for case in SafetyCase.objects.filter(alarm_group=None, level=Outcome.EMERGENCY):
            cases.acknowledge(case=case, by=nurse)
        seen = group.last_at
        time_machine.move_to(NOW + minutes(1), tick=False)
        cases.raise_level(case=older, level=Outcome.EMERGENCY, network=HERE)
        older.refresh_from_db()
        assert (older.alarm_group, older.pk < group.cases.exclude(pk=older.pk).earliest("pk").pk) == (group, True)
        before = len(mails())
        cases.acknowledge_group(group=group, by=nurse, seen=seen)
        assert cases.alert_again() == 1
        assert len(mails()) == before + 1
        assert list(AlarmGroup.objects.exclude(pk=group.pk).get().cases.all()) == [older]

    def test_of_what_begins_in_one_instant_or_on_a_slow_clock_only_what_was_shown_is_seen(
        self, group: AlarmGroup, nurse: User, time_machine: Any
    ) -> None:
        seen = AlarmGroup.objects.get().last_at
        unseen = [visit()]
        time_machine.move_to(NOW - minutes(0.1), tick=False)
        unseen.append(visit())
        cases.acknowledge_group(group=group, by=nurse, seen=seen)
        assert list(AlarmGroup.objects.exclude(pk=group.pk).get().cases.order_by("pk")) == unseen

    @pytest.mark.parametrize("seen", [None, NOW + minutes(1), datetime.datetime.max.replace(tzinfo=datetime.UTC)])
    def test_what_no_page_can_have_shown_is_nothing_seen(
        self, group: AlarmGroup, nurse: User, seen: datetime.datetime | None
    ) -> None:
        before = len(mails())
        cases.acknowledge_group(group=group, by=nurse, seen=seen)
        assert cases.alert_again() == 1
        assert (len(mails()), mails()[-1].payload["count"]) == (before + 1, "3")

    @pytest.mark.parametrize(("level", "at_once"), [(Outcome.EMERGENCY, 0), (Outcome.SAME_DAY, 1)])
    def test_who_gets_its_cases_afterwards_is_told_in_one_mail(
        self, nurse: User, other_nurse: User, level: Outcome, at_once: int, time_machine: Any
    ) -> None:
        handover.switch_duty(is_on_duty=False, by=other_nurse)
        for _ in range(6):
            visit(level=level)
        group = AlarmGroup.objects.get()
        for case in SafetyCase.objects.filter(alarm_group=None):
            close_case(case, by=nurse, words="Went home.")
        stop_mails(group, nurse)
        time_machine.move_to(NOW + minutes(1), tick=False)
        handover.switch_duty(is_on_duty=True, by=other_nurse)
        before = len(mails())
        handover.switch_duty(is_on_duty=False, by=nurse)
        assert len(mails()) == before + at_once
        cases.alert_again()
        assert [(mail.recipient, mail.payload["count"]) for mail in mails()[before:]] == [(OTHER, "3")]
        newer = AlarmGroup.objects.exclude(pk=group.pk).get()
        assert (newer.cases.count(), newer.acknowledged_at, newer.first_at) == (3, None, NOW + minutes(1))
        assert {case.alarmed_at >= newer.first_at for case in newer.cases.all()} == {True}
        for minute in range(1, 31):
            time_machine.move_to(NOW + minutes(minute), tick=False)
            cases.alert_again()
        assert len(mails()) == before + (1 if at_once else 3)
        stop_mails(newer, other_nurse)
        time_machine.move_to(NOW + minutes(60), tick=False)
        assert cases.alert_again() == 0

    def test_in_a_group_that_still_sounds_they_stay_in_it(
        self, group: AlarmGroup, nurse: User, other_nurse: User
    ) -> None:
        handover.switch_duty(is_on_duty=False, by=nurse)
        assert AlarmGroup.objects.get() == group
        assert group.cases.filter(owner=other_nurse).count() == 3

    def test_a_group_in_which_nobody_waits_is_not_added_to(self, group: AlarmGroup, nurse: User) -> None:
        for case in group.cases.all():
            cases.acknowledge(case=case, by=nurse)
        before = len(mails())
        assert visit().alarm_group != group
        assert len(mails()) == before + 1


def test_an_hour_of_sixty_visits_from_one_address_and_one_person_with_a_name(
    nurse: User, other_nurse: User, doctor: User, settings: Any, time_machine: Any
) -> None:
    """One visit a minute, the person's in the middle. The worker looks after each."""
    settings.DUTY_EMAIL = DUTY
    for minute in range(60):
        time_machine.move_to(NOW + minutes(minute), tick=False)
        case = visit()
        cases.alert_again()
        if minute == 30:
            intake.ask_for_call_back(response=case.response, contact=ALICE)
            person = case
    # Three alone and the first of the group, to their owner and the duty address: 8. Five counts to all four: 20. The
    # person: 2 at once, and twice to all four: 8.
    assert told() == {NURSE: 10, OTHER: 9, DOCTOR: 7, DUTY: 12}
    counts = [mail.payload["count"] for mail in mails() if "count" in mail.payload and mail.recipient == DUTY]
    assert counts == ["11", "21", "31", "40", "50"]
    about_her = OutboxMessage.objects.filter(subject__case=person)
    assert [mail.recipient for mail in about_her].count(DUTY) == 3
    assert SafetyCase.objects.filter(status=CaseStatus.OPEN).count() == 60


def test_repeats_of_many_networks_are_one_mail_a_turn_and_names_are_told_singly(
    nurse: User, doctor: User, time_machine: Any
) -> None:
    for number in range(15):
        visit(f"2001:db8:0:{number:x}::/64")
    for name in ("Tomas Reed", "Ruth Calder"):
        cases.name_person(case=visit(THERE), patient=make_patient(name))
    before = told()
    time_machine.move_to(clock.now() + minutes(10), tick=False)
    assert cases.alert_again() == 3
    assert told() - before == {NURSE: 3, DOCTOR: 3}
