"""The weekly question: by mail until the visit, or a call that any call fulfills."""

import datetime
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import clock, delivery
from clinic.core.models import OutboxMessage, PatientShown
from consultations.enums import CallOutcome, MessageKind, RequestStatus, SafeToContact
from consultations.models import Call, Clinician, ConsultationRequest
from consultations.services import weekly_question
from tests.consultations.perform import perform
from tests.consultations.services.conftest import NOW
from tests.consultations.views.conftest import text_of
from tests.mailbox import write
from tests.personas import MakeRequest, book_directly, make_patient

DAY = datetime.timedelta(days=1)
WEEK = 7 * DAY


def mails(consultation_request: ConsultationRequest) -> list[OutboxMessage]:
    kind = MessageKind.WEEKLY_QUESTION
    return list(
        OutboxMessage.objects.filter(subject__consultation_request=consultation_request, kind=kind).order_by("pk")
    )


def calls_due() -> list[int]:
    return [weekly_call.pk for weekly_call in weekly_question.weekly_calls(now=clock.now())]


def test_once_a_week_from_when_it_was_sent(make_request: MakeRequest, time_machine: Any) -> None:
    consultation_request = make_request()
    for shift, count in ((6 * DAY, 0), (DAY, 1), (DAY, 1), (5 * DAY, 1), (DAY, 2)):
        time_machine.shift(shift)
        weekly_question.ask_weekly()
        weekly_question.ask_weekly()
        assert len(mails(consultation_request)) == count


def test_it_is_neutral_and_goes_only_while_somebody_is_there(make_request: MakeRequest, time_machine: Any) -> None:
    consultation_request = make_request()
    time_machine.move_to(NOW + WEEK + datetime.timedelta(hours=10), tick=False)
    assert weekly_question.ask_weekly() == 0
    time_machine.move_to(NOW + WEEK + DAY, tick=False)
    assert weekly_question.ask_weekly() == 1
    (message,) = mails(consultation_request)
    letter = write(message)
    assert letter.subject == f"Your request {consultation_request.reference}: has anything changed?"
    assert "Your request is still open. Please tell us if anything has changed." in letter.text
    for word in ("pain", "danger", "doctor", "spine", "numb"):
        assert word not in letter.text.lower().replace("larchwell spine clinic", "")


@pytest.mark.parametrize("status", RequestStatus)
def test_only_while_the_request_is_open(make_request: MakeRequest, time_machine: Any, status: RequestStatus) -> None:
    consultation_request = make_request(status=status)
    time_machine.shift(WEEK)
    assert weekly_question.ask_weekly() == int(not consultation_request.is_closed)


def test_until_the_visit(make_request: MakeRequest, clinician: Clinician, time_machine: Any) -> None:
    consultation_request = make_request(status=RequestStatus.BOOKED)
    book_directly(consultation_request, clinician, NOW + WEEK + datetime.timedelta(hours=1))
    time_machine.shift(WEEK)
    assert weekly_question.ask_weekly() == 1
    time_machine.shift(WEEK)
    assert weekly_question.ask_weekly() == 0


def test_an_answer_makes_the_week_begin_anew_and_stops_a_mail_on_its_way(
    make_request: MakeRequest, time_machine: Any
) -> None:
    consultation_request = make_request()
    time_machine.shift(WEEK)
    weekly_question.ask_weekly()
    time_machine.shift(datetime.timedelta(minutes=1))
    perform("answer_again", consultation_request, ticks=("none",))
    delivery.deliver_due()
    (message,) = mails(consultation_request)
    assert message.sent_at is None
    assert message.last_error == "Not sent: the patient has answered since, or no longer wants to be asked."
    time_machine.shift(6 * DAY)
    assert weekly_question.ask_weekly() == 0


def test_whoever_switched_it_off_is_not_asked(make_request: MakeRequest, nurse: User, time_machine: Any) -> None:
    mailed, called = make_request(), make_request(patient=make_patient("Bob Pell", email=""))
    for consultation_request in (mailed, called):
        perform("ask_weekly", consultation_request, is_wanted=False, by=nurse)
    time_machine.shift(WEEK)
    assert weekly_question.ask_weekly() == 0
    assert calls_due() == []


def test_without_an_address_a_call_is_due_which_any_call_fulfills(
    make_request: MakeRequest, nurse: User, time_machine: Any
) -> None:
    consultation_request = make_request(patient=make_patient("Bob Pell", email=""))
    make_request(patient=make_patient("Cy Dunn", email="", phone=""))
    make_request(patient=make_patient("Di Eng", email="", safe_to_contact=SafeToContact.EMAIL_ONLY))
    time_machine.shift(6 * DAY)
    assert calls_due() == []
    time_machine.shift(DAY)
    assert weekly_question.ask_weekly() == 0
    assert calls_due() == [consultation_request.pk]
    Call.objects.create(
        response=consultation_request.response, outcome=CallOutcome.NOT_REACHED, made_at=clock.now(), made_by=nurse
    )
    assert calls_due() == []
    time_machine.shift(WEEK)
    assert calls_due() == [consultation_request.pk]


def test_today_names_whom_to_call(make_request: MakeRequest, nurse: User, sign_in: Any, time_machine: Any) -> None:
    consultation_request = make_request(patient=make_patient("Bob Pell", email=""), due_at=NOW + 30 * DAY)
    time_machine.shift(WEEK)
    text = text_of(sign_in(nurse).get("/admin/"))
    assert "1 weekly call: ask if anything is new or worse" in text
    assert f"Bob Pell {consultation_request.reference}" in text
    assert PatientShown.objects.filter(patient_id=consultation_request.patient_id).exists()
