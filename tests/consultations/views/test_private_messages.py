"""The message box of the private page: nothing typed is lost, and words about danger meet help on the next page."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from clinic.accounts.models import User
from consultations.actions.read_text import mark_read
from consultations.enums import RequestStatus
from consultations.models import ConsultationRequest, PatientText
from tests.consultations.perform import perform
from tests.consultations.services.test_patient_texts import DENIED, PLAIN, SELF_HARM, SIGN
from tests.consultations.transitions import sources
from tests.consultations.views.conftest import CALL_BACK, Visitor, text_of
from tests.database_snapshot import all_rows
from tests.personas import at, book_directly, make_patient, open_privately, private_url

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]
SUPPORT = "Support for you"
SIGNS = "If you get any of these, get emergency help"
CRISIS = "If you feel you might harm yourself, or cannot stay safe, get help now: call or text 988"
NOBODY_READS = "Nobody reads this before Monday 30 November, 8:30 am."
FRIDAY_NIGHT = datetime.datetime(2026, 11, 28, 2, 0, tzinfo=datetime.UTC)


def box(client: Client) -> dict[str, str]:
    """What the box would post, as the page has it now."""
    form = client.get(at(client)).context["message_form"]
    return {"once": form["once"].value()}


def write(client: Client, text: str, **more: str) -> Any:
    return client.post(at(client, "message/"), {**box(client), "message": text, **more})


def page(client: Client) -> str:
    return text_of(client.get(at(client)))


class TestTheBox:
    @pytest.mark.parametrize("status", list(RequestStatus))
    def test_stands_on_every_open_request_and_nowhere_else(
        self, client: Client, make_request: Any, status: RequestStatus
    ) -> None:
        open_privately(client, make_request(status=status))
        text = page(client)
        is_open = status in sources("message")
        assert ("Send my message" in text) == is_open
        assert ("Messages cannot be sent here once a request has ended. Call us:" in text) != is_open

    def test_what_was_sent_stands_on_the_page_with_its_time_and_whether_it_was_read(
        self, client: Client, alice: ConsultationRequest, nurse: User
    ) -> None:
        open_privately(client, alice)
        answer = write(client, PLAIN)
        assert answer.headers["Location"] == private_url(alice) + "?written"
        text = text_of(client.get(answer.headers["Location"]))
        assert "We have your message. A person reads it by Tuesday 24 November, 5:30 pm." in text
        assert f"{PLAIN} Sent Monday 23 November, 10 am. Not read yet." in text
        mark_read(text=PatientText.objects.get(), by=nurse)
        assert f"{PLAIN} Sent Monday 23 November, 10 am. A person read it on Monday 23 November, 10 am." in page(client)

    def test_a_double_click_sends_one(self, client: Client, alice: ConsultationRequest) -> None:
        open_privately(client, alice)
        data = {**box(client), "message": PLAIN}
        locations = {client.post(at(client, "message/"), data).headers["Location"] for _ in range(2)}
        assert len(locations) == 1
        assert PatientText.objects.count() == 1

    def test_two_tabs_send_both(self, client: Client, alice: ConsultationRequest) -> None:
        open_privately(client, alice)
        one, two = box(client), box(client)
        client.post(at(client, "message/"), {**one, "message": PLAIN})
        client.post(at(client, "message/"), {**two, "message": SIGN})
        assert [row.text for row in PatientText.objects.all()] == [PLAIN, SIGN]

    @pytest.mark.parametrize(
        ("text", "error"),
        [
            ("", "Write your message before you send it."),
            (" \n ", "Write your message before you send it."),
            ("a" * 1001, "Shorten your message to 1,000 characters or fewer."),
        ],
    )
    def test_what_is_too_long_or_empty_comes_back_as_typed(
        self, client: Client, alice: ConsultationRequest, text: str, error: str
    ) -> None:
        open_privately(client, alice)
        answer = write(client, text)
        assert answer.status_code == 200
        assert text_of(answer).count(error) == 2
        assert "<title>Error: Your request" in answer.content.decode()
        assert answer.context["message_form"]["message"].value() == text
        assert not PatientText.objects.exists()

    @pytest.mark.parametrize("text", ["\u200b\u200b", "\u2800", "\u202e \u202c", "\ufe0f\n\u3164"])
    def test_what_only_looks_empty_is_no_message(self, client: Client, alice: ConsultationRequest, text: str) -> None:
        open_privately(client, alice)
        response = write(client, text)
        assert "Write your message before you send it." in response.content.decode()
        assert not PatientText.objects.exists()

    @pytest.mark.parametrize("text", ["😀", "?", "ß", "疼", "\u202eI hurt\u202c", "1"])
    def test_one_sign_is_a_message(self, client: Client, alice: ConsultationRequest, text: str) -> None:
        open_privately(client, alice)
        write(client, text)
        assert PatientText.objects.get().text == text

    def test_a_thousand_letters_and_line_breaks_are_enough(self, client: Client, alice: ConsultationRequest) -> None:
        open_privately(client, alice)
        assert write(client, ("a" * 99 + "\r\n") * 9 + "b" * 100).status_code == 302
        assert PatientText.objects.get().text.count("\n") == 9

    def test_after_the_half_hour_it_is_given_back(
        self, client: Client, alice: ConsultationRequest, time_machine: Any
    ) -> None:
        open_privately(client, alice)
        data, address = box(client), at(client, "message/")
        time_machine.shift(datetime.timedelta(minutes=31))
        answer = client.post(address, {**data, "message": f"{PLAIN} {SELF_HARM}"})
        assert answer.status_code == 403
        assert f"{PLAIN} {SELF_HARM}" in answer.content.decode()
        assert "Nothing was sent" in text_of(answer)
        assert CRISIS in text_of(answer)
        assert not PatientText.objects.exists()

    def test_to_a_request_that_ended_meanwhile_it_is_given_back_with_help(
        self, client: Client, alice: ConsultationRequest
    ) -> None:
        open_privately(client, alice)
        data = box(client)
        perform("withdraw", alice)
        before = all_rows()
        answer = client.post(at(client, "message/"), {**data, "message": SELF_HARM})
        assert answer.status_code == 409
        text = text_of(answer)
        assert "This request has ended, so your message was not sent." in text
        assert SELF_HARM in answer.content.decode()
        assert CRISIS in text
        assert all_rows() == before

    def test_of_somebody_elses_request_nothing_is_shown_or_written(
        self, client: Client, alice: ConsultationRequest, bob: ConsultationRequest
    ) -> None:
        open_privately(client, alice)
        write(client, SELF_HARM)
        other = Client()
        open_privately(other, bob)
        assert SELF_HARM not in page(other)
        assert SUPPORT not in page(other)
        before = all_rows(without={"Session"})
        assert other.post(private_url(alice, "message/"), {"message": PLAIN}).status_code == 403
        assert all_rows(without={"Session"}) == before

    def test_too_many_in_an_hour_wait_but_not_words_about_danger(
        self, client: Client, alice: ConsultationRequest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("consultations.views.private_messages.MESSAGES_AN_HOUR", 2)
        open_privately(client, alice)
        answers = [write(client, f"{PLAIN} {number}") for number in range(3)]
        assert [answer.status_code for answer in answers] == [302, 302, 429]
        assert f"{PLAIN} 2" in answers[2].content.decode()
        assert "many came from this page in the last hour" in text_of(answers[2])
        assert write(client, SIGN).status_code == 302

    def test_markup_is_text(self, client: Client, alice: ConsultationRequest) -> None:
        open_privately(client, alice)
        write(client, "<b>bold</b> & more")
        assert "&lt;b&gt;bold&lt;/b&gt; &amp; more" in client.get(at(client)).content.decode()

    def test_one_that_is_damaged_leaves_the_page_and_the_others(
        self, client: Client, alice: ConsultationRequest
    ) -> None:
        open_privately(client, alice)
        write(client, PLAIN)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE consultations_patienttext SET text = 'k1:AAAA'")
        write(client, "The second one.")
        text = page(client)
        assert "We cannot show this message. Please call us about it." in text
        assert "The second one." in text


class TestOneThatIsTooLong:
    @pytest.mark.parametrize(("text", "is_helped"), [(SELF_HARM, True), (PLAIN, False)])
    def test_meets_help_too(self, client: Client, alice: ConsultationRequest, text: str, is_helped: bool) -> None:
        open_privately(client, alice)
        page_text = text_of(write(client, text + " x" * 600))
        assert "Shorten your message to 1,000 characters or fewer." in page_text
        assert (CRISIS in page_text) == is_helped
        assert not PatientText.objects.exists()


class TestTheWayBack:
    @pytest.mark.parametrize("phone", ["", "+12025550142"])
    def test_nobody_is_promised_a_call_without_a_number(self, client: Client, make_request: Any, phone: str) -> None:
        open_privately(client, make_request(patient=make_patient(phone=phone)))
        text = page(client)
        assert "A person at the clinic reads it within one working day." in text
        assert ("reads it within one working day. If we need to speak to you, we call." in text) == bool(phone)
        # Staff have no way to write an answer there.
        assert "on this page." not in text


ASKS = "What you wrote may be about a danger sign. Please answer this now"


class TestTheNextPage:
    @pytest.mark.parametrize(
        ("text", "support", "signs"),
        [(SELF_HARM, True, False), (DENIED, True, False), (SIGN, False, True), (PLAIN, False, False)],
    )
    def test_after_a_message(
        self, client: Client, alice: ConsultationRequest, text: str, support: bool, signs: bool
    ) -> None:
        open_privately(client, alice)
        answer = client.get(write(client, text).headers["Location"])
        page_text = text_of(answer)
        assert (SUPPORT in page_text, CRISIS in page_text, ASKS in page_text) == (support, support, signs)
        assert "We have your message." in page_text
        if support:
            assert page_text.index(SUPPORT) < page_text.index("We have your message.")
        assert "Nobody reads this before" not in page_text

    @pytest.mark.parametrize("text", [SELF_HARM, SIGN])
    def test_says_when_anybody_reads_it_while_the_clinic_is_closed(
        self, client: Client, alice: ConsultationRequest, time_machine: Any, text: str
    ) -> None:
        time_machine.move_to(FRIDAY_NIGHT, tick=False)
        open_privately(client, alice)
        next_page = text_of(client.get(write(client, text).headers["Location"]))
        assert (next_page.count(NOBODY_READS), page(client).count(NOBODY_READS)) == (1, 1)
        assert next_page.index(NOBODY_READS) < next_page.index("We have your message.")

    def test_a_plain_message_says_so_as_well(
        self, client: Client, alice: ConsultationRequest, time_machine: Any
    ) -> None:
        time_machine.move_to(FRIDAY_NIGHT, tick=False)
        open_privately(client, alice)
        text = text_of(client.get(write(client, PLAIN).headers["Location"]))
        assert text.count(NOBODY_READS) == 1
        assert "Do not wait for us" not in text
        assert NOBODY_READS not in page(client)
        assert "A person reads it by Monday 30 November, 5:30 pm." in text
        assert "Do not wait for us." not in text

    def test_help_stays_while_it_is_unread_and_for_the_day(
        self, client: Client, alice: ConsultationRequest, nurse: User, time_machine: Any
    ) -> None:
        open_privately(client, alice)
        write(client, SELF_HARM)
        mark_read(text=PatientText.objects.get(), by=nurse)
        assert CRISIS in page(client)
        time_machine.shift(datetime.timedelta(hours=25))
        later = Client()
        open_privately(later, alice)
        assert CRISIS not in page(later)

    def test_a_withdrawn_request_does_not_say_that_nothing_happens_while_a_text_is_unread(
        self, client: Client, alice: ConsultationRequest, nurse: User
    ) -> None:
        open_privately(client, alice)
        write(client, SELF_HARM)
        perform("withdraw", alice)
        nothing = "Nothing. We do not contact you about this request any more."

        text = page(client)
        assert "a person still reads what you wrote. We may contact you about that." in text
        assert nothing not in text

        mark_read(text=PatientText.objects.get(), by=nurse)
        assert nothing in page(client)

    def test_after_an_answer_and_a_cancelled_time(
        self, client: Client, make_request: Any, clinician: Any, nurse: User
    ) -> None:
        asked = make_request()
        perform("ask", asked, question="How are you?", by=nurse)
        open_privately(client, asked)
        client.post(at(client, "answer/"), {"answer": SELF_HARM})
        assert CRISIS in page(client)
        booked = make_request(status=RequestStatus.BOOKED)
        book_directly(booked, clinician, datetime.datetime(2026, 11, 24, 14, 0, tzinfo=datetime.UTC))
        open_privately(client, booked)
        assert CRISIS not in page(client)
        answer = client.post(at(client, "cancel-time/"), {"reason": SIGN})
        assert ASKS in text_of(client.get(answer.headers["Location"]))
        assert "Look at the list and answer" in page(client)

    @pytest.mark.parametrize(("note", "support", "signs"), [(SELF_HARM, 1, 1), (SIGN, 0, 2), (PLAIN, 0, 1)])
    def test_the_confirmation_of_a_request(self, visitor: Visitor, note: str, support: int, signs: int) -> None:
        visitor.complete(ex_note=note)
        text = text_of(visitor.see(f"{visitor.check}/sent/"))
        assert (text.count(SUPPORT), text.count(CRISIS)) == (support, support)
        assert text.count("numbness around your genitals or bottom") == signs

    @pytest.mark.parametrize(
        ("note", "by_when"),
        [
            (SELF_HARM, "Monday 23 November, 12 pm"),
            (SIGN, "Monday 23 November, 12 pm"),
            (PLAIN, "Wednesday 25 November, 5:30 pm"),
        ],
    )
    def test_a_note_with_such_words_is_read_sooner_and_every_page_says_so(
        self, visitor: Visitor, note: str, by_when: str
    ) -> None:
        visitor.complete(ex_note=note)
        promise = f"A person reads it by {by_when}"
        assert promise in text_of(visitor.see(f"{visitor.check}/sent/"))
        open_privately(visitor.client, ConsultationRequest.objects.get())
        # "What happens next", and the step of the tracker.
        assert page(visitor.client).count(promise) == 2

    def test_a_message_leaves_the_promise_about_the_request_as_it_was(
        self, client: Client, alice: ConsultationRequest
    ) -> None:
        open_privately(client, alice)
        before = page(client).count("A person reads it by Wednesday 25 November")
        write(client, SELF_HARM)
        assert before == page(client).count("A person reads it by Wednesday 25 November") == 2

    @pytest.mark.parametrize(
        ("text", "receipt"),
        [
            (SELF_HARM, "We have your answer to our question. A person reads it by Monday 23 November, 12 pm."),
            (PLAIN, "We have your answer to our question. </p>"),
        ],
    )
    def test_an_answer_has_a_receipt(
        self, client: Client, make_request: Any, nurse: User, text: str, receipt: str
    ) -> None:
        asked = make_request(status=RequestStatus.IN_TRIAGE)
        perform("ask", asked, question="How are you?", by=nurse)
        open_privately(client, asked)
        answer = client.post(at(client, "answer/"), {"answer": text}, follow=True)
        assert receipt.removesuffix(" </p>") in text_of(answer)
        assert ("A person reads it by" in text_of(answer)) == (text == SELF_HARM)
        assert "We have your answer" not in page(client)

    def test_the_page_after_a_call_back(self, visitor: Visitor) -> None:
        visitor.answer(rf_now=["chest"])
        visitor.client.post(f"{visitor.check}/call-back/", {**CALL_BACK, "phone": f"202-555-0142 {SELF_HARM}"})
        assert CRISIS in text_of(visitor.see(f"{visitor.check}/call-back/"))

    def test_no_address_says_what_was_written(self, client: Client, alice: ConsultationRequest) -> None:
        open_privately(client, alice)
        locations = {write(client, text).headers["Location"] for text in (SELF_HARM, SIGN, PLAIN)}
        assert locations == {private_url(alice) + "?written"}
