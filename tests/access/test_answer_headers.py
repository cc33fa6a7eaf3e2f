"""What every answer carries, whatever the address, the role and the status."""

import re
from typing import Any

import pytest
from django.conf import settings

from tests.access.conftest import address, get_as, routes
from tests.depth import deepens, depth

HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
    "Reporting-Endpoints": 'csp="/csp-report"',
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'; report-to csp; report-uri /csp-report"
)
TYPES = re.compile(
    r"(text/(html|plain|calendar|javascript)|application/(json|xml|rss\+xml|atom\+xml|fhir\+json|octet-stream))"
    r"(; version=[\d.]+)?(; charset=\"?utf-8\"?)?"
)
COOKIE = re.compile(r"__Host-\w+=[^;]*; .*")


def faults(response: Any, *, is_private: bool) -> list[str]:
    found = [name for name, value in HEADERS.items() if response.get(name) != value]
    kept_as_a_file = response.get("Content-Disposition", "").startswith("attachment")
    if response["Content-Security-Policy"] != POLICY + ("; sandbox" if kept_as_a_file else ""):
        found.append(f"policy {response['Content-Security-Policy']}")
    if [name for name in response.headers if name.lower().startswith("access-control-")]:
        found.append("opens itself to other sites")
    if response.content and not TYPES.fullmatch(response["Content-Type"]):
        found.append(f"type {response['Content-Type']}")
    if is_private and response["Cache-Control"] != "no-store, private":
        found.append(f"kept: {response['Cache-Control']}")
    for cookie in response.cookies.values():
        said = cookie.OutputString()
        marks = ("; HttpOnly", "; Path=/", "; Secure", "; SameSite=Lax")
        if not COOKIE.fullmatch(said) or "Domain=" in said or any(mark not in said for mark in marks):
            found.append(f"cookie {cookie.key}")
    return found


@pytest.fixture
def https(settings: Any) -> None:
    """As in production."""
    settings.HTTPS = settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31536000
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    settings.THEME_COOKIE_NAME, settings.SOUND_COOKIE_NAME = "__Host-theme", "__Host-sound"


@deepens
@pytest.mark.usefixtures("https")
@pytest.mark.parametrize("role", ["visitor", "patient", "manager"])
def test_every_answer_has_the_whole_set(role: str, site: dict[str, Any]) -> None:
    """Of the pages of staff every fourth, as each takes its time; at length all."""
    client = get_as(role, site)
    wrong = {}
    for name, pattern in list(routes())[:: depth(4, 1) if role == "manager" else 1]:
        is_private = name.startswith(("admin", "consultations")) and name not in settings.PUBLIC_VIEWS
        path = address(pattern, site)
        for answer in (client.get(path, secure=True), client.put(path, secure=True)):
            if found := faults(answer, is_private=is_private and answer.status_code != 405):
                wrong[name, answer.status_code] = found
    assert wrong == {}


@pytest.mark.usefixtures("https")
def test_the_same_without_https_leads_there_first(site: dict[str, Any]) -> None:
    answer = get_as("visitor", site).get("/check/?q=1")
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/check/?q=1")
