"""What was never sent is deleted in time, and nothing else is: not what was sent, not what a safety case rests on."""

import datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from clinic.accounts.models import User
from clinic.core import audit, clock, housekeeping
from clinic.core.models import AuditEvent, Heartbeat
from consultations.enums import CaseOutcome, CaseProof, CaseStatus, TextKind
from consultations.models import Assessment, QuestionnaireResponse, SafetyCase
from consultations.services import carrying, case_closing, intake, patient_texts, retention
from consultations.services.case_proofs import OutcomeClaim
from tests.consultations.services.test_intake import ALICE, WORDINGS, ready
from tests.consultations.views.conftest import OUTCOMES, ROUTINE, Visitor, fields_of, slug_of, text_of
from tests.database_snapshot import all_rows

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def later(time_machine: Any, days: float) -> None:
    time_machine.move_to(clock.now() + days * DAY, tick=False)


class TestDeleteUnsent:
    def test_answers_contact_details_and_carried_words_go_with_their_row(self, time_machine: Any) -> None:
        response = ready()
        carrying.bring(response=response, notes="My sister Ada had it.")
        later(time_machine, 30.01)

        assert retention.delete_unsent() == 1

        assert not QuestionnaireResponse.objects.exists()

    def test_each_has_an_event_that_says_so_and_repeats_no_word_of_it(self, time_machine: Any) -> None:
        response = ready()
        later(time_machine, 31)

        retention.delete_unsent()

        event = AuditEvent.objects.about(response).last()
        assert event is not None
        assert (event.action, event.actor, event.details) == ("response.delete", "system", {"unsent_days": 30})
        assert audit.verify() == []

    def test_a_row_that_cannot_go_keeps_no_other(self, time_machine: Any) -> None:
        strange = intake.start()
        patient_texts.keep(response_id=strange.pk, kind=TextKind.NOTE, text="Hello.")
        intake.start()
        later(time_machine, 31)

        assert retention.delete_unsent() == 1

        assert QuestionnaireResponse.objects.get() == strange

    @pytest.mark.parametrize(("days", "left"), [(29.9, 1), (30, 1), (30.01, 0)])
    def test_the_time_counts_from_the_last_page_that_was_saved(self, time_machine: Any, days: float, left: int) -> None:
        response = intake.start()
        later(time_machine, 20)
        intake.save_answers(response=response, answers={"ab_age": "56"})
        later(time_machine, days)

        retention.delete_unsent()

        assert QuestionnaireResponse.objects.count() == left

    def test_the_setting_says_how_long(self, time_machine: Any, settings: Any) -> None:
        settings.KEEP_UNSENT_DAYS = 3
        intake.start()
        later(time_machine, 3.1)

        assert retention.delete_unsent() == 1

    def test_what_was_sent_stays(self, time_machine: Any) -> None:
        intake.send(response=ready(), wordings=WORDINGS)
        later(time_machine, 400)
        before = all_rows()

        assert retention.delete_unsent() == 0

        assert all_rows() == before

    @pytest.mark.parametrize("headline", ["EMERGENCY", "SAME_DAY"])
    def test_what_an_open_case_rests_on_stays_whole(self, time_machine: Any, nurse: User, headline: str) -> None:
        response = ready(**OUTCOMES[headline])
        later(time_machine, 400)

        assert retention.delete_unsent() == 0

        response.refresh_from_db()
        assert response.answers["ab_age"] == 56
        assert response.contact == ALICE.as_json()
        assert Assessment.objects.filter(response=response).count() == 1

    def test_so_does_what_a_closed_case_rests_on_because_it_can_be_opened_again(
        self, time_machine: Any, nurse: User
    ) -> None:
        response = ready(**OUTCOMES["EMERGENCY"])
        told = OutcomeClaim(CaseOutcome.DIED, CaseProof.TOLD, words="Her son told us. He was wrong.")
        case_closing.close(case=SafetyCase.objects.get(), claim=told, by=nurse)
        later(time_machine, 400)

        assert retention.delete_unsent() == 0

        assert SafetyCase.objects.get().status == CaseStatus.CLOSED
        response.refresh_from_db()
        assert response.contact == ALICE.as_json()

    def test_a_damaged_row_goes_like_any_other(self, time_machine: Any) -> None:
        response = ready()
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE consultations_questionnaireresponse SET answers = 'damaged' WHERE id = %s", [response.pk]
            )
        later(time_machine, 31)

        assert retention.delete_unsent() == 1

    def test_one_that_fails_to_be_written_down_is_not_deleted(self, time_machine: Any, monkeypatch: Any) -> None:
        ready()
        later(time_machine, 31)

        def fails(**kwargs: Any) -> None:
            raise RuntimeError

        monkeypatch.setattr(audit, "record", fails)
        with pytest.raises(RuntimeError):
            retention.delete_unsent()

        assert QuestionnaireResponse.objects.count() == 1

    def test_the_oldest_go_first_a_batch_at_a_time(self, time_machine: Any) -> None:
        third = [intake.start() for _ in range(3)][-1]
        later(time_machine, 31)

        assert retention.delete_unsent(limit=2) == 2

        assert list(QuestionnaireResponse.objects.all()) == [third]


