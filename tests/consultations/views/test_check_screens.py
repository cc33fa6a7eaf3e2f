"""The start of the check and its screens: order, error sentences, what is kept, and what a browser cannot do."""

import re

import pytest
from django.test import Client

from clinic.core import limits, lines
from consultations.models import QuestionnaireResponse
from consultations.questionnaire import flow
from tests.consultations.views.conftest import HOSTILE, ROUTINE, Visitor, fields_of, slug_of, text_of

SLUGS = [screen.slug for screen in flow.screens("1.1.0")]
EVERYTHING = {
    "rf_ce": ["sexual"],
    "pn_where": ["low_back", "leg_below"],
    "pn_worse": ["walk"],
    "im_mri": "gt2y",
    "tx_tried": ["exercise", "surgery"],
    "hx_gate": ["thinner", "diabetes", "allergy"],
    "ab_age": "40",
    "rf_injury": "minor",
    "phq2_1": "1",
}
"""Answers that bring every question on show, without a stop on the way."""


class TestStart:
    def test_says_what_it_is_and_has_one_button(self, visitor):
        page = visitor.see("/check/")
        text = text_of(page)
        assert page.status_code == 200
        assert "about 10 minutes" in text
        assert "A nurse and a doctor read it" in text
        assert "do not wait for this form" in text
        assert page.content.count(b"<button") == 1
        assert "checks" not in visitor.client.session

    def test_begins_with_the_first_safety_screen(self, visitor):
        begun = visitor.begin()
        assert begun.headers["Location"] == f"{visitor.check}/q/now/"
        assert visitor.response.answers == {}

    def test_a_double_click_begins_one_check(self, visitor):
        key = visitor.see("/check/").context["new_key"]
        first, second = visitor.begin(key=key), visitor.begin(key=key)
        assert first.headers["Location"] == second.headers["Location"] == f"/check/{key}/q/now/"
        assert QuestionnaireResponse.objects.count() == 1

    @pytest.mark.parametrize("key", ["", "carried", "emergency", "0000000g", "1234567", "123456789", "../admin"])
    def test_a_key_that_the_page_did_not_draw_is_drawn_anew(self, visitor, key):
        assert visitor.begin(key=key).headers["Location"] == f"/check/{visitor.key}/q/now/"
        assert visitor.key != key

    def test_a_check_in_progress_can_be_carried_on(self, visitor):
        visitor.answer(until="pain")
        page = visitor.see("/check/")
        assert f'href="{visitor.check}/q/pain/"' in page.content.decode()
        assert "Begun at 10 am on Monday 23 November, at “Where and how long”." in text_of(page)

    def test_starting_again_asks_first_and_names_what_stays(self, visitor):
        visitor.answer(until="pain")
        assert visitor.begin().headers["Location"] == "/check/new/"
        assert QuestionnaireResponse.objects.count() == 1
        page = visitor.see("/check/new/")
        assert "Begun at 10 am on Monday 23 November, at “Where and how long”." in text_of(page)
        assert "What you have begun stays as it is" in text_of(page)
        assert f'href="{visitor.check}/q/pain/"' in page.content.decode()

    def test_without_a_check_there_is_nothing_to_ask(self, visitor):
        assert visitor.see("/check/new/").headers["Location"] == "/check/"

    def test_starting_again_leaves_the_first_check_as_it_was(self, visitor):
        visitor.answer(until="pain")
        first = visitor.response
        assert visitor.begin(again="yes").headers["Location"] == f"{visitor.check}/q/now/"
        assert visitor.response.pk != first.pk
        first.refresh_from_db()
        assert first.answers["ab_age"] == 56
        assert "at “Where and how long”" in text_of(visitor.see("/check/"))

    def test_a_limit_never_stands_before_a_check_in_progress(self, visitor, monkeypatch):
        visitor.begin()
        monkeypatch.setattr(limits, "allow", lambda *args, **kwargs: False)
        assert visitor.give("now", ab_age="56", rf_now=["chest"]).headers["Location"] == f"{visitor.check}/emergency/"


