"""What nginx and gunicorn answer by themselves: our page, our headers, a line in the log that says why."""

import re
from collections.abc import Iterator

import pytest

from tests.deploy.servers import HOST, Answer, Servers

pytestmark = pytest.mark.nginx
TOKEN = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3gH6jK9m_Qz"
EMERGENCY = "Call 911 or go to the nearest emergency room."
PHONE = "(555) 010-0142"
HSTS = "max-age=31536000; includeSubDomains; preload"
ON_EVERY_ERROR = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'; report-to csp; report-uri /csp-report"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    running = Servers(tmp_path_factory.mktemp("servers"))
    yield running
    running.stop()


def raw(first: str, *lines: str, body: str = "", host: str = HOST) -> bytes:
    return "\r\n".join([first, f"Host: {host}", "Connection: close", *lines, "", body]).encode("latin-1")


def assert_calm(answer: Answer, status: int, *, is_secure: bool = True) -> None:
    """Our page with our headers, and nothing of a stock page or a version."""
    assert answer.status == status
    assert {name: answer.headers.get(name) for name in ON_EVERY_ERROR} == ON_EVERY_ERROR
    assert answer.headers.get("strict-transport-security") == (HSTS if is_secure else None)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-request-id"]
    assert "permissions-policy" in answer.headers
    page = answer.body.decode()
    assert EMERGENCY in re.sub("<[^>]*>", "", page)
    assert PHONE in page
    assert not re.search(r"nginx|gunicorn|\d+\.\d+\.\d+", page + answer.headers.get("server", "").replace("nginx", ""))


REFUSED_BY_NGINX = {
    "no request at all": (b"\x16\x03\x01 hello\r\n\r\n", 400),
    "no version we know": (raw("GET / HTTP/7.0"), 505),
    "two hosts": (raw("GET / HTTP/1.1", f"Host: {HOST}"), 400),
    "two lengths": (raw("POST /check/ HTTP/1.1", "Content-Length: 4", "Content-Length: 5", body="abcd"), 400),
    "length and chunks": (raw("POST /check/ HTTP/1.1", "Content-Length: 4", "Transfer-Encoding: chunked"), 400),
    "another coding": (raw("POST /check/ HTTP/1.1", "Transfer-Encoding: gzip"), 501),
    "a header that is none": (raw("GET / HTTP/1.1", "Content-Length: many"), 400),
    "an address that is none": (raw("GET /%zz HTTP/1.1"), 400),
    "nul in the address": (raw("GET /admin/%00 HTTP/1.1"), 400),
    "above the root": (raw("GET /../../etc/passwd HTTP/1.1"), 400),
    "an address too long": (raw(f"GET /?{'q' * 9000} HTTP/1.1"), 414),
    "a header too large": (raw("GET / HTTP/1.1", f"X-Long: {'x' * 9000}"), 431),
    "a body too big": (raw("POST /check/ HTTP/1.1", "Content-Length: 2000000"), 413),
    "trace": (raw("TRACE / HTTP/1.1"), 405),
    "delete": (raw("DELETE / HTTP/1.1"), 405),
    "another method": (raw("XYZZY / HTTP/1.1"), 405),
    "a tunnel": (raw(f"CONNECT {HOST}:443 HTTP/1.1"), 400),
}


@pytest.mark.parametrize(("sent", "status"), REFUSED_BY_NGINX.values(), ids=REFUSED_BY_NGINX)
def test_what_nginx_refuses_has_our_page_and_headers(servers: Servers, sent: bytes, status: int) -> None:
    assert_calm(servers.send(servers.secure, sent), status)


@pytest.mark.parametrize(
    ("sent", "status"),
    [(b"\x00\x01\r\n\r\n", 400), (raw("GET /%zz HTTP/1.1"), 400), (raw("TRACE / HTTP/1.1"), 405)],
)
def test_without_https_the_same_but_for_the_promise_of_https(servers: Servers, sent: bytes, status: int) -> None:
    assert_calm(servers.send(servers.plain, sent), status, is_secure=False)


def test_plain_http_leads_to_https(servers: Servers) -> None:
    answer = servers.ask("/conditions/?q=1", port=servers.plain)
    assert (answer.status, answer.headers["location"]) == (301, f"https://{HOST}/conditions/?q=1")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "strict-transport-security" not in answer.headers


def test_a_foreign_host_gets_our_page_and_never_reaches_the_application(servers: Servers) -> None:
    assert_calm(servers.ask("/check/", host="elsewhere.example"), 421)
    assert_calm(servers.ask("/check/", host="elsewhere.example", port=servers.plain), 421, is_secure=False)
    assert_calm(servers.send(servers.secure, b"GET / HTTP/1.0\r\n\r\n"), 421)


def test_plain_http_on_the_port_of_https_gets_our_page(servers: Servers) -> None:
    assert_calm(servers.send(servers.secure, raw("GET / HTTP/1.1"), tls=False), 400, is_secure=False)


