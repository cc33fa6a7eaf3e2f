"""Private links: token and date of birth together, five tries, replaceable; an old mail keeps working."""

import datetime
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection

from clinic.core import clock
from clinic.core.encryption import fingerprint
from clinic.core.form_fields import MailField
from clinic.core.models import AuditEvent, OutboxMessage
from consultations.enums import MessageKind
from consultations.models import ConsultationRequest, LinkAsked, Patient, PrivateLink
from consultations.services import messaging, private_links
from tests.database_snapshot import all_rows
from tests.mailbox import token_of
from tests.personas import MakeRequest, make_patient

BORN, NOT_BORN = datetime.date(1970, 3, 27), datetime.date(1970, 3, 28)


def mailed(consultation_request: ConsultationRequest, key: str = "one") -> str:
    """The token that stands in a mail to the patient."""
    message = messaging.notify_patient(
        kind=MessageKind.PRIVATE_LINK, consultation_request=consultation_request, key=key
    )
    assert message is not None
    return token_of(message)


def opened(token: str) -> ConsultationRequest | None:
    """The request that this token opens with the right date of birth."""
    link = private_links.open_link(token=token, birth_on=BORN)
    return link.consultation_request if link else None


def row_of(token: str) -> PrivateLink:
    return PrivateLink.objects.get(token_hash=fingerprint(token))


def test_token_and_date_open_the_request_and_say_so_on_record(alice: ConsultationRequest) -> None:
    token = mailed(alice)
    assert opened(token) == alice
    assert [item.action for item in AuditEvent.objects.about(alice)] == ["link.open"]


@pytest.mark.parametrize("token", ["", "x", "\x00", "a" * 5000, fingerprint("x")])
def test_an_unknown_token_opens_nothing_and_changes_nothing(alice: ConsultationRequest, token: str) -> None:
    """That it was tried is on record, without the token."""
    mailed(alice)
    trail = ("AuditEvent", "UnchainedEvent", "AuditEntry")
    before = all_rows(without=trail)
    assert private_links.open_link(token=token, birth_on=BORN) is None
    assert all_rows(without=trail) == before
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.target_id, event.details) == ("link.none", "patient", "", {})


def test_what_the_table_holds_opens_nothing(alice: ConsultationRequest) -> None:
    mailed(alice)
    assert private_links.open_link(token=PrivateLink.objects.get().token_hash, birth_on=BORN) is None


def test_the_fifth_wrong_date_locks_it_and_mails_another_to_the_same_address(alice: ConsultationRequest) -> None:
    token = mailed(alice)
    for wrong in range(1, 6):
        assert private_links.open_link(token=token, birth_on=NOT_BORN) is None
        link = PrivateLink.objects.get(token_hash=fingerprint(token))
        assert (link.wrong_dates, link.locked_at is not None) == (wrong, wrong == 5)
    assert private_links.open_link(token=token, birth_on=BORN) is None
    assert [item.recipient for item in OutboxMessage.objects.all()] == ["alice@example.com"] * 2
    fresh = token_of(OutboxMessage.objects.latest("pk"))
    assert opened(fresh) == alice


def test_a_right_date_after_four_wrong_ones_opens(alice: ConsultationRequest) -> None:
    token = mailed(alice)
    for _ in range(4):
        private_links.open_link(token=token, birth_on=NOT_BORN)
    assert opened(token) == alice


def test_it_ends_after_ninety_days(alice: ConsultationRequest, time_machine: Any) -> None:
    token = mailed(alice)
    time_machine.shift(private_links.LINK_LIFE - datetime.timedelta(seconds=1))
    assert opened(token) == alice
    time_machine.shift(1)
    assert private_links.open_link(token=token, birth_on=BORN) is None


def test_replacing_ends_every_earlier_link_of_this_request_and_no_other(
    alice: ConsultationRequest, make_request: MakeRequest
) -> None:
    old = [mailed(alice, "one"), mailed(alice, "two")]
    second = make_request(patient=alice.patient)
    other = mailed(second, "three")
    replacing = private_links.replace(consultation_request=alice, link=row_of(old[0]).pk)
    assert [opened(token) for token in old] == [None, None]
    assert opened(other) == second
    fresh = token_of(OutboxMessage.objects.latest("pk"))
    assert opened(fresh) == alice
    assert replacing is not None
    assert private_links.request_behind(replacing.pk) == alice


