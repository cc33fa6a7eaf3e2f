"""From an answer to its cause: the line of every refusal and failure, as it stands in the log."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.views.decorators.http import require_POST

from clinic.core import error_pages, logs
from clinic.urls import handler400, handler403, handler404, handler500  # noqa: F401
from clinic.urls import urlpatterns as product_urls
from consultations.models import Location

TYPED = "numb-since-Tuesday"


class Cause(Exception):
    pgcode = "57P01"


def down(request: HttpRequest) -> HttpResponse:
    raise OperationalError(f"terminating connection due to administrator command: {TYPED}") from Cause(TYPED)


def fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError(TYPED)


def constraint(request: HttpRequest) -> HttpResponse:
    Location.objects.create(name="", address=TYPED)
    return HttpResponse()


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied(TYPED)


def missing(request: HttpRequest) -> HttpResponse:
    raise Http404(TYPED)


def conflict(request: HttpRequest) -> HttpResponse:
    return HttpResponse(TYPED, status=409)


def limited(request: HttpRequest) -> HttpResponse:
    return error_pages.too_many(request)


urlpatterns = [
    path("down/", down),
    path("fail/", fail),
    path("constraint/", constraint),
    path("forbidden/", forbidden),
    path("missing/", missing),
    path("conflict/", conflict, name="conflict"),
    path("limited/", limited),
    path("post/", require_POST(conflict), name="post"),
    *product_urls,
]
pytestmark = pytest.mark.urls(__name__)


class Lines(logging.Handler):
    """What the server's handler would have written."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.addFilter(logs.MaskFilter())
        self.setFormatter(logs.JSONFormatter())
        self.written: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.written.append(json.loads(self.format(record)))


@pytest.fixture
def lines() -> Iterator[list[dict[str, Any]]]:
    handler = Lines()
    root = logging.getLogger()
    root.addHandler(handler)
    yield handler.written
    root.removeHandler(handler)


@pytest.fixture
def calm() -> Client:
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


def only(lines: list[dict[str, Any]], response: Any) -> dict[str, Any]:
    """The one line of this answer, without its time and places; its number is the one the answer carries."""
    (line,) = [item for item in lines if item.get("status")]
    assert line.pop("request_id") == response["X-Request-ID"] != ""
    assert TYPED not in json.dumps(line)
    line.pop("at")
    line.pop("places", None)
    return line


