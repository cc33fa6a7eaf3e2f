"""A warm page is what Django would answer, byte for byte and header for header, and never what is not everybody's."""

import gzip
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import RequestFactory
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from clinic.core import page_cache, request_metrics
from clinic.core.warm_pages import WarmPages
from education.services import loading
from tests.clinic.core.test_page_cache import A_FEW, ADDRESS, Time, change_title, clock  # noqa: F401  (fixtures)

pytestmark = pytest.mark.django_db


class Counted:
    """Django, and how often it was asked."""

    def __init__(self) -> None:
        self.django = WSGIHandler()
        self.asked = 0

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.asked += 1
        return self.django(environ, start_response)


@pytest.fixture(autouse=True)
def a_site(settings: Any) -> Iterator[None]:
    settings.PAGE_CACHE_SECONDS = 60
    loading.load(shipped=A_FEW, publish=True)
    page_cache.PAGES.clear()
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)  # the connection is that of the test
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
    page_cache.PAGES.clear()


@pytest.fixture
def site() -> WarmPages:
    return WarmPages(Counted())


Given = tuple[str, dict[str, str], bytes]


def ask(application: Any, path: str = ADDRESS, method: str = "GET", **environ: str) -> Given:
    sent: list[Any] = []
    asked = {**RequestFactory().generic(method, path).environ, "wsgi.input": BytesIO(), **environ}
    body = application(asked, lambda status, headers, *more: sent.append((status, dict(headers))))
    whole = b"".join(body)
    if hasattr(body, "close"):
        body.close()
    return (*sent[-1], whole)


def without_number(answer: Given) -> Given:
    status, headers, body = answer
    number = headers.pop("X-Request-ID")
    assert re.fullmatch("[0-9a-f]{16}", number)
    return status, headers, body


def test_the_second_answer_is_the_first_and_django_is_not_asked(site: WarmPages) -> None:
    first, second, third = ask(site), ask(site), ask(site)
    assert site.application.asked == 1
    assert second[1]["X-Request-ID"] != third[1]["X-Request-ID"] != first[1]["X-Request-ID"]
    assert without_number(first) == without_number(second) == without_number(third)
    assert b"Herniated disc" in first[2]
    assert first[1]["Content-Security-Policy"].startswith("default-src 'none'")


HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "HTTP_ACCEPT_ENCODING": st.sampled_from(["gzip", "br, gzip;q=0.5", "identity", "gzip;q=0", "*"]),
        "HTTP_COOKIE": st.sampled_from(["theme=dark", "theme=light; other=1", "theme=odd", "=;;=", "sessionid="]),
        "HTTP_IF_NONE_MATCH": st.sampled_from(["*", '"x"', "TAG", "GZIP", "W/TAG", "TAG, GZIP", "odd"]),
        "HTTP_IF_MODIFIED_SINCE": st.just("Sat, 28 Nov 2026 12:00:00 GMT"),
        "HTTP_RANGE": st.just("bytes=0-9"),
        "HTTP_HOST": st.sampled_from(["testserver", "testserver:8000", "evil.example", "", "localhost"]),
        "HTTP_X_FORWARDED_PROTO": st.sampled_from(["https", "http"]),
        "HTTP_AUTHORIZATION": st.just("Basic YTpi"),
        "QUERY_STRING": st.sampled_from(["a=1", "%ff"]),
        "CONTENT_LENGTH": st.sampled_from(["0", "3", "x"]),
        "PATH_INFO": st.sampled_from(
            [ADDRESS, "/", "/no-such-page/", "/conditions/herniated-disc", "/check/", "/\xff/"]
        ),
    },
)
ASKED = st.lists(st.tuples(st.sampled_from(["GET", "HEAD", "POST", "PUT", "OPTIONS"]), HEADERS), min_size=1, max_size=6)


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=ASKED)
def test_whatever_is_asked_in_whatever_order_the_answers_are_those_of_django(asked: Any) -> None:
    """Every question twice, so that what was kept for one meets all that follow."""
    site, django = WarmPages(Counted()), WSGIHandler()
    tag = ask(django)[1]["ETag"]
    packed = ask(django, HTTP_ACCEPT_ENCODING="gzip")[1]["ETag"]
    for method, headers in [*asked, *asked]:
        given = {name: value.replace("TAG", tag).replace("GZIP", packed) for name, value in headers.items()}
        expected, answer = ask(django, method=method, **given), ask(site, method=method, **given)
        for item in (expected, answer):
            item[1].pop("X-Request-ID")
        if "csrftoken" not in expected[1].get("Set-Cookie", "") and "/check/" not in given.get("PATH_INFO", ""):
            assert answer == expected, (method, given)
        assert answer[0] == expected[0]


