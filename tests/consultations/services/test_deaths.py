"""A person has died: nothing is written to them any more, until a case that said so by mistake is opened again."""

from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import delivery
from clinic.core.models import OutboxMessage
from consultations.enums import CaseOutcome, CaseProof, MessageKind, Outcome, RequestStatus
from consultations.models import ConsultationRequest, SafetyCase
from consultations.services import case_closing, cases, deaths, messaging, persons, private_links
from consultations.services.case_proofs import OutcomeClaim
from tests.personas import MakeRequest, close_case, make_patient

pytestmark = pytest.mark.django_db
DIED = OutcomeClaim(CaseOutcome.DIED, CaseProof.TOLD, words="Her son told us.")


@pytest.fixture
def request_and_case(make_request: MakeRequest, nurse: User) -> tuple[ConsultationRequest, SafetyCase]:
    consultation_request = make_request(outcome=Outcome.EMERGENCY)
    return consultation_request, cases.open_case(
        response=consultation_request.response, level=Outcome.EMERGENCY, patient=consultation_request.patient
    )


def owe(
    consultation_request: ConsultationRequest, key: str, kind: MessageKind = MessageKind.PRIVATE_LINK
) -> OutboxMessage:
    message = messaging.notify_patient(kind=kind, consultation_request=consultation_request, key=key)
    assert message is not None
    return message


def sent(mailoutbox: list[Any]) -> list[str]:
    delivery.deliver_due()
    return [mail.to[0] for mail in mailoutbox if "staff area" not in mail.subject]


def test_what_waits_and_what_comes_later_stays_until_it_is_undone(
    request_and_case: Any, nurse: User, mailoutbox: list[Any], settings: Any
) -> None:
    consultation_request, case = request_and_case
    owe(consultation_request, "before")
    case_closing.close(case=case, claim=DIED, by=nurse)
    assert OutboxMessage.objects.get(subject__consultation_request=consultation_request).is_stopped
    owe(consultation_request, "after")
    assert sent(mailoutbox) == []
    stored = OutboxMessage.objects.filter(subject__consultation_request=consultation_request)
    assert {(item.is_stopped, item.last_error) for item in stored} == {(True, "Held back: the person has died.")}
    case_closing.reopen(case=case, reason="Another person of that name.", by=nurse)
    assert sent(mailoutbox) == ["alice@example.com", "alice@example.com"]


def test_a_danger_that_the_person_tells_is_no_death(request_and_case: Any, nurse: User) -> None:
    consultation_request, case = request_and_case
    case_closing.close(case=case, claim=DIED, by=nurse)
    assert deaths.is_recorded(consultation_request.patient)
    cases.raise_level(case=SafetyCase.objects.get(), level=Outcome.EMERGENCY)
    assert not deaths.is_recorded(consultation_request.patient)


def test_it_is_the_person_and_nobody_else(
    request_and_case: Any, make_request: MakeRequest, nurse: User, mailoutbox: list[Any]
) -> None:
    consultation_request, case = request_and_case
    other, stranger = make_request(patient=make_patient("Ann Winther")), make_request(patient=make_patient("Bob Pell"))
    persons.join(patient=consultation_request.patient, other=other.patient, reason="One person.", by=nurse)
    case_closing.close(case=case, claim=DIED, by=nurse)
    owe(other, "other")
    owe(stranger, "stranger")
    assert sent(mailoutbox) == ["bob@example.com"]
    persons.separate(patient=other.patient, reason="Two sisters.", by=nurse)
    assert deaths.restart_mails() == 1
    assert sent(mailoutbox) == ["bob@example.com", "ann@example.com"]


def test_what_is_of_no_use_by_then_does_not_go_out(request_and_case: Any, nurse: User, mailoutbox: list[Any]) -> None:
    consultation_request, case = request_and_case
    owe(consultation_request, "question", MessageKind.QUESTION_ASKED)
    case_closing.close(case=case, claim=DIED, by=nurse)
    case_closing.reopen(case=case, reason="A mistake.", by=nurse)
    assert consultation_request.status == RequestStatus.RECEIVED
    assert sent(mailoutbox) == []


def test_a_link_that_is_asked_for_does_not_go_out(request_and_case: Any, nurse: User, mailoutbox: list[Any]) -> None:
    consultation_request, case = request_and_case
    case_closing.close(case=case, claim=DIED, by=nurse)
    private_links.send_again(email=consultation_request.patient.email)
    assert sent(mailoutbox) == []


def test_any_other_outcome_stops_nothing(request_and_case: Any, nurse: User, mailoutbox: list[Any]) -> None:
    consultation_request, case = request_and_case
    owe(consultation_request, "one")
    close_case(case, by=nurse)
    assert sent(mailoutbox) == ["alice@example.com"]
