"""Choosing a time in a browser, counted: two pages and three clicks after the private link is opened."""

from typing import Any

import pytest
from django.test import Client

from consultations.enums import RequestStatus
from consultations.models import Appointment, SafetyCase, SlotHold
from tests.journeys.test_the_whole_story import Person
from tests.journeys.test_the_whole_story import meet as meet
from tests.personas import at, open_privately

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WAYS = pytest.mark.parametrize(("with_js", "width"), [(True, 1280), (False, 390)], ids=["with JavaScript", "without"])


@pytest.fixture
def chooser(meet: Any, make_request: Any, visit: Any, clinician: Any) -> Any:
    """Somebody who has just opened their private link, with an offer that waits."""

    def opened(**look: Any) -> Person:
        client = Client()
        open_privately(client, make_request(status=RequestStatus.OFFERED, answered_again_at=None))
        person: Person = meet(**look)
        person.take_over(client)
        person.go(at(client))
        return person

    return opened


def pages_of(person: Person) -> list[str]:
    """The pages that were shown from now on, by the end of their address."""
    shown: list[str] = []
    person.page.on("load", lambda page: shown.append(person.path.split("/", 3)[3]))
    return shown


def press_and_tick(person: Person, tick: str) -> int:
    """Press the first time, tick one line, press the button; how many presses that were."""
    presses = (
        lambda: person.page.locator("button[name=slot]").first.click(),
        lambda: person.page.locator(f"label[for='{box_of(person, tick)}']").click(),
        lambda: person.page.locator("main form[action$='/times/check/'] button[type=submit]").click(),
    )
    for press in presses:
        press()
        person.arrive()
    return len(presses)


def box_of(person: Person, tick: str) -> str:
    return str(person.page.locator(f"main [name=ticks][value={tick}]").get_attribute("id"))


@WAYS
def test_two_pages_and_three_clicks(chooser: Any, with_js: bool, width: int) -> None:
    person = chooser(with_js=with_js, width=width)
    shown = pages_of(person)
    assert press_and_tick(person, "none") == 3
    assert shown == ["times/check/", ""]
    booked = Appointment.objects.get()
    assert booked.booked_by is None
    assert not SlotHold.objects.exists()
    assert "Add to calendar" in person.words


@WAYS
def test_a_danger_on_the_second_page_leads_to_what_to_do_now(chooser: Any, with_js: bool, width: int) -> None:
    person = chooser(with_js=with_js, width=width)
    press_and_tick(person, "chest")
    assert person.path.endswith("/changed/now/")
    assert "911" in person.words
    assert "is not booked" in person.words
    assert SafetyCase.objects.count() == 1
    assert not Appointment.objects.exists()
    person.page.go_back()
    person.arrive()
    assert "A doctor looks at this first" in person.words
    # The browser notes the status of that page, 409.
    assert all("409" in line for line in person.said)
    person.said.clear()


def test_a_double_click_books_once_and_back_shows_no_old_question(chooser: Any) -> None:
    person = chooser(with_js=True, width=390)
    person.page.locator("button[name=slot]").first.click()
    person.arrive()
    person.fill(ticks="none")
    person.page.get_by_role("button", name="Book this time", exact=True).dblclick()
    person.page.wait_for_url(lambda url: "/times/" not in url)
    assert Appointment.objects.count() == 1
    person.page.go_back()
    person.arrive()
    assert "Has anything changed?" not in person.words
    assert Appointment.objects.count() == 1
