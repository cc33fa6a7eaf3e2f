"""Whom pages and mails speak to, and what they promise: the helper as the helper, costs, the way, the scan report."""

import datetime
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from clinic.core import outbox
from clinic.core.models import AuditEvent, Lane, OutboxMessage
from consultations import emails
from consultations.enums import FilledFor, MessageKind, RequestStatus
from consultations.models import (
    AppointmentType,
    Clinician,
    Consent,
    ConsultationRequest,
    Location,
    QuestionnaireResponse,
)
from consultations.services import messaging
from consultations.status_copy import HEADINGS, TO_HELPERS
from tests.consultations.perform import perform
from tests.consultations.views.conftest import CONSENTS, CONTACT, Visitor, text_of
from tests.mailbox import path_of, write
from tests.personas import MakeRequest, at, book_directly, make_patient, open_privately

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday")]
OF_CHECKS = (MessageKind.SAVED_CHECK, MessageKind.SAVED_CHECK_REMINDER)
"""Mails about a check that is not sent: there is no patient yet, and no date of birth."""
TO_PATIENTS = [kind for kind in emails.WORDINGS if outbox.KINDS[kind].lane == Lane.PATIENTS and kind not in OF_CHECKS]
STARTS = datetime.datetime(2026, 11, 30, 14, 0, tzinfo=datetime.UTC)
BOTH = {"filled_for": "other", "helper_name": "Bob Pell", "name": "Ana Winther"}


@pytest.fixture
def helped(make_request: MakeRequest) -> Any:
    """A request that Bob sent for Ana, in any status."""

    def make(**values: Any) -> ConsultationRequest:
        patient = make_patient("Ana Winther", email="bob@example.com")
        return make_request(patient=patient, filled_for=FilledFor.OTHER, helper_name="Bob Pell", **values)

    return make


def main_of(response: Any) -> str:
    """The words of a page without those around it, which are the same for everybody."""
    match = re.search(r"<main.*?</main>", response.content.decode(), re.DOTALL)
    assert match is not None
    return " ".join(re.sub(r"<[^>]+>", " ", match[0]).split())