def test_each_form_of_a_page_is_kept_by_itself(site: WarmPages) -> None:
    plain, packed = ask(site)[2], ask(site, HTTP_ACCEPT_ENCODING="gzip")[2]
    dark = ask(site, HTTP_COOKIE="theme=dark")[2]
    assert gzip.decompress(packed) == plain
    assert plain != dark
    asked = site.application.asked
    again = [ask(site)[2], ask(site, HTTP_ACCEPT_ENCODING="gzip")[2], ask(site, HTTP_COOKIE="theme=dark")[2]]
    assert again == [plain, packed, dark]
    assert ask(site, method="HEAD")[2] == ask(site, method="HEAD")[2] == b""
    assert site.application.asked == asked + 1


def test_who_has_the_page_already_is_told_so(site: WarmPages) -> None:
    tag = ask(site)[1]["ETag"]
    asked = site.application.asked
    answers = [ask(site, HTTP_IF_NONE_MATCH=tag) for _ in range(3)]
    assert {(answer[0], answer[2]) for answer in answers} == {("304 Not Modified", b"")}
    assert site.application.asked == asked + 1


def test_claims_to_know_a_page_take_no_room(site: WarmPages) -> None:
    ask(site)
    for number in range(20):
        assert ask(site, HTTP_IF_NONE_MATCH=f'"{number}"')[0] == "200 OK"
    assert len(site.answers) == 1


def test_nobody_signed_in_or_known_is_answered_from_memory(site: WarmPages, settings: Any) -> None:
    ask(site)
    for number in range(2):
        ask(site, HTTP_COOKIE=f"{settings.SESSION_COOKIE_NAME}=x{number}")
    assert site.application.asked == 3


def test_a_host_that_is_none_of_ours_is_refused_each_time(site: WarmPages) -> None:
    ask(site)
    assert [ask(site, HTTP_HOST="evil.example")[0] for _ in range(2)] == ["400 Bad Request"] * 2


def test_plain_http_is_still_led_to_https(site: WarmPages, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    site = WarmPages(Counted())
    assert ask(site, HTTP_X_FORWARDED_PROTO="https")[0] == "200 OK"
    assert ask(site, HTTP_X_FORWARDED_PROTO="https")[0] == "200 OK"
    assert [ask(site, HTTP_X_FORWARDED_PROTO="http")[0] for _ in range(2)] == ["301 Moved Permanently"] * 2


def test_a_correction_shows_as_soon_as_it_does_in_django(site: WarmPages, settings: Any, clock: Time) -> None:  # noqa: F811
    settings.PAGE_CACHE_SECONDS = 1
    ask(site)
    change_title("A corrected title")
    clock.now += 1.1
    assert b"A corrected title" in ask(site)[2]
    assert b"A corrected title" in ask(site)[2]


def test_at_most_a_second_passes_before_django_is_asked_again(site: WarmPages, settings: Any, clock: Time) -> None:  # noqa: F811
    settings.PAGE_CACHE_SECONDS = 1
    ask(site), ask(site)
    clock.now += 1.1
    ask(site), ask(site)
    assert site.application.asked == 2


def test_under_debug_everything_is_made_anew(site: WarmPages, settings: Any) -> None:
    settings.DEBUG = True
    ask(site), ask(site)
    assert site.application.asked == 2


def test_the_room_is_bounded(site: WarmPages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clinic.core.warm_pages.MOST", 3)
    for port in range(8000, 8010):
        ask(site, HTTP_HOST=f"testserver:{port}")
    assert len(site.answers) <= 3


def test_the_number_of_the_proxy_stands_in_the_answer(site: WarmPages, settings: Any) -> None:
    settings.PROXY_COUNT = 1
    numbers = [ask(site, HTTP_X_REQUEST_ID=f"request-000{number}")[1]["X-Request-ID"] for number in range(3)]
    assert numbers == ["request-0000", "request-0001", "request-0002"]
    assert re.fullmatch("[0-9a-f]{16}", ask(site, HTTP_X_REQUEST_ID="odd\r\nX: y")[1]["X-Request-ID"])


def test_answers_from_memory_are_counted(site: WarmPages) -> None:
    ask(site)
    counter = request_metrics.ANSWERS.labels("from memory", "200")
    before = counter._value.get()
    ask(site), ask(site)
    assert counter._value.get() == before + 2


def test_the_web_server_begins_here() -> None:
    from clinic.wsgi import application

    assert isinstance(application, WarmPages)
