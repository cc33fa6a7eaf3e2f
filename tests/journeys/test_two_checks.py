"""Two people's checks in one browser, and a browser that has lost its session, as somebody at a screen meets them."""

from typing import Any

import pytest

from consultations.models import ConsultationRequest, QuestionnaireResponse, SafetyCase
from tests.axe import faults
from tests.journeys.test_the_whole_story import ME, SCREENS, Person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BOB = {**ME, "name": "Bob Pell", "birth_on_year": "1955", "email": "bob@example.com"}
# Axe is a script, so only the browser that runs scripts is asked for faults.
WAYS = pytest.mark.parametrize("with_js", [True, False], ids=["with JavaScript", "without"])


@pytest.fixture
def meet(content: Any, chromium: Any, live_server: Any) -> Any:
    people = []

    def meet_one(**look: Any) -> Person:
        people.append(Person(chromium, live_server.url, **look))
        return people[-1]

    yield meet_one
    for item in people:
        item.context.close()


def send(person: Person, **contact: str) -> None:
    person.follow("Continue")
    person.fill(filled_for="self", contact_by="email", safe_to_contact="any", **contact)
    person.press("Continue")
    person.fill(true_answers=True, care_team=True, privacy_notice=True)
    person.press("Send my request")


@WAYS
def test_two_checks_side_by_side(meet: Any, with_js: bool) -> None:
    person = meet(with_js=with_js, width=390)
    alices = person.page
    person.go("/check/")
    person.press("Start now")
    person.fill(ab_age="56", rf_now="none")
    person.press("Continue")

    bobs = person.page = person.context.new_page()
    person.go("/check/")
    assert "You have begun a check in this browser" in person.words
    person.follow("Start another check")
    assert "What you have begun stays as it is" in person.words
    assert with_js is False or faults(bobs) == []
    person.press("Start a new check")
    assert person.answer(ab_age="71") == SCREENS[with_js]
    assert person.path == "/check/result/"

    person.page = alices
    person.page.reload()
    assert person.path == "/check/q/nerves/"
    person.answer(rf_systemic=["weight_loss"])
    person.page.reload()
    send(person, **ME)
    alice = ConsultationRequest.objects.get()

    person.page = bobs
    person.page.reload()
    assert person.path == "/check/result/"
    send(person, **BOB)
    bob = ConsultationRequest.objects.exclude(pk=alice.pk).get()

    assert bob.response.answers["rf_systemic"] == ["none"]
    assert alice.response.answers["rf_systemic"] == ["weight_loss"]
    for page, consultation_request in ((alices, alice), (bobs, bob)):
        page.reload()
        assert consultation_request.reference in page.locator("main").inner_text()
    assert person.said == []


@WAYS
def test_a_lost_session_on_a_screen(meet: Any, with_js: bool) -> None:
    person = meet(with_js=with_js, width=390)
    person.go("/check/")
    person.press("Start now")
    person.answer(until="hopes")
    person.fill(ex_expect="info", ex_note="My sister had this.\nAnd my aunt.")
    keep_csrf_only(person)
    person.press("Continue")

    assert "This check is not open in this browser" in person.words
    assert "My sister had this." in person.words
    assert with_js is False or faults(person.page) == []

    person.press("Start again with these answers")
    assert person.path == "/check/q/now/"
    assert QuestionnaireResponse.objects.latest("pk").answers["ex_note"] == "My sister had this.\nAnd my aunt."


def test_numbers_typed_and_not_sent_are_there_after_back_and_forward(meet: Any) -> None:
    person = meet(with_js=True)
    person.go("/check/")
    person.press("Start now")
    person.fill(ab_age="56")
    person.go("/privacy/")
    person.page.go_back()
    assert person.page.locator("[name=ab_age]").input_value() == "56"


@WAYS
def test_a_danger_on_a_lost_screen_is_named_first(meet: Any, with_js: bool) -> None:
    person = meet(with_js=with_js, width=390)
    person.go("/check/")
    person.press("Start now")
    person.fill(ab_age="56", rf_now="chest")
    keep_csrf_only(person)
    person.press("Continue")

    assert person.page.locator("h1").inner_text() == "Get emergency help now"
    assert "911" in person.words
    assert with_js is False or faults(person.page) == []
    assert not SafetyCase.objects.exists()


@WAYS
def test_over_the_limit_the_check_goes_on_in_its_pages(
    meet: Any, with_js: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clinic.core.limits.allow", lambda key, **_: not key.startswith("check:"))
    person = meet(with_js=with_js, width=390)
    person.go("/check/")
    person.press("Start now")
    assert "Your answers are kept in this page only" in person.words
    assert with_js is False or faults(person.page) == []
    person.fill(ab_age="56", rf_now="none")
    person.press("Continue")
    person.press("Back")
    assert person.page.locator("[name=ab_age]").input_value() == "56"
    person.press("Continue")
    person.answer()
    assert "A consultation makes sense" in person.words
    assert with_js is False or faults(person.page) == []
    person.press("Continue")
    person.fill(filled_for="self", contact_by="email", safe_to_contact="any", **ME)
    person.press("Continue")
    assert with_js is False or faults(person.page) == []
    assert not QuestionnaireResponse.objects.exists()
    person.fill(true_answers=True, care_team=True, privacy_notice=True)
    person.press("Send my request")
    assert person.path == "/check/sent/"
    assert ConsultationRequest.objects.get().reference in person.words


def keep_csrf_only(person: Person) -> None:
    """The session is over or was cleared; the cookie that guards forms is another one and stays."""
    rest = [cooky for cooky in person.context.cookies() if not cooky["name"].endswith("session")]
    person.context.clear_cookies()
    person.context.add_cookies(rest)
