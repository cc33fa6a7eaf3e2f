"""Reports of a broken content security policy: counted, logged once a kind, nothing kept of what they quote."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from clinic.core import csp_reports
from clinic.core.csp_reports import Allowance, KindsTold
from clinic.core.request_metrics import REGISTRY
from tests.depth import made_up

TOKEN = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3gH6jK9mxQz"
PRIVATE = f"https://testserver/request/open/{TOKEN}/?about=numbness#leg"
OLD, NEW = csp_reports.TYPES


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csp_reports, "ALLOWANCE", Allowance(1000))
    monkeypatch.setattr(csp_reports, "SEEN", KindsTold(csp_reports.MOST_KINDS))


def old(**fields: Any) -> dict[str, Any]:
    return {"csp-report": {"document-uri": PRIVATE, "effective-directive": "script-src-elem", **fields}}


def new(**fields: Any) -> list[dict[str, Any]]:
    return [
        {
            "type": "csp-violation",
            "url": PRIVATE,
            "body": {"documentURL": PRIVATE, "effectiveDirective": "script-src-elem", **fields},
        }
    ]


def send(sent: Any, *, kind: str = OLD, **options: Any) -> Any:
    body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    return client.generic("POST", "/csp-report", body, content_type=kind, **options)


def counted(directive: str, blocked: str) -> float:
    labels = {"directive": directive, "blocked": blocked}
    return REGISTRY.get_sample_value("clinic_csp_reports_total", labels) or 0


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (OLD, old(**{"blocked-uri": "https://evil.example:8443/a/Alice?with=numbness", "script-sample": "Alice"})),
        (NEW, new(blockedURL="https://evil.example:8443/a/Alice?with=numbness", sample="Alice", referrer=PRIVATE)),
    ],
)
def test_a_report_is_counted_and_names_page_and_origin_and_no_more(
    caplog: pytest.LogCaptureFixture, kind: str, sent: Any
) -> None:
    before = counted("script-src-elem", "another site")
    with caplog.at_level(logging.WARNING):
        answer = send(sent, kind=kind)
    assert (answer.status_code, answer.content, answer.cookies) == (204, b"", {})
    assert counted("script-src-elem", "another site") == before + 1
    (line,) = [record.getMessage() for record in caplog.records if record.name == csp_reports.__name__]
    assert line == "script-src-elem of https://evil.example:8443 blocked on consultations:private_link"


def test_a_kind_is_logged_once_and_counted_each_time(caplog: pytest.LogCaptureFixture) -> None:
    before = counted("script-src-elem", "inline")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            send(old(**{"blocked-uri": "inline"}))
    assert counted("script-src-elem", "inline") == before + 3
    assert len([record for record in caplog.records if record.name == csp_reports.__name__]) == 1


def test_made_up_kinds_fill_neither_log_nor_memory_nor_figures(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csp_reports, "SEEN", KindsTold(5))
    with caplog.at_level(logging.WARNING):
        for number in range(20):
            send(old(**{"blocked-uri": f"https://n{number}.example/", "effective-directive": f"made-up-{number}"}))
    assert len([record for record in caplog.records if record.name == csp_reports.__name__]) == 5
    assert counted("made-up-1", "another site") == 0
    assert counted("other", "another site") >= 20
    assert len(csp_reports.SEEN.kinds) == 5


@pytest.mark.parametrize(
    ("blocked", "kept"),
    [
        ("", "other"),
        ("inline", "inline"),
        ("data", "other"),
        ("data:text/html,Alice", "other"),
        ("chrome-extension://abcdefghij/x.js", "other"),
        ("http://[::1", "other"),
        ("https://evil.example:99999/", "other"),
        ("https://alice:secret@evil.example/x", "https://evil.example"),
        ("https://Alice%20Hart.example/", "other"),
        ("https://evil.example\n{}/", "other"),
        ("https://" + "a" * 300 + ".example/", "other"),
        ("http://testserver/static/x.js?q=1", "self"),
        ("wss://evil.example/socket", "wss://evil.example"),
    ],
)
def test_of_what_was_blocked_the_origin_is_kept(blocked: str, kept: str) -> None:
    assert csp_reports.origin_of(blocked) == kept


@pytest.mark.parametrize(
    ("address", "route"),
    [
        (PRIVATE, "consultations:private_link"),
        ("https://testserver/", "education:home"),
        ("https://testserver/no/such/page", "unmatched"),
        ("http://[::1", "unmatched"),
        ("about", "unmatched"),
        ("", "unmatched"),
    ],
)
def test_of_the_page_the_name_is_kept(address: str, route: str) -> None:
    assert csp_reports.route_of(address) == route


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b" ", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"\x00", 400),
        (b"[" * 16000, 400),
        (b"9" * 16000, 400),
        (b'{"csp-report": ' * 1000, 400),
        (b" " * 16385, 413),
        (b"x" * 2_000_000, 413),
        (b"NaN", 204),
        (b"null", 204),
        (b"[]", 204),
        (b'"\\ud800"', 204),
        (b'{"csp-report": null}', 204),
        (b'{"csp-report": []}', 204),
        (b'{"csp-report": {"blocked-uri": {}, "document-uri": 1, "effective-directive": [1]}}', 204),
        (b'{"csp-report": {"blocked-uri": "\\ud800", "document-uri": "\\ud800", "violated-directive": " "}}', 204),
        (b'[1, null, [], {"type": []}, {"type": "csp-violation"}, {"type": "csp-violation", "body": []}]', 204),
        (b'[{"type": "deprecation", "body": {}}]', 204),
    ],
)  # fmt: skip
def test_a_hostile_body_is_refused_or_changes_nothing(body: bytes, status: int) -> None:
    assert send(body).status_code == status


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters(), max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(("csp-report", "type", "body", "blocked-uri", "document-uri", "effective-directive"))
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@made_up(60, 5000)
@given(sent=json_values, kind=st.sampled_from(csp_reports.TYPES))
def test_whatever_is_sent_nothing_fails_and_nothing_of_it_is_kept(sent: Any, kind: str) -> None:
    assert send(sent, kind=kind).status_code in (204, 413)
    for found in csp_reports.SEEN.kinds:
        assert found.directive in {*csp_reports.DIRECTIVES, "other"}
        assert found.blocked in {*csp_reports.KEYWORDS, "other"} or "://" in found.blocked


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "", "application/x-www-form-urlencoded"])
def test_only_reports_are_read(kind: str) -> None:
    assert send(old(), kind=kind).status_code == 415


def test_only_so_many_a_minute_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(csp_reports.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(csp_reports, "ALLOWANCE", Allowance(3))
    assert [send(old()).status_code for _ in range(5)] == [204, 204, 204, 429, 429]
    now[0] += 20
    assert [send(old()).status_code for _ in range(2)] == [204, 429]


@pytest.fixture
def no_database() -> Iterator[None]:
    def refuse(*args: Any) -> None:
        raise AssertionError("the database was asked")

    with connection.execute_wrapper(refuse):
        yield


@pytest.mark.django_db
def test_neither_session_nor_database_is_asked(no_database: None) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    for sent, kind in ((old(), OLD), (new(), NEW)):
        answer = client.generic("POST", "/csp-report", json.dumps(sent), content_type=kind)
        assert (answer.status_code, answer.cookies) == (204, {})


def test_pages_name_it_for_browsers_of_both_kinds() -> None:
    answer = Client().get("/healthz")
    assert answer["Reporting-Endpoints"] == 'csp="/csp-report"'
    assert answer["Content-Security-Policy"].endswith("; report-to csp; report-uri /csp-report")
    assert Client().get("/csp-report").status_code == 405
