"""Messages: their state, and for as long as it is kept what they said; the private link is for the patient alone."""

import datetime

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from clinic.core import clock, delivery
from clinic.core.models import AuditEvent, OutboxMessage, RecordRead
from consultations.enums import MessageKind
from consultations.services import messaging
from tests.consultations.admin.conftest import text_of
from tests.consultations.perform import perform
from tests.mailbox import token_of
from tests.personas import book_directly, make_patient

pytestmark = pytest.mark.django_db
LIST = "/admin/core/outboxmessage/"


@pytest.fixture
def message(alice):
    return messaging.notify_patient(kind=MessageKind.REQUEST_RECEIVED, consultation_request=alice, key="received-1")


def park(message, error="SMTPRecipientsRefused 550"):
    OutboxMessage.objects.filter(pk=message.pk).update(parked_at=clock.now(), last_error=error)


def url(message, what="change"):
    return reverse(f"admin:core_outboxmessage_{what}", args=[message.pk])


def test_each_state_is_told_with_its_reason(sign_in, nurse, alice, message):
    client = sign_in(nurse)
    assert "Waiting" in text_of(client.get(LIST))
    park(message)
    page = text_of(client.get(LIST, {"state": "parked"}))
    assert "Not delivered" in page
    assert "SMTPRecipientsRefused 550" in page
    assert alice.reference in page


def test_where_there_is_nothing_to_do_no_next_step_is_named(sign_in, nurse, message):
    client = sign_in(nurse)
    assert 'data-label="Next"' not in client.get(LIST).content.decode()
    park(message)
    assert 'data-label="Next"' in client.get(LIST).content.decode()


def test_one_that_a_corrected_address_stopped_needs_nobody(sign_in, nurse, alice, message):
    park(message)
    perform("correct_email", alice, email="right@example.com", by=nurse)
    client = sign_in(nurse)
    assert "Every message was delivered or still waits." in text_of(client.get(LIST, {"state": "parked"}))
    response = client.get(LIST)
    (row,) = [row for row in response.context["rows"] if row["pk"] == message.pk]
    assert (row["state"], row["reason"], row["is_parked"]) == ("Stopped", "Not sent: the address was corrected.", False)
    assert "Try again" not in text_of(response)


def test_what_was_sent_is_read_word_for_word_and_put_on_record(sign_in, nurse, alice, message):
    delivery.deliver_due()
    (sent,) = mail.outbox
    response = sign_in(nurse).get(url(message))
    page = text_of(response)
    assert sent.subject in page
    assert "alice@example.com" in page
    shown, real = response.context["letter"].text.splitlines(), sent.body.splitlines()
    assert [line for line in shown if line not in real] == ["http://testserver/request/open/[private link]/"]
    assert len(shown) == len(real)
    assert RecordRead.objects.about(message).get(action="message.view").actor_user == nurse


def test_nobody_on_the_staff_can_use_the_private_link_from_there(sign_in, manager, alice, message):
    token = token_of(message)
    delivery.deliver_due()
    client = sign_in(manager)
    for address in (LIST, url(message)):
        html = client.get(address).content.decode()
        assert token not in html
        assert 'href="http://testserver/request' not in html


def test_before_it_is_written_there_is_nothing_to_read_but_whose_it_is(sign_in, nurse, message):
    assert "This message is not written yet." in text_of(sign_in(nurse).get(url(message)))
    assert RecordRead.objects.about(message).get(action="message.view").actor_user == nurse


def test_what_was_deleted_is_said_to_be_gone(settings, sign_in, nurse, message, time_machine):
    settings.KEEP_SENT_DAYS = 14
    delivery.deliver_due()
    time_machine.move_to(clock.now() + datetime.timedelta(days=15), tick=False)
    call_command("worker", once=True)
    page = text_of(sign_in(nurse).get(url(message)))
    assert "What this message said is no longer kept. A message is kept for 14 days after it was sent" in page
    assert "alice@example.com" not in page


def test_in_the_demonstration_the_mail_is_read_and_its_link_followed(settings, sign_in, nurse, client, alice, message):
    settings.DEMO = True
    delivery.deliver_due()
    (sent,) = mail.outbox
    response = sign_in(nurse).get(url(message))
    html = response.content.decode()
    assert sent.subject in html
    link = response.context["link"]
    assert f'href="{link}"' in html
    assert "Hello Alice" in html
    assert client.get(link.removeprefix("http://testserver")).status_code == 200
    assert RecordRead.objects.about(message).filter(action="message.view").exists()