class TestTheHelper:
    @pytest.mark.parametrize("status", RequestStatus)
    def test_is_greeted_on_the_status_page(self, client: Client, helped: Any, status: RequestStatus) -> None:
        consultation_request = helped(status=status)
        open_privately(client, consultation_request)
        page = main_of(client.get(at(client)))
        assert f"Bob, {TO_HELPERS[status] % {'name': 'Ana'}}" in page
        assert "Ana, " not in page
        assert "your request" not in page.lower()

    def test_every_status_has_its_words_for_both(self) -> None:
        assert set(TO_HELPERS) == set(HEADINGS) == set(RequestStatus)

    @pytest.mark.parametrize("kind", TO_PATIENTS)
    def test_is_greeted_in_every_mail_and_told_whose_date_of_birth_it_takes(
        self, helped: Any, kind: MessageKind
    ) -> None:
        message = messaging.notify_patient(kind=kind, consultation_request=helped(), key="one")
        assert message is not None
        composed = write(message)
        for text in (composed.text, composed.html):
            assert "Hello Bob," in text
            assert "We ask for Ana’s date of birth" in text
            assert "your request" not in text
            assert "Winther" not in text
            assert "Pell" not in text
        assert "Ana" not in composed.subject

    def test_a_patient_whose_name_has_no_first_part_is_the_patient(self, make_request: MakeRequest) -> None:
        patient = make_patient("www.ana.example", email="bob@example.com")
        consultation_request = make_request(patient=patient, filled_for=FilledFor.OTHER, helper_name="Bob Pell")
        assert consultation_request.whose("request") == "the patient’s request"

    def test_is_asked_for_the_date_of_birth_by_name(self, client: Client, helped: Any) -> None:
        message = messaging.notify_patient(kind=MessageKind.PRIVATE_LINK, consultation_request=helped(), key="one")
        assert message is not None
        link = path_of(message)
        assert "What is Ana’s date of birth?" in text_of(client.get(link))

    def test_a_dead_link_names_nobody(self, client: Client, helped: Any) -> None:
        consultation_request = helped()
        message = messaging.notify_patient(
            kind=MessageKind.PRIVATE_LINK, consultation_request=consultation_request, key="one"
        )
        assert message is not None
        path = path_of(message)
        perform("correct_email", consultation_request, email="other@example.com")
        page = text_of(client.get(path))
        assert "Ana" not in page
        assert "What is your date of birth?" in page

    def test_agrees_in_the_name_of_the_patient_and_the_words_are_kept(self, client: Client) -> None:
        visitor = Visitor(client)
        visitor.answer()
        client.post(f"{visitor.check}/contact/", {**CONTACT, **BOTH})
        page = text_of(client.get(f"{visitor.check}/answers/"))
        told = "The answers are true as far as I know, and Ana agrees that I send them"
        assert told in page
        assert "Ana’s date of birth" in page
        client.post(f"{visitor.check}/answers/", CONSENTS)
        assert Consent.objects.get(kind="true_answers").wording == told
        assert "Bob, we have Ana’s request" in text_of(client.get(f"{visitor.check}/sent/"))

    @pytest.mark.parametrize("page", ["withdraw/", "cancel-time/"])
    def test_is_asked_about_the_patient_s_own(
        self, client: Client, helped: Any, clinician: Clinician, page: str
    ) -> None:
        consultation_request = helped(status=RequestStatus.BOOKED)
        book_directly(consultation_request, clinician, STARTS)
        open_privately(client, consultation_request)
        text = main_of(client.get(at(client, page)))
        assert "Ana’s" in text
        assert "your request" not in text.lower()
        assert "my request" not in text.lower()

    def test_withdraws_the_patient_s_own(self, client: Client, helped: Any) -> None:
        open_privately(client, helped())
        assert "Yes, withdraw Ana’s request" in main_of(client.get(at(client, "withdraw/")))
        text = main_of(client.post(at(client, "withdraw/")))
        assert "Tick the box if you want to withdraw Ana’s request." in text
        assert "your request" not in text.lower()

    @pytest.mark.parametrize(("helper", "whose"), [("Bob Pell", "Ana’s"), ("", "Your")])
    def test_reads_whose_time_is_cancelled(self, client: Client, make_request: Any, helper: str, whose: str) -> None:
        patient = make_patient("Ana Winther", email="bob@example.com")
        who = FilledFor.OTHER if helper else FilledFor.SELF
        consultation_request = make_request(
            status=RequestStatus.OFFERED, patient=patient, filled_for=who, helper_name=helper
        )
        open_privately(client, consultation_request)
        text = main_of(client.get(at(client, "?cancelled")))
        assert f"{whose} time is cancelled. Somebody else can take it now. {whose} request stays open." in text


class TestCostsAndTheWay:
    PRICE, WAY = "$180, paid at the visit", "Bus 7, stop Mill Lane; step-free."

    @pytest.fixture
    def told(self, clinician: Clinician, visit: AppointmentType) -> None:
        Location.objects.update(directions=self.WAY)
        AppointmentType.objects.update(price_text=self.PRICE)

    def pages(self, client: Client, consultation_request: ConsultationRequest) -> dict[str, str]:
        open_privately(client, consultation_request)
        pages = {"times": text_of(client.get(at(client, "times/")))}
        chosen = client.get(at(client, "times/")).context["sessions"][0].morning[0].key
        client.post(at(client, "times/"), {"slot": chosen})
        pages["check"] = text_of(client.get(at(client, "times/check/")))
        client.post(at(client, "times/check/"), {"slot": chosen})
        pages["booked"] = text_of(client.get(at(client)))
        return pages

    def test_stand_before_a_time_is_chosen_on_the_review_when_booked_and_in_the_mail(
        self, client: Client, make_request: MakeRequest, told: None
    ) -> None:
        pages = self.pages(client, make_request(status=RequestStatus.OFFERED))
        mail = write(OutboxMessage.objects.get(kind=MessageKind.APPOINTMENT_BOOKED)).text
        for text in (*pages.values(), mail):
            assert self.PRICE in text
            assert self.WAY in text

    def test_without_them_pages_say_whom_to_ask_and_the_mail_says_nothing(
        self, client: Client, make_request: MakeRequest, clinician: Clinician, visit: AppointmentType
    ) -> None:
        pages = self.pages(client, make_request(status=RequestStatus.OFFERED))
        for text in pages.values():
            assert "Ask us before the visit: (555) 010-0142" in text
        mail = write(OutboxMessage.objects.get(kind=MessageKind.APPOINTMENT_BOOKED)).text
        assert "cost" not in mail
        assert "get there" not in mail


