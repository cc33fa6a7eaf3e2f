"""An address that is corrected: the link that went to the wrong one opens nothing from then on, whoever holds it."""

import datetime
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from clinic.accounts.models import User
from clinic.core import audit, clock, delivery, outbox
from clinic.core.models import AuditEvent, OutboxMessage
from clinic.core.refusals import NotAllowed, WrongStatus
from consultations.enums import CLOSED_STATUSES, FilledFor, MessageKind, RequestStatus
from consultations.models import ConsultationRequest, PrivateLink
from consultations.services import contact_details, intake, messaging, private_links, undelivered
from consultations.services.contact_details import STOPPED, SameAddress
from tests.consultations.perform import perform
from tests.database_snapshot import all_rows
from tests.mailbox import link_in, token_of, write
from tests.personas import MakeRequest, make_patient, make_user, private_url

pytestmark = pytest.mark.django_db


def correct_email(*, consultation_request: ConsultationRequest, email: str, by: User | None = None) -> None:
    perform("correct_email", consultation_request, email=email, by=by)


@pytest.fixture
def sent(make_request: MakeRequest) -> ConsultationRequest:
    """Alice's request, with a link owed to the address she mistyped."""
    consultation_request = make_request(patient=make_patient(email="alice@example.con"))
    messaging.notify_patient(
        kind=MessageKind.REQUEST_RECEIVED, consultation_request=consultation_request, key="received"
    )
    return consultation_request


@pytest.mark.parametrize(
    ("filled_for", "name", "expected"),
    [("self", "Alice Winther", ""), ("other", "Alice Winther", "Alice"), ("other", "", "the patient")],
)
def test_a_helper_is_told_whom_they_fill_it_in_for(filled_for: str, name: str, expected: str) -> None:
    given = intake.Contact(name=name, birth_on=None, email="", phone="", filled_for=FilledFor(filled_for))
    assert given.helped_name == expected


