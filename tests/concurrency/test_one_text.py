"""Many presses at once: one message, one reader on record, and a clock that fits whatever came last."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from clinic import audit
from clinic.models import AuditEvent
from consultations.models import ConsultationRequest, PatientText
from consultations.services.patient_texts import mark_read, send_message
from tests.cast import make_user
from tests.concurrency.test_one_slot import in_thread
from tests.consultations.services.test_patient_texts import PLAIN, SELF_HARM, SIGN

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
    request = make_request()
    rows = at_once([lambda: send_message(request=request, text=PLAIN, key="a page").pk] * PRESSES)
    assert len(set(rows)) == PatientText.objects.count() == 1
    assert AuditEvent.objects.filter(action="request.message").count() == 1


def test_one_reader_is_on_record_and_the_others_are_told_who(make_request: Any) -> None:
    request = make_request()
    text = send_message(request=request, text=SELF_HARM, key="a page")
    readers = [make_user(f"nurse{number}", "triage", name=f"Nurse {number}") for number in range(PRESSES)]
    first = at_once([lambda by=by: mark_read(text=text, by=by).read_by_id for by in readers])
    assert len(set(first)) == 1
    assert AuditEvent.objects.filter(action="request.read_text").count() == 1
    assert audit.verify() == []


def test_sending_and_reading_at_once_leave_the_clock_of_what_is_unread(make_request: Any) -> None:
    request, nurse = make_request(), make_user("nurse", "triage", name="Nora Adeyemi")
    texts = [send_message(request=request, text=f"{SELF_HARM} {number}", key="a page") for number in range(4)]
    reading = [lambda text=text: mark_read(text=text, by=nurse) for text in texts]
    sending = [
        lambda number=number: send_message(request=request, text=f"{SIGN} {number}", key="b") for number in range(4)
    ]
    at_once([*reading, *sending])
    fresh = ConsultationRequest.objects.get(pk=request.pk)
    unread = PatientText.objects.waiting().order_by("due_at")
    assert unread.count() == 4
    assert (fresh.texts_due_at, fresh.texts_risk) == (unread[0].due_at, 1)
