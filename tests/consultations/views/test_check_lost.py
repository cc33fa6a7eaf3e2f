"""The session is gone in the middle of a check: what happened in plain words, what was typed, and the way on."""

import datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from clinic.core import clock, encryption, limits
from consultations.enums import Outcome
from consultations.models import QuestionnaireResponse, SafetyCase
from consultations.questionnaire import flow
from consultations.services import carried, intake
from tests.consultations.views.conftest import CALL_BACK, CONTACT, HOSTILE, ROUTINE, Visitor, fields_of, text_of

NOTE = "I walk\r\nmy dog <b>daily</b>."


def lose(visitor: Visitor) -> str:
    """The address of the check, after the browser has lost its cookies."""
    check = visitor.check
    visitor.client.cookies.clear()
    return check


class TestTyped:
    def test_everything_on_the_screen_is_given_back_in_words(self, visitor: Visitor) -> None:
        visitor.answer(until="hopes")
        check = lose(visitor)
        page = visitor.client.post(f"{check}/q/hopes/", {"ex_expect": "less_pain", "ex_note": NOTE})
        text = text_of(page)
        assert page.status_code == 403
        assert "This check is not open in this browser" in text
        assert "I walk\nmy dog &lt;b&gt;daily&lt;/b&gt;." in page.content.decode()
        assert "What do you most hope for from treatment? Less pain" in text
        assert "Nothing of it was sent, unless you saw the page “We have your request”." in text
        assert "may still be stored with us" in text

    def test_ticks_numbers_and_measures_are_named_with_their_questions(self, visitor: Visitor) -> None:
        visitor.answer(until="health")
        check = lose(visitor)
        text = text_of(visitor.client.post(f"{check}/q/health/", {"hx_gate": ["smoke", "diabetes"]}))
        assert "I smoke" in text
        assert "I have diabetes" in text
        data = {"hx_height_cm_ft": "5", "hx_height_cm_in": "nine", "ex_expect": "info"}
        text = text_of(visitor.client.post(f"{check}/q/hopes/", data))
        assert "Feet: 5 Inches: nine" in text, "right or wrong, it was typed"
        assert "How much do you weigh?" not in text, "nothing was given there"

    def test_a_page_of_an_earlier_version_is_given_back_as_well(self, visitor: Visitor) -> None:
        data = {"phq2_1": "1", "phq2_2": "0"}
        text = text_of(visitor.client.post("/check/00000000/q/mood/", data))
        assert "Little interest or pleasure in doing things Several days" in text
        page = visitor.client.post("/check/00000000/q/health/", {"hx_gate": ["smoke"], "hx_height_cm_cm": "180"})
        assert "I smoke" in text_of(page)
        assert "180" in text_of(page)
        visitor.begin(carried=page.context["again"])
        assert visitor.response.answers == {"hx_gate": ["smoke"], "hx_height_cm": 180.0}

    def test_contact_details_are_given_back(self, visitor: Visitor) -> None:
        visitor.answer()
        check = lose(visitor)
        text = text_of(visitor.client.post(f"{check}/contact/", {**CONTACT, "phone": "202"}))
        for line in ("Alice Winther", "Month: 3 Day: 27 Year: 1970", "alice@example.com", "Phone number 202", "Email"):
            assert line in text
        assert "Start again" in text
        assert "Start again with these answers" not in text

    def test_a_number_for_a_call_is_given_back_and_promised_nothing(self, visitor: Visitor, settings: Any) -> None:
        visitor.answer(rf_now=["chest"])
        check = lose(visitor)
        text = text_of(visitor.client.post(f"{check}/call-back/", CALL_BACK))
        assert "We could not take your number, so nobody will call you." in text
        assert settings.EMERGENCY_LINE in text
        assert "202-555-0142" in text

    def test_a_look_without_the_session_says_so_too(self, visitor: Visitor) -> None:
        visitor.answer()
        check = lose(visitor)
        for page in ("q/hopes", "result", "contact", "answers", "sent", "emergency"):
            seen = visitor.see(f"{check}/{page}/")
            assert seen.status_code == 403
            assert "This check is not open in this browser" in text_of(seen)
            assert "What you gave on this page" not in text_of(seen)

    def test_an_expired_session_is_no_session(self, visitor: Visitor, time_machine: Any) -> None:
        visitor.answer(until="pain")
        time_machine.shift(12 * 60 * 60 + 1)
        page = visitor.give("pain", **fields_of("pain", ROUTINE))
        assert page.status_code == 403

    def test_nothing_is_stored_by_it(self, visitor: Visitor) -> None:
        visitor.answer(until="pain")
        check, before = lose(visitor), visitor_rows()
        visitor.client.post(f"{check}/q/now/", {"ab_age": "56", "rf_now": ["chest"]})
        assert visitor_rows() == before
        assert settings.SESSION_COOKIE_NAME not in visitor.client.cookies
        assert not SafetyCase.objects.exists()

    def test_other_checks_of_this_browser_are_offered(self, visitor: Visitor) -> None:
        visitor.answer(until="pain")
        page = visitor.see("/check/00000000/q/now/")
        assert "Checks that are open in this browser" in text_of(page)
        assert f'href="{visitor.check}/q/pain/"' in page.content.decode()

    @pytest.mark.parametrize("value", HOSTILE)
    def test_hostile_values_are_shown_as_text(self, visitor: Visitor, value: str) -> None:
        page = visitor.client.post("/check/00000000/q/hopes/", {"ex_note": value, "ex_expect": value})
        assert page.status_code == 403
        assert "<script>alert" not in page.content.decode()

    def test_an_unknown_screen_is_lost_as_well(self, visitor: Visitor) -> None:
        assert visitor.client.post("/check/00000000/q/nowhere/", {"ab_age": "56"}).status_code == 403