class TestOrder:
    @pytest.mark.parametrize("slug", SLUGS)
    def test_without_a_check_every_screen_says_so(self, visitor, slug):
        for page in (visitor.see(f"{visitor.check}/q/{slug}/"), visitor.give(slug, **fields_of(slug, ROUTINE))):
            assert page.status_code == 403
            assert "This check is not open in this browser" in text_of(page)
        assert not QuestionnaireResponse.objects.exists()

    @pytest.mark.parametrize("slug", SLUGS[1:])
    def test_a_screen_out_of_order_leads_to_the_first_unanswered_and_saves_nothing(self, visitor, slug):
        visitor.begin()
        assert visitor.see(f"{visitor.check}/q/{slug}/").headers["Location"] == f"{visitor.check}/q/now/"
        assert visitor.give(slug, **fields_of(slug, ROUTINE)).headers["Location"] == f"{visitor.check}/q/now/"
        assert visitor.response.answers == {}

    def test_a_screen_that_is_not_on_show_leads_on(self, visitor):
        visitor.answer(until="injury")
        assert visitor.see(f"{visitor.check}/q/nerves-more/").headers["Location"] == f"{visitor.check}/q/injury/"

    def test_an_unknown_screen_is_not_found(self, visitor):
        visitor.begin()
        assert visitor.see(f"{visitor.check}/q/nowhere/").status_code == 404

    @pytest.mark.parametrize("slug", SLUGS)
    def test_other_methods_are_refused(self, visitor, slug):
        visitor.begin()
        assert visitor.client.put(f"{visitor.check}/q/{slug}/").status_code == 405
        assert visitor.client.delete(f"{visitor.check}/q/{slug}/").status_code == 405

    def test_the_routine_path_has_14_pages_with_start_result_contact_and_the_answers(self, visitor):
        seen = []
        where = visitor.begin().headers["Location"]
        while where.startswith(f"{visitor.check}/q/"):
            seen.append(slug_of(where))
            where = visitor.give_all_at_once(seen[-1], ROUTINE).headers["Location"]
        assert where == f"{visitor.check}/result/"
        assert seen == [
            "now", "nerves", "injury", "signs", "pain", "pain-score", "diagnosis", "tried", "health", "hopes",
        ]  # fmt: skip

    def test_after_sending_the_screens_lead_to_the_confirmation(self, visitor):
        visitor.complete()
        assert visitor.see(f"{visitor.check}/q/now/").headers["Location"] == f"{visitor.check}/sent/"
        assert visitor.give("now", ab_age="56", rf_now=["none"]).headers["Location"] == f"{visitor.check}/sent/"

    def test_another_tab_that_was_left_open_cannot_change_what_was_sent(self, visitor):
        visitor.complete()
        page = visitor.give("now", ab_age="20", rf_now=["cough"])
        assert page.status_code == 409
        assert "This check was sent already" in text_of(page)
        assert "How old are you? 20" in text_of(page)
        assert f'href="{visitor.check}/sent/"' in page.content.decode()
        assert visitor.response.answers["ab_age"] == 56


class TestEveryScreen:
    @pytest.fixture
    def pages(self, visitor) -> dict:
        """Each screen before it is answered, and with nothing chosen."""
        where, pages = visitor.begin().headers["Location"], {}
        while where.startswith(f"{visitor.check}/q/"):
            slug = slug_of(where)
            pages[slug] = (visitor.see(where), visitor.give(slug))
            where = visitor.give(slug, **fields_of(slug, {**ROUTINE, **EVERYTHING, "rf_ce_when": "gt3m"})).headers[
                "Location"
            ]
        assert list(pages) == SLUGS
        return pages

    def test_looks_and_answers_as_it_must(self, pages):
        for slug, (page, empty) in pages.items():
            body = page.content.decode()
            assert body.count("<h1") + body.count('aria-level="1"') == 1, slug
            assert "do not wait for this form" in body, slug
            assert lines.emergency().html in body, slug
            assert '" checked' not in body, f"{slug} chooses something for the person"
            assert page.headers["Cache-Control"] == "no-store, private", slug
            assert "<script>" not in body, slug
            assert "style=" not in body, slug
            assert empty.status_code == 200, slug
            required = [q for q in page.context["form"].questions if q.is_required]
            assert required, slug
            assert set(empty.context["form"].errors) == {q.id for q in required}, slug
            text = text_of(empty)
            assert text.startswith("Error: "), slug
            for question in required:
                sentence = empty.context["form"].errors[question.id][0]
                assert re.match(r"(Choose|Enter) .+\.$", sentence), sentence
                assert text.count(sentence) == 2, f"{slug}: once in the summary, once above the field"

    def test_the_last_screen_says_what_is_missing(self, visitor):
        visitor.answer(until="hopes")
        page = visitor.give("hopes")
        assert page.context["form"].errors == {
            "phq2_1": ["Choose how often you had little interest or pleasure."],
            "phq2_2": ["Choose how often you felt down, depressed or hopeless."],
            "ex_expect": ["Choose what you most hope for."],
        }

    def test_the_heading_of_a_single_question_stands_in_its_legend(self, pages):
        assert re.search(r"<legend[^>]*><h1>Do you have any of these problems\?", pages["nerves"][0].content.decode())

    def test_back_and_progress_lead_to_what_was_answered(self, visitor):
        visitor.answer(until="pain-score")
        seen = visitor.see(f"{visitor.check}/q/pain-score/")
        assert seen.context["back_url"] == f"{visitor.check}/q/pain/"
        page = seen.content.decode()
        assert 'form="screen" name="back"' in page
        assert "Section 2 of 6" in page
        assert f'href="{visitor.check}/q/now/">Safety check' in page

    def test_nothing_personal_is_asked_before_the_result(self, pages):
        for page, _ in pages.values():
            assert b'autocomplete="name"' not in page.content
            assert b'type="email"' not in page.content


