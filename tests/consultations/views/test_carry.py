"""What a patient carries over from the decision aid: kept when they press, seen before sending, taken out again."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from clinic.accounts.models import User
from clinic.core import limits
from clinic.core.models import AuditEvent
from consultations.enums import Outcome
from consultations.models import ConsultationRequest, QuestionnaireResponse
from consultations.services import carrying, intake
from tests.consultations.views.conftest import HOSTILE, OUTCOMES, Visitor, text_of

WORDS = "What matters to me\nVery much: Having less pain\n\nMy questions\n- What can go wrong?\n\nIs it <b>safe</b>?"


def carry(visitor: Visitor, words: Any = WORDS, **choice: str) -> Any:
    return visitor.client.post("/check/carry/", {"words": words, **choice})


class TestCarry:
    def test_begins_a_check_and_says_that_it_is_kept(self, visitor: Visitor) -> None:
        assert carry(visitor).headers["Location"] == "/check/"
        assert visitor.response.brought == WORDS
        page = visitor.see("/check/")
        assert "What you carried over from the decision aid is kept here." in text_of(page)
        assert "Start now" in text_of(page)
        assert page.headers["Cache-Control"] == "no-store, private"

    def test_asks_which_check_is_meant_and_names_each(self, visitor: Visitor) -> None:
        visitor.answer(until="pain")
        page = carry(visitor)
        assert "The check begun at 10 am on Monday 23 November, at “Where and how long”." in text_of(page)
        assert "Keep it with a new check" in text_of(page)
        assert visitor.response.brought == ""
        assert "Is it &lt;b&gt;safe&lt;/b&gt;?" in page.content.decode(), "the words wait in the page"

    def test_goes_with_the_check_that_is_chosen(self, visitor: Visitor) -> None:
        visitor.answer(until="pain")
        carry(visitor, into=visitor.key)
        assert visitor.response.brought == WORDS
        assert QuestionnaireResponse.objects.count() == 1
        assert visitor.response.answers["ab_age"] == 56
        assert "Carry on" in text_of(visitor.see("/check/"))

    def test_a_double_press_keeps_one(self, visitor: Visitor) -> None:
        for _ in range(2):
            carry(visitor)
        assert QuestionnaireResponse.objects.get().brought == WORDS
        assert AuditEvent.objects.filter(action="response.bring").count() == 1

    def test_a_later_one_takes_the_place_of_the_first(self, visitor: Visitor) -> None:
        carry(visitor)
        carry(visitor, "My questions\n- Another", into=visitor.key)
        assert QuestionnaireResponse.objects.get().brought == "My questions\n- Another"

    def test_line_breaks_are_counted_once(self, visitor: Visitor) -> None:
        carry(visitor, "a\r\n" * 999 + "b")
        assert len(visitor.response.brought) == 1999

    def test_after_sending_it_begins_a_new_check(self, visitor: Visitor) -> None:
        visitor.complete()
        carry(visitor)
        assert QuestionnaireResponse.objects.count() == 2
        assert ConsultationRequest.objects.get().response.brought == ""

    @pytest.mark.parametrize("phrase", ["", " \n ", "a" * 2001, "\x1b[31m", "a\x7fb"])
    def test_what_cannot_be_kept_gets_a_sentence(self, visitor: Visitor, phrase: str) -> None:
        page = carry(visitor, phrase)
        assert page.status_code == 200
        assert "We kept nothing from the decision aid." in text_of(page)
        assert 'action="/check/"' in page.content.decode()
        assert not QuestionnaireResponse.objects.exists()
        assert "checks" not in visitor.client.session

    @pytest.mark.parametrize("phrase", HOSTILE)
    def test_hostile_words_are_refused_or_kept_exactly(self, visitor: Visitor, phrase: str) -> None:
        answered = carry(visitor, phrase)
        assert answered.status_code in (200, 302)
        if answered.status_code == 302:
            assert visitor.response.brought == phrase.strip()

    def test_nul_is_refused(self, visitor: Visitor) -> None:
        assert carry(visitor, "a\x00b").status_code == 400

    def test_only_by_pressing_the_button(self, visitor: Visitor) -> None:
        for path, answer in (("/check/carry/", 302), (f"{visitor.check}/take-out/", 403)):
            assert visitor.client.get(path).status_code == answer
            assert Client(enforce_csrf_checks=True).post(path, {"words": WORDS}).status_code == 403
        assert not QuestionnaireResponse.objects.exists()

    def test_over_the_limit_it_is_kept_in_the_page(self, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "allow", lambda *args, **kwargs: False)
        page = carry(visitor)
        assert "What you carried over from the decision aid is kept in the page too." in text_of(page)
        assert page.context["session"].response.brought == WORDS
        assert not QuestionnaireResponse.objects.exists()

    def test_a_check_sent_in_another_tab_is_left_as_it_was_sent(
        self, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def sent_meanwhile(**_: Any) -> None:
            raise intake.AlreadySent

        visitor.answer(until="pain")
        monkeypatch.setattr(carrying, "bring", sent_meanwhile)
        assert carry(visitor, into=visitor.key).headers["Location"] == "/check/"
        visitor.response.refresh_from_db()
        assert visitor.response.brought == ""

    def test_what_was_sent_is_frozen(self, visitor: Visitor) -> None:
        visitor.complete()
        response = QuestionnaireResponse.objects.get()
        with pytest.raises(intake.AlreadySent):
            carrying.bring(response=response, notes=WORDS)
        with pytest.raises(intake.AlreadySent):
            carrying.take_out(response=response)

    def test_it_is_sealed_where_it_is_stored(self, visitor: Visitor) -> None:
        carry(visitor)
        with connection.cursor() as cursor:
            cursor.execute("SELECT brought FROM consultations_questionnaireresponse")
            (stored,) = cursor.fetchone()
        assert stored
        assert "matters" not in stored

    def test_the_audit_trail_holds_no_word_of_it(self, visitor: Visitor) -> None:
        carry(visitor)
        event = AuditEvent.objects.get(action="response.bring")
        assert (event.actor, event.fields, event.details) == ("patient", ["brought"], {})


class TestBeforeSending:
    def test_it_is_shown_and_can_be_removed(self, visitor: Visitor) -> None:
        visitor.answer()
        visitor.tell_contact()
        assert "From the decision aid" not in text_of(visitor.see(f"{visitor.check}/answers/"))
        carry(visitor, into=visitor.key)
        page = visitor.see(f"{visitor.check}/answers/")
        assert "From the decision aid" in text_of(page)
        assert "Is it &lt;b&gt;safe&lt;/b&gt;?" in page.content.decode()

        for _ in range(2):
            assert visitor.client.post(f"{visitor.check}/take-out/").headers["Location"] == f"{visitor.check}/answers/"

        assert visitor.response.brought == ""
        assert "From the decision aid" not in text_of(visitor.see(f"{visitor.check}/answers/"))
        assert AuditEvent.objects.filter(action="response.take_out").count() == 1

    def test_taking_out_without_a_check_says_so(self, visitor: Visitor) -> None:
        assert visitor.client.post(f"{visitor.check}/take-out/").status_code == 403

    def test_it_is_taken_out_of_its_own_check_only(self, visitor: Visitor) -> None:
        carry(visitor)
        first = visitor.key
        visitor.begin(again="yes")
        visitor.give("now", ab_age="40", rf_now=["none"])
        carry(visitor, into=visitor.key)
        visitor.client.post(f"{visitor.check}/take-out/")
        assert [visitor.response_of(key).brought for key in (first, visitor.key)] == [WORDS, ""]

    def test_a_new_check_leaves_it_behind(self, visitor: Visitor) -> None:
        visitor.answer(until="pain")
        carry(visitor, into=visitor.key)
        assert "It has what you carried over from the decision aid." in text_of(visitor.see("/check/"))
        visitor.begin(again="yes")
        assert visitor.response.brought == ""

    def test_another_browser_sees_nothing_of_it(self, visitor: Visitor, other_visitor: Visitor) -> None:
        carry(visitor)
        other_visitor.answer()
        other_visitor.tell_contact()
        assert "From the decision aid" not in text_of(other_visitor.see(f"{visitor.check}/answers/"))


class TestAfterSending:
    def test_the_care_team_reads_it_in_its_own_box(self, visitor: Visitor, doctor: User) -> None:
        carry(visitor)
        visitor.complete()
        sent = ConsultationRequest.objects.get()
        assert sent.response.brought == WORDS
        assert sent.has_note
        staff = Client()
        staff.force_login(doctor)
        page = staff.get(f"/admin/consultations/consultationrequest/{sent.pk}/change/")
        assert "What matters to the patient (from the decision aid)" in text_of(page)
        assert "Is it &lt;b&gt;safe&lt;/b&gt;?" in page.content.decode()

    def test_without_it_there_is_no_box(self, visitor: Visitor, doctor: User) -> None:
        visitor.complete()
        sent = ConsultationRequest.objects.get()
        assert not sent.has_note
        staff = Client()
        staff.force_login(doctor)
        page = staff.get(f"/admin/consultations/consultationrequest/{sent.pk}/change/")
        assert "from the decision aid" not in text_of(page)

    def test_a_damaged_seal_hides_only_this_part(self, visitor: Visitor, doctor: User) -> None:
        carry(visitor)
        visitor.complete()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE consultations_questionnaireresponse SET brought = 'k1:broken'")
        staff = Client()
        staff.force_login(doctor)
        page = staff.get(f"/admin/consultations/consultationrequest/{ConsultationRequest.objects.get().pk}/change/")
        assert page.status_code == 200
        assert "Part of this record is damaged" in text_of(page)

    @pytest.mark.parametrize("outcome", OUTCOMES)
    def test_it_changes_no_outcome(self, visitor: Visitor, outcome: str) -> None:
        carry(visitor)
        visitor.answer(**OUTCOMES[outcome])
        found = visitor.response.highest_outcome
        assert found == Outcome(outcome)
