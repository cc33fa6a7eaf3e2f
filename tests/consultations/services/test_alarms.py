"""That nobody could be told is itself an alarm."""

import datetime
import logging
import random
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.models import OutboxMessage
from consultations.enums import CaseStatus, Outcome
from consultations.models import AlarmGroup, SafetyCase
from consultations.services import alarms, cases, handover, readiness
from tests.consultations.services.conftest import NOW
from tests.consultations.services.test_alerts import DUTY, FRIDAY_EVENING, MONDAY_OPENING, ON_CALL, minutes
from tests.consultations.services.test_cases import open_case
from tests.consultations.services.test_duty import named, off_duty
from tests.consultations.services.test_floods import HERE, THERE, visit
from tests.depth import deepens, depth
from tests.personas import close_case, make_patient

pytestmark = pytest.mark.django_db
NOBODY_ON_DUTY = (
    "Nobody is on duty, and no duty address is set, so nobody can be told of an emergency. "
    "Switch yourself on duty if you are here."
)


def state() -> str:
    name, word = readiness.alerts()
    assert name == "alerts"
    return word


def sent() -> None:
    OutboxMessage.objects.filter(sent_at=None, parked_at=None).update(sent_at=clock.now())


def parked() -> None:
    OutboxMessage.objects.filter(sent_at=None, parked_at=None).update(parked_at=clock.now())


class TestTheState:
    def test_is_ok_with_nobody_waiting_or_everybody_told(self, nurse: User) -> None:
        assert (state(), alarms.sentences(now=NOW)) == ("ok", [])
        named()
        sent()
        assert (state(), alarms.sentences(now=NOW)) == ("ok", [])

    def test_names_nobody_on_duty_while_the_clinic_is_open(self, nurse: User, settings: Any, time_machine: Any) -> None:
        off_duty(nurse)
        assert (state(), alarms.sentences(now=NOW)) == ("nobody can be told", [NOBODY_ON_DUTY])
        settings.DUTY_EMAIL = DUTY
        assert (state(), alarms.sentences(now=NOW)) == ("ok", [])
        settings.DUTY_EMAIL = ""
        time_machine.move_to(FRIDAY_EVENING, tick=False)
        assert (state(), alarms.sentences(now=FRIDAY_EVENING)) == ("ok", [])

    def test_names_each_emergency_that_found_nobody(self, settings: Any) -> None:
        settings.DUTY_EMAIL = ""
        first, second = open_case(), open_case()
        assert state() == "nobody was told of 2 emergencies"
        assert alarms.sentences(now=NOW) == [
            f"Nobody was told of 2 emergencies (cases {first.pk}, {second.pk}). Open Safety cases and act on it now.",
            NOBODY_ON_DUTY,
            "2 safety cases have no owner, because nobody in the care team may sign in. Open Safety cases and take it.",
        ]

    @pytest.mark.parametrize(("minute", "word"), [(0, "ok"), (4.9, "ok"), (5, "nobody was told of 1 emergency")])
    def test_names_an_alert_that_nobody_sends(self, nurse: User, time_machine: Any, minute: float, word: str) -> None:
        named()
        time_machine.move_to(NOW + minutes(minute), tick=False)
        assert state() == word

    def test_the_mail_server_away_is_named_although_new_alerts_are_made(self, nurse: User, time_machine: Any) -> None:
        named()
        for minute in range(1, 31):
            time_machine.move_to(NOW + minutes(minute), tick=False)
            cases.alert_again()
        assert state() == "nobody was told of 1 emergency"

    def test_all_parked_is_nobody_told_and_one_sent_is_enough(self, nurse: User, settings: Any) -> None:
        settings.DUTY_EMAIL = DUTY
        named()
        parked()
        assert state() == "nobody was told of 1 emergency"
        OutboxMessage.objects.filter(pk=OutboxMessage.objects.latest("pk").pk).update(parked_at=None, sent_at=NOW)
        assert state() == "ok"

    @pytest.mark.parametrize("done", ["acknowledged", "closed", "same day"])
    def test_only_a_waiting_emergency_counts(self, nurse: User, done: str) -> None:
        case = named(Outcome.SAME_DAY if done == "same day" else Outcome.EMERGENCY)
        parked()
        if done == "acknowledged":
            cases.acknowledge(case=case, by=nurse)
        if done == "closed":
            close_case(case, by=nurse, words="Reached.")
        assert state() == "ok"

    def test_a_mail_of_before_the_present_alarm_does_not_count(self, nurse: User, time_machine: Any) -> None:
        case = named(Outcome.SAME_DAY)
        sent()
        time_machine.shift(minutes(1))
        User.objects.update(is_active=False)
        cases.raise_level(case=SafetyCase.objects.get(pk=case.pk), level=Outcome.EMERGENCY)
        assert state() == "nobody was told of 1 emergency"

    def test_told_at_night_is_not_told_at_opening(self, nurse: User, time_machine: Any) -> None:
        time_machine.move_to(FRIDAY_EVENING, tick=False)
        named()
        sent()
        for moment, word in (
            (MONDAY_OPENING - minutes(1), "ok"),
            (MONDAY_OPENING + minutes(4.9), "ok"),
            (MONDAY_OPENING + minutes(5), "nobody was told of 1 emergency"),
        ):
            time_machine.move_to(moment, tick=False)
            assert state() == word
        cases.alert_again()
        assert state() == "ok"

    def test_a_folded_case_is_told_with_its_group_until_the_next_count(self, nurse: User, time_machine: Any) -> None:
        for _ in range(4):
            visit()
        sent()
        time_machine.move_to(NOW + minutes(1), tick=False)
        folded = visit()
        assert folded.alarm_group is not None
        assert state() == "ok"
        time_machine.move_to(NOW + minutes(10.9), tick=False)
        assert state() == "ok"
        time_machine.move_to(NOW + minutes(11), tick=False)
        assert alarms.untold(now=clock.now()) == [folded.pk]
        cases.alert_again()
        sent()
        assert state() == "ok"