class TestAnswers:
    def test_each_screen_is_saved_as_it_is_given(self, visitor):
        visitor.begin()
        visitor.give("now", ab_age="56", rf_now=["none"])
        assert visitor.response.answers == {"ab_age": 56, "rf_now": ["none"]}

    def test_none_together_with_a_symptom_is_a_question_back(self, visitor):
        visitor.begin()
        page = visitor.give("now", ab_age="56", rf_now=["none", "chest"])
        assert "You chose “None of these” together with something else" in text_of(page)
        assert page.content.count(b" checked") == 2
        assert visitor.response.answers == {}

    def test_not_sure_is_an_answer(self, visitor):
        visitor.begin()
        assert visitor.give("now", ab_age="56", rf_now=["not_sure"]).status_code == 302
        assert visitor.response.answers["rf_now"] == ["not_sure"]

    def test_optional_questions_may_be_skipped(self, visitor):
        visitor.answer()
        assert visitor.response.answers["hx_height_cm"] is None
        assert visitor.response.answers["ex_note"] == ""

    def test_imperial_measures_are_kept_as_metric_and_shown_back(self, visitor):
        visitor.answer(hx_height_cm_ft="5", hx_height_cm_in="9", hx_weight_kg_lb="160")
        assert visitor.response.answers["hx_height_cm"] == 175.3
        assert visitor.response.answers["hx_weight_kg"] == 72.6
        assert 'value="175.3"' in visitor.see(f"{visitor.check}/q/hopes/").content.decode()

    def test_nothing_typed_is_lost_on_an_error(self, visitor):
        visitor.answer(until="hopes")
        page = visitor.give("hopes", hx_height_cm_cm="1.75", hx_weight_kg_lb="heavy", ex_expect="info")
        body = page.content.decode()
        assert set(page.context["form"].errors) >= {"hx_height_cm", "hx_weight_kg"}
        assert 'value="1.75"' in body
        assert 'value="heavy"' in body
        assert 'value="info" checked' in body

    def test_answers_come_back_filled_in(self, visitor):
        visitor.answer(until="pain")
        body = visitor.see(f"{visitor.check}/q/now/").content.decode()
        assert 'value="56"' in body
        assert 'value="none" checked' in body

    def test_what_the_screen_does_not_ask_is_not_read(self, visitor):
        visitor.begin()
        visitor.give(
            "now",
            ab_age="56",
            rf_now=["none"],
            peg_p="9",
            outcome="LIKELY_SUITABLE",
            highest_outcome="LIKELY_SUITABLE",
            status="completed",
            booking_allowed="1",
        )
        assert visitor.response.answers == {"ab_age": 56, "rf_now": ["none"]}
        assert visitor.response.status == "in_progress"

    def test_unknown_options_are_refused_in_words(self, visitor):
        visitor.begin()
        page = visitor.give("now", ab_age="56", rf_now=["none", "made_up"])
        assert page.context["form"].errors["rf_now"] == ["Choose everything you have now, or “None of these”."]

    def test_the_note_may_have_1000_characters_with_line_breaks_counted_once(self, visitor):
        visitor.answer(until="hopes")
        rest = fields_of("hopes", ROUTINE)
        assert visitor.give("hopes", **rest, ex_note="é\r\n" * 501).status_code == 200
        assert visitor.give("hopes", **rest, ex_note="é\r\n" * 499 + "ab").status_code == 302
        assert len(visitor.response.answers["ex_note"]) == 1000

    def test_the_mood_questions_stand_under_their_stem(self, visitor):
        visitor.answer(until="hopes-more", phq2_1="1")
        stem = "Over the last 2 weeks, how often have you been bothered by the following problems?"
        assert text_of(visitor.see(f"{visitor.check}/q/hopes/")).count(stem) == 1
        assert text_of(visitor.see(f"{visitor.check}/q/hopes-more/")).count(stem) == 1