class TestFailures:
    def test_a_database_that_is_away_is_one_line_with_its_code(self, calm: Client, lines: list[dict[str, Any]]) -> None:
        assert only(lines, calm.get("/down/")) == {
            "level": "ERROR",
            "logger": "django.request",
            "message": "Database away: /down/",
            "status": 503,
            "cause": "OperationalError 57P01 terminating connection",
            "exception": "OperationalError",
        }

    def test_it_also_is_when_middleware_meets_the_fault(
        self, calm: Client, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(self: Any, request: HttpRequest) -> None:
            raise OperationalError("connection refused")

        monkeypatch.setattr("django.contrib.messages.middleware.MessageMiddleware.process_request", broken)
        line = only(lines, calm.get("/conflict/"))
        assert (line["status"], line["cause"]) == (503, "OperationalError connection refused")

    def test_a_programming_error_is_named_by_type_and_place(self, calm: Client, lines: list[dict[str, Any]]) -> None:
        assert only(lines, calm.get("/fail/")) == {
            "level": "ERROR",
            "logger": "django.request",
            "message": "Internal Server Error: /fail/",
            "status": 500,
            "cause": "RuntimeError",
            "exception": "RuntimeError",
        }

    @pytest.mark.django_db
    def test_a_refused_row_is_named_by_its_constraint(self, calm: Client, lines: list[dict[str, Any]]) -> None:
        line = only(lines, calm.get("/constraint/"))
        assert line["status"] == 500
        assert line["cause"].split()[0] == "IntegrityError"
        assert line["cause"].split()[-1] == "location_name_not_empty"

    def test_the_page_says_the_number_of_the_line(self, calm: Client, lines: list[dict[str, Any]]) -> None:
        page = calm.get("/fail/")
        (line,) = [item for item in lines if item.get("status")]
        assert f"If you call us, say this number: <b>{line['request_id']}</b>" in page.content.decode()

    def test_a_proxys_number_is_the_one_on_the_page(self, calm: Client, settings: Any) -> None:
        settings.PROXY_COUNT = 1
        page = calm.get("/fail/", headers={"X-Request-ID": "abcdef0123456789"})
        assert "say this number: <b>abcdef0123456789</b>" in page.content.decode()

    def test_readiness_says_why_not(
        self, calm: Client, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*args: Any) -> None:
            raise OperationalError("could not connect to server")

        monkeypatch.setattr("education.library.revision", broken)
        line = only(lines, calm.get("/readyz"))
        assert (line["status"], line["cause"]) == (503, "OperationalError could not connect")


class TestRefusals:
    @pytest.mark.parametrize(
        ("url", "cause"),
        [
            (f"/{TYPED}%00/", "nul byte in the path"),
            (f"/{TYPED}%ff/", "not utf-8 in the path"),
            (f"/?q={TYPED}%00", "nul byte in the query"),
            (f"/?q={TYPED}%c3%28", "not utf-8 in the query"),
        ],
    )
    def test_of_an_address_say_the_rule_and_not_the_address(
        self, calm: Client, lines: list[dict[str, Any]], url: str, cause: str
    ) -> None:
        assert only(lines, calm.get(url)) == {
            "level": "WARNING",
            "logger": "clinic.core.middleware",
            "message": f"Refused: {cause}",
            "status": 400,
            "cause": cause,
        }

    @pytest.mark.parametrize(
        ("body", "kind", "status", "cause"),
        [
            (f"words={TYPED}%00", "application/x-www-form-urlencoded", 400, "nul byte in the body"),
            (f"words={TYPED}%ff", "application/x-www-form-urlencoded", 400, "not utf-8 in the body"),
            (f"words={TYPED}", "application/x-www-form-urlencoded; charset=utf-16", 400, "another charset in the body"),
            (f"words={TYPED}" + "x" * 1_100_000, "application/x-www-form-urlencoded", 413, "body too big"),
        ],
    )
    def test_of_a_form_say_the_rule_and_not_the_form(
        self, calm: Client, lines: list[dict[str, Any]], body: str, kind: str, status: int, cause: str
    ) -> None:
        line = only(lines, calm.generic("POST", "/conflict/", body, content_type=kind))
        assert (line["message"], line["status"], line["cause"]) == (f"Refused: {cause}", status, cause)

    def test_of_a_method(self, calm: Client, lines: list[dict[str, Any]]) -> None:
        line = only(lines, calm.delete("/conflict/"))
        assert (line["message"], line["status"], line["cause"]) == ("Refused: method", 405, "method")

    def test_of_a_host(self, calm: Client, lines: list[dict[str, Any]]) -> None:
        assert only(lines, calm.get("/conflict/", headers={"Host": f"{TYPED}.example"})) == {
            "level": "ERROR",
            "logger": "django.security.DisallowedHost",
            "message": "Refused: DisallowedHost",
            "status": 400,
            "cause": "DisallowedHost",
            "exception": "DisallowedHost",
        }

    def test_of_too_many_fields(self, calm: Client, lines: list[dict[str, Any]]) -> None:
        many = {f"{TYPED}{number}": "1" for number in range(501)}
        line = only(lines, calm.post("/conflict/", many))
        assert (line["message"], line["status"], line["cause"]) == (
            "Refused: TooManyFieldsSent", 400, "TooManyFieldsSent",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("headers", "cause"),
        [
            ({}, "csrf: CSRF cookie not set."),
            (
                {"Origin": f"https://{TYPED}.example"},
                "csrf: Origin checking failed - it does not match any trusted origins.",
            ),
        ],
    )
    def test_of_a_form_without_its_token(
        self, calm: Client, lines: list[dict[str, Any]], headers: dict[str, str], cause: str
    ) -> None:
        assert only(lines, calm.post("/conflict/", {"words": TYPED}, headers=headers)) == {
            "level": "WARNING",
            "logger": "django.security.csrf",
            "message": "Refused: csrf",
            "status": 403,
            "cause": cause,
        }

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        ("url", "status", "message", "cause"),
        [
            ("/forbidden/", 403, "Forbidden (Permission denied): /forbidden/", "PermissionDenied"),
            ("/missing/", 404, "Not Found: /missing/", "Http404"),
            ("/no-such-page/", 404, "Not Found: /no-such-page/", "Http404"),
            ("/limited/", 429, "Too Many Requests: /limited/", "limit"),
            ("/conflict/", 409, "Conflict: /conflict/", "view conflict"),
            ("/post/", 405, "Method Not Allowed (GET): /post/", "view post"),
        ],
    )
    def test_of_every_other_kind(
        self, calm: Client, lines: list[dict[str, Any]], url: str, status: int, message: str, cause: str
    ) -> None:
        line = only(lines, calm.get(url))
        assert (line["status"], line["message"], line["cause"]) == (status, message, cause)


@pytest.mark.django_db
def test_what_is_fine_has_no_cause(calm: Client, lines: list[dict[str, Any]]) -> None:
    assert calm.get("/healthz").status_code == 200
    assert [line for line in lines if "cause" in line] == []


def test_a_cause_of_a_database_error_quotes_no_value() -> None:
    error = IntegrityError(f"UNIQUE constraint failed: {TYPED} and more")
    assert logs.cause_of(error) == "IntegrityError"
