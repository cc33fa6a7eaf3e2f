"""Whom a clock warns, whom its alarm reaches and when, over closing time, weekends, holidays and lunch; and that
whatever happens to the worker owes nobody a mail twice and loses none.
"""

import datetime
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core.failures import SomeFailed
from clinic.core.models import AuditEvent, OutboxMessage
from clinic.core.refusals import NotAllowed
from consultations.enums import Outcome, RequestStatus
from consultations.models import ClockAlarm, ConsultationRequest, SafetyCase
from consultations.services import cases, clock_alarms, clocks, handover, messaging
from tests.consultations.perform import send_message
from tests.consultations.services.conftest import NOW
from tests.consultations.services.test_alerts import DOCTOR, DUTY, NURSE, ON_CALL, OTHER, Clock, minutes
from tests.consultations.services.test_cases import open_case
from tests.consultations.services.test_clocks import at
from tests.personas import MakeRequest, close_case

pytestmark = pytest.mark.django_db
EVERYBODY = [DOCTOR, DUTY, NURSE, OTHER]


@pytest.fixture(autouse=True)
def team(settings: Any, nurse: User, other_nurse: User, doctor: User) -> None:
    settings.DUTY_EMAIL, settings.ON_CALL = DUTY, ON_CALL


class Worker(Clock):
    def look(self, moment: datetime.datetime) -> list[str]:
        self.at(moment)
        clock_alarms.look()
        return self.told()


@pytest.fixture
def worker(time_machine: Any) -> Worker:
    return Worker(time_machine, NOW)


@pytest.fixture
def danger(make_request: MakeRequest, other_nurse: User) -> ConsultationRequest:
    """A same-day danger of somebody whom we offered a consultation, due at noon. A nurse had claimed it."""
    return make_request(
        status=RequestStatus.OFFERED, outcome=Outcome.SAME_DAY, danger_due_at=NOW + minutes(120),
        claimed_at=NOW, claimed_by=other_nurse,
    )  # fmt: skip


class TestADanger:
    def test_is_warned_of_then_told_and_repeated_until_somebody_acknowledges_it(
        self, worker: Worker, danger: ConsultationRequest, nurse: User
    ) -> None:
        """Warned with a quarter of the two hours left; then everybody every ten minutes."""
        told = {minute: worker.look(NOW + minutes(minute)) for minute in (89.9, 90, 91, 120, 120.05, 121, 130.1)}
        assert told == {
            89.9: [], 90: [OTHER], 91: [], 120: [], 120.05: [DUTY, OTHER], 121: [], 130.1: EVERYBODY,
        }  # fmt: skip
        (alarm,) = ClockAlarm.objects.all()
        assert (alarm.kind, alarm.target, alarm.due_at) == ("danger", "SAME_DAY", NOW + minutes(120))
        clock_alarms.acknowledge(alarm=alarm, by=nurse)
        assert [worker.look(NOW + minutes(minute)) for minute in (140.2, 600, 3000)] == [[], [], []]
        assert AuditEvent.objects.about(danger).last().action == "alarm.acknowledge"
        assert clock_alarms.counts(since=NOW, until=NOW + minutes(600)) == clock_alarms.Counts(1, 1, 1, 0)

    def test_ends_when_somebody_acted_and_begins_anew_with_another_time(
        self, worker: Worker, danger: ConsultationRequest
    ) -> None:
        assert worker.look(NOW + minutes(121)) == [DUTY, OTHER]
        ConsultationRequest.objects.update(danger_due_at=NOW + minutes(180))
        assert worker.look(NOW + minutes(131.1)) == []
        assert worker.look(NOW + minutes(181)) == [DUTY, OTHER]
        ConsultationRequest.objects.update(danger_due_at=None)
        assert worker.look(NOW + minutes(191.1)) == []
        assert clock_alarms.counts(since=NOW, until=NOW + minutes(600)) == clock_alarms.Counts(2, 2, 0, 2)

    def test_reaches_somebody_who_is_there(
        self, worker: Worker, danger: ConsultationRequest, other_nurse: User
    ) -> None:
        handover.switch_duty(is_on_duty=False, by=other_nurse)
        assert worker.look(NOW + minutes(121)) == [DUTY, NURSE]

    def test_after_closing_only_who_is_on_call_is_told(
        self, worker: Worker, make_request: MakeRequest, settings: Any
    ) -> None:
        """Monday 23 November, 5:30 pm in New York is 22:30 UTC."""
        make_request(outcome=Outcome.EMERGENCY, danger_due_at=at("2026-11-23T22:29Z"), due_at=at("2026-11-23T22:29Z"))
        assert worker.look(at("2026-11-23T22:29:02Z")) == [DUTY, NURSE]
        assert worker.look(at("2026-11-23T22:30:01Z")) == [ON_CALL]
        assert worker.look(at("2026-11-23T22:35Z")) == []
        assert worker.look(at("2026-11-23T22:41Z")) == [ON_CALL]
        settings.ON_CALL = ""
        assert worker.look(at("2026-11-24T03:00Z")) == []
        assert worker.look(at("2026-11-24T13:30:01Z")) == EVERYBODY

    def test_an_urgent_review_is_told_once_at_closing_and_again_from_opening(
        self, worker: Worker, make_request: MakeRequest, settings: Any
    ) -> None:
        """Due at the end of Wednesday 25 November; Thursday is a holiday, Friday we open at 13:30 UTC."""
        settings.CLOSED_DATES, due = ["2026-11-26"], at("2026-11-25T22:30Z")
        make_request(status=RequestStatus.INFORMATION_ASKED, outcome=Outcome.URGENT_REVIEW, danger_due_at=due,
                     due_at=at("2026-12-01T22:30Z"))  # fmt: skip
        assert worker.look(at("2026-11-25T17:59Z")) == []
        assert worker.look(at("2026-11-25T18:00Z")) == [NURSE]
        assert worker.look(at("2026-11-25T22:30:02Z")) == [DUTY, NURSE]
        assert [worker.look(at(text)) for text in ("2026-11-26T02:00Z", "2026-11-26T15:00Z")] == [[], []]
        assert worker.look(at("2026-11-27T13:30:02Z")) == [DUTY, NURSE]
        assert worker.look(at("2026-11-27T14:00:00Z")) == []
        assert worker.look(at("2026-11-27T14:30:03Z")) == [DUTY, NURSE]


