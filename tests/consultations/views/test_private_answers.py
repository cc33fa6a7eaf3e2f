"""A patient answers what the clinic asked, on the private page."""

import pytest
from django.test import Client

from consultations.actions import answer as answers
from consultations.enums import RequestStatus
from consultations.models import InformationRequest
from consultations.views import private_status
from tests.consultations.perform import answer
from tests.consultations.services.test_patient_texts import PLAIN, SELF_HARM
from tests.consultations.views.conftest import MONDAY, UNSAFE, ask, text_of
from tests.database_snapshot import all_rows
from tests.personas import at, open_privately

pytestmark = pytest.mark.usefixtures("monday")

CRISIS = "If you feel you might harm yourself, or cannot stay safe, get help now: call or text 988"


class TestAnswering:
    @pytest.fixture
    def asked(self, client, make_request, nurse):
        consultation_request = make_request(status=RequestStatus.INFORMATION_ASKED)
        ask(consultation_request, nurse, UNSAFE)
        open_privately(client, consultation_request)
        return consultation_request

    def test_the_question_is_shown_escaped(self, client, asked):
        body = client.get(at(client)).content.decode()
        assert "&lt;script&gt;alert" in body
        assert "<script>alert" not in body

    def test_the_answer_is_kept_exactly_and_goes_back_to_whoever_asked(self, client, asked):
        answer = "It was an MRI, <b>2024</b>.\n\nO’Brien & Ødegård 👩‍⚕️"
        as_browsers_send_it = answer.replace("\n", "\r\n")
        assert client.post(at(client, "answer/"), {"answer": as_browsers_send_it}).headers["Location"] == at(
            client, "?answered"
        )
        question = InformationRequest.objects.get()
        assert (question.answer, question.answered_at) == (answer, MONDAY)
        asked.refresh_from_db()
        assert asked.status == RequestStatus.IN_TRIAGE
        body = client.get(at(client)).content.decode()
        assert "It was an MRI, &lt;b&gt;2024&lt;/b&gt;." in body

    def test_a_doctors_question_goes_back_to_the_doctor(self, client, asked):
        InformationRequest.objects.update(is_from_doctor=True)
        client.post(at(client, "answer/"), {"answer": "An MRI."})
        asked.refresh_from_db()
        assert asked.status == RequestStatus.WITH_DOCTOR

    @pytest.mark.parametrize(
        ("answer", "phrase"),
        [
            ("", "Write an answer before you send it."),
            ("  \n ", "Write an answer before you send it."),
            ("x" * 2001, "Shorten your answer to 2,000 characters or fewer."),
        ],
    )
    def test_a_slip_is_named_and_what_was_typed_stays(self, client, asked, answer, phrase):
        page = client.post(at(client, "answer/"), {"answer": answer})
        assert page.status_code == 200
        assert phrase in text_of(page)
        assert "<title>Error: " in page.content.decode()
        assert answer.strip() in page.content.decode()
        asked.refresh_from_db()
        assert asked.status == RequestStatus.INFORMATION_ASKED

    @pytest.mark.parametrize("then", ["too long", "not asked"])
    @pytest.mark.parametrize(("text", "is_helped"), [(SELF_HARM, True), (PLAIN, False)])
    def test_words_about_self_harm_that_are_refused_meet_help(self, client, asked, then, text, is_helped):
        if then == "not asked":
            client.post(at(client, "answer/"), {"answer": "First."})
        page = client.post(at(client, "answer/"), {"answer": text + (" x" * 1200 if then == "too long" else "")})
        assert page.status_code == (409 if then == "not asked" else 200)
        assert (CRISIS in text_of(page)) == is_helped
        assert text in page.content.decode()

    def test_two_thousand_characters_fit_however_many_lines_they_have(self, client, asked):
        answer = "\r\n".join(["x" * 99] * 20)
        client.post(at(client, "answer/"), {"answer": answer})
        assert InformationRequest.objects.get().answered_at == MONDAY

    def test_a_second_press_is_harmless(self, client, asked):
        client.post(at(client, "answer/"), {"answer": "First,\r\nin two lines."})
        before = all_rows(without={"Session"})
        again = client.post(at(client, "answer/"), {"answer": "First,\r\nin two lines."})
        assert again.headers["Location"] == at(client, "?answered")
        assert all_rows(without={"Session"}) == before

    @pytest.mark.parametrize("is_from_doctor", [False, True])
    def test_another_answer_from_a_second_browser_is_refused_and_given_back(self, client, asked, is_from_doctor):
        InformationRequest.objects.update(is_from_doctor=is_from_doctor)
        second = Client()
        open_privately(second, asked)
        client.post(at(client, "answer/"), {"answer": "First."})
        before = all_rows(without={"Session"})
        page = second.post(at(second, "answer/"), {"answer": "Second,\r\n<b>and mine</b>."})
        assert page.status_code == 409
        assert "We have your answer already" in text_of(page)
        assert ">\nSecond,\n&lt;b&gt;and mine&lt;/b&gt;.</textarea>" in page.content.decode()
        assert "First." in text_of(page)
        assert "What happens next" in text_of(page)
        assert all_rows(without={"Session"}) == before

    def test_one_that_was_overtaken_is_told_where_the_request_stands_now(self, client, asked, monkeypatch):
        in_time = private_status.answer_newest_question

        def overtaken(**given):
            answer(asked, "First.")
            return in_time(**given)

        monkeypatch.setattr(private_status, "answer_newest_question", overtaken)
        page = client.post(at(client, "answer/"), {"answer": "Second."})
        assert page.status_code == 409
        assert "A nurse is reading it." in text_of(page)
        assert InformationRequest.objects.get().answer == "First."

    def test_two_presses_at_one_moment_are_harmless_too(self, client, asked, monkeypatch):
        """The first is kept while the second waits for the row, its question read already."""
        perform_action = answers.perform_action

        def waiting(*given):
            monkeypatch.setattr(answers, "perform_action", perform_action)
            answer(asked, "An MRI.")
            return perform_action(*given)

        monkeypatch.setattr(answers, "perform_action", waiting)
        assert client.post(at(client, "answer/"), {"answer": "An MRI."}).headers["Location"] == at(client, "?answered")
        assert InformationRequest.objects.get().answer == "An MRI."

    def test_an_answer_nobody_asked_for_is_refused_and_not_lost(self, client, alice):
        open_privately(client, alice)
        page = client.post(at(client, "answer/"), {"answer": "Unasked words."})
        assert page.status_code == 409
        assert "We have your answer already, or no longer need it." in text_of(page)
        assert "Unasked words." in text_of(page)
        assert not InformationRequest.objects.exists()

    def test_without_a_session_nothing_is_kept(self, client, asked):
        address = at(client, "answer/")
        client.post("/request/leave/")
        page = client.post(address, {"answer": "Mine."})
        assert page.status_code == 403
        assert "Mine." in text_of(page)
        assert InformationRequest.objects.get().answered_at is None

    def test_the_answer_of_one_patient_never_reaches_the_question_of_another(self, client, asked, bob):
        open_privately(client, bob)
        client.post(at(client, "answer/"), {"answer": "From Bob.", "request": asked.pk})
        assert InformationRequest.objects.get().answered_at is None
