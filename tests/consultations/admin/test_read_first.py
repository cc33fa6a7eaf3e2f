"""What patients wrote stands before everything else for staff, with the words marked, until somebody has read it."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import encryption
from clinic.core.models import RecordRead
from consultations.enums import RequestStatus
from consultations.models import ConsultationRequest, PatientText, SafetyCase
from consultations.presenters.patient_texts import TextPart, pieces_of
from consultations.services import intake
from tests.consultations.admin.conftest import page_of, text_of
from tests.consultations.perform import perform, send_message
from tests.consultations.services.conftest import NOW
from tests.consultations.services.test_intake import ALICE
from tests.consultations.services.test_patient_texts import PLAIN, SELF_HARM, SIGN

pytestmark = pytest.mark.django_db
QUEUE = "/admin/consultations/consultationrequest/"


@pytest.fixture(autouse=True)
def monday(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def desk(client: Client, nurse: User) -> Client:
    client.force_login(nurse)
    return client


def write(consultation_request: ConsultationRequest, text: str) -> PatientText:
    return send_message(consultation_request=consultation_request, text=text, key=encryption.new_token())


def read(client: Client, text: PatientText) -> Any:
    return client.post(reverse("admin:consultations_consultationrequest_read", args=[text.pk]), follow=True)


def seen(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


class TestTheMarks:
    @pytest.mark.parametrize("text", [SELF_HARM, SIGN, PLAIN, f"{SIGN}\n{SELF_HARM} <b>", "", "é" * 50 + SELF_HARM])
    def test_the_pieces_are_the_text(self, text: str) -> None:
        assert "".join(piece.text for piece in pieces_of(text)) == text

    def test_say_which_list_knows_the_words(self) -> None:
        assert pieces_of("Hello. I want to die. Bye.") == (
            TextPart("Hello. "), TextPart("I want to die", "self_harm"), TextPart(". Bye."),
        )  # fmt: skip
        assert {piece.danger for piece in pieces_of(SIGN)} == {"", "sign"}
        assert pieces_of(PLAIN) == (TextPart(PLAIN),)


class TestTheRequestPage:
    def test_reads_it_first_with_the_words_marked(self, desk: Client, alice: ConsultationRequest) -> None:
        write(alice, "<i>So</i> I want to die")
        response = desk.get(page_of(alice))
        page = " ".join(response.content.decode().split())
        opens = '<mark><span class="visually-hidden">[marked: </span>'
        closes = '<span class="visually-hidden">]</span></mark>'
        marked = f"{opens}I want to die{closes}"
        assert f"&lt;i&gt;So&lt;/i&gt; {marked}" in page
        assert page.index("Read this first: message") < page.index('id="flags"') < page.index('id="severity"')
        assert "May be about self-harm" in page
        assert "2 hours left" in page

    def test_reading_it_ends_that_and_stays_in_the_activity(
        self, desk: Client, alice: ConsultationRequest, nurse: User
    ) -> None:
        text = write(alice, SELF_HARM)
        response = read(desk, text)
        assert response.redirect_chain == [(page_of(alice), 302)]
        page_text = seen(response)
        assert "Marked as read by you. Now call or answer the patient where it is needed." in page_text
        assert "Read this first" not in page_text
        assert f"sent a message (may be about self-harm), read by {nurse.display_name}" in page_text
        assert f"{nurse.display_name} read what the patient wrote" in page_text

    def test_hundreds_do_not_make_the_page_too_long_to_open(self, desk: Client, alice: ConsultationRequest) -> None:
        texts = [write(alice, f"{SELF_HARM} {number}") for number in range(22)]
        page = seen(desk.get(page_of(alice)))
        assert page.count("Read this first:") == 20
        assert "2 more texts wait to be read." in page
        read(desk, texts[0])
        assert "1 more text waits to be read. It stands here once you have read these." in seen(
            desk.get(page_of(alice))
        )
        read(desk, texts[1])
        assert "more text" not in seen(desk.get(page_of(alice)))

    def test_a_second_reader_is_told_who_was_first(
        self, desk: Client, sign_in: Any, alice: ConsultationRequest, other_nurse: User, nurse: User
    ) -> None:
        text = write(alice, SELF_HARM)
        read(desk, text)
        assert f"Marked as read by {nurse.display_name}." in seen(read(sign_in(other_nurse), text))

    def test_a_message_without_such_words_is_new_and_not_first(self, desk: Client, alice: ConsultationRequest) -> None:
        write(alice, PLAIN)
        text = seen(desk.get(page_of(alice)))
        assert "New: message" in text
        assert "Read this first" not in text

    def test_damage_is_named_and_can_be_marked_as_read(
        self, desk: Client, alice: ConsultationRequest, make_request: Any
    ) -> None:
        text = write(alice, SELF_HARM)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE consultations_patienttext SET text = 'k1:AAAA'")
        page_text = seen(desk.get(page_of(alice)))
        assert "This text cannot be read. Tell a manager its number, and call the patient." in page_text
        assert f"Read this first: text {text.pk}" in page_text
        assert "holds a damaged message" in page_text
        read(desk, text)
        assert PatientText.objects.defer("text").get().read_at == NOW

    def test_a_text_that_does_not_exist_is_not_found(self, desk: Client) -> None:
        for number in (4711, 10**30):
            address = f"{QUEUE}texts/{number}/read/"
            assert desk.post(address).status_code == 404

    def test_one_that_is_read_by_a_look_at_the_address_is_not(self, desk: Client, alice: ConsultationRequest) -> None:
        text = write(alice, SELF_HARM)
        response = desk.get(reverse("admin:consultations_consultationrequest_read", args=[text.pk]))
        assert response.status_code == 302
        text.refresh_from_db()
        assert text.read_at is None


class TestARequestThatHasEnded:
    def test_waits_for_a_reader_and_then_for_nobody(self, desk: Client, alice: ConsultationRequest) -> None:
        text = write(alice, SELF_HARM)
        perform("withdraw", alice)

        before = seen(desk.get(page_of(alice)))
        assert "Withdrawn by the patient. What the patient wrote still waits to be read." in before
        assert "Reply due" in before

        after = seen(read(desk, text))
        assert "Withdrawn by the patient. A call or a note can still be recorded." in after
        assert "Reply due" not in after


class TestTheQueue:
    @pytest.mark.parametrize("status", [RequestStatus.BOOKED, RequestStatus.WITHDRAWN, RequestStatus.COMPLETED])
    def test_shows_it_whatever_the_status_until_it_is_read(
        self, desk: Client, make_request: Any, status: RequestStatus
    ) -> None:
        consultation_request = make_request()
        text = write(consultation_request, SELF_HARM)
        kind = {"appointment_type": None} if status != RequestStatus.BOOKED else {}
        if status == RequestStatus.BOOKED:
            kind = {"appointment_type": make_request(status=RequestStatus.OFFERED).appointment_type}
        ConsultationRequest.objects.filter(pk=consultation_request.pk).update(status=status, **kind)
        for tab in ("", "?tab=unread"):
            page_text = seen(desk.get(QUEUE + tab))
            assert consultation_request.reference in page_text
            assert "Read this first" in page_text
            assert "2 hours left" in page_text
        read(desk, text)
        assert consultation_request.reference not in seen(desk.get(f"{QUEUE}?tab=unread"))
        assert (consultation_request.reference in seen(desk.get(QUEUE))) == (status == RequestStatus.BOOKED)

    def test_a_plain_message_is_a_new_message(self, desk: Client, alice: ConsultationRequest) -> None:
        write(alice, PLAIN)
        text = seen(desk.get(QUEUE))
        assert "New message" in text
        assert "Read this first" not in text


class TestToday:
    def test_names_whose_it_is_and_not_what_it_says(self, desk: Client, alice: ConsultationRequest) -> None:
        write(alice, SIGN)
        text = seen(desk.get("/admin/"))
        assert "Read this first" in text
        assert f"Alice Winther {alice.reference}" in text
        assert "pee" not in text
        assert "Nothing needs you at once" not in text
        event = RecordRead.objects.filter(action="request.list").latest("pk")
        assert event.shown["texts"] == [PatientText.objects.get().pk]

    def test_a_plain_message_is_no_alarm(self, desk: Client, alice: ConsultationRequest) -> None:
        write(alice, PLAIN)
        assert "Read this first" not in seen(desk.get("/admin/"))

    def test_what_nobody_read_in_time_is_overdue(
        self, desk: Client, alice: ConsultationRequest, time_machine: Any
    ) -> None:
        write(alice, SIGN)
        perform("withdraw", alice)
        time_machine.shift(3 * 60 * 60)
        text = seen(desk.get("/admin/"))
        assert "1 request is overdue" in text
        assert "1 hour overdue" in text


class TestASafetyCaseWithoutARequest:
    def test_shows_the_words_beside_the_number_and_comes_back_to_it(self, desk: Client) -> None:
        response = intake.start()
        intake.save_answers(response=response, answers={"ab_age": 56, "rf_now": ["chest"]})
        contact = intake.Contact.from_json({**ALICE.as_json(), "phone": f"202-555-0142 {SELF_HARM}"})
        case = intake.ask_for_call_back(response=response, contact=contact)
        address = reverse("admin:consultations_safetycase_change", args=[case.pk])
        assert "Read this first: words beside the phone number" in seen(desk.get(address))
        assert "Alice Winther" in seen(desk.get("/admin/"))
        done = read(desk, PatientText.objects.get())
        assert done.redirect_chain == [(address, 302)]
        assert "Read this first" not in seen(done)
        assert SafetyCase.objects.get().status == "open"
        assert text_of(done)
