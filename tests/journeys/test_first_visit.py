"""A first visit fetches at most 100 KB in 7 requests, text as the web server compresses it: counted, not timed."""

import gzip
from typing import Any
from urllib.parse import urlsplit

import pytest

from clinic.core import page_cache

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MOST_BYTES, MOST_REQUESTS = 100 * 1024, 7
FIRST_PAGES = ("/", "/check/", "/stem-cells/evidence/")
PACKED = (".woff2", ".png")


def over_the_wire(path: str, body: bytes) -> int:
    return len(body) if path.endswith(PACKED) else len(gzip.compress(body, compresslevel=6))


def fetched(chromium: Any, base_url: str, path: str) -> dict[str, int]:
    """Address -> bytes, of everything that a browser with an empty cache asks for."""
    context = chromium.new_context(base_url=base_url, viewport={"width": 390, "height": 844})
    try:
        page = context.new_page()
        answers: list[Any] = []
        page.on("response", lambda answer: answers.append(answer))
        page.goto(path)
        page.evaluate("() => document.fonts.ready.then(() => true)")
        return {
            urlsplit(answer.url).path: over_the_wire(urlsplit(answer.url).path, answer.body()) for answer in answers
        }
    finally:
        context.close()


def test_a_first_visit_is_light(content: Any, chromium: Any, live_server: Any) -> None:
    page_cache.PAGES.clear()
    try:
        visits = {path: fetched(chromium, live_server.url, path) for path in FIRST_PAGES}
    finally:
        page_cache.PAGES.clear()

    assert all("/static/clinic/fonts/atkinson.woff2" in visit for visit in visits.values())
    assert {
        path: visit for path, visit in visits.items() if sum(visit.values()) > MOST_BYTES or len(visit) > MOST_REQUESTS
    } == {}, "lighter: fold what repeats, or leave out what the page does not need"
