"""The page of the day after: what was chosen counts, whatever is wrong with the text beside it."""

from typing import Any

import pytest
from django.test import Client

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import CaseStatus, Outcome
from consultations.models import CaseClosing, ConsultationRequest, PatientText, SafetyCase
from consultations.services import cases
from tests.consultations.admin.conftest import text_of
from tests.personas import MakeRequest, close_case, make_patient, open_privately, private_url

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(make_request: MakeRequest, nurse: User) -> ConsultationRequest:
    consultation_request = make_request(outcome=Outcome.EMERGENCY)
    case = cases.open_case(
        response=consultation_request.response, level=Outcome.EMERGENCY, patient=consultation_request.patient
    )
    close_case(case, by=nurse)
    CaseClosing.objects.update(asked_for=clock.now())
    return consultation_request


@pytest.fixture
def browser(client: Client, asked: ConsultationRequest) -> Client:
    open_privately(client, asked)
    return client


def send(browser: Client, asked: ConsultationRequest, **data: Any) -> Any:
    page = private_url(asked, "how-it-went/")
    closing = CaseClosing.objects.get().pk
    return browser.post(page, {"asked": str(closing), "once": "a page", "found": "", **data}, follow=True)


def test_the_status_page_leads_to_the_question_and_no_more_once_it_is_answered(
    browser: Client, asked: ConsultationRequest
) -> None:
    status = private_url(asked)
    assert "We have a short question for you." in text_of(browser.get(status))
    page = text_of(browser.get(private_url(asked, "how-it-went/")))
    assert "Were you seen? What did they find?" in page
    done = text_of(send(browser, asked, seen="seen_nothing", found="A pulled muscle."))
    assert "We have your answer" in done
    assert PatientText.objects.get().text == "A pulled muscle."
    assert "We have a short question for you." not in text_of(browser.get(status))
    assert SafetyCase.objects.get().status == CaseStatus.CLOSED


@pytest.mark.parametrize("data", [{"seen": "not_seen"}, {"is_worse": "on"}, {"is_worse": "on", "seen": "seen_nothing"}])
def test_not_seen_or_worse_is_told_at_once_and_says_not_to_wait(
    browser: Client, asked: ConsultationRequest, data: dict[str, str]
) -> None:
    page = text_of(send(browser, asked, **data))
    assert "We have your answer, and try to call" in page
    assert "Do not wait for us if it is an emergency." in page
    assert SafetyCase.objects.get().status == CaseStatus.OPEN


def test_worse_with_a_text_that_is_too_long_still_counts_and_gives_the_text_back(
    browser: Client, asked: ConsultationRequest
) -> None:
    answer = send(browser, asked, is_worse="on", found="x" * 1001)
    assert SafetyCase.objects.get().status == CaseStatus.OPEN
    assert "We have your answer, and try to call" in text_of(answer)
    assert "x" * 1001 in answer.content.decode()
    assert not PatientText.objects.exists()


def test_nothing_chosen_is_said_and_the_text_stays(browser: Client, asked: ConsultationRequest) -> None:
    answer = send(browser, asked, found="They looked at my leg.")
    assert "Choose an answer." in text_of(answer)
    assert "They looked at my leg." in answer.content.decode()
    assert CaseClosing.objects.get().answer == ""


def test_words_about_danger_get_help_at_once(browser: Client, asked: ConsultationRequest) -> None:
    page = text_of(send(browser, asked, seen="seen_nothing", found="I want to die."))
    assert "988" in page
    assert PatientText.objects.get().is_self_harm


def test_another_answer_is_not_taken_and_given_back(browser: Client, asked: ConsultationRequest) -> None:
    send(browser, asked, seen="seen_nothing")
    answer = send(browser, asked, seen="seen_other", found="A cyst.", once="another page")
    assert "A cyst." in answer.content.decode()
    assert CaseClosing.objects.get().answer == "seen_nothing"


def test_nobody_else_is_asked_and_who_is_not_asked_is_led_on(
    client: Client, asked: ConsultationRequest, make_request: MakeRequest
) -> None:
    other = make_request(patient=make_patient("Bob Pell"))
    open_privately(client, other)
    page = private_url(other, "how-it-went/")
    assert client.get(page).headers["Location"] == private_url(other)
    client.post(page, {"asked": str(CaseClosing.objects.get().pk), "is_worse": "on"})
    assert SafetyCase.objects.get().status == CaseStatus.CLOSED
    assert client.get(private_url(asked, "how-it-went/")).status_code == 403


def test_who_helps_is_asked_about_the_person(client: Client, make_request: MakeRequest, nurse: User) -> None:
    consultation_request = make_request(outcome=Outcome.EMERGENCY, filled_for="other", helper_name="Hanna Winther")
    case = cases.open_case(
        response=consultation_request.response, level=Outcome.EMERGENCY, patient=consultation_request.patient
    )
    close_case(case, by=nurse)
    CaseClosing.objects.update(asked_for=clock.now())
    open_privately(client, consultation_request)
    assert "Was Alice seen? What did they find?" in text_of(
        client.get(private_url(consultation_request, "how-it-went/"))
    )