def visitor_rows() -> list[Any]:
    return list(QuestionnaireResponse.objects.values_list("pk", "updated_at"))


class TestDanger:
    @pytest.mark.parametrize(
        ("slug", "answers", "level"),
        [
            ("now", {"ab_age": "56", "rf_now": ["chest"]}, Outcome.EMERGENCY),
            ("now", {"rf_now": ["chest"]}, Outcome.EMERGENCY),
            ("now", {"ab_age": "?", "rf_now": ["none", "chest"]}, Outcome.EMERGENCY),
            ("now", {"ab_age": "56", "rf_now": ["fever"]}, Outcome.SAME_DAY),
            ("nerves", {"rf_ce": ["saddle"]}, Outcome.EMERGENCY),
            ("nerves", {"rf_ce": ["not_sure"]}, Outcome.SAME_DAY),
            ("nerves-more", {"rf_ce_when": "lt2w"}, Outcome.EMERGENCY),
            ("nerves-more", {"rf_ce_when": "not_sure"}, Outcome.EMERGENCY),
            ("injury", {"rf_injury": "major_new"}, Outcome.EMERGENCY),
            ("injury", {"rf_weak": "drop"}, Outcome.SAME_DAY),
        ],
    )
    def test_is_named_first_on_a_lost_screen(
        self, visitor: Visitor, slug: str, answers: dict[str, Any], level: Outcome
    ) -> None:
        page = visitor.client.post(f"/check/00000000/q/{slug}/", answers)
        text = text_of(page)
        heading = {"EMERGENCY": "Get emergency help now", "SAME_DAY": "Speak to a doctor today"}[level]
        assert page.context["is_danger"]
        assert page.context["is_emergency"] == (level == Outcome.EMERGENCY)
        assert text.index(heading) < text.rindex("This check is not open in this browser")
        assert settings.EMERGENCY_LINE in text
        assert "Nobody at the clinic has seen what you ticked on this page." in text
        assert page.content.count(b"<h1") == 1

    @pytest.mark.parametrize("slug", [screen.slug for screen in flow.screens("1.1.0")])
    def test_calm_answers_get_no_alarm(self, visitor: Visitor, slug: str) -> None:
        page = visitor.client.post(f"/check/00000000/q/{slug}/", fields_of(slug, ROUTINE))
        assert not page.context["is_danger"]
        assert "do not wait for this form" in text_of(page)

    def test_starting_again_with_a_danger_stops_and_tells_the_clinic(self, visitor: Visitor, nurse: Any) -> None:
        page = visitor.client.post("/check/00000000/q/now/", {"ab_age": "56", "rf_now": ["chest"]})
        begun = visitor.begin(carried=page.context["again"], again="yes")
        assert begun.headers["Location"] == f"{visitor.check}/emergency/"
        assert SafetyCase.objects.get().level == Outcome.EMERGENCY


