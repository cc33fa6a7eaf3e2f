"""The end of the check: result, contact, check page, one sending, confirmation."""

import datetime
import itertools
import json

import pytest

from clinic.core import limits
from clinic.core.models import OutboxMessage
from clinic.core.notices import PRIVACY_NOTICE_VERSION
from consultations.enums import ConsentKind, Outcome
from consultations.models import (
    Assessment,
    Consent,
    ConsultationRequest,
    Patient,
    QuestionnaireResponse,
    SafetyCase,
)
from consultations.phones import phone_index
from consultations.questionnaire import definition
from tests.consultations.views.conftest import CONSENTS, CONTACT, HOSTILE, OUTCOMES, Visitor, text_of

DISEASES = (
    "cauda equina", "cancer", "fracture", "stenosis", "herniat", "spondylo", "arthritis", "tumour", "osteoporosis",
    "depression", "degenerative", "sciatica", "myelopathy",
)  # fmt: skip
HEADINGS = {
    "LIKELY_SUITABLE": "A consultation makes sense",
    "NEEDS_INFO": "We need a little more",
    "DEFER": "Not yet",
    "NOT_SUITABLE_NOW": "This treatment may not be right for you",
    "URGENT_REVIEW": "A clinician should look at this first",
    "SAME_DAY": "Speak to a doctor today",
}


class TestLadder:
    @pytest.mark.parametrize("page", ["result", "contact", "answers", "sent"])
    def test_without_a_check_each_page_says_so(self, visitor, page):
        assert visitor.see(f"{visitor.check}/{page}/").status_code == 403

    @pytest.mark.parametrize("page", ["contact", "answers"])
    def test_nor_can_anything_be_posted(self, visitor, page):
        assert visitor.client.post(f"{visitor.check}/{page}/", {**CONTACT, **CONSENTS}).status_code == 403
        assert not Patient.objects.exists()

    @pytest.mark.parametrize("page", ["result", "contact", "answers"])
    def test_too_early_leads_to_the_first_unanswered_screen(self, visitor, page):
        visitor.answer(until="pain")
        assert visitor.see(f"{visitor.check}/{page}/").headers["Location"].startswith(f"{visitor.check}/q/pain/")

    def test_answers_need_the_contact_details_first(self, visitor):
        visitor.answer()
        assert visitor.see(f"{visitor.check}/answers/").headers["Location"] == f"{visitor.check}/contact/"
        assert visitor.send().headers["Location"] == f"{visitor.check}/contact/"

    @pytest.mark.parametrize("page", ["result", "contact", "answers"])
    def test_after_sending_each_page_leads_to_the_confirmation(self, visitor, page):
        visitor.complete()
        assert visitor.see(f"{visitor.check}/{page}/").headers["Location"] == f"{visitor.check}/sent/"

    @pytest.mark.parametrize("page", ["result", "sent"])
    def test_pages_to_read_take_no_post(self, visitor, page):
        visitor.answer()
        assert visitor.client.post(f"{visitor.check}/{page}/").status_code == 405

    def test_nothing_is_kept_by_a_cache(self, visitor):
        visitor.answer()
        visitor.tell_contact()
        for page in ("result", "contact", "answers"):
            assert visitor.see(f"{visitor.check}/{page}/").headers["Cache-Control"] == "no-store, private"
        visitor.send()
        assert visitor.see(f"{visitor.check}/sent/").headers["Cache-Control"] == "no-store, private"


