"""Headers on every answer, and a calm refusal of everything that is not text."""

import logging

import pytest
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse, UnreadablePostError
from django.test import Client, RequestFactory
from django.urls import include, path

from clinic.core import lines, middleware
from clinic.core.logs import request_id
from clinic.urls import handler400, handler403, handler404, handler500  # noqa: F401
from clinic.urls import urlpatterns as product_urls

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'; report-to csp; report-uri /csp-report"
)


def echo(request):
    return HttpResponse(request.POST.get("words", "") or request.GET.get("q", "") or "plain")


def fail(request):
    raise RuntimeError("secret words of a patient")


def database_down(request):
    raise OperationalError("could not connect")


def show_request_id(request):
    return HttpResponse(request_id.get())


@middleware.private_page
def private(request):
    return HttpResponse("private")


inner = ([path("start", echo, name="start"), path("status", echo, name="status")], "consultations")

urlpatterns = [
    path("echo/<str:words>/", echo),
    path("echo/", echo),
    path("fail/", fail),
    path("down/", database_down),
    path("id/", show_request_id),
    path("private/", private),
    *product_urls,
    path("inner/", include(inner)),
]

pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def calm() -> Client:
    """A client that answers with the error page, as a server does, and checks CSRF tokens."""
    return Client(raise_request_exception=False)


