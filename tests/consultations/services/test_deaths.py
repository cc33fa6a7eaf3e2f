"""A person has died: nothing is written to them any more, until a case that said so by mistake is opened again."""

from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import delivery
from clinic.core.models import OutboxMessage
from consultations.enums import CaseOutcome, CaseProof, MessageKind, Outcome, RequestStatus
from consultations.models import ConsultationRequest, SafetyCase
from consultations.services import case_closing, cases, deaths, messaging, persons, private_links
from consultations.services.case_proofs import Claim
from tests.cast import MakeRequest, close_case, make_patient

pytestmark = pytest.mark.django_db
DIED = Claim(CaseOutcome.DIED, CaseProof.TOLD, words="Her son told us.")


@pytest.fixture
def request_and_case(make_request: MakeRequest, nurse: User) -> tuple[ConsultationRequest, SafetyCase]:
    request = make_request(outcome=Outcome.EMERGENCY)
    return request, cases.open_case(response=request.response, level=Outcome.EMERGENCY, patient=request.patient)


def owe(request: ConsultationRequest, key: str, kind: MessageKind = MessageKind.PRIVATE_LINK) -> OutboxMessage:
    message = messaging.tell_patient(kind=kind, request=request, key=key)
    assert message is not None
    return message


def sent(mailoutbox: list[Any]) -> list[str]:
    delivery.deliver_due()
    return [mail.to[0] for mail in mailoutbox if "staff area" not in mail.subject]


def test_what_waits_and_what_comes_later_stays_until_it_is_undone(
    request_and_case: Any, nurse: User, mailoutbox: list[Any], settings: Any
) -> None:
    request, case = request_and_case
    owe(request, "before")
    case_closing.close(case=case, claim=DIED, by=nurse)
    assert OutboxMessage.objects.get(subject__request=request).is_stopped
    owe(request, "after")
    assert sent(mailoutbox) == []
    held = OutboxMessage.objects.filter(subject__request=request)
    assert {(each.is_stopped, each.last_error) for each in held} == {(True, "Held back: the person has died.")}
    case_closing.reopen(case=case, reason="Another person of that name.", by=nurse)
    assert sent(mailoutbox) == ["alice@example.com", "alice@example.com"]


def test_a_danger_that_the_person_tells_is_no_death(request_and_case: Any, nurse: User) -> None:
    request, case = request_and_case
    case_closing.close(case=case, claim=DIED, by=nurse)
    assert deaths.is_recorded(request.patient)
    cases.raise_level(case=SafetyCase.objects.get(), level=Outcome.EMERGENCY)
    assert not deaths.is_recorded(request.patient)


def test_it_is_the_person_and_nobody_else(
    request_and_case: Any, make_request: MakeRequest, nurse: User, mailoutbox: list[Any]
) -> None:
    request, case = request_and_case
    other, stranger = make_request(patient=make_patient("Ann Winther")), make_request(patient=make_patient("Bob Pell"))
    persons.join(patient=request.patient, other=other.patient, reason="One person.", by=nurse)
    case_closing.close(case=case, claim=DIED, by=nurse)
    owe(other, "other")
    owe(stranger, "stranger")
    assert sent(mailoutbox) == ["bob@example.com"]
    persons.separate(patient=other.patient, reason="Two sisters.", by=nurse)
    assert deaths.restart_mails() == 1
    assert sent(mailoutbox) == ["bob@example.com", "ann@example.com"]


def test_what_is_of_no_use_by_then_does_not_go_out(request_and_case: Any, nurse: User, mailoutbox: list[Any]) -> None:
    request, case = request_and_case
    owe(request, "question", MessageKind.QUESTION_ASKED)
    case_closing.close(case=case, claim=DIED, by=nurse)
    case_closing.reopen(case=case, reason="A mistake.", by=nurse)
    assert request.status == RequestStatus.RECEIVED
    assert sent(mailoutbox) == []


def test_a_link_that_is_asked_for_does_not_go_out(request_and_case: Any, nurse: User, mailoutbox: list[Any]) -> None:
    request, case = request_and_case
    case_closing.close(case=case, claim=DIED, by=nurse)
    private_links.send_again(email=request.patient.email)
    assert sent(mailoutbox) == []


def test_any_other_outcome_stops_nothing(request_and_case: Any, nurse: User, mailoutbox: list[Any]) -> None:
    request, case = request_and_case
    owe(request, "one")
    close_case(case, by=nurse)
    assert sent(mailoutbox) == ["alice@example.com"]
