"""Many presses at once: one message, one reader on record, and a clock that fits whatever came last."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction

from clinic.core import audit
from clinic.core.models import AuditEvent
from consultations.actions.read_text import mark_read
from consultations.enums import TextKind
from consultations.models import ConsultationRequest, PatientText, QuestionnaireResponse, SafetyCase
from consultations.services import intake
from consultations.services.patient_texts import keep_if_marked
from tests.concurrency.test_one_slot import in_thread
from tests.consultations.perform import send_message
from tests.consultations.services.test_intake import ALICE, ANSWERS, WORDINGS, ready
from tests.consultations.services.test_patient_texts import PLAIN, SELF_HARM, SIGN
from tests.consultations.views.conftest import OUTCOMES
from tests.personas import make_user

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
PRESSES = 8


def at_once(calls: list[Any]) -> list[Any]:
    pressing = threading.Barrier(len(calls), timeout=20)

    def press(call: Any) -> Any:
        pressing.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda call: in_thread(press, call), calls))


def test_one_message_of_many_presses(make_request: Any) -> None:
    consultation_request = make_request()
    rows = at_once(
        [lambda: send_message(consultation_request=consultation_request, text=PLAIN, key="a page").pk] * PRESSES
    )
    assert len(set(rows)) == PatientText.objects.count() == 1
    assert AuditEvent.objects.filter(action="request.message").count() == 1


def test_one_reader_is_on_record_and_the_others_are_told_who(make_request: Any) -> None:
    consultation_request = make_request()
    text = send_message(consultation_request=consultation_request, text=SELF_HARM, key="a page")
    readers = [make_user(f"nurse{number}", "triage", name=f"Nurse {number}") for number in range(PRESSES)]
    first = at_once([lambda by=by: mark_read(text=text, by=by).read_by_id for by in readers])
    assert len(set(first)) == 1
    assert AuditEvent.objects.filter(action="request.read_text").count() == 1
    assert audit.verify() == []


def test_sending_and_reading_at_once_leave_the_clock_of_what_is_unread(make_request: Any) -> None:
    consultation_request, nurse = make_request(), make_user("nurse", "triage", name="Nora Adeyemi")
    texts = [
        send_message(consultation_request=consultation_request, text=f"{SELF_HARM} {number}", key="a page")
        for number in range(4)
    ]
    reading = [lambda text=text: mark_read(text=text, by=nurse) for text in texts]
    sending = [
        lambda number=number: send_message(consultation_request=consultation_request, text=f"{SIGN} {number}", key="b")
        for number in range(4)
    ]
    at_once([*reading, *sending])
    fresh = ConsultationRequest.objects.get(pk=consultation_request.pk)
    unread = PatientText.objects.waiting().order_by("due_at")
    assert unread.count() == 4
    assert (fresh.texts_due_at, fresh.texts_risk) == (unread[0].due_at, 1)


@pytest.fixture
def called_back() -> QuestionnaireResponse:
    """A check with a same-day sign and a number that was left for the call, with words beside it."""
    response = ready(**OUTCOMES["SAME_DAY"])
    contact = intake.Contact.from_json({**ALICE.as_json(), "phone": f"202-555-0142 {SIGN}"})
    intake.ask_for_call_back(response=response, contact=contact)
    return response


def test_a_text_that_is_read_while_the_check_is_sent_leaves_no_clock(called_back: QuestionnaireResponse) -> None:
    text, nurse = PatientText.objects.get(), make_user("nurse", "triage", name="Nora Adeyemi")
    is_sent, is_read = threading.Event(), threading.Event()

    def send() -> None:
        with transaction.atomic():
            intake.send(response=called_back, wordings=WORDINGS)
            is_sent.set()
            is_read.wait(1)

    def read() -> None:
        assert is_sent.wait(20)
        mark_read(text=text, by=nurse)
        is_read.set()

    at_once([send, read])
    consultation_request = ConsultationRequest.objects.get()
    assert not PatientText.objects.waiting().exists()
    assert (consultation_request.texts_due_at, consultation_request.texts_risk) == (None, None)


def test_an_answer_and_a_number_left_at_once_do_not_wait_for_each_other(called_back: QuestionnaireResponse) -> None:
    has_response, has_case = threading.Event(), threading.Event()

    def answer() -> None:
        with transaction.atomic():
            intake.lock_open(called_back)
            has_response.set()
            assert has_case.wait(20)
            intake.save_answers(response=called_back, answers={**ANSWERS, "rf_now": ["chest"]})

    def leave_a_number() -> None:
        with transaction.atomic():
            assert has_response.wait(20)
            SafetyCase.objects.select_for_update(of=("self",)).get(response=called_back)
            has_case.set()
            keep_if_marked(response_id=called_back.pk, kind=TextKind.PHONE, text=SIGN)

    at_once([answer, leave_a_number])
    assert PatientText.objects.count() == 2
    assert SafetyCase.objects.get().level == "EMERGENCY"