class TestInTheWorker:
    def test_a_turn_goes_on_until_nothing_is_left_and_then_rests_for_a_day(
        self, time_machine: Any, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(retention.delete_unsent, "__kwdefaults__", {"limit": 2})
        for _ in range(5):
            intake.start()
        later(time_machine, 31)
        call_command("worker", once=True)
        assert QuestionnaireResponse.objects.count() == 0

        stale = intake.start()
        QuestionnaireResponse.objects.update(updated_at=clock.now() - 31 * DAY)
        call_command("worker", once=True)
        assert list(QuestionnaireResponse.objects.all()) == [stale]
        later(time_machine, 1)
        call_command("worker", once=True)
        assert QuestionnaireResponse.objects.count() == 0

    def test_a_long_pass_is_left_for_the_next_turn(self, monkeypatch: Any) -> None:
        monkeypatch.setattr(housekeeping, "PASS_SECONDS", 0)

        assert housekeeping.daily_in_batches("delete", lambda: 1) == 0

        assert not Heartbeat.objects.filter(name="delete").exists()


class TestInTheBrowser:
    @pytest.mark.parametrize("page", ["contact/", "answers/", "result/", "sent/"])
    def test_the_check_is_not_open_any_more(self, client: Client, page: str) -> None:
        visitor = Visitor(client)
        visitor.begin()
        QuestionnaireResponse.objects.all().delete()

        answer = client.get(f"{visitor.check}/{page}")

        assert answer.status_code == 403
        assert "This check is not open in this browser" in text_of(answer)

    def test_deleted_between_look_and_lock_is_the_same_page(self, client: Client, monkeypatch: Any) -> None:
        visitor = Visitor(client)
        where = visitor.begin().headers["Location"]
        response = QuestionnaireResponse.objects.get()
        real = intake._lock

        def deleted_first(row: QuestionnaireResponse) -> QuestionnaireResponse:
            QuestionnaireResponse.objects.filter(pk=response.pk).delete()
            return real(row)

        monkeypatch.setattr(intake, "_lock", deleted_first)
        answer = client.post(where, fields_of(slug_of(where), ROUTINE))

        assert answer.status_code == 403
        assert "56" in text_of(answer)

    @pytest.mark.parametrize("url", ["/check/", "/privacy/"])
    def test_pages_say_the_days_of_the_setting(self, client: Client, settings: Any, url: str) -> None:
        settings.KEEP_UNSENT_DAYS = 45

        assert "deleted 45 days after" in text_of(client.get(url)) or "deleted after 45 days" in text_of(
            client.get(url)
        )

    def test_the_notice_says_what_is_kept(self, client: Client) -> None:
        assert "stays with the record of that warning" in text_of(client.get("/privacy/"))
        start = text_of(client.get("/check/"))
        assert "What you do not send is deleted after 30 days, unless an answer points to a danger." in start
