"""The ledger notices what it is for: each kind of loss is made by hand, and it fails naming the row."""

import datetime
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from clinic.core import audit, channels, clock
from clinic.core.models import OutboxMessage
from consultations.enums import MessageKind, TextKind
from consultations.models import Appointment, ConsultationRequest, PatientText, SafetyCase
from consultations.services import intake, messaging, patient_texts, scheduling
from tests.consultations.perform import perform, send_message
from tests.faults.comparison import compare, repeats
from tests.faults.ledger import TOLD_ERROR, TOLD_NO, TOLD_PERHAPS, UNANSWERED, Ledger
from tests.personas import book_directly
from tests.simulation import patients

pytestmark = pytest.mark.django_db
TEXT = "Message of person 1."


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.jsonl")


@pytest.fixture
def sent(ledger: Ledger) -> ConsultationRequest:
    """Sent by a service, and told so."""
    return tell(ledger, patients.send_form())


def tell(ledger: Ledger, request: ConsultationRequest) -> ConsultationRequest:
    answers = {name: request.response.answers[name] for name in ("ab_age", "peg_p")}
    ledger.acknowledge(
        "send", request.patient.email, reference=request.reference, name=request.patient.name, answers=answers
    )
    return request


def found(ledger: Ledger, **options: Any) -> list[str]:
    return [str(finding) for finding in compare(ledger.entries, **options)]


def test_what_stands_as_it_was_told_is_no_finding(ledger, sent, nurse):
    perform("claim", sent, by=nurse)
    ledger.acknowledge("claim", str(sent.pk), by="nurse")
    send_message(consultation_request=sent, text=TEXT, key="a page")
    ledger.acknowledge("message", sent.reference, text=TEXT)
    assert found(ledger) == []


def test_a_request_that_was_never_stored(ledger, sent):
    ledger.acknowledge("send", "nobody@example.com", reference="LS-2222-22", name="Nobody", answers={})
    assert found(ledger) == ["lost: request LS-2222-22 of nobody@example.com"]


def test_other_answers_than_those_sent(ledger, sent):
    sent.response.answers = {**sent.response.answers, "peg_p": 1}
    sent.response.save()
    assert found(ledger) == [f"half: request {sent.reference} does not hold what was sent"]


def test_a_second_request_of_one_person(ledger, sent, monkeypatch):
    monkeypatch.setattr(patients, "somebody", lambda: intake.Contact(
        name=sent.patient.name, birth_on=sent.patient.birth_on, email=sent.patient.email, phone="",
    ))  # fmt: skip
    other = patients.send_form()
    (finding,) = found(ledger)
    assert finding == f"doubled: 2 requests of {sent.patient.email}: {sent.reference}, {other.reference}"


@pytest.mark.parametrize(
    ("part", "remove"),
    [
        ("consents", lambda request: request.consents.first().delete()),
        ("mail", lambda request: OutboxMessage.objects.filter(key=f"received-{request.pk}").delete()),
    ],
)
def test_a_request_without_a_part_of_it(ledger, sent, part, remove):
    remove(sent)
    assert found(ledger) == [f"half: request {sent.reference} without its {part}"]


def test_a_danger_without_its_case(ledger):
    request = tell(ledger, patients.send_form(rf_now=["fever"]))
    SafetyCase.objects.all().delete()
    assert found(ledger) == [
        f"half: request {request.reference} without its safety case",
        f"half: response {request.response_id} without its safety case",
    ]


def test_an_act_that_was_never_done(ledger, sent):
    ledger.acknowledge("escalate", str(sent.pk), by="nurse")
    assert found(ledger) == [f"lost: escalate on {sent.pk}: acknowledged 1, written 0"]


def test_an_act_that_was_done_twice(ledger, sent, nurse):
    perform("claim", sent, by=nurse)
    ledger.acknowledge("claim", str(sent.pk), by="nurse")
    with transaction.atomic():
        audit.record(action="request.claim", target=sent, by=nurse)
    assert found(ledger) == [f"doubled: claim on {sent.pk}: acknowledged 1, written 2"]