class TestTheScanReport:
    @pytest.mark.parametrize(("given", "is_told"), [("yes", True), ("later", True), ("no", False)])
    def test_who_can_send_it_reads_how(self, client: Client, settings: Any, given: str, is_told: bool) -> None:
        settings.SCAN_REPORT_LINE = "Send it by post to the clinic."
        visitor = Visitor(client)
        visitor.answer(im_share=given)
        client.post(f"{visitor.check}/contact/", CONTACT)
        result = text_of(client.get(f"{visitor.check}/result/"))
        client.post(f"{visitor.check}/answers/", CONSENTS)
        sent = text_of(client.get(f"{visitor.check}/sent/"))
        open_privately(client, ConsultationRequest.objects.get())
        for page in (result, sent, text_of(client.get(at(client)))):
            assert ("Send it by post to the clinic." in page) == is_told

    def test_a_visit_is_not_promised(self, client: Client, make_request: MakeRequest) -> None:
        open_privately(client, make_request(answers={"im_share": "yes"}))
        text = text_of(client.get(at(client)))
        assert "If you come for a visit, bring them on paper or on a disc. This site cannot take them." in text

    def test_a_clinic_that_says_nothing_asks_for_a_call(
        self, client: Client, settings: Any, make_request: MakeRequest
    ) -> None:
        settings.SCAN_REPORT_LINE = ""
        open_privately(client, make_request(answers={"im_share": "yes"}))
        assert "This site cannot take them: call us and we tell you how" in text_of(client.get(at(client)))

    def test_answers_that_cannot_be_read_close_nothing(self, client: Client, make_request: MakeRequest) -> None:
        consultation_request = make_request(answers={"im_share": "yes"})
        with connection.cursor() as cursor:
            table = QuestionnaireResponse._meta.db_table
            cursor.execute(f"UPDATE {table} SET answers = 'damaged' WHERE id = %s", [consultation_request.response_id])
        open_privately(client, consultation_request)
        page = client.get(at(client))
        assert page.status_code == 200
        assert "can report or pictures<" not in page.content.decode()

    def test_no_mail_speaks_of_it(self, make_request: MakeRequest) -> None:
        consultation_request = make_request(answers={"im_share": "yes"})
        for kind in TO_PATIENTS:
            message = messaging.notify_patient(kind=kind, consultation_request=consultation_request, key=kind)
            assert message is not None
            assert "scan" not in write(message).text