class TestChange:
    def test_comes_back_to_the_check_page(self, visitor):
        visitor.answer()
        changed = visitor.give("pain-score", query="?from=answers", peg_p="2", peg_e="2", peg_g="2")
        assert changed.headers["Location"] == f"{visitor.check}/answers/"
        page = visitor.see(f"{visitor.check}/q/pain-score/?from=answers")
        assert page.context["back_url"] == f"{visitor.check}/answers/"

    def test_new_questions_are_asked_first(self, visitor):
        visitor.answer()
        changed = visitor.give(
            "health", query="?from=answers", **fields_of("health", {**ROUTINE, "hx_gate": ["diabetes"]})
        )
        assert changed.headers["Location"] == f"{visitor.check}/q/health-more/?from=answers"
        assert visitor.give("health-more", query="?from=answers", hx_diabetes="yes").headers["Location"] == (
            f"{visitor.check}/answers/"
        )

    def test_a_danger_stops_it(self, visitor):
        visitor.answer()
        changed = visitor.give("now", query="?from=answers", ab_age="56", rf_now=["collapse"])
        assert changed.headers["Location"] == f"{visitor.check}/emergency/"

    def test_same_day_is_said_once(self, visitor):
        visitor.answer()
        changed = visitor.give("now", query="?from=answers", ab_age="56", rf_now=["fever"])
        assert changed.headers["Location"] == f"{visitor.check}/today/"
        again = visitor.give("now", query="?from=answers", ab_age="57", rf_now=["fever"])
        assert again.headers["Location"] == f"{visitor.check}/answers/"

    def test_a_new_symptom_asks_for_its_timing_before_anything_else(self, visitor):
        visitor.answer()
        changed = visitor.give("nerves", query="?from=answers", rf_ce=["saddle"])
        assert changed.headers["Location"] == f"{visitor.check}/q/nerves-more/?from=answers"
        assert visitor.see(f"{visitor.check}/result/").headers["Location"] == f"{visitor.check}/q/nerves-more/"


class TestSupport:
    def test_stands_on_the_next_screen_and_the_result(self, visitor, settings):
        visitor.answer(until="hopes-more", phq2_1="2", phq2_2="2")
        assert "Living with pain is hard" not in text_of(visitor.see(f"{visitor.check}/q/hopes/"))
        assert "Living with pain is hard" in text_of(visitor.see(f"{visitor.check}/q/hopes-more/"))
        visitor.answer(phq2_1="2", phq2_2="2")
        result = text_of(visitor.see(f"{visitor.check}/result/"))
        assert "Living with pain is hard" in result
        assert f"get help now: {settings.CRISIS_LINE}." in result.replace(" ,", ",").replace(" .", ".")

    def test_is_left_out_otherwise(self, visitor):
        visitor.answer()
        assert "Living with pain is hard" not in text_of(visitor.see(f"{visitor.check}/result/"))


class TestHostileInput:
    @pytest.mark.parametrize("slug", SLUGS)
    def test_gives_a_sentence_or_is_kept_exactly(self, visitor, slug):
        visitor.answer(until=slug, **{**EVERYTHING, "rf_ce_when": "gt3m"})
        before = dict(visitor.response.answers)
        fields = [*visitor.see(f"{visitor.check}/q/{slug}/").context["form"].fields]
        parts = {"hx_height_cm": ("cm", "ft", "in"), "hx_weight_kg": ("kg", "lb")}
        names = [f"{name}_{part}" for name in fields for part in parts.get(name, ())] + fields
        for value in HOSTILE:
            # A form longer than a million bytes is refused before any field of it is looked at.
            answered = visitor.give(slug, **dict.fromkeys(names, value[: 900_000 // len(names)]))
            assert answered.status_code in (200, 302), (slug, value[:20])
            if answered.status_code == 302 and "ex_note" in fields:
                assert visitor.response.answers["ex_note"] == value.strip()
            elif answered.status_code == 200:
                assert "There is a problem" in answered.content.decode()
                assert "<script>alert" not in answered.content.decode()
                assert visitor.response.answers == before

    @pytest.mark.parametrize("body", [b"ab_age=%00", b"ab_age=%ff", b"ab_age=56&rf_now=%ed%a0%80", b"\xff=\xfe"])
    def test_undecodable_bytes_are_refused(self, visitor, body):
        visitor.begin()
        refused = visitor.client.post(f"{visitor.check}/q/now/", body, content_type="application/x-www-form-urlencoded")
        assert refused.status_code == 400
        assert visitor.response.answers == {}

    @pytest.mark.parametrize("slug", ["%00", "a" * 3000, "now%0d%0a", "NOW"])
    def test_strange_addresses_are_not_found(self, visitor, slug):
        visitor.begin()
        assert visitor.see(f"{visitor.check}/q/{slug}/").status_code in (400, 404)

    def test_a_token_in_the_session_that_names_nothing_is_a_check_we_do_not_have(self, visitor):
        session = visitor.client.session
        session["checks"] = {"0a1b2c3d": "gone"}
        session.save()
        assert visitor.see("/check/0a1b2c3d/q/now/").status_code == 403
        assert visitor.see("/check/").status_code == 200


def test_posting_without_the_csrf_token_is_refused(db, monday):
    strict = Visitor(Client(enforce_csrf_checks=True))
    assert strict.begin().status_code == 403