def test_the_style_of_these_pages_is_there_without_the_application(servers: Servers) -> None:
    answer = servers.ask("/static/clinic/error.css")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/css")
    assert b".help{" in answer.body
    assert servers.ask("/clinic-errors/503.html").status == 404


REFUSED_BY_GUNICORN = {
    "nul in the address": (raw("GET /admin/\x00 HTTP/1.1"), 400),
    "no request at all": (b"hello\r\n\r\n", 400),
    "an address too long": (raw(f"GET /{'q' * 9000} HTTP/1.1"), 414),
    "too many headers": (raw("GET / HTTP/1.1", *[f"X-{number}: 1" for number in range(70)]), 431),
    "a header that is none": (raw("GET / HTTP/1.1", "X Y: z"), 400),
    "another coding": (raw("POST / HTTP/1.1", "Transfer-Encoding: x-own"), 501),
    "length and chunks": (raw("POST / HTTP/1.1", "Content-Length: 4", "Transfer-Encoding: chunked"), 400),
    "an expectation": (raw("GET / HTTP/1.1", "Expect: the-moon"), 417),
}


@pytest.mark.parametrize(("sent", "status"), REFUSED_BY_GUNICORN.values(), ids=REFUSED_BY_GUNICORN)
def test_what_gunicorn_refuses_has_our_page_headers_and_a_line(servers: Servers, sent: bytes, status: int) -> None:
    answer = servers.send(servers.direct, sent)
    assert_calm(answer, status)
    (line,) = [found for found in servers.gunicorn_lines() if found["request_id"] == answer.headers["x-request-id"]]
    assert (line["status"], line["logger"], line["level"]) == (status, "clinic.core.server_errors", "WARNING")
    assert line["message"] == f"Refused: {line['cause']}"


def test_what_the_application_answers_keeps_its_own_page(servers: Servers) -> None:
    answer = servers.ask("/")
    assert_calm(answer, 503)
    assert answer.headers["retry-after"] == "30"
    assert servers.ask("/healthz").status == 200


class TestLog:
    def test_every_line_is_json_in_utc_with_a_request_id_and_a_cause(self, servers: Servers) -> None:
        answer = servers.ask("/conditions/", method="DELETE")
        line = servers.access_line(answer)
        assert (line["message"], line["status"], line["cause"]) == ("DELETE /conditions/", 405, "method")
        assert line["at"].endswith("+00:00")
        assert (line["client"], line["application_status"]) == ("127.0.0.1", "")

    def test_the_application_has_the_same_request_id(self, servers: Servers) -> None:
        answer = servers.ask("/")
        number = answer.headers["x-request-id"]
        line = servers.access_line(answer)
        assert (line["message"], line["status"], line["application_status"]) == ("GET /", 503, "503")
        (own,) = [found for found in servers.gunicorn_lines() if found["request_id"] == number and "status" in found]
        assert (own["status"], own["cause"]) == (503, "OperationalError connection refused")

    @pytest.mark.parametrize(
        ("path", "logged"),
        [
            (f"/request/link/{TOKEN}/", "/request/link/[masked]/"),
            (f"/request/link/{TOKEN.replace('_', '%5F')}/", "/request/link/[masked]/"),
            (f"/request/link/{TOKEN.replace('_', '%255F')}/", "/request/link/[masked]/"),
            (f"/request/link/{'%41' * 40}/open/", "/request/link/[masked]/open/"),
            (f"/a/{TOKEN}/b/{TOKEN}/", "/a/[masked]"),
            (f"/request/%E2%80%A6{TOKEN}", "[unreadable]"),
            (f"/search/?q={TOKEN}", "/search/"),
        ],
    )
    def test_no_token_reaches_a_log_however_it_is_written(self, servers: Servers, path: str, logged: str) -> None:
        answer = servers.ask(path)
        line = servers.access_line(answer)
        assert line["message"] == f"GET {logged}"
        written = [file.read_text() for file in servers.folder.iterdir() if file.suffix in (".log", ".err")]
        assert not [text for text in written if TOKEN[:16] in text or "A" * 32 in text or "%41" in text]

    def test_gunicorns_own_lines_are_json_in_utc(self, servers: Servers) -> None:
        lines = servers.gunicorn_lines()
        assert {"gunicorn.error"} <= {line["logger"] for line in lines}
        assert all(line["at"].endswith("+00:00") for line in lines)
        assert not [line for line in lines if "control" in line["message"].lower()]