class TestTheRest:
    @pytest.mark.parametrize("status", RequestStatus)
    def test_whoever_a_request_waits_for_its_time_is_kept(
        self, worker: Worker, make_request: MakeRequest, doctor: User, other_nurse: User, status: RequestStatus
    ) -> None:
        make_request(status=status, doctor=doctor, claimed_at=NOW, claimed_by=other_nurse, due_at=NOW)
        with_doctor = ("with_doctor", "information_asked", "offered", "booked")
        expected = (
            [] if status in ("not_suitable", "completed", "no_show", "withdrawn", "cancelled")
            else [DOCTOR, DUTY] if status in with_doctor
            else [DUTY, OTHER]
        )  # fmt: skip
        assert worker.look(NOW) == []
        assert worker.look(NOW + minutes(1)) == expected
        assert worker.look(NOW + minutes(200)) == []
        assert worker.look(NOW + minutes(242)) == expected

    def test_many_make_one_mail_with_their_number(self, worker: Worker, make_request: MakeRequest) -> None:
        for _ in range(30):
            make_request(due_at=NOW)
        assert worker.look(NOW + minutes(1)) == [DUTY, NURSE]
        assert {row.payload["count"] for row in OutboxMessage.objects.all()} == {"30"}
        assert clock_alarms.counts(since=NOW, until=NOW + minutes(9)).told == 30

    def test_a_text_is_told_when_it_is_late_and_a_newer_one_of_the_same_person_is_no_other_alarm(
        self, worker: Worker, make_request: MakeRequest
    ) -> None:
        consultation_request = make_request()
        send_message(consultation_request=consultation_request, text="I cannot pee since this morning.", key="one")
        worker.look(NOW + minutes(89))
        assert worker.look(NOW + minutes(90)) == [NURSE]
        send_message(consultation_request=consultation_request, text="Still. I cannot pee at all.", key="two")
        assert worker.look(NOW + minutes(121)) == [DUTY, NURSE]
        assert worker.look(NOW + minutes(132)) == EVERYBODY

    def test_a_case_that_was_taken_on_and_forgotten_is_told_of(self, worker: Worker, other_nurse: User) -> None:
        case = open_case(Outcome.EMERGENCY)
        cases.acknowledge(case=case, by=other_nurse)
        worker.told()
        assert worker.look(NOW + minutes(19)) == []
        assert worker.look(NOW + minutes(20)) == [OTHER]
        assert worker.look(NOW + minutes(31)) == [DUTY, OTHER]
        assert worker.look(NOW + minutes(42)) == EVERYBODY
        cases.acknowledge(case=case, by=other_nurse)
        close_case(case, by=other_nurse)
        assert worker.look(NOW + minutes(60)) == []

    def test_whoever_takes_a_case_on_has_heard_its_alarm(self, worker: Worker, nurse: User) -> None:
        case = open_case(Outcome.SAME_DAY)
        worker.look(NOW + minutes(121))
        cases.acknowledge(case=case, by=nurse)
        assert worker.look(NOW + minutes(140)) == []
        assert ClockAlarm.objects.get().acknowledged_by == nurse

    def test_only_the_care_team_acknowledges(self, worker: Worker, danger: ConsultationRequest, editor: User) -> None:
        worker.look(NOW + minutes(121))
        alarm = ClockAlarm.objects.get()
        with pytest.raises(NotAllowed):
            clock_alarms.acknowledge(alarm=alarm, by=editor)
        assert ClockAlarm.objects.sounding().count() == 1

    def test_the_first_to_acknowledge_stays(
        self, worker: Worker, danger: ConsultationRequest, nurse: User, doctor: User
    ) -> None:
        worker.look(NOW + minutes(121))
        alarm = ClockAlarm.objects.get()
        clock_alarms.acknowledge(alarm=alarm, by=nurse)
        assert clock_alarms.acknowledge(alarm=alarm, by=doctor).acknowledged_by == nurse