class TestStartAgain:
    def test_takes_the_answers_along_and_asks_the_danger_signs_first(self, visitor: Visitor) -> None:
        page = visitor.client.post("/check/00000000/q/hopes/", {"ex_expect": "info", "ex_note": NOTE})
        assert "Start again with these answers" in text_of(page)
        begun = visitor.begin(carried=page.context["again"], key=page.context["new_key"], again="yes")
        assert begun.headers["Location"] == f"/check/{page.context['new_key']}/q/now/"
        assert visitor.response.answers == {"ex_expect": "info", "ex_note": "I walk\nmy dog <b>daily</b>."}
        assert visitor.answer(until="hopes") == f"{visitor.check}/q/hopes/"
        body = visitor.see(f"{visitor.check}/q/hopes/").content.decode()
        assert "I walk\nmy dog &lt;b&gt;daily&lt;/b&gt;.</textarea>" in body

    def test_takes_the_valid_ones_only(self, visitor: Visitor) -> None:
        data = {"peg_p": "6", "peg_e": "eleven", "peg_g": ""}
        page = visitor.client.post("/check/00000000/q/pain-score/", data)
        visitor.begin(carried=page.context["again"])
        assert visitor.response.answers == {"peg_p": 6}

    def test_a_double_click_begins_one(self, visitor: Visitor) -> None:
        again = visitor.client.post("/check/00000000/q/now/", {"ab_age": "56"}).context["again"]
        where = {visitor.begin(carried=again).headers["Location"] for _ in range(2)}
        assert where == {f"{visitor.check}/q/now/"}
        assert QuestionnaireResponse.objects.count() == 1

    def test_without_a_valid_answer_it_begins_empty(self, visitor: Visitor) -> None:
        page = visitor.client.post("/check/00000000/q/now/", {"ab_age": "many"})
        assert page.context["again"] == ""
        assert "Start again with these answers" not in text_of(page)
        assert "many" in text_of(page)

    @pytest.mark.parametrize("made_up", ["", "x", "dev:AAAA", "dev:" + "A" * 70_000, "é:é"])
    def test_made_up_answers_are_none(self, visitor: Visitor, made_up: str) -> None:
        assert visitor.begin(carried=made_up).status_code == 403
        assert not QuestionnaireResponse.objects.exists()

    def test_over_the_limit_it_goes_on_in_the_page(self, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
        again = visitor.client.post("/check/00000000/q/now/", {"ab_age": "56"}).context["again"]
        monkeypatch.setattr(limits, "allow", lambda *args, **kwargs: False)
        page = visitor.begin(carried=again)
        assert page.status_code == 200
        assert 'value="56"' in page.content.decode()
        assert not QuestionnaireResponse.objects.exists()


class TestCarriedText:
    def test_is_read_only_by_us_and_only_here(self, db: None) -> None:
        draft = intake.draft()
        draft.answers = {"ab_age": 56, "ex_note": "My sister Ada had it."}
        packed = carried.pack(draft)
        assert "Ada" not in packed
        assert carried.unpack(packed).answers == draft.answers
        with pytest.raises(encryption.DecryptionError):
            encryption.decrypt(packed, context="consultations_questionnaireresponse.answers")
        foreign = encryption.encrypt("{}", context="consultations_questionnaireresponse.answers")
        with pytest.raises(carried.CannotBeRead):
            carried.unpack(foreign)

    def test_keeps_the_version_it_was_begun_on(self, db: None) -> None:
        draft = intake.draft()
        assert carried.unpack(carried.pack(draft)).questionnaire_version == draft.questionnaire_version
        draft.questionnaire_version = "9.9.9"
        with pytest.raises(carried.CannotBeRead):
            carried.unpack(carried.pack(draft))

    def test_ends_after_twelve_hours(self, db: None, time_machine: Any) -> None:
        time_machine.move_to(datetime.datetime(2026, 11, 23, 15, 0, tzinfo=datetime.UTC), tick=False)
        packed = carried.pack(intake.draft())
        time_machine.shift(datetime.timedelta(hours=11, minutes=59))
        assert carried.unpack(packed).started_at == clock.now() - datetime.timedelta(hours=11, minutes=59)
        time_machine.shift(datetime.timedelta(minutes=1))
        with pytest.raises(carried.CannotBeRead):
            carried.unpack(packed)

    @pytest.mark.parametrize("index", [5, 20, -3])
    def test_one_changed_letter_and_it_is_refused(self, db: None, index: int) -> None:
        packed = list(carried.pack(intake.draft()))
        packed[index] = "A" if packed[index] != "A" else "B"
        with pytest.raises(carried.CannotBeRead):
            carried.unpack("".join(packed))

    def test_the_longest_that_can_be_given_fits(self, db: None) -> None:
        draft = intake.draft()
        draft.answers = {"ex_note": "👩" * 1000, **{f"q{number}": ["a_long_code"] * 12 for number in range(40)}}
        draft.contact = {"name": "👩" * 120, "helper_name": "👩" * 120, "email": "a" * 254}
        draft.brought = "👩" * 2000
        assert len(carried.pack(draft)) < carried.LONGEST


def test_a_browser_that_refuses_the_session_cookie_can_still_read_what_it_typed(db: None, monday: None) -> None:
    page = Client().post("/check/00000000/q/hopes/", {"ex_note": "Still here."})
    assert "Still here." in text_of(page)