class TestHeaders:
    @pytest.mark.parametrize(
        ("url", "status"),
        [
            ("/echo/", 200),
            ("/nowhere.txt", 404),
            ("/fail/", 500),
            ("/down/", 503),
            ("/echo/?q=%00", 400),
            ("/appearance/", 405),
            ("/healthz", 200),
        ],
    )
    def test_every_answer_carries_the_whole_set(self, calm, settings, url, status):
        settings.SECURE_HSTS_SECONDS = 31536000
        response = calm.get(url, secure=True)
        assert response.status_code == status
        assert response["Content-Security-Policy"] == POLICY
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Referrer-Policy"] == "same-origin"
        assert response["Cross-Origin-Opener-Policy"] == "same-origin"
        assert response["Cross-Origin-Resource-Policy"] == "same-origin"
        assert response["X-Frame-Options"] == "DENY"
        assert "camera=()" in response["Permissions-Policy"]
        assert response["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
        assert len(response["X-Request-ID"]) == 16

    def test_http_is_sent_to_https_but_health_checks_are_not(self, client, settings):
        settings.SECURE_SSL_REDIRECT = True
        assert client.get("/echo/")["Location"] == "https://testserver/echo/"
        assert client.get("/healthz").status_code == 200

    def test_private_pages_are_not_kept_and_the_start_page_may_be(self, client):
        assert client.get("/inner/status")["Cache-Control"] == "no-store, private"
        assert client.get("/private/")["Cache-Control"] == "no-store, private"
        assert "Cache-Control" not in client.get("/inner/start")

    def test_error_pages_are_not_kept(self, calm):
        assert calm.get("/fail/")["Cache-Control"] == "no-store"

    def test_a_view_may_set_its_own_policy(self):
        answer = HttpResponse(headers={"Content-Security-Policy": "sandbox"})
        response = middleware.HeadersMiddleware(lambda request: answer)(RequestFactory().get("/"))
        assert response["Content-Security-Policy"] == "sandbox"


class TestRequestId:
    def test_it_is_known_while_the_request_lasts_and_gone_afterwards(self, client):
        response = client.get("/id/")
        assert response.content.decode() == response["X-Request-ID"]
        assert request_id.get() == ""

    def test_only_our_own_proxy_may_choose_it(self, client, settings):
        given = {"X-Request-ID": "abcdef0123456789"}
        assert client.get("/id/", headers=given)["X-Request-ID"] != "abcdef0123456789"
        settings.PROXY_COUNT = 1
        assert client.get("/id/", headers=given)["X-Request-ID"] == "abcdef0123456789"
        odd = client.get("/id/", headers={"X-Request-ID": "a b\tc"})["X-Request-ID"]
        assert odd != "a b\tc"


class TestBadInput:
    @pytest.mark.parametrize("hostile", ["%00", "%ff", "%c0%80", "%ed%a0%80", "a%00b", "%f5%80%80%80", "%e2%82"])
    @pytest.mark.parametrize("url", ["/echo/?q={}", "/echo/?{}=1", "/echo/{}/", "/nowhere/{}"])
    def test_path_and_query_must_be_text(self, calm, url, hostile):
        assert calm.get(url.format(hostile)).status_code == 400

    @pytest.mark.parametrize("body", [b"words=%00", b"words=%ff", b"words=\xff", b"words=%ed%a0%80", b"%00=1", b"\x00"])
    def test_form_bodies_must_be_text(self, client, body):
        response = client.post("/echo/", body, content_type="application/x-www-form-urlencoded")
        assert response.status_code == 400

    @pytest.mark.parametrize("value", [b"a\x00b", b"\xff", b"\xed\xa0\x80"])
    def test_multipart_bodies_must_be_text(self, client, value):
        body = b'--X\r\nContent-Disposition: form-data; name="words"\r\n\r\n' + value + b"\r\n--X--\r\n"
        assert client.post("/echo/", body, content_type="multipart/form-data; boundary=X").status_code == 400

    def test_a_part_cannot_hide_a_nul_in_its_own_encoding(self, client):
        part = b'--X\r\nContent-Disposition: form-data; name="words"\r\nContent-Transfer-Encoding: base64\r\n\r\nAAA='
        response = client.post("/echo/", part + b"\r\n--X--\r\n", content_type="multipart/form-data; boundary=X")
        assert response.status_code == 400

    @pytest.mark.parametrize(
        "content_type",
        [
            "application/x-www-form-urlencoded; charset=utf-16",
            "application/x-www-form-urlencoded; charset=nonsense",
            "multipart/form-data; boundary=X; charset=latin-1",
            "multipart/form-data",
        ],
    )
    def test_other_charsets_and_broken_bodies_are_refused(self, calm, content_type):
        response = calm.generic("POST", "/echo/", b"words=x", content_type=content_type)
        assert response.status_code == 400

    @pytest.mark.parametrize("phrase", ["naïve é", "👩‍⚕️", "\u202eabc", "\u200b", "\ufffd", "e\u0301" * 50])
    def test_text_of_any_kind_arrives_unchanged(self, client, phrase):
        assert client.post("/echo/", {"words": phrase}).content.decode() == phrase
        assert client.get("/echo/", {"q": phrase}).content.decode() == phrase

    def test_too_much_is_413_and_too_many_fields_are_400(self, calm):
        assert calm.post("/echo/", {"words": "x" * 1_100_000}).status_code == 413
        many = {f"f{number}": "1" for number in range(501)}
        assert calm.post("/echo/", many).status_code == 400

    @pytest.mark.parametrize(("problem", "status"), [(RequestDataTooBig, 413), (UnreadablePostError, 400)])
    def test_a_body_that_cannot_be_read_is_the_senders_fault(self, monkeypatch, problem, status):
        def unreadable(request):
            raise problem

        monkeypatch.setattr(middleware, "fault_of_body", unreadable)
        request = RequestFactory().post("/echo/", {"words": "x"})
        assert middleware.RefuseBadInputMiddleware(echo)(request).status_code == status

    @pytest.mark.parametrize("method", ["TRACE", "PUT", "DELETE", "PATCH", "PROPFIND", "XYZZY", "CONNECT"])
    def test_methods_that_we_do_not_offer_are_405(self, client, method):
        response = client.generic(method, "/echo/")
        assert response.status_code == 405
        assert response["Allow"] == "GET, HEAD, POST, OPTIONS"

    def test_options_does_nothing(self, client):
        response = client.options("/fail/")
        assert (response.status_code, response.content) == (204, b"")

    def test_a_foreign_host_is_refused(self, calm):
        assert calm.get("/echo/", headers={"Host": "evil.example"}).status_code == 400


class TestDatabaseDown:
    def test_the_answer_is_503_with_the_emergency_line_and_the_telephone(self, client, settings):
        response = client.get("/down/")
        assert response.status_code == 503
        assert response["Retry-After"] == "30"
        assert lines.emergency().html in response.content.decode()
        assert settings.CLINIC_PHONE in response.content.decode()

    @pytest.mark.parametrize("problem", [OperationalError("gone"), InterfaceError("connection already closed")])
    def test_it_also_is_when_middleware_meets_the_fault(self, calm, monkeypatch, problem):
        def broken(self, request):
            raise problem

        monkeypatch.setattr("django.contrib.messages.middleware.MessageMiddleware.process_request", broken)
        assert calm.get("/echo/").status_code == 503


def test_an_error_page_says_nothing_about_the_error(calm, caplog):
    with caplog.at_level(logging.CRITICAL):
        response = calm.get("/fail/")
    assert response.status_code == 500
    assert "secret words" not in response.content.decode()


def test_a_form_without_its_token_gets_the_csrf_page(settings):
    response = Client(enforce_csrf_checks=True).post("/request/link/", {"email": "alice@example.com"})
    assert response.status_code == 403
    assert settings.CLINIC_PHONE in response.content.decode()


def test_choosing_an_appearance_needs_no_token():
    response = Client(enforce_csrf_checks=True).post("/appearance/", {"theme": "dark"})
    assert (response.status_code, response["Location"]) == (302, "/")


@pytest.mark.parametrize(
    "address", ["/nowhere/", "/nowhere.txt", "/admin/no-such-list/", "/admin/accounts/user/9/password/"]
)
def test_a_demonstration_answers_a_wrong_address_as_patients_will_see_it(address, admin_client, settings) -> None:
    settings.DEBUG = settings.DEMO = True
    page = admin_client.get(address)
    text = page.content.decode()
    assert page.status_code == 404
    assert "URLconf" not in text
    assert "demonstration" in text.lower()
    assert admin_client.get("/conditions").headers["Location"] == "/conditions/"
