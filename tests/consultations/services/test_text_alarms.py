"""Words about self-harm reach the person on duty at once, and again until somebody has read them."""

import datetime
from typing import Any

import pytest
from django.db import connection

from clinic.accounts.models import User
from clinic.core import encryption
from clinic.core.models import OutboxMessage
from consultations.actions.read_text import mark_read
from consultations.enums import MessageKind, RequestStatus
from consultations.models import ConsultationRequest, PatientText
from consultations.services import alarms, cases, text_alarms
from tests import mailbox
from tests.consultations.perform import perform, send_message
from tests.consultations.services.conftest import NOW
from tests.consultations.services.test_alerts import (
    DOCTOR,
    DUTY,
    FRIDAY_EVENING,
    MONDAY_OPENING,
    NURSE,
    ON_CALL,
    OTHER,
    Clock,
    minutes,
)
from tests.consultations.services.test_patient_texts import PLAIN, SELF_HARM, SIGN
from tests.personas import MakeRequest

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def team(nurse: User, other_nurse: User, doctor: User) -> None:
    """Two nurses and a doctor on duty."""


def write(consultation_request: ConsultationRequest, text: str = SELF_HARM) -> PatientText:
    return send_message(consultation_request=consultation_request, text=text, key=encryption.new_token())


def page(consultation_request: ConsultationRequest) -> str:
    return f"http://testserver/admin/consultations/consultationrequest/{consultation_request.pk}/change/"


def sent() -> None:
    OutboxMessage.objects.filter(sent_at=None).update(sent_at=NOW)


class TestWhileOpen:
    def test_at_once_then_everybody_on_duty_every_ten_minutes_until_it_is_read(
        self, settings: Any, time_machine: Any, alice: ConsultationRequest, nurse: User
    ) -> None:
        settings.DUTY_EMAIL, settings.ON_CALL = DUTY, ON_CALL
        clock = Clock(time_machine, NOW)
        text = write(alice)
        assert clock.told() == [DUTY, NURSE]
        everybody = [DOCTOR, DUTY, NURSE, OTHER]
        checks = {number: clock.look(NOW + minutes(number)) for number in (0.1, 9.9, 10, 10.1, 20)}
        assert checks == {0.1: [], 9.9: [], 10: everybody, 10.1: [], 20: everybody}
        mark_read(text=text, by=nurse)
        assert clock.look(NOW + minutes(30)) == []

    def test_the_mail_says_only_that_something_waits(self, time_machine: Any, alice: ConsultationRequest) -> None:
        Clock(time_machine, NOW)
        write(alice)
        row = OutboxMessage.objects.get()
        assert mailbox.link_of(row) == page(alice)
        assert (row.lane, row.kind, hasattr(row, "subject")) == ("alerts", MessageKind.STAFF_ALERT, False)

    def test_whoever_has_the_request_hears_of_it_first(
        self, time_machine: Any, make_request: MakeRequest, doctor: User, other_nurse: User
    ) -> None:
        clock = Clock(time_machine, NOW)
        write(make_request(status=RequestStatus.WITH_DOCTOR, doctor=doctor))
        assert clock.told() == [DOCTOR]
        write(make_request(status=RequestStatus.IN_TRIAGE, claimed_by=other_nurse, claimed_at=NOW))
        assert clock.told() == [OTHER]

    @pytest.mark.parametrize("text", [SIGN, PLAIN])
    def test_other_words_have_a_clock_and_no_alarm(self, time_machine: Any, alice: Any, text: str) -> None:
        clock = Clock(time_machine, NOW)
        write(alice, text)
        assert clock.told() == []
        assert clock.look(NOW + minutes(10)) == []

    def test_several_of_one_person_are_one_alarm(self, time_machine: Any, alice: Any, nurse: User) -> None:
        clock = Clock(time_machine, NOW)
        first = write(alice)
        clock.told()
        clock.at(NOW + minutes(5))
        second = write(alice, f"Again. {SELF_HARM}")
        assert clock.told() == []
        mark_read(text=first, by=nurse)
        assert clock.look(NOW + minutes(10)) == [DOCTOR, NURSE, OTHER]
        mark_read(text=second, by=nurse)
        assert clock.look(NOW + minutes(20)) == []

    def test_those_of_several_people_are_one_mail(
        self, time_machine: Any, alice: Any, bob: ConsultationRequest
    ) -> None:
        clock = Clock(time_machine, NOW)
        write(alice)
        write(bob)
        clock.told()
        clock.look(NOW + minutes(10))
        newest = OutboxMessage.objects.latest("pk")
        assert mailbox.link_of(newest).endswith("/admin/today/")
        body = mailbox.write(newest).text
        assert "no name" not in body
        assert "harm" not in body

    def test_many_of_one_person_cost_no_more_to_repeat(
        self, time_machine: Any, alice: ConsultationRequest, django_assert_max_num_queries: Any
    ) -> None:
        clock = Clock(time_machine, NOW)
        for number in range(40):
            write(alice, f"{SELF_HARM} {number}")
        clock.at(NOW + minutes(10))
        with django_assert_max_num_queries(40):
            assert text_alarms.repeat() == 40

    def test_it_goes_on_after_the_request_is_withdrawn(self, time_machine: Any, alice: ConsultationRequest) -> None:
        clock = Clock(time_machine, NOW)
        write(alice)
        perform("withdraw", alice)
        clock.known = OutboxMessage.objects.filter(kind=MessageKind.STAFF_ALERT).count()
        assert clock.look(NOW + minutes(10)) == [DOCTOR, NURSE, OTHER]

    def test_damage_in_the_text_does_not_silence_it(self, time_machine: Any, alice: ConsultationRequest) -> None:
        clock = Clock(time_machine, NOW)
        write(alice)
        clock.told()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE consultations_patienttext SET text = 'garbage'")
        assert clock.look(NOW + minutes(10)) == [DOCTOR, NURSE, OTHER]