class TestCorrectEmail:
    def test_the_address_is_kept_found_and_written_to(self, sent: ConsultationRequest) -> None:
        correct_email(consultation_request=sent, email="alice@example.com")

        sent.patient.refresh_from_db()
        assert sent.patient.email == "alice@example.com"
        assert sent.patient.email_index == private_links.email_index("alice@example.com")
        newest = OutboxMessage.objects.order_by("pk").last()
        assert newest is not None
        assert (newest.kind, newest.recipient) == (MessageKind.PRIVATE_LINK, "alice@example.com")
        assert private_links.open_link(token=token_of(newest), birth_on=sent.patient.birth_on) is not None

    def test_the_link_to_the_wrong_address_is_dead(self, sent: ConsultationRequest) -> None:
        token = token_of(OutboxMessage.objects.get())

        correct_email(consultation_request=sent, email="alice@example.com")

        assert private_links.open_link(token=token, birth_on=sent.patient.birth_on) is None
        assert PrivateLink.objects.live().count() == 0, "the next is made with its mail"

    def test_what_the_wrong_recipient_had_open_closes_at_the_next_click(
        self, client: Client, sent: ConsultationRequest
    ) -> None:
        token = token_of(OutboxMessage.objects.get())
        client.post(f"/request/open/{token}/", {"birth_on_month": "3", "birth_on_day": "27", "birth_on_year": "1970"})
        assert client.get(private_url(sent)).status_code == 200

        correct_email(consultation_request=sent, email="alice@example.com")

        assert client.get(private_url(sent)).status_code == 403
        assert client.post(private_url(sent, "withdraw/"), {"sure": "on"}).status_code == 403
        sent.refresh_from_db()
        assert sent.status == RequestStatus.RECEIVED

    def test_mail_that_is_not_written_yet_goes_to_the_right_address(self, sent: ConsultationRequest) -> None:
        correct_email(consultation_request=sent, email="alice@example.com")

        delivery.deliver_due()

        assert [item.to for item in mail.outbox] == [["alice@example.com"]] * 2
        received = OutboxMessage.objects.get(key="received")
        assert (received.recipient, received.parked_at) == ("alice@example.com", None)
        assert private_links.open_link(token=token_of(received), birth_on=sent.patient.birth_on) is not None

    def test_mail_that_was_written_and_still_waits_is_never_sent(self, sent: ConsultationRequest) -> None:
        row = OutboxMessage.objects.get()
        token = link_in(write(row)).rstrip("/").rpartition("/")[2]

        correct_email(consultation_request=sent, email="alice@example.com")
        delivery.deliver_due()

        assert [item.to for item in mail.outbox] == [["alice@example.com"]]
        row.refresh_from_db()
        assert (row.sent_at, row.payload, row.content, row.last_error) == (None, None, None, STOPPED)
        assert row.is_stopped
        assert private_links.open_link(token=token, birth_on=sent.patient.birth_on) is None

    def test_nobody_has_to_see_to_what_was_stopped(self, sent: ConsultationRequest) -> None:
        OutboxMessage.objects.update(parked_at=clock.now(), last_error="SMTPRecipientsRefused 550")
        assert undelivered.parked_messages().count() == 1

        correct_email(consultation_request=sent, email="alice@example.com")

        assert undelivered.parked_messages().count() == 0

    @pytest.mark.parametrize("attempts", [1, 99])
    def test_one_that_fails_while_it_is_stopped_stays_stopped(self, sent: ConsultationRequest, attempts: int) -> None:
        row = OutboxMessage.objects.get(key="received")
        write(row)
        correct_email(consultation_request=sent, email="alice@example.com")

        claim = delivery.DeliveryAttempt(pk=row.pk, lane=row.lane, attempts=attempts, crashes=0)
        delivery._postpone(claim, OSError(), is_final=False)

        row.refresh_from_db()
        assert row.is_stopped

    def test_nor_when_staff_try_it_again(self, sent: ConsultationRequest, nurse: User) -> None:
        OutboxMessage.objects.update(parked_at=clock.now(), last_error="SMTPRecipientsRefused")
        correct_email(consultation_request=sent, email="alice@example.com")

        with pytest.raises(messaging.ContentGone):
            messaging.retry(message=OutboxMessage.objects.get(key="received"), by=nurse)

    def test_is_on_record_without_either_address(self, sent: ConsultationRequest) -> None:
        correct_email(consultation_request=sent, email="alice@example.com")

        event = AuditEvent.objects.about(sent).get(action="request.correct_email")
        assert (event.actor, event.details["had_address"]) == ("patient", 1)
        assert "example" not in str(event.details) + str(event.fields)
        assert audit.verify() == []

    def test_a_request_without_an_address_gets_one(self, make_request: MakeRequest) -> None:
        consultation_request = make_request(patient=make_patient(email=""))

        correct_email(consultation_request=consultation_request, email="alice@example.com")

        assert OutboxMessage.objects.get().recipient == "alice@example.com"

    @pytest.mark.parametrize("same", ["alice@example.con", "Alice@Example.con", "ALICE@EXAMPLE.CON"])
    def test_the_same_address_changes_nothing(self, sent: ConsultationRequest, same: str) -> None:
        before = all_rows()

        with pytest.raises(SameAddress):
            correct_email(consultation_request=sent, email=same)

        assert all_rows() == before

    def test_a_second_press_mails_nothing_more(self, sent: ConsultationRequest) -> None:
        correct_email(consultation_request=sent, email="alice@example.com")
        before = all_rows()

        correct_email(consultation_request=sent, email="alice@example.com")

        assert all_rows() == before

    def test_back_and_forth_mails_each_time(self, sent: ConsultationRequest) -> None:
        for email in ("alice@example.com", "alice@example.con", "alice@example.com"):
            correct_email(consultation_request=sent, email=email)

            newest = OutboxMessage.objects.latest("pk")
            assert write(newest).to == email

        assert PrivateLink.objects.live().count() == 1
        assert OutboxMessage.objects.get(composed_at__isnull=False, parked_at=None) == newest

    def test_nothing_is_saved_when_it_cannot_be_written_down(self, sent: ConsultationRequest, monkeypatch: Any) -> None:
        def fails(**kwargs: Any) -> None:
            raise RuntimeError

        before = all_rows()
        for module, name in ((audit, "record"), (outbox, "enqueue")):
            with monkeypatch.context() as broken:
                broken.setattr(module, name, fails)
                with pytest.raises(RuntimeError):
                    correct_email(consultation_request=sent, email="alice@example.com")
            assert all_rows() == before

    def test_another_request_of_the_same_address_is_left_alone(
        self, sent: ConsultationRequest, make_request: MakeRequest
    ) -> None:
        other = make_request(patient=make_patient("Bob Pell", email="alice@example.con"))
        messaging.notify_patient(kind=MessageKind.PRIVATE_LINK, consultation_request=other, key="other")
        write(OutboxMessage.objects.get(key="other"))

        correct_email(consultation_request=sent, email="alice@example.com")

        assert PrivateLink.objects.live().filter(consultation_request=other).count() == 1
        other.patient.refresh_from_db()
        assert other.patient.email == "alice@example.con"