def test_replacing_by_a_link_that_has_ended_leaves_the_new_one_alone(alice: ConsultationRequest) -> None:
    old = row_of(mailed(alice)).pk
    private_links.replace(consultation_request=alice, link=old)
    before = all_rows()
    assert private_links.replace(consultation_request=alice, link=old) is None
    assert all_rows() == before


def test_replacing_twice_in_one_second_mails_each_new_link(alice: ConsultationRequest) -> None:
    first = private_links.replace(consultation_request=alice, link=row_of(mailed(alice)).pk)
    assert first is not None
    second = private_links.replace(consultation_request=alice, link=first.pk)
    fresh = token_of(OutboxMessage.objects.latest("pk"))
    assert second is not None
    assert [private_links.request_behind(link.pk) for link in (first, second)] == [None, alice]
    assert opened(fresh) == alice
    assert OutboxMessage.objects.count() == 3


def test_without_an_address_there_is_no_new_link(alice: ConsultationRequest) -> None:
    old = row_of(mailed(alice)).pk
    alice.patient.email = ""
    alice.patient.save(update_fields=["email"])
    assert private_links.replace(consultation_request=alice, link=old) is None
    assert not PrivateLink.objects.live().exists()


@pytest.mark.parametrize("ending", ["locked_at", "replaced_at", "expires_at"])
def test_a_link_that_ends_closes_what_it_opened(
    alice: ConsultationRequest, ending: str, django_assert_num_queries: Any
) -> None:
    link = row_of(mailed(alice))
    with django_assert_num_queries(1):
        behind = private_links.request_behind(link.pk)
        assert behind == alice
        assert behind.patient.first_name == "Alice"
    now = clock.now()
    PrivateLink.objects.update(created_at=now - datetime.timedelta(days=1), **{ending: now})
    assert private_links.request_behind(link.pk) is None


class TestSendAgain:
    def test_reaches_the_address_in_the_request_however_it_is_typed(self, alice: ConsultationRequest) -> None:
        private_links.send_again(email="  ALICE@example.COM ")
        assert [item.recipient for item in OutboxMessage.objects.all()] == ["alice@example.com"]

    @pytest.mark.parametrize(
        "typed",
        [
            "alice@bücher.example",
            "alice@BÜCHER.example",
            "alice@bu\u0308cher.example",
            "alice@xn--bcher-kva.example",
            "ALICE@XN--BCHER-KVA.EXAMPLE",
            "alice@bücher.example.",
            "ａｌｉｃｅ＠ｂüｃｈｅｒ．ｅｘａｍｐｌｅ",
            "alice@bücher。example",
            "\u200ealice@bü\u00adcher.example\ufeff",
        ],
    )
    @pytest.mark.parametrize("given", ["alice@bücher.example", "alice@xn--bcher-kva.example", "Alice@Bücher.Example"])
    def test_two_spellings_of_one_address_are_one_person(
        self, make_request: MakeRequest, given: str, typed: str
    ) -> None:
        consultation_request = make_request(patient=make_patient(email=given))
        assert MailField().clean(typed).casefold() == "alice@bücher.example"
        private_links.ask(email=typed)
        private_links.answer_asked()
        assert OutboxMessage.objects.get().subject.consultation_request == consultation_request

    def test_another_name_by_similar_letters_is_another_person(self, make_request: MakeRequest) -> None:
        make_request(patient=make_patient(email="alice@xn--strae-oqa.example"))
        private_links.send_again(email="alice@strasse.example")
        assert not OutboxMessage.objects.exists()

    def test_an_unknown_address_changes_nothing(self, alice: ConsultationRequest) -> None:
        before = all_rows()
        private_links.send_again(email="mallory@example.com")
        assert all_rows() == before

    def test_the_three_newest_and_once_a_minute(self, make_request: MakeRequest, time_machine: Any) -> None:
        requests = []
        for _ in range(4):
            requests.append(make_request(patient=make_patient()))
            time_machine.shift(1)
        private_links.send_again(email="alice@example.com")
        private_links.send_again(email="alice@example.com")
        told = [item.subject.consultation_request for item in OutboxMessage.objects.all()]
        assert told == requests[:0:-1]
        time_machine.shift(60)
        private_links.send_again(email="alice@example.com")
        assert OutboxMessage.objects.count() == 6


