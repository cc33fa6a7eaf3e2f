"""The outbox: what is owed is sent at least once, by one worker at a time, and a mail says nothing about health."""

import datetime
import re
import smtplib
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.utils.html import strip_tags

from clinic.core import channels, clock, delivery
from clinic.core.encryption import fingerprint
from clinic.core.models import AuditEvent, Heartbeat, OutboxMessage
from clinic.core.refusals import NotAllowed
from consultations import emails
from consultations.enums import MessageKind
from consultations.models import ConsultationRequest, PrivateLink
from consultations.services import intake, messaging, saved_checks
from consultations.services.message_kinds import TO_STAFF
from tests.consultations.services.test_transitions import Staff
from tests.database_snapshot import all_rows, store
from tests.mailbox import link_in, token_of, write

MINUTE = datetime.timedelta(minutes=1)


def owe(consultation_request: ConsultationRequest, key: str = "one", **more: Any) -> OutboxMessage:
    message = messaging.notify_patient(
        kind=MessageKind.PRIVATE_LINK, consultation_request=consultation_request, key=key, **more
    )
    assert message is not None
    return message


class Server:
    """A mail server that answers each mail with the next of its answers, then takes every one."""

    def __init__(self, *answers: Exception) -> None:
        self.answers, self.taken = list(answers), []

    def open(self) -> None:
        """Every message has a connection of its own."""

    close = open

    def send_messages(self, mails: list[Any]) -> int:
        if self.answers:
            raise self.answers.pop(0)
        self.taken += mails
        return len(mails)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server()
    monkeypatch.setattr(channels, "get_connection", lambda **kwargs: made)
    return made


def refused(code: int) -> Exception:
    return smtplib.SMTPResponseException(code, b"alice@example.com is not known here")


class TestEnqueue:
    def test_the_same_cause_owes_one_mail_and_makes_one_link(self, alice: ConsultationRequest) -> None:
        owe(alice)
        assert messaging.notify_patient(kind=MessageKind.PRIVATE_LINK, consultation_request=alice, key="one") is None
        assert not PrivateLink.objects.exists(), "it is made with the mail"
        delivery.deliver_due()
        assert OutboxMessage.objects.count() == PrivateLink.objects.count() == 1

    def test_nobody_without_an_address_is_written_to(self, alice: ConsultationRequest, nurse: Any) -> None:
        alice.patient.email = nurse.email = ""
        alice.patient.save(update_fields=["email"])
        assert messaging.notify_patient(kind=MessageKind.PRIVATE_LINK, consultation_request=alice, key="one") is None
        assert messaging.alert_staff(user=nurse, key="two", path="/admin/") is None
        assert not OutboxMessage.objects.exists()
        assert not PrivateLink.objects.exists()

    def test_the_token_is_in_the_mail_and_its_hash_alone_in_the_table(self, alice: ConsultationRequest) -> None:
        message = owe(alice)
        token = token_of(message)
        assert PrivateLink.objects.get().token_hash == fingerprint(token)
        assert token not in str(all_rows()[PrivateLink._meta.label])