class TestTheAddressOnTheConfirmation:
    def sent(self, client: Client, **changes: str) -> Visitor:
        visitor = Visitor(client)
        visitor.answer()
        client.post(f"{visitor.check}/contact/", {**CONTACT, **changes})
        client.post(f"{visitor.check}/answers/", CONSENTS)
        return visitor

    def test_is_shown_and_can_be_corrected(self, client: Client) -> None:
        visitor = self.sent(client, email="alice@example.con")
        assert "alice@example.con" in text_of(client.get(f"{visitor.check}/sent/"))
        answer = client.post(f"{visitor.check}/email/", {"email": "alice@example.com"})
        assert answer.headers["Location"] == f"{visitor.check}/sent/"
        page = text_of(client.get(f"{visitor.check}/sent/"))
        assert "The address is saved." in page
        assert "alice@example.com" in page
        assert "alice@example.con," not in page

    def test_without_one_it_can_be_added(self, client: Client) -> None:
        visitor = self.sent(client, email="", phone="202-555-0142", contact_by="phone", safe_to_contact="any")
        assert "Add an email address" in text_of(client.get(f"{visitor.check}/sent/"))
        client.post(f"{visitor.check}/email/", {"email": "alice@example.com"})
        assert OutboxMessage.objects.get().recipient == "alice@example.com"

    @pytest.mark.parametrize(
        ("typed", "told"),
        [
            ("", "Enter an email address in the right format"),
            ("alice", "Enter an email address in the right format"),
            ("alice@example.com", "That is the address we have. Nothing was changed."),
        ],
    )
    def test_what_is_wrong_is_said_and_kept(self, client: Client, typed: str, told: str) -> None:
        visitor = self.sent(client)
        page = client.post(f"{visitor.check}/email/", {"email": typed})
        assert told in text_of(page)
        assert f'value="{typed}"' in page.content.decode() or not typed

    def test_the_fourth_of_a_day_is_for_the_phone(self, client: Client) -> None:
        visitor = self.sent(client)
        answers = [client.post(f"{visitor.check}/email/", {"email": f"a{i}@example.com"}).status_code for i in range(4)]
        assert answers == [302, 302, 302, 429]
        assert AuditEvent.objects.filter(action="request.correct_email").count() == 3

    def test_another_browser_cannot(self, client: Client) -> None:
        visitor = self.sent(client)
        answer = Client().post(f"{visitor.check}/email/", {"email": "mallory@example.com"})
        assert answer.status_code == 403
        assert ConsultationRequest.objects.get().patient.email == "alice@example.com"

    def test_nor_who_came_in_by_the_private_link(self, client: Client) -> None:
        visitor = self.sent(client)
        stranger = Client()
        open_privately(stranger, ConsultationRequest.objects.get())
        assert stranger.post(f"{visitor.check}/email/", {"email": "mallory@example.com"}).status_code == 403

    def test_a_check_that_was_not_sent_has_none_yet(self, client: Client) -> None:
        visitor = Visitor(client)
        visitor.answer()
        assert client.get(f"{visitor.check}/email/").headers["Location"] == f"{visitor.check}/result/"

    def test_later_the_confirmation_says_whom_to_call(self, client: Client, time_machine: Any) -> None:
        visitor = self.sent(client)
        ConsultationRequest.objects.update(submitted_at=STARTS - datetime.timedelta(days=30))
        page = text_of(client.get(f"{visitor.check}/sent/"))
        assert "Is the address wrong? Call us:" in page
        assert client.post(f"{visitor.check}/email/", {"email": "new@example.com"}).status_code == 302
        assert ConsultationRequest.objects.get().patient.email == "alice@example.com"

    def test_letters_of_a_country_are_shown_as_they_are_written(self, client: Client) -> None:
        visitor = self.sent(client, email="ana@xn--mnchen-3ya.de")
        assert "ana@münchen.de" in text_of(client.get(f"{visitor.check}/sent/"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"contact_by": "either"}, "contact_by"),
        ({"email": "", "phone": "202-555-0142", "contact_by": "either", "safe_to_contact": "any"}, "contact_by"),
        ({"safe_to_contact": "any"}, "safe_to_contact"),
    ],
)
def test_a_choice_without_what_it_is_about_is_asked_again(client: Client, changes: dict[str, str], field: str) -> None:
    visitor = Visitor(client)
    visitor.answer()
    answer = client.post(f"{visitor.check}/contact/", {**CONTACT, **changes})
    assert answer.status_code == 200
    assert set(answer.context["form"].errors) == {field}


def test_a_step_that_is_done_is_said_once(client: Client, make_request: MakeRequest) -> None:
    open_privately(client, make_request(status=RequestStatus.WITH_DOCTOR))
    assert "(done) Done" not in text_of(client.get(at(client)))