class TestWho:
    @pytest.mark.parametrize("hours", [0, 11.9])
    def test_the_browser_that_sent_it_may_while_its_session_can_live(
        self, sent: ConsultationRequest, time_machine: Any, hours: float
    ) -> None:
        time_machine.move_to(sent.submitted_at + datetime.timedelta(hours=hours), tick=False)

        assert contact_details.may_correct(sent)

    def test_not_later(self, sent: ConsultationRequest, time_machine: Any) -> None:
        time_machine.move_to(sent.submitted_at + datetime.timedelta(hours=12), tick=False)

        with pytest.raises(WrongStatus):
            correct_email(consultation_request=sent, email="alice@example.com")

    @pytest.mark.parametrize("status", CLOSED_STATUSES)
    def test_nobody_once_the_request_has_ended(
        self, make_request: MakeRequest, nurse: User, status: RequestStatus
    ) -> None:
        ended = make_request(status=status)

        for by in (None, nurse):
            with pytest.raises(WrongStatus):
                correct_email(consultation_request=ended, email="new@example.com", by=by)

    def test_staff_may_at_any_time_and_are_named(
        self, sent: ConsultationRequest, nurse: User, time_machine: Any
    ) -> None:
        time_machine.move_to(sent.submitted_at + datetime.timedelta(days=40), tick=False)

        correct_email(consultation_request=sent, email="alice@example.com", by=nurse)

        assert AuditEvent.objects.get(action="request.correct_email").actor_user == nurse

    def test_an_editor_may_not(self, sent: ConsultationRequest) -> None:
        before = all_rows()
        editor = make_user("editor", "editor")

        with pytest.raises(NotAllowed):
            correct_email(consultation_request=sent, email="alice@example.com", by=editor)

        assert all_rows(without=("User", "User_groups"))["consultations.Patient"] == before["consultations.Patient"]


class TestHistory:
    def test_says_if_an_earlier_link_was_opened(self, sent: ConsultationRequest) -> None:
        assert contact_details.history_of(sent) == contact_details.AddressHistory(False, False)
        private_links.open_link(token=token_of(OutboxMessage.objects.get()), birth_on=sent.patient.birth_on)

        correct_email(consultation_request=sent, email="alice@example.com")

        assert contact_details.history_of(sent) == contact_details.AddressHistory(True, True)

    def test_opening_the_new_one_is_no_alarm(self, sent: ConsultationRequest) -> None:
        correct_email(consultation_request=sent, email="alice@example.com")
        newest = OutboxMessage.objects.order_by("pk").last()
        assert newest is not None

        private_links.open_link(token=token_of(newest), birth_on=sent.patient.birth_on)

        assert contact_details.history_of(sent) == contact_details.AddressHistory(True, False)


def test_a_link_asked_for_at_the_old_address_goes_to_nobody(sent: ConsultationRequest) -> None:
    private_links.ask(email="alice@example.con")
    correct_email(consultation_request=sent, email="alice@example.com")
    number = OutboxMessage.objects.count()

    private_links.answer_asked()

    assert OutboxMessage.objects.count() == number
