"""A check that goes on elsewhere: what opens it, what ends it, what is mailed, and what is left of it."""

import datetime
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from clinic.core import audit, delivery, outbox
from clinic.core.models import AuditEvent, OutboxMessage
from consultations.enums import CaseStatus
from consultations.models import QuestionnaireResponse, SafetyCase, SavedCheck
from consultations.services import intake, private_links, retention, saved_checks, saved_links
from tests.consultations.services.test_intake import WORDINGS, ready, walked
from tests.database_snapshot import all_rows
from tests.mailbox import token_of

pytestmark = pytest.mark.django_db
NOON = datetime.datetime(2026, 11, 23, 17, 0, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
WORD = "Rosebud 7"


@pytest.fixture(autouse=True)
def noon(time_machine: Any) -> None:
    time_machine.move_to(NOON, tick=False)


def saved(response: QuestionnaireResponse | None = None, **more: Any) -> SavedCheck:
    given = {"email": "ana@example.com", "word": WORD, **more}
    return saved_checks.save(response=response or walked(), **given)


def newest() -> OutboxMessage:
    return OutboxMessage.objects.filter(kind="saved_check").latest("pk")


def opened(token: str, word: str = WORD) -> QuestionnaireResponse | None:
    return saved_checks.open_check(token=token, word=word)


def actions_of(response: QuestionnaireResponse) -> list[str]:
    return [event.action for event in AuditEvent.objects.about(response)]


class TestOpening:
    def test_link_and_word_open_it_again_and_again(self) -> None:
        row = saved()
        token = token_of(newest())
        assert opened(token) == row.response
        assert opened(token) == row.response
        assert actions_of(row.response)[-3:] == [
            "response.save_for_later",
            "response.open_saved",
            "response.open_saved",
        ]

    @pytest.mark.parametrize("typed", ["rosebud7", "ROSEBUD 7 ", "  Rosebud\t7", "ＲＯＳＥＢＵＤ７"])
    def test_a_phone_may_change_letters_and_spaces(self, typed: str) -> None:
        row = saved()
        assert opened(token_of(newest()), typed) == row.response

    @pytest.mark.parametrize("typed", ["", "rosebud", "rosebud77", "ana@example.com", "x" * 5000, "\x00"])
    def test_another_word_opens_nothing_and_is_counted(self, typed: str) -> None:
        row = saved()
        assert opened(token_of(newest()), typed) is None
        row.refresh_from_db()
        assert row.wrong_words == 1
        assert actions_of(row.response)[-1] == "response.open_refused"

    @pytest.mark.parametrize("token", ["", "x", "\x00", "a" * 5000])
    def test_an_unknown_link_opens_nothing_and_counts_nothing(self, token: str) -> None:
        saved()
        before = all_rows()
        assert opened(token) is None
        assert all_rows() == before

    def test_what_the_table_holds_opens_nothing(self) -> None:
        saved()
        token_of(newest())
        assert opened(SavedCheck.objects.get().token_hash or "") is None

    def test_neither_address_nor_word_can_be_read_in_the_table(self) -> None:
        saved()
        with connection.cursor() as cursor:
            cursor.execute("SELECT email, secret FROM consultations_savedcheck")
            email, secret = cursor.fetchone()
        assert "ana" not in email
        assert not secret.startswith(("md5", "argon2"))
        assert "rosebud7" not in SavedCheck.objects.get().secret

    def test_a_newer_link_ends_the_older(self) -> None:
        row = saved()
        first = token_of(newest())
        saved_links.mail_again(row.email_index)
        assert opened(first) == row.response, "until the newer is written"
        second = token_of(newest())
        assert opened(first) is None
        assert opened(second) == row.response

    def test_another_address_ends_the_link_at_the_first_at_once(self) -> None:
        row = saved()
        first = token_of(newest())
        saved(row.response, email="anna@example.com")
        assert opened(first) is None
        assert newest().recipient == "anna@example.com"

    def test_the_fifth_wrong_word_ends_the_link_and_mails_another(self) -> None:
        row = saved()
        token = token_of(newest())
        for _ in range(5):
            assert opened(token, "wrong") is None
        assert opened(token) is None
        assert opened(token_of(newest())) == row.response

    def test_fifteen_wrong_words_in_a_row_lock_it_until_another_word_is_chosen(self) -> None:
        row = saved()
        for _ in range(3):
            token = token_of(newest())
            for _ in range(5):
                opened(token, "wrong")
        row.refresh_from_db()
        assert row.locked_at == NOON
        assert OutboxMessage.objects.filter(kind="saved_check").count() == 3
        saved_links.mail_again(row.email_index)
        assert OutboxMessage.objects.filter(kind="saved_check").count() == 3
        saved(row.response, word="another word")
        assert opened(token_of(newest()), "another word") == row.response

    def test_the_right_word_forgives_wrong_ones(self) -> None:
        row = saved()
        token = token_of(newest())
        for _ in range(4):
            opened(token, "wrong")
        opened(token)
        row.refresh_from_db()
        assert row.wrong_words == 0

    def test_it_ends_thirty_days_after_the_last_page_that_was_saved(self, time_machine: Any) -> None:
        row = saved()
        token = token_of(newest())
        time_machine.move_to(NOON + 29 * DAY, tick=False)
        intake.save_answers(response=row.response, answers={"ab_age": 56})
        time_machine.move_to(NOON + 58 * DAY, tick=False)
        assert opened(token) == row.response
        time_machine.move_to(NOON + 59 * DAY, tick=False)
        assert opened(token) is None


class TestMail:
    def test_it_names_nobody_and_says_nothing_about_health(self) -> None:
        saved()
        delivery.deliver_due()
        (letter,) = mail.outbox
        assert letter.to == ["ana@example.com"]
        assert letter.subject == "Your link to carry on"
        assert "http://testserver/check/open/" in letter.body
        assert "until 23 December 2026" in letter.body
        body = letter.body.replace("Larchwell Spine Clinic", "")
        assert [
            word for word in ("back pain", "spine", "answers", "health", "symptom") if word in body.casefold()
        ] == []

    def test_nobody_at_the_clinic_can_read_it_before_it_is_sent(self) -> None:
        saved()
        token_of(newest())
        assert newest().content is not None
        assert outbox.read(newest()) is None

    def test_nobody_at_the_clinic_can_read_it_once_it_is_sent(self) -> None:
        saved()
        delivery.deliver_due()
        message = OutboxMessage.objects.get()
        assert message.sent_at == NOON
        assert (message.recipient, message.payload, message.content) == ("", None, None)

    def test_one_that_cannot_be_delivered_is_forgotten_and_asks_nobody_to_see_to_it(self) -> None:
        row = saved()
        delivery._park(delivery.DeliveryAttempt(pk=newest().pk, lane=newest().lane, attempts=1, crashes=0), "550")
        message = newest()
        assert (message.is_stopped, message.recipient, message.content) == (True, "", None)
        assert saved_links.is_undelivered(row)

    def test_only_the_newest_is_wanted(self) -> None:
        row = saved()
        saved_links.mail_again(row.email_index)
        delivery.deliver_due()
        assert len(mail.outbox) == 1
        first, second = OutboxMessage.objects.order_by("pk")
        assert first.last_error == "Not sent: the check was sent, deleted or saved again since."
        assert second.sent_at == NOON

    def test_it_is_mailed_again_to_who_asks_for_a_private_link(self) -> None:
        row = saved()
        delivery.deliver_due()
        private_links.ask(email="Ana@Example.com")
        private_links.ask(email="nobody@example.com")
        assert private_links.answer_asked() == 2
        delivery.deliver_due()
        assert [letter.to for letter in mail.outbox] == [["ana@example.com"]] * 2
        assert row.response.status == "in_progress"

    def test_over_the_limit_of_the_mailbox_all_is_kept_and_nothing_mailed(self) -> None:
        row = saved(is_mailed=False)
        assert not OutboxMessage.objects.exists()
        saved_links.mail_again(row.email_index)
        assert opened(token_of(newest())) == row.response


class TestReminder:
    def test_there_is_none_unless_it_was_asked_for(self) -> None:
        saved()
        assert not OutboxMessage.objects.filter(kind="saved_check_reminder").exists()

    def test_it_goes_a_week_before_the_end_counted_from_the_last_saved_page(self, time_machine: Any) -> None:
        row = saved(wants_reminder=True)
        delivery.deliver_due()
        time_machine.move_to(NOON + 10 * DAY, tick=False)
        intake.save_answers(response=row.response, answers={"ab_age": 56})
        time_machine.move_to(NOON + 24 * DAY, tick=False)
        delivery.deliver_due()
        assert len(mail.outbox) == 1
        time_machine.move_to(NOON + 33 * DAY, tick=False)
        delivery.deliver_due()
        time_machine.move_to(NOON + 39 * DAY, tick=False)
        delivery.deliver_due()
        assert [letter.subject for letter in mail.outbox] == ["Your link to carry on", "The form that you began"]

    def test_who_unticks_it_gets_none(self, time_machine: Any) -> None:
        row = saved(wants_reminder=True)
        saved(row.response)
        time_machine.move_to(NOON + 24 * DAY, tick=False)
        delivery.deliver_due()
        assert [letter.subject for letter in mail.outbox] == ["Your link to carry on"]


class TestSent:
    def test_the_address_goes_and_the_link_says_that_it_was_sent(self) -> None:
        response = ready()
        saved(response, wants_reminder=True)
        token = token_of(newest())
        intake.send(response=response, wordings=WORDINGS)
        row = SavedCheck.objects.get()
        assert (row.email, row.email_index, row.wants_reminder) == ("", "", False)
        assert not OutboxMessage.objects.filter(kind__startswith="saved", parked_at=None, sent_at=None).exists()
        found = opened(token)
        assert found is not None
        assert found.status == "completed"

    def test_its_link_goes_when_it_would_have_ended(self, time_machine: Any) -> None:
        response = ready()
        saved(response)
        token_of(newest())
        intake.send(response=response, wordings=WORDINGS)
        time_machine.move_to(NOON + 30 * DAY, tick=False)
        assert retention.delete_saved_links() == 0
        time_machine.move_to(NOON + 31 * DAY, tick=False)
        assert retention.delete_saved_links() == 1
        assert not SavedCheck.objects.exists()
        assert QuestionnaireResponse.objects.get() == response


class TestEnd:
    def test_all_of_it_goes_in_time_with_every_mail_that_waits(self, time_machine: Any) -> None:
        row = saved(wants_reminder=True)
        time_machine.move_to(NOON + 31 * DAY, tick=False)
        retention.delete_unsent()
        assert not QuestionnaireResponse.objects.exists()
        assert not SavedCheck.objects.exists()
        assert {message.recipient for message in OutboxMessage.objects.all()} == {""}
        assert delivery.deliver_due() == 0
        assert actions_of(row.response)[-1] == "response.delete"

    def test_the_link_of_a_check_behind_a_case_goes_and_the_answers_stay(self, time_machine: Any) -> None:
        row = saved(walked(rf_now=["fever"]))
        token_of(newest())
        time_machine.move_to(NOON + 31 * DAY, tick=False)
        assert (retention.delete_unsent(), retention.delete_saved_links()) == (0, 1)
        assert QuestionnaireResponse.objects.get() == row.response

    def test_a_row_whose_check_is_gone_goes(self) -> None:
        row = saved()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM consultations_questionnaireresponse WHERE id = %s", [row.response_id])
        assert retention.delete_saved_links() == 1

    def test_a_damaged_row_goes_like_any_other(self, time_machine: Any) -> None:
        row = saved()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE consultations_savedcheck SET email = 'damaged', secret = 'damaged'")
        time_machine.move_to(NOON + 31 * DAY, tick=False)
        assert retention.delete_unsent() == 1
        assert not SavedCheck.objects.filter(pk=row.pk).exists()


class TestForget:
    def test_everything_goes_at_once_and_the_trail_says_who_asked(self) -> None:
        row = saved(ready(), wants_reminder=True)
        token = token_of(newest())
        assert saved_checks.forget(response=row.response)
        assert not QuestionnaireResponse.objects.exists()
        assert not SavedCheck.objects.exists()
        assert opened(token) is None
        assert delivery.deliver_due() == 0
        event = AuditEvent.objects.about(row.response).last()
        assert event is not None
        assert (event.action, event.actor, event.details) == ("response.delete", "patient", {"asked": True})
        assert audit.verify() == []

    def test_what_a_safety_case_rests_on_stays(self) -> None:
        row = saved(walked(rf_now=["fever"]))
        assert not saved_checks.forget(response=row.response)
        assert not SavedCheck.objects.exists()
        assert SafetyCase.objects.get(response=row.response).status == CaseStatus.OPEN
        assert QuestionnaireResponse.objects.get().answers["rf_now"] == ["fever"]
        assert actions_of(row.response)[-1] == "response.forget_link"

    def test_what_was_sent_is_no_longer_ours_to_forget(self) -> None:
        response = ready()
        intake.send(response=response, wordings=WORDINGS)
        before = all_rows()
        with pytest.raises(intake.AlreadySent):
            saved_checks.forget(response=response)
        assert all_rows() == before

    def test_twice_says_that_it_is_gone(self) -> None:
        response = walked()
        saved_checks.forget(response=response)
        with pytest.raises(intake.Deleted):
            saved_checks.forget(response=response)

    def test_a_page_of_another_device_that_comes_afterwards_writes_nothing(self) -> None:
        row = saved()
        saved_checks.forget(response=row.response)
        with pytest.raises(intake.Deleted):
            intake.save_answers(response=row.response, answers={"ab_age": 57})
        assert not QuestionnaireResponse.objects.exists()