class TestAnsweringWhoAsked:
    def test_each_is_answered_once_and_forgotten(self, alice: ConsultationRequest) -> None:
        for email in ("alice@example.com", "mallory@example.com"):
            private_links.ask(email=email)
        assert private_links.answer_asked() == 2
        assert [item.recipient for item in OutboxMessage.objects.all()] == ["alice@example.com"]
        assert not LinkAsked.objects.exists()
        assert private_links.answer_asked() == 0

    def test_no_more_than_so_many_at_a_time(self, db: None) -> None:
        for number in range(3):
            private_links.ask(email=f"someone-{number}@example.com")
        assert private_links.answer_asked(limit=2) == 2
        assert LinkAsked.objects.get().email == "someone-2@example.com"

    def test_a_worker_that_dies_on_the_way_loses_nothing_and_is_counted(
        self, alice: ConsultationRequest, monkeypatch: pytest.MonkeyPatch, time_machine: Any
    ) -> None:
        private_links.ask(email="alice@example.com")
        before = all_rows(without=["LinkAsked"])

        def killed(**message: Any) -> None:
            raise SystemExit

        with monkeypatch.context() as dying:
            dying.setattr(messaging, "notify_patient", killed)
            with pytest.raises(SystemExit):
                private_links.answer_asked()
        assert all_rows(without=["LinkAsked"]) == before
        assert LinkAsked.objects.get().attempts == 1
        assert private_links.answer_asked() == 0
        time_machine.shift(private_links.ASKED_LEASE)
        assert private_links.answer_asked() == 1
        assert OutboxMessage.objects.count() == 1

    @pytest.mark.parametrize("damaged", [LinkAsked, Patient])
    def test_what_cannot_be_read_holds_up_nobody_and_is_not_logged(
        self, alice: ConsultationRequest, bob: ConsultationRequest, damaged: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        private_links.ask(email="alice@example.com")
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {damaged._meta.db_table} SET email = 'k0:bm90aGluZw==' WHERE id = %s",
                [damaged.objects.values_list("pk", flat=True).order_by("pk")[0]],
            )
        private_links.ask(email=bob.patient.email)
        assert private_links.answer_asked() == 1
        assert [item.subject.consultation_request for item in OutboxMessage.objects.all()] == [bob]
        parked = LinkAsked.objects.defer("email").get()
        assert (parked.attempts, parked.parked_at is not None) == (1, True)
        assert f"row {parked.pk} not sent: DecryptionError at " in caplog.text
        assert "alice" not in caplog.text

    def test_what_fails_in_any_way_waits_is_counted_parked_and_forgotten_after_a_week(
        self, alice: ConsultationRequest, bob: ConsultationRequest, monkeypatch: pytest.MonkeyPatch, time_machine: Any
    ) -> None:
        private_links.ask(email="alice@example.com")
        really = private_links.send_again

        def fails_for_alice(*, email: str) -> None:
            if email == "alice@example.com":
                raise RecursionError
            really(email=email)

        monkeypatch.setattr(private_links, "send_again", fails_for_alice)
        for attempts in (1, 2, 3, 4, 5):
            private_links.ask(email=bob.patient.email)
            assert private_links.answer_asked() == 1
            row = LinkAsked.objects.get()
            assert (row.attempts, row.parked_at) == (attempts, None)
            time_machine.move_to(row.due_at, tick=False)
        assert private_links.answer_asked() == 0
        assert LinkAsked.objects.get().parked_at == clock.now()
        time_machine.shift(datetime.timedelta(days=7, seconds=1))
        assert private_links.answer_asked() == 0
        assert not LinkAsked.objects.exists()

    def test_a_turn_of_the_worker_does_it_and_sends_the_link(self, alice: ConsultationRequest) -> None:
        private_links.ask(email="alice@example.com")
        call_command("worker", once=True)
        assert [item.recipients() for item in mail.outbox] == [["alice@example.com"]]