class TestWhateverHappensToTheWorker:
    def test_two_workers_at_one_moment_owe_each_mail_once(self, worker: Worker, danger: ConsultationRequest) -> None:
        late = NOW + minutes(121)
        assert [worker.look(late), worker.look(late)] == [[DUTY, OTHER], []]
        again = [ClockAlarm.objects.get()]
        clock_alarms._keep(clocks.overdue(now=late), began_at=late)
        assert [*ClockAlarm.objects.all()] == again

    def test_one_that_dies_while_it_tells_has_told_nobody_and_the_next_one_does(
        self, worker: Worker, danger: ConsultationRequest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real, calls = messaging.alert_address, []

        def dies(**kwargs: Any) -> Any:
            calls.append(real(**kwargs))
            if len(calls) == 2:
                raise MemoryError
            return calls[-1]

        with monkeypatch.context() as broken:
            broken.setattr(messaging, "alert_address", dies)
            with pytest.raises(SomeFailed, match="part of the clocks tell: MemoryError"):
                worker.look(NOW + minutes(121))
        assert (worker.told(), ClockAlarm.objects.get().told_times) == ([], 0)
        assert worker.look(NOW + minutes(121.05)) == [DUTY, OTHER]

    def test_a_clock_that_is_put_back_loses_no_mail_and_repeats_go_on(
        self, worker: Worker, danger: ConsultationRequest
    ) -> None:
        assert worker.look(NOW + minutes(121)) == [DUTY, OTHER]
        assert worker.look(NOW + minutes(61)) == EVERYBODY
        assert worker.look(NOW + minutes(62)) == []
        assert worker.look(NOW + minutes(72)) == EVERYBODY
        assert ClockAlarm.objects.count() == 1

    def test_with_nobody_to_tell_it_is_told_once_somebody_is_there(
        self, worker: Worker, danger: ConsultationRequest, settings: Any, nurse: User
    ) -> None:
        settings.DUTY_EMAIL = ""
        User.objects.update(is_active=False)
        assert worker.look(NOW + minutes(121)) == []
        assert ClockAlarm.objects.get().told_at is None
        User.objects.filter(pk=nurse.pk).update(is_active=True)
        assert worker.look(NOW + minutes(180)) == [NURSE]

    def test_looking_again_asks_little_however_much_is_late(
        self, worker: Worker, make_request: MakeRequest, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(12):
            make_request(due_at=NOW)
        worker.look(NOW + minutes(1))
        with django_assert_max_num_queries(30):
            assert worker.look(NOW + minutes(2)) == []


@pytest.mark.parametrize("what", ["raised", "handed over"])
def test_who_had_stopped_the_repeats_speaks_for_nobody_else(
    worker: Worker, nurse: User, other_nurse: User, what: str
) -> None:
    """A same-day case ran out, and a nurse took it on. Then more is told, or she goes: nobody acts on it, again."""
    case = open_case(Outcome.SAME_DAY)
    late = case.due_at + minutes(1)
    assert worker.look(late)
    cases.acknowledge(case=case, by=nurse)
    assert worker.look(late + minutes(10.1)) == []
    if what == "raised":
        cases.raise_level(case=SafetyCase.objects.get(), level=Outcome.SAME_DAY)
    else:
        handover.switch_duty(is_on_duty=False, by=nurse)
    worker.told()
    assert OTHER in worker.look(late + minutes(20.3))
    cases.acknowledge(case=case, by=other_nurse)
    assert worker.look(late + minutes(30.5)) == []
