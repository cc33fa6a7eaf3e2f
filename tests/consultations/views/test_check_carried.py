"""A network over its limit: the check still asks every screen, and its answers travel with the page, encrypted."""

from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from clinic.core import limits
from clinic.core.models import AuditEvent
from consultations.enums import Outcome
from consultations.forms.consent import wordings
from consultations.models import ConsultationRequest, QuestionnaireResponse, SafetyCase
from consultations.services import carried, intake
from tests.consultations.services.test_carried import CONTACT as KEPT_CONTACT
from tests.consultations.views.conftest import (
    CONSENTS,
    CONTACT,
    HERE,
    HOSTILE,
    OUTCOMES,
    ROUTINE,
    Reader,
    fields_of,
    text_of,
)


def nothing_is_stored() -> bool:
    return not any(model.objects.exists() for model in (QuestionnaireResponse, Session, AuditEvent))


class TestAsking:
    def test_begins_at_once_with_the_danger_signs(self, reader: Reader) -> None:
        page = reader.begin()
        assert page.status_code == 200
        assert reader.slug == "now"
        assert "Your answers are kept in this page only, until you send them." in text_of(page)
        assert page.headers["Cache-Control"] == "no-store, private"
        assert nothing_is_stored()

    def test_asks_every_screen_and_stores_nothing(self, reader: Reader) -> None:
        reader.begin()
        seen = []
        while reader.slug:
            seen.append(reader.slug)
            reader.fill(**fields_of(reader.slug, ROUTINE))
        assert seen == [
            "now", "nerves", "injury", "signs", "pain", "pain-score", "diagnosis", "diagnosis-more", "tried",
            "tried-more", "health", "hopes",
        ]  # fmt: skip
        assert "A consultation makes sense" in text_of(reader.page)
        assert nothing_is_stored()

    def test_wrong_input_comes_back_with_its_answers(self, reader: Reader) -> None:
        reader.begin()
        reader.answer(until="pain-score")
        page = reader.fill(peg_p="6", peg_e="eleven")
        assert page.context["form"].errors.keys() == {"peg_e", "peg_g"}
        assert page.context["form"]["peg_p"].value() == "6"
        assert reader.body.count(" checked") == 1
        assert reader.answers["ab_age"] == 56
        reader.fill(**fields_of("pain-score", ROUTINE))
        assert reader.slug == "diagnosis"

    def test_goes_back_by_a_button_and_shows_what_was_answered(self, reader: Reader) -> None:
        reader.begin()
        reader.answer(until="nerves")
        assert "backlink" in reader.body
        reader.press(f"{HERE}q/now/")
        assert 'value="56"' in reader.body
        reader.fill(ab_age="57", rf_now=["none"])
        assert reader.slug == "nerves"
        assert reader.answers["ab_age"] == 57

    def test_no_link_leads_out_of_it_into_nothing(self, reader: Reader) -> None:
        """A link to a page of the check would leave the answers behind."""
        reader.begin()
        for until in ("pain", "hopes", ""):
            reader.answer(until=until)
            assert 'href="/check/carried/' not in reader.body

    def test_screens_in_the_wrong_order_are_not_taken(self, reader: Reader) -> None:
        reader.begin()
        reader.page = reader.client.post(f"{HERE}q/hopes/", {"ex_expect": "info", "carried": reader.state})
        assert reader.slug == "now"
        assert reader.answers == {}

    def test_under_18_ends_without_a_row(self, reader: Reader) -> None:
        reader.begin()
        reader.answer(ab_age="16")
        assert "This clinic treats adults" in text_of(reader.page)
        assert nothing_is_stored()
        reader.press(f"{HERE}q/now/")
        assert 'value="16"' in reader.body

    @pytest.mark.parametrize("slug", ["now", "health", "hopes"])
    def test_hostile_values_give_a_sentence_or_are_kept(self, reader: Reader, slug: str) -> None:
        reader.begin()
        reader.answer(until=slug)
        start = reader.page
        for value in HOSTILE:
            reader.page = start
            names = list(reader.page.context["form"].fields)
            assert reader.fill(**dict.fromkeys(names, value)).status_code == 200
            assert "<script>alert" not in reader.body
        assert nothing_is_stored()

    def test_a_browser_with_a_check_of_before_keeps_it(self, visitor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        visitor.answer(until="pain")
        before = dict(visitor.client.session.items())
        monkeypatch.setattr(limits, "allow", lambda *args, **kwargs: False)
        page = visitor.begin(again="yes")
        assert page.status_code == 200
        assert dict(visitor.client.session.items()) == before
        assert QuestionnaireResponse.objects.count() == 1


class TestDanger:
    def test_an_emergency_is_stored_at_that_moment_and_goes_on_as_any_check(self, reader: Reader, nurse: Any) -> None:
        reader.begin()
        reader.answer(until="nerves-more", rf_ce=["saddle"])
        assert nothing_is_stored()
        answered = reader.fill(rf_ce_when="lt2w")
        response = QuestionnaireResponse.objects.get()
        (key,) = reader.client.session["checks"]
        assert answered.headers["Location"] == f"/check/{key}/emergency/"
        assert "Get emergency help now" in text_of(reader.client.get(f"/check/{key}/emergency/"))
        assert (response.highest_outcome, response.answers["ab_age"]) == (Outcome.EMERGENCY, 56)
        case = SafetyCase.objects.get()
        assert (case.response, case.level, case.owner) == (response, Outcome.EMERGENCY, nurse)

    def test_same_day_is_stored_and_can_be_sent(self, reader: Reader) -> None:
        reader.begin()
        reader.answer(rf_now=["fever"])
        (key,) = reader.client.session["checks"]
        assert reader.page.headers["Location"] == f"/check/{key}/today/"
        assert SafetyCase.objects.get().level == Outcome.SAME_DAY

    def test_a_double_click_makes_one_row_and_one_case(self, reader: Reader) -> None:
        reader.begin()
        before = reader.page
        # The answer to the first press, with its session, has not arrived when the second is pressed.
        second = Client()
        second.cookies["csrf"] = reader.client.cookies["csrf"].value
        for client in (reader.client, second):
            reader.client, reader.page = client, before
            assert reader.fill(ab_age="56", rf_now=["chest"]).headers["Location"].endswith("/emergency/")
        assert QuestionnaireResponse.objects.count() == SafetyCase.objects.count() == 1

    def test_an_older_page_goes_on_with_what_was_stored(self, reader: Reader) -> None:
        """Back in the browser, to a page of before the danger: it acts on the stored check, and changes no more."""
        reader.begin()
        old = reader.page
        reader.fill(ab_age="56", rf_now=["chest"])
        (key,) = reader.client.session["checks"]
        reader.page = old
        assert reader.fill(ab_age="56", rf_now=["none"]).headers["Location"] == f"/check/{key}/q/nerves/"
        response = QuestionnaireResponse.objects.get()
        assert (response.answers["rf_now"], response.highest_outcome) == (["none"], Outcome.EMERGENCY)

    @pytest.mark.parametrize("outcome", OUTCOMES)
    def test_every_outcome_is_the_one_of_a_stored_check(self, reader: Reader, outcome: str) -> None:
        reader.begin()
        reader.answer(**OUTCOMES[outcome])
        if outcome in ("EMERGENCY", "SAME_DAY"):
            assert QuestionnaireResponse.objects.get().highest_outcome == outcome
        else:
            assert nothing_is_stored()
            assert reader.page.context["session"].headline == outcome

    def test_the_highest_headline_stays_when_an_answer_is_changed(self, reader: Reader) -> None:
        reader.begin()
        reader.answer(rf_weak="not_sure")
        reader.press(f"{HERE}contact/")
        reader.fill(**CONTACT)
        reader.press(f"{HERE}q/injury/?from=answers#div_id_rf_weak")
        reader.fill(**fields_of("injury", ROUTINE))
        assert "Check your answers before you send them" in text_of(reader.page)
        reader.fill(**CONSENTS)
        sent = ConsultationRequest.objects.get()
        assert (sent.outcome, sent.highest_outcome) == (Outcome.LIKELY_SUITABLE, Outcome.URGENT_REVIEW)


class TestSending:
    @pytest.fixture
    def at_answers(self, reader: Reader) -> Reader:
        reader.begin()
        reader.answer(ex_note="Words of my own.")
        reader.press(f"{HERE}contact/")
        assert reader.fill(**{**CONTACT, "email": "no address"}).context["form"].errors.keys() == {"email"}
        reader.fill(**CONTACT)
        return reader

    def test_looks_all_over_before_sending(self, at_answers: Reader) -> None:
        text = text_of(at_answers.page)
        assert "Words of my own." in text
        assert "Alice Winther" in text
        assert f"{HERE}contact/?from=answers" in at_answers.ways
        assert nothing_is_stored()

    def test_a_line_can_be_changed_and_it_comes_back(self, at_answers: Reader) -> None:
        at_answers.press(f"{HERE}q/hopes/?from=answers#div_id_ex_note")
        assert at_answers.action == f"{HERE}q/hopes/?from=answers"
        at_answers.fill(**{**fields_of("hopes", ROUTINE), "ex_expect": "info", "ex_note": "Other words."})
        assert "Other words." in text_of(at_answers.page)
        assert "Check your answers before you send them" in text_of(at_answers.page)

    def test_the_limit_for_sending_keeps_the_page(self, at_answers: Reader, settings: Any) -> None:
        page = at_answers.fill(**CONSENTS)
        assert page.status_code == 429
        assert f"or call us: {settings.CLINIC_PHONE}" in text_of(page)
        assert at_answers.answers["ex_note"] == "Words of my own."
        assert nothing_is_stored()

    def test_is_sent_once_with_everything(self, at_answers: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "allow", lambda *args, **kwargs: True)
        before = at_answers.page
        where = set()
        for _ in range(2):
            at_answers.page = before
            where.add(at_answers.fill(**CONSENTS).headers["Location"])
        (key,) = at_answers.client.session["checks"]
        assert where == {f"/check/{key}/sent/"}
        sent = ConsultationRequest.objects.get()
        assert (sent.patient.name, sent.response.answers["ex_note"]) == ("Alice Winther", "Words of my own.")
        assert sent.reference in text_of(at_answers.client.get(f"/check/{key}/sent/"))
        actions = AuditEvent.objects.about(sent.response).values_list("action", flat=True)
        assert list(actions) == ["response.start", "response.save", "response.contact"]

    def test_without_the_consents_nothing_is_stored(self, at_answers: Reader) -> None:
        assert at_answers.fill().context["form"].errors
        assert nothing_is_stored()

    @pytest.mark.parametrize("answers", [OUTCOMES["URGENT_REVIEW"]])
    def test_no_limit_stands_before_pressing_answers(self, reader: Reader, answers: dict[str, Any]) -> None:
        reader.begin()
        reader.answer(**answers)
        reader.press(f"{HERE}contact/")
        reader.fill(**CONTACT)
        assert reader.fill(**CONSENTS).status_code == 302
        assert ConsultationRequest.objects.count() == 1

    def test_words_of_the_decision_aid_come_along_and_can_be_taken_out(
        self, reader: Reader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reader.page = reader.client.post("/check/carry/", {"words": "What matters to me"})
        reader.answer()
        reader.press(f"{HERE}contact/")
        reader.fill(**CONTACT)
        assert "What matters to me" in text_of(reader.page)
        stored = reader.page
        reader.page = reader.client.post(f"{HERE}take-out/", {"carried": reader.state})
        assert "What matters to me" not in text_of(reader.page)
        reader.page = stored
        monkeypatch.setattr(limits, "allow", lambda *args, **kwargs: True)
        reader.fill(**CONSENTS)
        assert ConsultationRequest.objects.get().response.brought == "What matters to me"


class TestRefused:
    @pytest.mark.parametrize("state", ["", "x", "dev:AAAA", "dev:" + "A" * 70_000])
    def test_made_up_states_are_a_lost_page(self, reader: Reader, state: str) -> None:
        page = reader.client.post(f"{HERE}q/hopes/", {"carried": state, "ex_note": "Typed here."})
        assert page.status_code == 403
        assert "the answers did not come with this one" in text_of(page)
        assert "Typed here." in text_of(page)
        assert nothing_is_stored()

    def test_after_twelve_hours_it_is_lost(self, reader: Reader, time_machine: Any) -> None:
        reader.begin()
        time_machine.shift(12 * 60 * 60)
        page = reader.fill(ab_age="56", rf_now=["chest"])
        assert page.status_code == 403
        assert page.context["is_emergency"]

    def test_by_its_address_alone_it_says_so(self, reader: Reader) -> None:
        for path in ("q/now", "result", "contact", "answers", "today", "adults", "emergency", "sent"):
            assert reader.client.get(f"{HERE}{path}/").status_code == 403

    def test_without_the_token_of_its_page_it_is_refused(self, reader: Reader) -> None:
        reader.begin()
        strict = Client(enforce_csrf_checks=True)
        assert strict.post(f"{HERE}q/now/", {"carried": reader.state, "ab_age": "56"}).status_code == 403

    @pytest.mark.parametrize("page", ["today", "call-back", "emergency", "sent", "answers", "contact", "result"])
    def test_pages_it_has_not_reached_lead_to_where_it_stands(self, reader: Reader, page: str) -> None:
        reader.begin()
        reader.page = reader.client.post(f"{HERE}{page}/", {"carried": reader.state, "look": "yes"})
        assert reader.slug == "now"
        assert nothing_is_stored()


def test_control_within_the_limit_a_check_is_stored(db: None, monday: None) -> None:
    begun = Client().post("/check/", {})
    assert begun.status_code == 302
    assert QuestionnaireResponse.objects.count() == 1


def test_the_121st_of_a_network_in_an_hour_is_asked_as_well(db: None, monday: None) -> None:
    answers = [Client().post("/check/", {}, REMOTE_ADDR="198.51.100.7").status_code for _ in range(121)]
    assert answers == [302] * 120 + [200]
    assert Client().post("/check/", {}, REMOTE_ADDR="203.0.113.7").status_code == 302


def test_a_danger_ticked_while_another_tab_sent_is_named_and_given_back(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other tab sends between the look for a row and the writing."""
    reader.begin()

    def other_tab_sent(draft: QuestionnaireResponse, **kwargs: Any) -> None:
        row = QuestionnaireResponse(
            token=draft.token,
            questionnaire_version=draft.questionnaire_version,
            started_at=draft.started_at,
            updated_at=draft.updated_at,
        )
        row.answers = {**ROUTINE, "ab_age": 56, "peg_p": 6, "peg_e": 5, "peg_g": 7}
        row.save(force_insert=True)
        intake.save_contact(response=row, contact=intake.Contact.from_json(KEPT_CONTACT))
        intake.send(response=row, wordings=wordings())
        raise intake.AlreadySent

    monkeypatch.setattr(carried, "take_in", other_tab_sent)
    page = reader.fill(ab_age="56", rf_now=["chest"])
    assert page.status_code == 409
    assert "Get emergency help now" in text_of(page)
    assert "what you gave on this page was not added." in text_of(page)