class TestDelivery:
    def test_what_is_due_is_sent_once(self, alice: ConsultationRequest) -> None:
        owe(alice)
        assert delivery.deliver_due() == 1
        assert delivery.deliver_due() == 0
        (sent,) = mail.outbox
        assert sent.recipients() == ["alice@example.com"]
        row = OutboxMessage.objects.get()
        assert (row.payload, row.attempts, row.lease_until) == (None, 1, None)

    def test_at_most_so_many_at_a_time_oldest_first(self, alice: ConsultationRequest, server: Server) -> None:
        for number in range(5):
            owe(alice, f"m{number}")
        earlier = clock.now() - MINUTE
        OutboxMessage.objects.filter(key="m4").update(send_at=earlier, due_at=earlier)
        assert delivery.deliver_due(limit=2) == 2
        assert OutboxMessage.objects.get(key="m4").sent_at is not None
        assert OutboxMessage.objects.filter(sent_at=None).count() == 3

    @pytest.mark.parametrize(
        "error",
        [
            refused(421),
            refused(451),
            ConnectionRefusedError(),
            TimeoutError(),
            smtplib.SMTPServerDisconnected("gone"),
            smtplib.SMTPRecipientsRefused({"alice@example.com": (450, b"later")}),
        ],
        ids=repr,
    )
    def test_what_may_pass_is_tried_again_later_and_later(
        self, alice: ConsultationRequest, server: Server, error: Exception, time_machine: Any
    ) -> None:
        owe(alice)
        for wait in (1, 2, 5, 15, 60, 60):
            server.answers = [error]
            assert delivery.deliver_due() == 0
            row = OutboxMessage.objects.get()
            assert (row.sent_at, row.parked_at, row.lease_until) == (None, None, None)
            assert row.due_at == clock.now() + wait * MINUTE
            time_machine.move_to(row.due_at - datetime.timedelta(seconds=1), tick=False)
            assert delivery.deliver_due() == 0
            time_machine.move_to(row.due_at, tick=False)
        assert delivery.deliver_due() == 1
        assert OutboxMessage.objects.get().last_error == ""

    @pytest.mark.parametrize(
        "error",
        [refused(550), refused(554), smtplib.SMTPRecipientsRefused({"alice@example.com": (550, b"no such person")})],
        ids=repr,
    )
    def test_a_final_no_is_parked_for_a_person_without_the_servers_words(
        self, alice: ConsultationRequest, server: Server, error: Exception
    ) -> None:
        owe(alice)
        server.answers = [error]
        assert delivery.deliver_due() == 0
        row = OutboxMessage.objects.get()
        assert row.parked_at is not None
        assert row.content is not None, "kept, so that it can be tried again"
        assert "alice" not in row.last_error
        assert "known" not in row.last_error
        assert delivery.deliver_due() == 0
        assert server.taken == []

    def test_after_a_day_of_trying_it_is_parked_too(self, alice: ConsultationRequest, server: Server) -> None:
        owe(alice)
        OutboxMessage.objects.update(attempts=23)
        server.answers = [refused(451)]
        delivery.deliver_due()
        assert OutboxMessage.objects.get().parked_at is not None

    def test_one_refusal_does_not_hold_up_the_next_mail(self, alice: ConsultationRequest, server: Server) -> None:
        owe(alice, "one")
        owe(alice, "two")
        server.answers = [refused(550)]
        assert delivery.deliver_due() == 1
        assert OutboxMessage.objects.get(key="two").sent_at is not None

    def test_a_damaged_mail_is_parked_and_holds_up_nobody(self, alice: ConsultationRequest, server: Server) -> None:
        broken, fine = owe(alice, "one"), owe(alice, "two")
        other = owe(alice, "three")
        store(OutboxMessage, other.pk, payload=["no", "mapping"])
        table = OutboxMessage._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET data_key = %s WHERE id = %s", ["k0:bm90aGluZw==", broken.pk])
        assert delivery.deliver_due() == 1
        assert OutboxMessage.objects.get(pk=fine.pk).sent_at is not None
        parked = OutboxMessage.objects.filter(parked_at__isnull=False).values_list("pk", "last_error")
        assert dict(parked) == {
            broken.pk: "Cannot be read: DecryptionError",
            other.pk: "Cannot be read: Undecodable",
        }

    def test_a_worker_that_died_costs_one_lease_and_no_mail(
        self, alice: ConsultationRequest, server: Server, time_machine: Any
    ) -> None:
        message = owe(alice)
        claim = delivery._claim()  # and then it is killed
        assert claim is not None
        assert claim.pk == message.pk
        assert delivery.deliver_due() == 0
        time_machine.shift(delivery.LEASE + datetime.timedelta(seconds=1))
        assert delivery.deliver_due() == 1

    def test_a_mail_sent_twice_is_the_same_to_the_byte(
        self, alice: ConsultationRequest, server: Server, time_machine: Any
    ) -> None:
        """The server took it and the worker died before it could note that: mail programs show it once."""
        owe(alice)
        delivery.deliver_due()
        OutboxMessage.objects.update(sent_at=None)
        delivery.deliver_due()
        assert len({item.message().as_bytes() for item in server.taken}) == 1
        assert len(server.taken) == 2