def test_a_parked_message_is_tried_again(sign_in, nurse, message):
    park(message)
    response = sign_in(nurse).post(url(message, "retry"), follow=True)
    assert "will be tried again" in text_of(response)
    assert delivery.deliver_due() == 1
    message.refresh_from_db()
    assert message.sent_at is not None
    assert AuditEvent.objects.about(message).filter(action="message.retry", actor_user=nurse).exists()


def test_a_message_that_came_too_late_is_not(sign_in, nurse, clinician, make_request):
    booked = make_request(status="booked", patient=make_patient("Bob Pell"))
    visit = book_directly(booked, clinician, clock.now() - datetime.timedelta(hours=1))
    late = messaging.notify_patient(
        kind=MessageKind.APPOINTMENT_BOOKED, consultation_request=booked, key="booked", appointment=visit
    )
    delivery.deliver_due()
    assert mail.outbox == []
    response = sign_in(nurse).post(url(late, "retry"), follow=True)
    assert "came too late to be of use" in text_of(response)
    assert "Too late to be of use: not sent." in text_of(response)
    late.refresh_from_db()
    assert late.parked_at is not None


def test_trying_a_sent_message_again_sends_nothing(sign_in, nurse, message):
    delivery.deliver_due()
    sign_in(nurse).post(url(message, "retry"))
    assert delivery.deliver_due() == 0


def test_a_damaged_message_is_told_and_the_list_stays(settings, sign_in, nurse, message):
    settings.DEMO = True
    park(message)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_outboxmessage SET payload = 'x', recipient = 'y', content = 'z'")
    client = sign_in(nurse)
    assert client.get(LIST).status_code == 200
    assert "cannot be read: the record is damaged" in text_of(client.get(url(message)))
    assert "Call the patient" in text_of(client.post(url(message, "retry"), follow=True))


def test_an_editor_is_refused(sign_in, editor, message):
    client = sign_in(editor)
    assert [client.get(LIST).status_code, client.get(url(message)).status_code] == [403, 403]
    assert client.post(url(message, "retry")).status_code == 403


@pytest.mark.parametrize("query", [{"state": "' OR 1"}, {"page": "0"}, {"recipient__startswith": "a"}])
def test_hostile_values_break_nothing(sign_in, nurse, message, query):
    assert sign_in(nurse).get(LIST, query).status_code == 200


def test_the_list_costs_the_same_however_long(sign_in, nurse, alice, django_assert_max_num_queries):
    for number in range(60):
        messaging.notify_patient(kind=MessageKind.REQUEST_CLOSED, consultation_request=alice, key=f"news-{number}")
    client = sign_in(nurse)
    with django_assert_max_num_queries(16):
        assert len(client.get(LIST).context["rows"]) == 50


class TestSearch:
    def find(self, client, term):
        return client.post(f"{LIST}search/", {"q": term}, follow=True)

    @pytest.mark.parametrize(
        "term", ["Winther, Alice", "ALICE", "alice@example.com", "(202) 555-0142", "27 March 1970"]
    )
    def test_what_went_to_a_person_is_found_by_who_they_are(self, sign_in, nurse, make_request, message, term):
        other = make_request(patient=make_patient("Bob Pell", phone="", birth_on=datetime.date(1955, 2, 28)))
        messaging.notify_patient(kind=MessageKind.REQUEST_RECEIVED, consultation_request=other, key="received-2")
        rows = self.find(sign_in(nurse), term).context["rows"]
        assert [row["pk"] for row in rows] == [message.pk]

    def test_by_reference_whatever_its_state(self, sign_in, nurse, alice, message):
        park(message)
        rows = self.find(sign_in(nurse), alice.reference.replace("-", "")).context["rows"]
        assert [row["state"] for row in rows] == ["Not delivered"]

    def test_nobody_is_found_and_the_page_says_what_to_try(self, sign_in, nurse, message):
        page = self.find(sign_in(nurse), "calder")
        assert "No matching messages. Try one word of the name" in text_of(page)
        assert "calder" not in page.redirect_chain[0][0]

    def test_an_editor_is_refused(self, sign_in, editor):
        assert sign_in(editor).post(f"{LIST}search/", {"q": "alice"}).status_code == 403
