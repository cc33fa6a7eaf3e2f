"""Asking a patient: whose question it is, and that the decision to ask is on record."""

import pytest

from clinic.accounts.models import User
from consultations.enums import RequestStatus, TriageAction
from consultations.models import InformationRequest, TriageDecision
from tests.consultations.perform import perform
from tests.personas import MakeRequest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("status", "verb", "given", "is_from_doctor"),
    [
        (RequestStatus.RECEIVED, "ask", {"question": "Which leg?"}, False),
        (RequestStatus.WITH_DOCTOR, "ask_as_doctor", {"patient_note": "Which leg?"}, True),
    ],
)
def test_a_question_says_whose_it_is(
    make_request: MakeRequest,
    doctor: User,
    status: RequestStatus,
    verb: str,
    given: dict[str, str],
    is_from_doctor: bool,
) -> None:
    """A doctor who asks before the request was passed on asks for triage, and reads no answer first."""
    consultation_request = make_request(status=status)
    perform(verb, consultation_request, **given, by=doctor)
    asked = InformationRequest.objects.get()
    assert (asked.question, asked.asked_by, asked.is_from_doctor) == ("Which leg?", doctor, is_from_doctor)
    decision = TriageDecision.objects.get()
    assert (decision.action, decision.note, decision.decided_by) == (TriageAction.ASK, "", doctor)