class TestResult:
    @pytest.mark.parametrize("outcome", HEADINGS)
    def test_every_outcome_is_explained(self, visitor, settings, outcome):
        if visitor.answer(**OUTCOMES[outcome]) == f"{visitor.check}/today/":
            visitor.answer(**OUTCOMES[outcome])
        page = visitor.see(f"{visitor.check}/result/")
        text = text_of(page)
        assert HEADINGS[outcome] in text
        assert settings.EMERGENCY_LINE in text
        assert "This is not a diagnosis. It is a first check of your answers." in text
        assert ("Why we say this" in text) == (outcome not in ("DEFER", "NEEDS_INFO")), (
            "said once, in the body or under it"
        )
        assert page.context["explanation"].reasons
        assert page.content.count(b"<h1") == 1
        for disease in DISEASES:
            assert disease not in text.lower()

    def test_reasons_come_before_cautions(self, visitor):
        visitor.answer(pn_duration="lt6w", hx_gate=["smoke"])
        text = text_of(visitor.see(f"{visitor.check}/result/"))
        reason, caution = "It is too early for this treatment.", "Stopping smoking can help healing."
        assert text.index(reason) == text.rindex(reason) < text.index(caution)

    def test_an_outcome_from_the_browser_is_ignored(self, visitor):
        visitor.answer(rf_weak="not_sure")
        assert "A clinician should look" in text_of(
            visitor.see(f"{visitor.check}/result/?outcome=LIKELY_SUITABLE&booking_allowed=1")
        )
        visitor.tell_contact(outcome="LIKELY_SUITABLE", priority="routine")
        visitor.send(outcome="LIKELY_SUITABLE", risk="6", status="booked", highest_outcome="LIKELY_SUITABLE")
        sent = ConsultationRequest.objects.get()
        assert (sent.outcome, sent.highest_outcome, sent.status) == ("URGENT_REVIEW", "URGENT_REVIEW", "received")


class TestContact:
    def test_asks_with_the_right_autofill_and_chooses_nothing(self, visitor):
        visitor.answer()
        body = visitor.see(f"{visitor.check}/contact/").content.decode()
        for token in ("name", "bday-day", "bday-month", "bday-year", "email", "tel"):
            assert f'autocomplete="{token}"' in body
        assert '" checked' not in body
        assert body.count("<h1") == 1

    def test_says_what_is_missing(self, visitor):
        visitor.answer()
        page = visitor.client.post(f"{visitor.check}/contact/", {})
        assert set(page.context["form"].errors) == {
            "filled_for", "name", "birth_on", "contact_by", "safe_to_contact", "email",
        }  # fmt: skip
        assert text_of(page).startswith("Error: ")

    def test_an_age_that_contradicts_leads_to_the_age_question(self, visitor):
        visitor.answer()
        page = visitor.tell_contact(birth_on_year="1980")
        assert "your answer was 56" in text_of(page)
        assert f'href="{visitor.check}/q/now/"' in page.content.decode()
        assert 'value="1980"' in page.content.decode()

    def test_comes_back_filled_in(self, visitor):
        visitor.answer()
        visitor.tell_contact()
        body = visitor.see(f"{visitor.check}/contact/").content.decode()
        for value in ("Alice Winther", "27", "1970", "alice@example.com"):
            assert f'value="{value}"' in body
        assert body.count('" checked') == 3

    def test_hostile_values_give_a_sentence_or_are_kept_exactly(self, visitor, subtests):
        """Each as the name, and in one other field in turn."""
        visitor.answer()
        others = itertools.cycle(field for field in CONTACT if field != "name")
        for value, other in zip(HOSTILE, others, strict=False):
            for field in ("name", other):
                with subtests.test(value=value[:20], field=field):
                    answered = visitor.tell_contact(**{field: value})
                    assert answered.status_code in (200, 302)
                    if answered.status_code == 200:
                        assert "There is a problem" in text_of(answered)
                    else:
                        assert field in ("name", "phone", "email", "helper_name")
                        shown = {"\u202etxt": "txt", "\x1b[31m": "[31m"}.get(value, value.strip())
                        assert visitor.response.contact[field] == shown


