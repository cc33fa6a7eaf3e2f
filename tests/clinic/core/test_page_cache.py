"""A warm public page costs nothing, is never old for more than a second, and never holds anything of anyone."""

import dataclasses
import gzip
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.contrib import messages
from django.core.exceptions import DisallowedHost
from django.db import OperationalError
from django.http import HttpResponse, StreamingHttpResponse
from django.middleware.csrf import get_token
from django.test import Client, RequestFactory
from django.urls import path

from clinic.core import page_cache
from clinic.core.page_cache import CachedResponse, PageCacheMiddleware, Pages, may_keep
from education import library
from education.models import Page
from education.services import loading, snapshot, versions
from tests.content_fixtures import SHIPPED
from tests.education.performing import perform

ADDRESS = "/conditions/herniated-disc/"


class Time:
    """The monotonic clock, moved by hand."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Time:
    clock_read = Time()
    monkeypatch.setattr(page_cache, "time", clock_read)
    return clock_read


@pytest.fixture(autouse=True)
def an_empty_cache(settings: Any) -> Iterator[None]:
    settings.PAGE_CACHE_SECONDS = 1
    page_cache.PAGES.clear()
    yield
    page_cache.PAGES.clear()


A_FEW = dataclasses.replace(
    SHIPPED,
    pages=[page for page in SHIPPED.pages if page["path"] in ("/", ADDRESS, "/stem-cells/evidence/")],
    sources=[],
    evidence=[],
    terms=SHIPPED.terms[:1],
    questions=SHIPPED.questions[:1],
    waivers=[],
)


@pytest.fixture
def site(db: None, clock: Time) -> None:
    loading.load(shipped=A_FEW, publish=True)


def change_title(title: str) -> None:
    page = Page.objects.get(path=ADDRESS)
    page.title = title
    page.save()
    versions.publish_unreviewed(page=page, by="Somebody")
    snapshot.refresh_snapshot()


class TestCost:
    def test_a_cold_page_costs_two_queries_and_a_warm_one_none(self, site, client, django_assert_num_queries):
        with django_assert_num_queries(2):
            first = client.get(ADDRESS)
        with django_assert_num_queries(0):
            second = client.get(ADDRESS)
        assert (first.status_code, first.content) == (second.status_code, second.content)

    def test_after_a_second_it_costs_one_for_all_pages_together(self, site, client, clock, django_assert_num_queries):
        for address in (ADDRESS, "/faq/", "/"):
            client.get(address)
        clock.now += 1
        with django_assert_num_queries(1):
            for address in (ADDRESS, "/faq/", "/"):
                client.get(address)

    @pytest.mark.parametrize("address", ["/", "/faq/", "/glossary/", "/sources/", "/sitemap.xml", "/updates.atom"])
    def test_every_kind_of_public_page_is_kept(self, address, site, client, django_assert_num_queries):
        client.get(address)
        with django_assert_num_queries(0):
            assert client.get(address).status_code == 200


class TestPublication:
    def test_it_shows_within_a_second(self, site, client, clock):
        client.get(ADDRESS)
        change_title("A new heading")
        clock.now += 0.99
        client.get(ADDRESS)
        clock.now += 0.01
        assert b"A new heading" in client.get(ADDRESS).content

    def test_it_shows_within_a_second_in_another_process(self, site, client, clock):
        """Two stores know nothing of each other, as two processes do."""
        here, there = (PageCacheMiddleware(render, Pages()) for _ in range(2))
        request = RequestFactory().get("/a/")
        before = [here(request).content, there(request).content]
        snapshot.refresh_snapshot()
        assert [here(request).content, there(request).content] == before
        clock.now += 1
        after = [here(request).content, there(request).content]
        assert after[0] == after[1] != before[0]

    def test_a_page_taken_back_is_gone(self, site, client, clock, django_user_model):
        client.get(ADDRESS)
        root = django_user_model.objects.create_superuser("root", "root@clinic.example", "a quiet passphrase")
        perform("withdraw", Page.objects.get(path=ADDRESS), reason="A trial that it rests on was taken back.", by=root)
        clock.now += 1
        assert client.get(ADDRESS).status_code == 410

    def test_a_page_made_before_a_change_and_kept_after_it_does_not_outlive_the_second(self, clock):
        pages = Pages()
        pages.put(key("/b/"), cached("new"), asked_at=clock.now + 0.2)
        pages.put(key("/a/"), cached("old"), asked_at=clock.now)
        clock.now += 0.3
        assert pages.get(key("/a/")) is None

    def test_a_new_day_is_a_new_page(self, site, client, django_assert_max_num_queries):
        with time_machine.travel(datetime(2026, 11, 25, 12, tzinfo=UTC), tick=False) as day:
            client.get(ADDRESS)
            day.move_to(datetime(2026, 11, 26, 12, tzinfo=UTC))
            with django_assert_max_num_queries(2):
                assert client.get(ADDRESS).context is not None

    def test_what_is_held_is_shown_while_the_database_is_away(self, site, client, clock, monkeypatch, caplog):
        before = client.get(ADDRESS).content

        def away() -> str:
            raise OperationalError("could not connect")

        monkeypatch.setattr(page_cache, "_look", lambda: away)
        clock.now += 5
        assert client.get(ADDRESS).content == before
        assert "could not be read (OperationalError could not connect)" in caplog.text


class TestWhoIsLeftAlone:
    """Requests that the cache neither answers nor keeps."""

    def test_whoever_has_a_session(self, site, client, django_user_model):
        client.get(ADDRESS)
        client.force_login(django_user_model.objects.create_superuser("root", "r@clinic.example", "a passphrase"))
        assert client.get(ADDRESS).context is not None
        assert "ETag" not in client.get(ADDRESS)

    @pytest.mark.parametrize(
        "change",
        [{"query_params": {"condition": "ddd"}}, {"headers": {"authorization": "Basic eDp5"}}],
        ids=["query", "authorization"],
    )
    def test_whoever_asks_for_more_than_the_address(self, site, client, change):
        for _ in range(2):
            answer = client.get("/stem-cells/evidence/", **change)
            assert answer.context is not None
        assert not page_cache.PAGES.cached

    def test_whoever_posts(self, site, client):
        client.get(ADDRESS)
        assert client.post(ADDRESS).status_code == 405

    def test_everyone_under_debug(self, site, client, settings):
        settings.DEBUG = True
        client.get(ADDRESS)
        assert not page_cache.PAGES.cached

    def test_a_host_that_is_not_ours(self, site, client):
        client.get(ADDRESS)
        assert client.get(ADDRESS, headers={"host": "evil.example"}).status_code == 400


class TestApart:
    def test_the_theme(self, site, client):
        plain = client.get(ADDRESS).content
        client.cookies["theme"] = "dark"
        dark = client.get(ADDRESS).content
        del client.cookies["theme"]
        assert b'data-bs-theme="dark"' in dark
        assert client.get(ADDRESS).content == plain != dark

    def test_no_word_of_a_cookie_makes_a_place_of_its_own(self, site, client):
        for word in ("auto", "neon", "<script>"):
            client.cookies["theme"] = word
            client.get(ADDRESS)
        assert len(page_cache.PAGES.cached) == 1

    def test_the_host(self, site, client):
        client.get(ADDRESS)
        client.get(ADDRESS, headers={"host": "localhost"})
        assert len(page_cache.PAGES.cached) == 2


def render(request: Any) -> HttpResponse:
    return may_keep(HttpResponse(f"<p>{library.revision()}</p>"), revision=library.revision())


def plain(request: Any) -> HttpResponse:
    return may_keep(HttpResponse("<p>words</p>"), revision="one")


def unmarked(request: Any) -> HttpResponse:
    return HttpResponse("<p>words</p>")


def with_cookie(request: Any) -> HttpResponse:
    response = plain(request)
    response.set_cookie("seen", "1")
    return response


def with_session(request: Any) -> HttpResponse:
    request.session["seen"] = 1
    return plain(request)


def with_message(request: Any) -> HttpResponse:
    messages.info(request, "For you alone")
    return plain(request)


def with_token(request: Any) -> HttpResponse:
    return may_keep(HttpResponse(f'<input name="csrfmiddlewaretoken" value="{get_token(request)}">'), revision="one")


def not_to_be_stored(request: Any) -> HttpResponse:
    response = plain(request)
    response["Cache-Control"] = "no-store, private"
    return response


def with_status(code: int) -> Any:
    return lambda request: may_keep(HttpResponse("words", status=code), revision="one")


def streamed(request: Any) -> StreamingHttpResponse:
    return may_keep(StreamingHttpResponse([b"words"]), revision="one")


def before_any_content(request: Any) -> HttpResponse:
    return may_keep(HttpResponse("words"), revision="")


NEVER = {
    "unmarked": unmarked, "cookie": with_cookie, "session": with_session, "message": with_message,
    "token": with_token, "no-store": not_to_be_stored, "streamed": streamed, "empty": before_any_content,
    **{str(code): with_status(code) for code in (201, 301, 302, 404, 410, 500, 503)},
}  # fmt: skip
urlpatterns = [path("plain/", plain), *(path(f"{name}/", view) for name, view in NEVER.items())]


@pytest.mark.django_db
@pytest.mark.urls(__name__)
class TestWhatIsKept:
    @pytest.mark.parametrize("name", NEVER)
    def test_never(self, name, client):
        first = client.get(f"/{name}/")
        assert not page_cache.PAGES.cached
        assert "ETag" not in first

    def test_a_plain_marked_page(self, client):
        client.get("/plain/")
        assert len(page_cache.PAGES.cached) == 1


def test_a_preview_is_never_kept(site, client, django_user_model):
    Page.objects.filter(path=ADDRESS).update(title="Only for staff")
    client.force_login(django_user_model.objects.create_superuser("root", "r@clinic.example", "a passphrase"))
    assert b"Only for staff" in client.get(f"{ADDRESS}?preview").content
    assert not page_cache.PAGES.cached
    assert b"Only for staff" not in Client().get(ADDRESS).content


class TestAnswer:
    def test_a_warm_page_has_the_headers_of_a_cold_one_and_its_own_number(self, site, client):
        first, second = client.get(ADDRESS), client.get(ADDRESS)
        own = {"X-Request-ID"}
        assert {name: value for name, value in first.headers.items() if name not in own} == {
            name: value for name, value in second.headers.items() if name not in own
        }
        assert first["X-Request-ID"] != second["X-Request-ID"]
        assert first["Cache-Control"] == "no-cache"
        assert {"Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options"} <= set(second.headers)
        assert {word.strip() for word in first["Vary"].split(",")} == {"Cookie", "Accept-Encoding"}

    def test_only_validation_is_added_to_what_the_view_says(self, site, client, settings):
        warm = client.get(ADDRESS)
        settings.DEBUG = True
        bare = client.get(ADDRESS)
        added = {name for name, value in warm.headers.items() if bare.headers.get(name) != value}
        assert added == {"X-Request-ID", "ETag", "Cache-Control", "Vary"}

    def test_whoever_has_this_very_page_is_told_so(self, site, client):
        tag = client.get(ADDRESS)["ETag"]
        again = client.get(ADDRESS, headers={"if-none-match": tag})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
        assert {"Cache-Control", "Vary", "Content-Security-Policy"} <= set(again.headers)
        assert client.get(ADDRESS, headers={"if-none-match": '"another"'}).status_code == 200

    def test_head_has_the_headers_and_no_words(self, site, client):
        page, head = client.get(ADDRESS), client.head(ADDRESS)
        assert head.content == b""
        for name in ("Content-Length", "Content-Type", "ETag"):
            assert head[name] == page[name]

    def test_a_head_before_any_get_leaves_the_page_whole(self, site, client):
        client.head(ADDRESS)
        assert b"</html>" in client.get(ADDRESS).content

    def test_it_comes_packed_to_whoever_can_unpack(self, site, client):
        page = client.get(ADDRESS)
        packed = client.get(ADDRESS, headers={"accept-encoding": "br, gzip"})
        assert packed["Content-Encoding"] == "gzip"
        assert packed["Content-Length"] == str(len(packed.content))
        assert gzip.decompress(packed.content) == page.content
        assert packed["ETag"] != page["ETag"]
        assert len(packed.content) < len(page.content) / 2

    def test_bad_input_is_refused_before(self, site, client):
        client.get(ADDRESS)
        assert client.get(ADDRESS, QUERY_STRING="a=%00").status_code == 400
        assert client.generic("TRACE", ADDRESS).status_code == 405


def key(address: str) -> page_cache.Key:
    return (datetime(2026, 11, 25, tzinfo=UTC).date(), "testserver", address, "auto")


def cached(revision: str, *, size: int = 1000) -> CachedResponse:
    return CachedResponse(revision, (), b"x" * size, b"", "tag")


class TestBounds:
    def test_the_page_least_asked_for_goes_first(self, clock):
        pages = Pages(most_pages=2)
        for address in ("/a/", "/b/"):
            pages.put(key(address), cached("one"), asked_at=clock.now)
        pages.get(key("/a/"))
        pages.put(key("/c/"), cached("one"), asked_at=clock.now)
        assert [item[2] for item in pages.cached] == ["/a/", "/c/"]

    def test_the_bytes_are_counted(self, clock):
        pages = Pages(most_bytes=2500)
        for address in ("/a/", "/b/", "/c/", "/c/"):
            pages.put(key(address), cached("one"), asked_at=clock.now)
        assert (len(pages.cached), pages.bytes) == (2, 2000)
        pages.put(key("/d/"), cached("one", size=3000), asked_at=clock.now)
        assert key("/d/") not in pages.cached
        pages.put(key("/e/"), cached("two"), asked_at=clock.now + 1)
        assert (len(pages.cached), pages.bytes) == (1, 1000)

    def test_many_threads_leave_it_consistent(self):
        pages = Pages(most_pages=20, most_bytes=12_000)
        wrong: list[Exception] = []

        def knock(number: int) -> None:
            try:
                for index in range(300):
                    name = key(f"/{(number * 7 + index) % 40}/")
                    if pages.get(name) is None:
                        pages.put(name, cached("one", size=100 + index), asked_at=0.0)
            except Exception as error:
                wrong.append(error)

        pages._see("one", page_cache.time.monotonic())
        threads = [threading.Thread(target=knock, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert wrong == []
        assert pages.bytes == sum(item.size for item in pages.cached.values()) <= 12_000
        assert len(pages.cached) <= 20


def test_a_wrong_host_is_refused_by_the_cache_itself(settings):
    with pytest.raises(DisallowedHost):
        PageCacheMiddleware(plain)(RequestFactory().get("/a/", headers={"host": "evil.example"}))
