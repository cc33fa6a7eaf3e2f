"""On a phone, what to do in an emergency is in the first screen of every page that says it; the contents list folds."""

from typing import Any

import pytest
from django.test import Client

from clinic.core import page_cache
from consultations.enums import RequestStatus
from tests.axe import faults_in_passing, take_over
from tests.content_fixtures import SHIPPED
from tests.personas import make_patient, open_privately, private_url

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = {"width": 390, "height": 844}
CARD_PAGES = sorted(page["path"] for page in SHIPPED.pages if "::: care-card :::" in page["body"])
OTHER_PAGES = [
    "/check/emergency/", "/search/?q=cannot+pee", "/search/?q=cannot+pee+and+want+to+die",
    "/search/?q=" + "my+back+hurts+and+I+read+all+of+your+pages+about+it+" * 5 + "and+I+cannot+pee",
]  # fmt: skip
OUTSIDE = """() => Array.from(document.querySelectorAll(".care, .emergency-note, h1")).filter(each => {
    const box = each.getBoundingClientRect();
    return box.top < 0 || box.height < 20 || box.bottom > innerHeight || box.left < 0 || box.right > innerWidth;
}).map(each => each.outerHTML.slice(0, 80))"""
SAID = """() => document.querySelectorAll(".care, .emergency-note").length"""
WALK = (
    {},
    {"ab_age": "56", "rf_now": "none"},
    {"rf_ce": "none"},
    {"rf_weak": "none", "rf_injury": "none", "rf_cancer": "none"},
)


@pytest.fixture
def phone(chromium: Any, live_server: Any) -> Any:
    """Pages that were kept with the lines of one region are not those of the next test, whichever it is."""
    page_cache.PAGES.clear()
    context = chromium.new_context(base_url=live_server.url, viewport=PHONE, reduced_motion="reduce")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()
    page_cache.PAGES.clear()


def what_is_below(page: Any) -> list[str]:
    assert page.evaluate(SAID) > 0, page.url
    return [f"{page.url}: {item}" for item in page.evaluate(OUTSIDE)]


def test_when_to_get_help_has_the_card() -> None:
    assert "/back-pain/when-to-get-help/" in CARD_PAGES
    assert len(CARD_PAGES) >= 9


def test_the_card_is_in_the_first_screen(content: Any, phone: Any) -> None:
    below = []
    for path in [*CARD_PAGES, *OTHER_PAGES]:
        phone.goto(path)
        below += what_is_below(phone)
    assert below == []


def test_the_card_fits_with_the_longest_lines_of_a_region(content: Any, phone: Any, settings: Any) -> None:
    settings.EMERGENCY_NUMBER = ""
    settings.CRISIS_LINE = "call your local emergency number, or call or text 13 11 14 at any hour of the day or night"
    below = []
    for path in CARD_PAGES:
        phone.goto(path)
        below += what_is_below(phone)
    assert below == []


def test_the_note_is_in_the_first_screen_of_the_check(content: Any, phone: Any) -> None:
    phone.goto("/check/")
    below = what_is_below(phone)
    for given in WALK:
        for name, value in given.items():
            field = phone.locator(f"main [name='{name}']").first
            if field.get_attribute("type") in ("radio", "checkbox"):
                phone.locator(f"main [name='{name}'][value='{value}']").check(force=True)
            else:
                field.fill(value)
        phone.locator("main form button[type=submit]").first.click()
        phone.wait_for_load_state("load")
        phone.evaluate("scrollTo(0, 0)")
        below += what_is_below(phone)
    assert "/q/" in phone.url
    phone.goto("/check/new/")
    assert below + what_is_below(phone) == []


def test_the_note_is_in_the_first_screen_of_a_private_page(
    phone: Any, live_server: Any, make_request: Any, clinician: Any
) -> None:
    below = []
    for number, status in enumerate(RequestStatus.values):
        consultation_request = make_request(status=status, patient=make_patient(f"Patient {number}"))
        client = Client()
        open_privately(client, consultation_request)
        take_over(phone.context, client, live_server.url)
        phone.goto(private_url(consultation_request))
        below += what_is_below(phone)
    assert below == []


class TestContents:
    PATH = "/conditions/herniated-disc/"

    def test_on_a_phone_it_is_folded_and_opens_by_keyboard(self, content: Any, phone: Any) -> None:
        phone.goto(self.PATH)
        link = phone.locator(".toc a[href='#symptoms']:visible")
        assert link.count() == 0
        summary = phone.locator(".toc summary:visible")
        summary.focus()
        phone.keyboard.press("Enter")
        assert link.count() == 1
        assert faults_in_passing(phone) == []

    def test_on_a_wide_screen_it_is_open(self, content: Any, phone: Any) -> None:
        phone.set_viewport_size({"width": 1280, "height": 900})
        phone.goto(self.PATH)
        assert phone.locator(".toc a[href='#symptoms']:visible").count() == 1
        assert phone.locator(".toc summary:visible").count() == 0

    @pytest.mark.parametrize("path", ["/faq/", "/conditions/"])
    def test_it_folds_without_script(self, content: Any, chromium: Any, live_server: Any, path: str) -> None:
        context = chromium.new_context(base_url=live_server.url, viewport=PHONE, java_script_enabled=False)
        page = context.new_page()
        page.goto(path)
        assert page.locator(".toc li:visible").count() == 0
        page.locator(".toc summary:visible").click()
        assert page.locator(".toc li:visible").count() > 1
        context.close()
