"""Several checks in one browser: a couple, a carer, a parent. No page of one writes into another or shows it."""

import random
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from consultations.enums import Outcome
from consultations.models import ConsultationRequest, QuestionnaireResponse, SafetyCase
from consultations.questionnaire import flow
from tests.consultations.views.conftest import (
    CONSENTS,
    CONTACT,
    OUTCOMES,
    ROUTINE,
    Visitor,
    fields_of,
    slug_of,
    text_of,
)


class Tab(Visitor):
    """One tab of a browser with its own check. Keeps to the address it was opened at."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self.own = slug = self.client.post("/check/", {"again": "yes"}).headers["Location"].split("/")[2]
        assert slug in client.session["checks"]

    @property
    def key(self) -> str:
        return self.own

    def finish(self, **changes: Any) -> Any:
        self.answer(**changes)
        self.tell_contact()
        return self.send()


@pytest.fixture
def browser(db: None, monday: None) -> Client:
    return Client()


class TestTwoChecks:
    def test_the_screen_of_one_never_writes_into_the_other(self, browser: Client) -> None:
        """The case that mixed two people: A waits at "signs" while B is at the result, then A goes on."""
        first, second = Tab(browser), Tab(browser)
        first.answer(until="signs", ab_age="56")
        second.answer(ab_age="71")

        went = first.give("signs", rf_systemic=["weight_loss"], rf_risk=["none"])

        assert went.headers["Location"].startswith(f"{first.check}/")
        assert second.response.answers["rf_systemic"] == ["none"]
        assert first.response.answers["rf_systemic"] == ["weight_loss"]
        assert [tab.response.answers["ab_age"] for tab in (first, second)] == [56, 71]

    def test_a_none_never_overwrites_a_danger_of_the_other(self, browser: Client) -> None:
        first, second = Tab(browser), Tab(browser)
        second.give("now", ab_age="71", rf_now=["chest"])
        first.give("now", ab_age="56", rf_now=["none"])
        assert second.response.answers["rf_now"] == ["chest"]
        assert second.response.highest_outcome == Outcome.EMERGENCY

    def test_a_reload_shows_its_own_check(self, browser: Client) -> None:
        first, second = Tab(browser), Tab(browser)
        first.give("now", ab_age="56", rf_now=["none"])
        second.give("now", ab_age="71", rf_now=["none"])
        for tab, age in ((first, "56"), (second, "71"), (first, "56")):
            body = tab.see(f"{tab.check}/q/now/").content.decode()
            assert f'value="{age}"' in body
            assert tab.own in body
            assert ({first.own, second.own} - {tab.own}).pop() not in body

    def test_emergency_in_one_while_the_other_is_on_contact(self, browser: Client) -> None:
        first, second = Tab(browser), Tab(browser)
        second.answer()
        first.give("now", ab_age="56", rf_now=["chest"])

        assert second.see(f"{second.check}/contact/").status_code == 200
        assert second.tell_contact().headers["Location"] == f"{second.check}/answers/"
        assert second.send().headers["Location"] == f"{second.check}/sent/"
        assert "We have your request" in text_of(second.see(f"{second.check}/sent/"))
        assert "Get emergency help now" in text_of(first.see(f"{first.check}/emergency/"))
        case = SafetyCase.objects.get()
        assert (case.response, case.patient) == (first.response, None)

    def test_a_child_in_one_stops_only_that_one(self, browser: Client) -> None:
        first, second = Tab(browser), Tab(browser)
        assert first.answer(ab_age="16") == f"{first.check}/adults/"
        assert second.answer() == f"{second.check}/result/"
        assert first.see(f"{first.check}/result/").headers["Location"] == f"{first.check}/adults/"

    def test_each_is_sent_and_shows_its_own_confirmation(self, browser: Client) -> None:
        first, second = Tab(browser), Tab(browser)
        first.answer()
        second.answer(ab_age="71")
        first.tell_contact()
        second.tell_contact(name="Bob Pell", birth_on_year="1955", email="bob@example.com")
        assert "Bob Pell" not in text_of(first.see(f"{first.check}/answers/"))
        assert "Alice" not in text_of(second.see(f"{second.check}/answers/"))
        second.send()
        first.send()
        for tab in (first, second, first):
            sent = ConsultationRequest.objects.get(response=tab.response)
            assert sent.reference in text_of(tab.see(f"{tab.check}/sent/"))
        assert set(ConsultationRequest.objects.values_list("patient__name", flat=True)) == {"Alice Winther", "Bob Pell"}

    def test_one_sent_leaves_the_other_open(self, browser: Client) -> None:
        first, second = Tab(browser), Tab(browser)
        first.answer(until="pain")
        second.finish()
        page = first.see("/check/")
        assert f'href="{first.check}/q/pain/"' in page.content.decode()
        assert second.own not in page.content.decode()
        assert slug_of(first.answer(until="hopes")) == "hopes"


class TestThreeTabs:
    def test_each_keeps_its_own_way(self, browser: Client) -> None:
        tabs = [Tab(browser) for _ in range(3)]
        ages = ["31", "56", "71"]
        places = ["injury", "pain", "health"]
        for tab, age, screen in zip(tabs, ages, places, strict=True):
            tab.answer(until=screen, ab_age=age)
        for tab, age, screen in zip(tabs, ages, places, strict=True):
            assert slug_of(tab.standing()) == screen
            assert tab.response.answers["ab_age"] == int(age)
        listed = text_of(tabs[0].see("/check/"))
        for title in ("Weakness, injury and cancer", "Where and how long", "Your health"):
            assert f"at “{title}”" in listed

    def test_the_list_says_nothing_of_answers(self, browser: Client) -> None:
        tab = Tab(browser)
        tab.give("now", ab_age="56", rf_now=["chest"])
        listed = text_of(tab.see("/check/"))
        assert "at “What to do now”" in listed
        for word in ("chest", "mergency help now", "56"):
            assert word not in listed.partition("You have begun")[2].partition("Start another")[0]


class TestTheSameCheckInTwoTabs:
    def test_a_danger_in_one_stops_the_other(self, visitor: Visitor) -> None:
        visitor.answer(until="pain")
        visitor.give("now", ab_age="56", rf_now=["chest"])
        answered = visitor.give("pain", **fields_of("pain", ROUTINE))
        assert answered.headers["Location"] == f"{visitor.check}/emergency/"

    def test_sent_in_one_and_saved_in_the_other_gives_back_what_was_typed(self, visitor: Visitor) -> None:
        visitor.complete()
        page = visitor.give("hopes", ex_expect="info", ex_note="It got worse <b>today</b>.")
        assert page.status_code == 409
        assert "It got worse &lt;b&gt;today&lt;/b&gt;." in page.content.decode()
        assert "what you gave on this page was not added" in text_of(page)
        assert visitor.response.answers["ex_note"] == ""

    def test_a_danger_after_sending_is_named_first(self, visitor: Visitor, settings: Any) -> None:
        visitor.complete()
        text = text_of(visitor.give("now", ab_age="56", rf_now=["chest"]))
        assert text.index("Get emergency help now") < text.index(settings.EMERGENCY_LINE)
        assert text.index(settings.EMERGENCY_LINE) < text.index("This check was sent already")
        assert "Nobody at the clinic has seen what you ticked on this page." in text

    @pytest.mark.parametrize("page", ["q/pain-score", "contact", "answers"])
    def test_the_same_press_again_after_sending_leads_to_the_confirmation(self, visitor: Visitor, page: str) -> None:
        visitor.complete()
        peg = {"peg_p": "6", "peg_e": "5", "peg_g": "7"}
        data = {"q/pain-score": peg, "contact": CONTACT, "answers": CONSENTS}[page]
        assert visitor.client.post(f"{visitor.check}/{page}/", data).headers["Location"] == f"{visitor.check}/sent/"

    def test_other_contact_details_after_sending_are_given_back(self, visitor: Visitor) -> None:
        visitor.complete()
        page = visitor.tell_contact(email="alice@new.example")
        assert page.status_code == 409
        assert "Email address alice@new.example" in text_of(page)
        assert "Date of birth of the person with back pain Month: 3 Day: 27 Year: 1970" in text_of(page)


class TestKeys:
    def test_a_key_means_nothing_in_another_browser(self, visitor: Visitor, other_visitor: Visitor) -> None:
        visitor.complete()
        for page in ("q/now", "result", "contact", "answers", "sent", "emergency", "today", "adults", "call-back"):
            seen = other_visitor.see(f"{visitor.check}/{page}/")
            assert seen.status_code == 403, page
            assert "Alice" not in text_of(seen)
            assert ConsultationRequest.objects.get().reference not in text_of(seen)

    def test_another_browser_may_have_a_check_under_the_same_key(
        self, visitor: Visitor, other_visitor: Visitor
    ) -> None:
        for entry, age in ((visitor, "31"), (other_visitor, "71")):
            entry.begin(key="0a1b2c3d")
            entry.give("now", ab_age=age, rf_now=["none"])
        assert [item.response.answers["ab_age"] for item in (visitor, other_visitor)] == [31, 71]

    def test_ten_are_remembered_and_the_oldest_that_was_sent_goes_first(self, visitor: Visitor) -> None:
        visitor.answer(until="pain")
        oldest = visitor.key
        visitor.begin(again="yes")
        visitor.answer()
        visitor.tell_contact()
        visitor.send()
        sent = visitor.key
        keys = []
        for _ in range(9):
            visitor.begin(again="yes")
            keys.append(visitor.key)
        assert set(visitor.client.session["checks"]) == {oldest, *keys}
        assert sent not in visitor.client.session["checks"]
        visitor.begin(again="yes")
        assert oldest not in visitor.client.session["checks"]
        assert len(visitor.client.session["checks"]) == 10
        assert visitor.see(f"/check/{oldest}/q/now/").status_code == 403

    def test_a_damaged_check_is_one_we_cannot_open_and_hides_no_other(
        self, visitor: Visitor, caplog: pytest.LogCaptureFixture
    ) -> None:
        visitor.answer(until="pain")
        damaged = visitor.response.pk
        broken = visitor.check
        visitor.begin(again="yes")
        visitor.give("now", ab_age="71", rf_now=["none"])
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE consultations_questionnaireresponse SET answers = 'k1:broken' WHERE id = %s", [damaged]
            )
        assert visitor.see(f"{broken}/q/now/").status_code == 403
        listed = visitor.see("/check/")
        assert f'href="{visitor.check}/q/nerves/"' in listed.content.decode()
        assert f"consultations.questionnaireresponse {damaged}" in caplog.text

    def test_the_session_holds_no_answer(self, visitor: Visitor) -> None:
        visitor.answer()
        visitor.tell_contact()
        assert dict(visitor.client.session.items()) == {"checks": {visitor.key: visitor.response.token}}


POSTS = [
    *[("screen", screen.slug) for screen in flow.screens("1.1.0")],
    ("contact", ""), ("answers", ""), ("call-back", ""), ("take-out", ""),
]  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_no_sequence_of_posts_to_one_changes_the_other(browser: Client, seed: int) -> None:
    """Any screen, in any order, right or wrong, with a danger or without, and sending: B stays as it was."""
    draw = random.Random(seed)
    first, second = Tab(browser), Tab(browser)
    second.answer(until=draw.choice(["pain", "health", "hopes"]), ab_age="71")
    before = QuestionnaireResponse.objects.filter(pk=second.response.pk).values().get()
    first.answer(until=draw.choice(["pain", "tried", "hopes"]))
    for _ in range(25):
        page, slug = draw.choice(POSTS)
        changes = {**ROUTINE, **draw.choice(list(OUTCOMES.values()))}
        path = f"q/{slug}" if page == "screen" else page
        data: dict[str, Any] = {
            "screen": fields_of(slug, changes), "contact": CONTACT, "answers": CONSENTS,
        }.get(page, {"words": "x"})  # fmt: skip
        answered = browser.post(f"{first.check}/{path}/", draw.choice([data, {}]))
        assert answered.status_code in (200, 302, 405, 409)
        assert second.own not in answered.headers.get("Location", "")
    assert QuestionnaireResponse.objects.filter(pk=second.response.pk).values().get() == before
    assert first.own != second.own