class TestAnswers:
    def test_questions_that_1_0_0_asks_in_the_same_words_are_told_apart(
        self, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as earlier:
            earlier.setattr(definition, "CURRENT_VERSION", "1.0.0")
            visitor.begin()
        visitor.answer()
        visitor.tell_contact()
        text = text_of(visitor.see(f"{visitor.check}/answers/"))
        assert "Do any of these apply to you? About other risks" in text
        assert "Do any of these apply to you? About your health" in text

    def test_shows_every_answer_with_a_way_to_change_it(self, visitor):
        visitor.answer(ex_note="I walk\r\nmy dog <b>daily</b>", hx_height_cm_ft="5", hx_height_cm_in="9")
        visitor.tell_contact()
        page = visitor.see(f"{visitor.check}/answers/")
        body, text = page.content.decode(), text_of(page)
        questions = [row for section in page.context["sections"] for row in section["rows"]]
        assert {row["question"] for row in questions} >= {"How old are you?", "How much do you weigh?"}
        assert "175.3 cm (about 5 feet 9 inches)" in text
        assert "How much do you weigh? Not provided" in text
        assert "my dog &lt;b&gt;daily&lt;/b&gt;" in body
        assert "Do you have, or have you had, any of these? None of these" in text
        assert "Which of these are true about your health? None of these" in text
        assert "How old are you? About" not in text
        assert "27 March 1970" in text
        assert "Phone Not provided" in text
        assert body.count(">Change<span") == len(questions) + len(page.context["contact"])
        assert (
            f'href="{visitor.check}/q/now/?from=answers#div_id_ab_age">Change<span class="visually-hidden"> your age'
            in body
        )
        for row in questions:
            assert visitor.see(row["url"].partition("#")[0]).status_code == 200

    def test_shows_the_number_back_as_it_was_typed(self, visitor):
        visitor.answer()
        visitor.tell_contact(phone="(624) 305-1111 <mobile> after 5pm")
        assert "(624) 305-1111 &lt;mobile&gt; after 5pm" in visitor.see(f"{visitor.check}/answers/").content.decode()
        assert (
            visitor.see(f"{visitor.check}/contact/").context["form"]["phone"].value()
            == "(624) 305-1111 <mobile> after 5pm"
        )

    def test_consents_are_unticked_and_each_is_needed(self, visitor):
        visitor.answer()
        visitor.tell_contact()
        page = visitor.see(f"{visitor.check}/answers/")
        assert '" checked' not in page.content.decode()
        assert f"version {PRIVACY_NOTICE_VERSION}" in text_of(page)
        assert b'href="/privacy/"' in page.content
        for left_out in CONSENTS:
            ticked = {name: value for name, value in CONSENTS.items() if name != left_out}
            refused = visitor.client.post(f"{visitor.check}/answers/", ticked)
            assert list(refused.context["form"].errors) == [left_out]
            assert refused.context["form"].errors[left_out][0].startswith("Tick the box to ")
            assert text_of(refused).startswith("Error: ")
        assert not ConsultationRequest.objects.exists()

    def test_the_words_agreed_to_are_kept(self, visitor):
        visitor.complete()
        stored = {consent.kind: consent for consent in Consent.objects.all()}
        assert set(stored) == set(ConsentKind.values)
        assert {consent.notice_version for consent in stored.values()} == {PRIVACY_NOTICE_VERSION}
        assert "The nurses, doctors and managers of Larchwell Spine Clinic" in stored["care_team"].wording


class TestSend:
    def test_makes_one_request_with_everything(self, visitor):
        assert visitor.complete().headers["Location"] == f"{visitor.check}/sent/"
        sent = ConsultationRequest.objects.get()
        assert (sent.patient.name, sent.patient.email) == ("Alice Winther", "alice@example.com")
        assert sent.patient.birth_on == datetime.date(1970, 3, 27)
        assert sent.outcome == Outcome.LIKELY_SUITABLE
        assert sent.response.contact == {}
        assert len(sent.response.asked) == len(json.loads(sent.assessment.result)["visible"])
        assert sent.response == visitor.response

    def test_keeps_the_number_staff_dial_and_the_words_as_typed(self, visitor):
        visitor.answer()
        visitor.tell_contact(phone="212-555-2368 (mobile)")
        visitor.send()
        patient = ConsultationRequest.objects.get().patient
        assert (patient.phone, patient.phone_as_typed) == ("+12125552368", "212-555-2368 (mobile)")
        assert patient.phone_index == phone_index("+12125552368")

    def test_a_number_nobody_can_dial_is_asked_for_again_unless_help_is_needed_today(self, visitor):
        visitor.answer()
        page = visitor.tell_contact(phone="020 7946 0018")
        assert list(page.context["form"].errors) == ["phone"]
        assert "like (201) 555-0123" in text_of(page)
        assert page.context["form"]["phone"].value() == "020 7946 0018"

    def test_a_same_day_patient_may_leave_any_number(self, visitor):
        visitor.answer(rf_now=["fever"])
        assert visitor.tell_contact(phone="020 7946 0018").status_code == 302
        assert "020 7946 0018" in text_of(visitor.see(f"{visitor.check}/answers/"))

    def test_a_double_click_gives_one_of_everything(self, visitor):
        visitor.answer()
        visitor.tell_contact()
        visitor.send()
        assert visitor.send().headers["Location"] == f"{visitor.check}/sent/"
        assert visitor.send().headers["Location"] == f"{visitor.check}/sent/"
        assert ConsultationRequest.objects.count() == Patient.objects.count() == Assessment.objects.count() == 1
        assert [message.recipient for message in OutboxMessage.objects.all()] == ["alice@example.com"]
        assert not SafetyCase.objects.exists()

    def test_reloading_and_going_back_make_no_second_one(self, visitor):
        visitor.complete()
        for path in ("sent", "answers", "contact", "sent"):
            visitor.see(f"{visitor.check}/{path}/")
        assert ConsultationRequest.objects.count() == 1

    def test_a_new_check_afterwards_is_a_new_one(self, visitor):
        visitor.complete()
        visitor.complete()
        assert ConsultationRequest.objects.count() == QuestionnaireResponse.objects.count() == 2

    def test_for_someone_else_the_helper_is_named(self, visitor):
        visitor.answer()
        visitor.tell_contact(filled_for="other", helper_name="Sam Winther")
        assert "Sam Winther" in text_of(visitor.see(f"{visitor.check}/answers/"))
        visitor.send()
        assert ConsultationRequest.objects.get().helper_name == "Sam Winther"

    def test_the_limit_answers_with_the_phone_number_and_keeps_the_page(self, visitor, monkeypatch, settings):
        visitor.answer()
        visitor.tell_contact()
        monkeypatch.setattr(limits, "allow", lambda *args, **kwargs: False)
        refused = visitor.send()
        assert refused.status_code == 429
        assert f"or call us: {settings.CLINIC_PHONE}" in text_of(refused)
        assert "Alice Winther" in text_of(refused)
        assert refused.content.decode().count('" checked') == 3
        assert not ConsultationRequest.objects.exists()

    @pytest.mark.parametrize("outcome", ["SAME_DAY", "URGENT_REVIEW"])
    def test_the_limit_never_stands_before_pressing_answers(self, visitor, monkeypatch, outcome):
        if visitor.answer(**OUTCOMES[outcome]) == f"{visitor.check}/today/":
            visitor.answer(**OUTCOMES[outcome])
        visitor.tell_contact()
        monkeypatch.setattr(limits, "allow", lambda *args, **kwargs: False)
        assert visitor.send().headers["Location"] == f"{visitor.check}/sent/"

    def test_two_browsers_see_nothing_of_each_other(self, visitor, other_visitor):
        visitor.complete()
        other_visitor.answer(until="pain")
        assert other_visitor.see(f"{visitor.check}/sent/").status_code == 403
        assert "Alice" not in text_of(other_visitor.see("/check/"))


class TestSent:
    def test_says_what_happens_next(self, visitor, settings):
        visitor.complete()
        page = visitor.see(f"{visitor.check}/sent/")
        text = text_of(page)
        sent = ConsultationRequest.objects.get()
        assert "We have your request" in text
        assert sent.reference in text
        assert "A person reads it by Wednesday 25 November, 5:30 pm" in text
        assert "private link" in text
        assert page.content.count(b"<li><h3>") == 3
        assert settings.EMERGENCY_LINE in text
        assert "Alice" not in text, "nothing personal on a page that may be printed or left open"

    def test_without_an_address_the_clinic_phones(self, visitor):
        visitor.answer()
        visitor.tell_contact(email="", phone="(202) 555-0142", contact_by="phone", safe_to_contact="any")
        assert "we call you with news" in text_of(visitor.see(f"{visitor.check}/answers/"))
        visitor.send()
        assert "there is no private link" in text_of(visitor.see(f"{visitor.check}/sent/"))
        assert not OutboxMessage.objects.exists()