class TestCompression:
    def ask(self, servers: Servers, path: str) -> Answer:
        """A form without its token: a page with status 403 that needs no database."""
        return servers.ask(path, method="POST", headers="Content-Length: 0\r\nAccept-Encoding: gzip\r\n")

    @pytest.mark.parametrize("path", ["/check/", "/admin/consultations/", "/request/"])
    def test_pages_are_compressed(self, servers: Servers, path: str) -> None:
        answer = self.ask(servers, path)
        assert (answer.status, answer.headers["content-encoding"]) == (403, "gzip")
        assert "accept-encoding" in answer.headers["vary"].lower()

    @pytest.mark.parametrize("path", ["/admin/consultations/?q=anna", "/request/?next=x"])
    def test_staff_and_private_pages_are_not_where_the_address_has_a_query(self, servers: Servers, path: str) -> None:
        answer = self.ask(servers, path)
        assert answer.status == 403
        assert "content-encoding" not in answer.headers

    @pytest.mark.parametrize("path", ["/admin/login/", "/admin/login/?next=/admin/"])
    def test_nor_is_the_page_on_which_a_password_is_typed(self, servers: Servers, path: str) -> None:
        answer = servers.ask(path, headers="Accept-Encoding: gzip\r\n")
        assert answer.status == 200
        assert "content-encoding" not in answer.headers


def test_figures_are_the_sum_over_the_processes_and_not_for_strangers(servers: Servers) -> None:
    for _ in range(12):
        assert servers.ask("/healthz", port=servers.direct).status == 200
    answer = servers.ask("/metrics", port=servers.direct)
    counted = re.search(rb'clinic_http_answers_total\{route="clinic:healthz",status="200"\} (\S+)', answer.body)
    assert answer.status == 200
    assert counted is not None
    assert float(counted[1]) >= 12
    assert b'clinic_ready{name="database"} 0.0' in answer.body
    stranger = "X-Forwarded-For: 203.0.113.9\r\n"
    assert servers.ask("/metrics", port=servers.direct, headers=stranger).status == 404
    token = f"{stranger}Authorization: Bearer {'m' * 32}\r\n"
    assert servers.ask("/metrics", port=servers.direct, headers=token).status == 200


def test_static_files_open_to_no_other_site_and_are_what_they_say(servers: Servers) -> None:
    elsewhere = "Origin: https://elsewhere.example\r\n"
    for path in ("/static/clinic/site.js", "/static/clinic/fonts/atkinson.woff2", "/static/clinic/error.css"):
        answer = servers.ask(path, headers=elsewhere)
        assert answer.status == 200
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in answer.headers
    for path in ("/static/staticfiles.json", "/static/", "/.git/config", "/.env", "/manage.py", "/static/../manage.py"):
        assert servers.ask(path).status in (404, 503), path


def report(servers: Servers, body: str) -> Answer:
    length = f"Content-Type: application/csp-report\r\nContent-Length: {len(body)}\r\n"
    head = f"POST /csp-report HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n{length}\r\n"
    return servers.send(servers.secure, f"{head}{body}".encode())


def test_reports_of_browsers_are_taken_without_the_database_and_only_so_many(servers: Servers) -> None:
    page = f"https://{HOST}/request/open/{TOKEN}/?q=numbness"
    fields = f'"document-uri": "{page}", "blocked-uri": "inline", "effective-directive": "script-src-elem"'
    first = report(servers, f'{{"csp-report": {{{fields}}}}}')
    assert (first.status, first.body) == (204, b"")
    assert servers.access_line(first)["message"] == "POST /csp-report"
    assert report(servers, "x" * 20_000).status == 413
    assert {report(servers, "{}").status for _ in range(30)} == {204, 429}
    told = [line["message"] for line in servers.gunicorn_lines() if "blocked" in line["message"]]
    assert told == ["script-src-elem of inline blocked on consultations:private_link"]
    written = "".join(file.read_text() for file in servers.folder.iterdir() if file.suffix in (".log", ".err"))
    assert "numbness" not in written
    assert TOKEN not in written


def test_signing_in_counts_what_is_sent_and_not_the_page_with_the_form(servers: Servers) -> None:
    looked = [servers.ask("/admin/login/").status for _ in range(30)]
    assert set(looked) == {200}
    sent = [servers.ask("/admin/login/", method="POST", headers="Content-Length: 0\r\n") for _ in range(24)]
    assert [answer.status for answer in sent[:20]] == [403] * 20, "five colleagues with four tries each"
    refused = sent[-1]
    assert_calm(refused, 429)
    assert refused.headers["retry-after"] == "60"
    line = servers.access_line(refused)
    assert (line["message"], line["cause"]) == ("POST /admin/login/", "too many requests")


def test_while_the_application_is_away_nginx_has_the_page_and_its_style(servers: Servers) -> None:
    servers.kill_gunicorn()
    try:
        answer = servers.ask("/check/emergency/")
        style = servers.ask("/static/clinic/error.css")
    finally:
        servers.start_gunicorn()
    assert_calm(answer, 502)
    assert answer.headers["retry-after"] == "30"
    line = servers.access_line(answer)
    assert (line["message"], line["cause"]) == ("GET /check/emergency/", "application does not answer")
    assert style.status == 200