class TestWhileClosed:
    def test_who_is_on_call_alone_and_every_ten_minutes(
        self, settings: Any, time_machine: Any, alice: ConsultationRequest
    ) -> None:
        settings.DUTY_EMAIL, settings.ON_CALL = DUTY, ON_CALL
        clock = Clock(time_machine, FRIDAY_EVENING)
        write(alice)
        assert clock.told() == [ON_CALL]
        assert clock.look(FRIDAY_EVENING + minutes(10)) == [ON_CALL]
        assert clock.look(MONDAY_OPENING) == [DOCTOR, DUTY, NURSE, OTHER]

    def test_without_anybody_on_call_once_and_then_from_opening(
        self, settings: Any, time_machine: Any, alice: ConsultationRequest
    ) -> None:
        settings.DUTY_EMAIL, settings.ON_CALL = DUTY, ""
        clock = Clock(time_machine, FRIDAY_EVENING)
        text = write(alice)
        assert clock.told() == [DUTY, NURSE]
        checks = [clock.look(FRIDAY_EVENING + minutes(number)) for number in (10, 60, 24 * 60)]
        assert checks == [[], [], []]
        assert text.due_at == MONDAY_OPENING + datetime.timedelta(hours=2)
        assert clock.look(MONDAY_OPENING) == [DOCTOR, DUTY, NURSE, OTHER]


class TestNobodyTold:
    def state(self, moment: datetime.datetime) -> str:
        return alarms.state(now=moment)

    def test_is_an_alarm_of_its_own(
        self, settings: Any, time_machine: Any, alice: ConsultationRequest, caplog: Any
    ) -> None:
        settings.DUTY_EMAIL = ""
        User.objects.update(is_active=False)
        text = write(alice)
        assert f"text {text.pk}: nobody can be told" in caplog.text
        assert self.state(NOW) == "nobody was told of 1 text that cannot wait"
        first = alarms.sentences(now=NOW)[0]
        assert first == "Nobody was told of 1 text that may be about self-harm. It stands below: act on it now."
        caplog.clear()
        assert alarms.log_untold_texts() == 0
        time_machine.move_to(NOW + minutes(10), tick=False)
        assert alarms.log_untold_texts() == 1
        assert SELF_HARM not in caplog.text

    @pytest.mark.parametrize(
        ("minute", "word"), [(0, "ok"), (4.9, "ok"), (5, "nobody was told of 1 text that cannot wait")]
    )
    def test_names_a_mail_that_does_not_go_out(self, time_machine: Any, alice: Any, minute: float, word: str) -> None:
        write(alice)
        assert self.state(NOW + minutes(minute)) == word

    def test_one_that_went_out_is_enough_also_for_a_second_text(self, time_machine: Any, alice: Any) -> None:
        write(alice)
        sent()
        time_machine.move_to(NOW + minutes(5), tick=False)
        write(alice, f"Again. {SELF_HARM}")
        assert self.state(NOW + minutes(9)) == "ok"

    def test_reading_ends_it(self, settings: Any, alice: ConsultationRequest, nurse: User) -> None:
        text = write(alice)
        OutboxMessage.objects.update(parked_at=NOW)
        assert self.state(NOW) == "nobody was told of 1 text that cannot wait"
        mark_read(text=text, by=nurse)
        assert self.state(NOW) == "ok"

    def test_the_worker_repeats_with_the_cases(self, time_machine: Any, alice: ConsultationRequest) -> None:
        write(alice)
        time_machine.move_to(NOW + minutes(10), tick=False)
        assert cases.alert_again() == 1