class TestRetry:
    @pytest.fixture
    def parked(self, alice: ConsultationRequest) -> OutboxMessage:
        message = owe(alice)
        message.parked_at, message.attempts = clock.now(), 24
        message.save()
        return message

    @pytest.mark.parametrize("group", ["triage", "doctor", "manager"])
    def test_staff_may_have_it_tried_again(self, parked: OutboxMessage, staff: Staff, group: str) -> None:
        messaging.retry(message=parked, by=staff(group))
        assert AuditEvent.objects.get(action="message.retry").actor_user == staff(group)
        assert delivery.deliver_due() == 1

    def test_an_editor_may_not(self, parked: OutboxMessage, staff: Staff) -> None:
        by, before = staff("editor"), all_rows()
        with pytest.raises(NotAllowed):
            messaging.retry(message=parked, by=by)
        assert all_rows() == before

    def test_what_is_gone_cannot_be_sent(self, parked: OutboxMessage, staff: Staff) -> None:
        OutboxMessage.objects.update(content_deleted_at=clock.now())
        with pytest.raises(messaging.ContentGone):
            messaging.retry(message=parked, by=staff("triage"))

    def test_what_is_not_parked_is_left_alone(self, alice: ConsultationRequest, staff: Staff) -> None:
        message, by = owe(alice), staff("triage")
        before = all_rows()
        messaging.retry(message=message, by=by)
        assert all_rows() == before


HEALTH = re.compile(
    r"\b(back|spine|spinal|discs?|stenosis|facet|stem|cells?|treatments?|danger|flags?|urgent|doctors?|nurses?|symptoms?"
    r"|questionnaire|answers|consultations?|appointments?|diagnos\w+|weakness)\b",
    re.IGNORECASE,
)
"""What a person at home who sees the screen could learn something from. The clinic's own name is not ours to change."""


def a_mail(kind: MessageKind, consultation_request: ConsultationRequest) -> OutboxMessage:
    """One of this kind, about a request or about a check that is not sent."""
    if kind not in (MessageKind.SAVED_CHECK, MessageKind.SAVED_CHECK_REMINDER):
        return messaging.notify_patient(kind=kind, consultation_request=consultation_request, key="one")
    response = intake.start()
    saved_checks.save(response=response, email="alice@example.com", word="rosebud 7", wants_reminder=True)
    return OutboxMessage.objects.get(kind=kind)


@pytest.mark.parametrize("kind", [kind for kind in emails.WORDINGS if kind not in TO_STAFF])
class TestWords:
    def test_no_mail_tells_anything_about_health(
        self, alice: ConsultationRequest, kind: MessageKind, settings: Any
    ) -> None:
        settings.CLINIC_NAME = "Larchwell"
        composed = write(a_mail(kind, alice))
        for part in (composed.subject, composed.text, strip_tags(composed.html)):
            assert HEALTH.findall(part) == []

    def test_it_is_to_one_person_and_says_the_same_twice(self, alice: ConsultationRequest, kind: MessageKind) -> None:
        composed = write(a_mail(kind, alice))
        link, html = link_in(composed), composed.html
        assert composed.to == "alice@example.com"
        assert composed.text.count(link) == 1
        assert link in html
        for sentence in (str(emails.WORDINGS[kind].opening), str(emails.WORDINGS[kind].next_step)):
            assert sentence in composed.text
            assert sentence in html
        assert "Winther" not in composed.text + html + composed.subject
        assert "http" not in html.replace(link, "")


def test_every_kind_has_its_words() -> None:
    """A text message is one sentence, and has no subject."""
    assert set(emails.WORDINGS) == set(MessageKind) - {MessageKind.TEXT_REMINDER}


def test_one_turn_of_the_worker_sends_alerts_and_tidies(alice: ConsultationRequest) -> None:
    owe(alice)
    call_command("worker", once=True)
    assert len(mail.outbox) == 1
    assert {beat.name for beat in Heartbeat.objects.all()} == {
        "worker", "forget sign-ins", "reopen content", "forget networks", "restart mails", "delete unsent",
        "delete sent", "delete hand-over notes", "delete freed times", "delete saved links", "audit head",
    }  # fmt: skip
