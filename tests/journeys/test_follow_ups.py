"""Follow-ups in a browser: with JavaScript they come and go on the page, without it they have one of their own."""

from typing import Any

import pytest

from consultations.models import QuestionnaireResponse, SafetyCase
from tests.axe import faults
from tests.journeys.test_the_whole_story import Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WHEN = "When did this start, or last get worse?"


@pytest.fixture
def at_nerves(content: Any, chromium: Any, live_server: Any) -> Any:
    """Somebody before the second screen, with or without JavaScript."""
    people: list[Person] = []

    def come(**look: Any) -> Person:
        people.append(person := Person(chromium, live_server.url, **look))
        person.go("/check/")
        person.press("Start now")
        person.answer(until="nerves")
        return person

    yield come
    for person in people:
        assert person.said == []
        person.context.close()


@pytest.mark.parametrize(("width", "theme"), [(390, "light"), (1280, "dark")])
def test_one_comes_with_its_answer_and_goes_with_it(at_nerves: Any, width: int, theme: str) -> None:
    person = at_nerves(with_js=True, width=width, theme=theme)
    when = person.page.get_by_role("group", name=WHEN)
    assert not when.is_visible()
    person.page.get_by_label("You leak pee").check(force=True)
    assert when.is_visible()
    assert faults(person.page) == []
    person.page.get_by_label("You leak pee").uncheck(force=True)
    assert not when.is_visible()
    person.page.get_by_label("You leak pee").check(force=True)
    person.page.get_by_label("None of these").check(force=True)
    assert not when.is_visible(), "none of these clears the others, and with them what follows"
    person.press("Continue")
    assert person.path == "/check/q/injury/"
    assert "rf_ce_when" not in QuestionnaireResponse.objects.get().answers


def test_both_answers_on_one_page_lead_to_emergency_help(at_nerves: Any) -> None:
    person = at_nerves(with_js=True, width=390)
    person.page.get_by_label("You leak pee").check(force=True)
    person.page.get_by_label("In the last 2 weeks").check(force=True)
    person.press("Continue")
    assert "Get emergency help now" in person.words
    assert QuestionnaireResponse.objects.get().answers["rf_ce_when"] == "lt2w"
    assert SafetyCase.objects.get().level == "EMERGENCY"


def test_going_back_shows_what_was_opened(at_nerves: Any) -> None:
    person = at_nerves(with_js=True, width=390)
    person.page.get_by_label("New problems with sex").check(force=True)
    person.page.get_by_label("More than 3 months ago").check(force=True)
    person.press("Continue")
    assert person.path == "/check/q/injury/"
    person.press("Back")
    assert person.path == "/check/q/nerves/"
    assert person.page.get_by_role("group", name=WHEN).is_visible()
    assert person.page.get_by_label("More than 3 months ago").is_checked()


def test_without_javascript_it_has_a_page_of_its_own(at_nerves: Any) -> None:
    person = at_nerves(with_js=False, width=390)
    assert WHEN not in person.words
    person.page.get_by_label("New problems with sex").check(force=True)
    person.press("Continue")
    assert person.path == "/check/q/nerves-more/"
    person.page.get_by_label("More than 3 months ago").check(force=True)
    person.press("Continue")
    assert person.path == "/check/q/injury/"
