"""Long pages: how far a phone scrolls, the list that follows the reader, what a printer gets."""

from collections.abc import Iterator
from typing import Any

import pytest

from clinic.core import page_cache

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HEIGHT = "document.fonts.ready.then(() => document.documentElement.scrollHeight)"
MARKED = "[...document.querySelectorAll('.toc [aria-current]')].map(link => link.hash)"
CONDITION = "/conditions/herniated-disc/"


@pytest.fixture
def reader(chromium: Any, live_server: Any) -> Iterator[Any]:
    page_cache.PAGES.clear()
    context = chromium.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 844}, reduced_motion="reduce"
    )
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()
    page_cache.PAGES.clear()


def test_no_page_is_longer_on_a_phone_than_it_was_drawn(content: Any, reader: Any) -> None:
    """The drawing of the home page is 6759 pixels long; the page of the evidence was 49319."""
    for path, most in (("/", 6759), ("/stem-cells/evidence/", 27000), ("/treatments/", 25500)):
        reader.goto(path)
        assert reader.evaluate(HEIGHT) <= most, path


def test_the_list_on_this_page_marks_what_is_read(content: Any, reader: Any) -> None:
    reader.set_viewport_size({"width": 1280, "height": 900})
    reader.goto(CONDITION)
    assert reader.evaluate(MARKED) == []

    for part in ("#symptoms", "#brief"):
        reader.locator(f".toc--open a[href='{part}']").click()
        reader.locator(f".toc--open [aria-current][href='{part}']").wait_for()
        assert reader.evaluate(MARKED) == [part]


def test_without_script_the_list_marks_nothing(content: Any, chromium: Any, live_server: Any) -> None:
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{CONDITION}#symptoms")
    assert page.locator(".toc [aria-current]").count() == 0
    context.close()


def test_a_mark_opens_the_folded_sources(content: Any, reader: Any) -> None:
    reader.goto(CONDITION)
    assert not reader.locator("#source-1").is_visible()
    reader.locator("main a.cite").first.click()
    assert reader.locator("#sources[open]").count() == 1


def test_paper_has_what_is_folded_and_the_number_to_call(content: Any, reader: Any) -> None:
    reader.goto(CONDITION)
    reader.emulate_media(media="print")
    assert reader.locator("#source-1").is_visible()
    assert reader.locator(".toc:visible, .demo-strip:visible").count() == 0
    color = "getComputedStyle(document.querySelector('.care-head a')).color"
    assert reader.evaluate(color) == "rgb(0, 0, 0)"