def test_an_act_that_nobody_was_told_of(ledger, sent, nurse):
    perform("claim", sent, by=nurse)
    assert found(ledger) == [f"doubled: request.claim on {sent.pk}: written 1, and nobody was told of it"]
    ledger.failed("claim", str(sent.pk), UNANSWERED)
    assert found(ledger) == [], "who pressed, and had no answer, may find it done"


def test_a_decision_without_its_mail(ledger, sent, doctor, visit):
    for verb, data in (("claim", {}), ("pass_to_doctor", {"doctor": doctor, "note": "Read."})):
        perform(verb, sent, by=doctor, **data)
        ledger.acknowledge(verb, str(sent.pk))
    perform("offer", sent, by=doctor, appointment_type=visit, patient_note="Come.", reason="We can help.")
    ledger.acknowledge("offer", str(sent.pk))
    assert found(ledger) == []
    OutboxMessage.objects.filter(key__startswith="offered-").delete()
    assert found(ledger) == ["half: request.offer: 1 times, and 0 mails about it"]


def test_a_booking_that_is_gone_and_two_that_overlap(ledger, sent, clinician):
    start = clock.now().replace(minute=0, second=0, microsecond=0) + datetime.timedelta(days=2)
    booked = book_directly(sent, clinician, start)
    slot = scheduling.slot_of(booked).key
    ledger.acknowledge("book", sent.reference, slot=slot)
    with transaction.atomic():
        audit.record(action="request.book", target=sent, actor="patient")
    assert found(ledger) == ["half: request.book: 1 times, and 0 mails about it"]
    Appointment.objects.all().delete()
    assert f"lost: booking of {sent.reference} at {slot}" in found(ledger)


def test_a_message_that_is_gone_or_there_twice(ledger, sent):
    send_message(consultation_request=sent, text=TEXT, key="a page")
    ledger.acknowledge("message", sent.reference, text=TEXT)
    patient_texts.keep(response_id=sent.response_id, kind=TextKind.MESSAGE, text=TEXT)
    assert found(ledger) == [f"doubled: message of {sent.reference}: 2 times"]
    PatientText.objects.all().delete()
    assert found(ledger) == [f"lost: message of {sent.reference}: 0 times"]


@pytest.mark.parametrize(
    ("told", "is_wrong"), [(TOLD_NO, True), (f"{TOLD_ERROR} 500", True), (TOLD_PERHAPS, False), (UNANSWERED, False)]
)
def test_somebody_who_was_told_that_what_stands_is_not_saved(ledger, told, is_wrong):
    request = patients.send_form()
    ledger.failed("send", request.patient.email, told)
    tell(ledger, request)
    expected = [f"told an error when stored: send on {request.patient.email}: {told}"] if is_wrong else []
    assert found(ledger) == expected


def test_a_repeat_that_was_denied_after_an_earlier_press_had_stored_it(ledger):
    request = patients.send_form()
    ledger.failed("send", request.patient.email, UNANSWERED)
    ledger.failed("send", request.patient.email, TOLD_NO, pressed=time.time())
    tell(ledger, request)
    assert found(ledger) == []
    assert repeats(ledger.entries) == 1


def test_an_error_before_it_was_stored_is_the_truth(ledger):
    ledger.failed("send", "person@example.com", TOLD_NO)
    assert found(ledger) == []


def test_a_mail_that_is_marked_as_sent_and_that_nobody_took(ledger, sent):
    row = messaging.notify_patient(kind=MessageKind.PRIVATE_LINK, consultation_request=sent, key="link-1")
    assert row is not None
    OutboxMessage.objects.filter(pk=row.pk).update(sent_at=clock.now())
    arrived: Counter[str] = Counter()
    assert found(ledger, arrived=arrived) == ["lost: mail link-1 is marked as sent and was taken by nobody"]
    arrived[channels.message_id("link-1")] = 1
    assert found(ledger, arrived=arrived) == []


def test_a_break_of_the_audit_chain(ledger, sent, monkeypatch):
    monkeypatch.setattr(audit, "verify", lambda: ["Event 7 is missing."])
    assert found(ledger) == ["audit chain: Event 7 is missing."]


def test_the_file_holds_each_line_before_anybody_goes_on(ledger, sent):
    assert '"what": "send"' in ledger.path.read_text()
    assert ledger.acknowledged == 1