class TestTheLog:
    def lines(self, caplog: Any) -> list[str]:
        return [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]

    def test_names_the_case_by_its_number_once_a_turn(self, caplog: Any, time_machine: Any) -> None:
        case = named()
        caplog.clear()
        heard = []
        for minute in (0, 1, 5, 9.9, 10, 10.1, 19.9, 20):
            time_machine.move_to(NOW + minutes(minute), tick=False)
            cases.alert_again()
            heard.append(len(self.lines(caplog)))
        assert heard == [0, 0, 0, 0, 1, 1, 1, 2]
        assert set(self.lines(caplog)) == {f"safety case {case.pk}: nobody was told of this emergency"}

    def test_says_so_at_once_when_nobody_can_be_told(self, caplog: Any) -> None:
        case = open_case()
        assert self.lines(caplog) == [f"safety case {case.pk}: nobody can be told"]

    def test_is_silent_when_all_is_well(self, nurse: User, caplog: Any, time_machine: Any) -> None:
        named()
        for minute in (0, 10, 20):
            time_machine.move_to(NOW + minutes(minute), tick=False)
            cases.alert_again()
            sent()
        assert self.lines(caplog) == []


class Day:
    """From eight in the morning, half an hour before the clinic opens, a minute at a time, with chance in charge."""

    STARTS = datetime.datetime(2026, 11, 23, 13, 0, tzinfo=datetime.UTC)
    OPENS = datetime.datetime(2026, 11, 23, 13, 30, tzinfo=datetime.UTC)
    LASTS = 150

    def __init__(self, seed: int, team: list[User], time_machine: Any) -> None:
        self.chance, self.team, self.time_machine = random.Random(seed), team, time_machine
        self.is_worker_alive = self.is_mail_server_alive = True

    def minute(self, number: int) -> datetime.datetime:
        now = self.STARTS + minutes(number)
        self.time_machine.move_to(now, tick=False)
        if self.chance.random() < 0.15:
            self.something()
        if self.chance.random() < 0.03:
            self.is_worker_alive = not self.is_worker_alive
        if self.chance.random() < 0.03:
            self.is_mail_server_alive = not self.is_mail_server_alive
        if self.is_worker_alive:
            cases.alert_again()
            if self.is_mail_server_alive:
                sent()
            elif self.chance.random() < 0.2:
                parked()
        return now

    def something(self) -> None:
        act = self.chance.choice(["visit", "visit", "flood", "name", "take", "stop", "duty", "duty", "leave", "back"])
        waiting = SafetyCase.objects.filter(status=CaseStatus.OPEN).order_by("pk")
        somebody = User.objects.get(pk=self.chance.choice(self.team).pk)
        if act == "visit":
            visit(self.chance.choice([HERE, THERE, ""]))
        elif act == "flood":
            for _ in range(6):
                visit(HERE)
        elif act == "name" and (case := waiting.filter(patient=None).last()):
            cases.name_person(case=case, patient=make_patient("Tomas Reed"), tells=True)
        elif act == "take" and somebody.is_active and (case := waiting.first()):
            cases.acknowledge(case=case, by=somebody)
        elif act == "stop" and somebody.is_active and (group := AlarmGroup.objects.last()):
            cases.acknowledge_group(group=group, by=somebody, seen=group.last_at)
        elif act == "duty" and somebody.is_active:
            handover.switch_duty(is_on_duty=not somebody.is_on_duty, by=somebody)
        elif act in ("leave", "back"):
            User.objects.filter(pk=somebody.pk).update(is_active=act == "back")

    def overlooked(self, now: datetime.datetime) -> list[int]:
        """Waiting emergencies of which nobody was told within ten minutes of opening time, told apart from the code."""
        if now < self.OPENS:
            return []
        results = []
        for case in SafetyCase.objects.filter(status=CaseStatus.OPEN, level=Outcome.EMERGENCY):
            if case.alarm_group is not None and case.alarm_group.acknowledged_at is not None:
                continue
            since = max(case.alarmed_at, self.OPENS)
            mails = OutboxMessage.objects.filter(sent_at__isnull=False, created_at__gte=since)
            counted = case.patient_id is None and mails.filter(key__startswith="pool-").exists()
            # The eleventh minute is for the mail that the tenth made.
            if now - since >= minutes(11) and not counted and not mails.filter(subject__case=case).exists():
                results.append(case.pk)
        return results


@deepens
@pytest.mark.parametrize("duty_address", ["", DUTY])
@pytest.mark.parametrize("seed", range(depth(1, 8)))
def test_somebody_was_told_within_ten_minutes_of_opening_time_or_the_alarm_is_on(
    nurse: User, other_nurse: User, doctor: User, settings: Any, time_machine: Any, seed: int, duty_address: str
) -> None:
    settings.DUTY_EMAIL, settings.ON_CALL = duty_address, ON_CALL if seed % 2 == bool(duty_address) else ""
    day, alarm_was_on = Day(seed, [nurse, other_nurse, doctor], time_machine), 0
    for number in range(Day.LASTS):
        now = day.minute(number)
        if number % 3 == 0:
            untold = alarms.untold(now=now)
            assert set(day.overlooked(now)) <= set(untold), (seed, number)
            alarm_was_on += bool(untold)
    assert SafetyCase.objects.count() > 3
    assert 0 < alarm_was_on < Day.LASTS / 3
