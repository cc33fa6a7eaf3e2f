"""Error pages. None of them touches the database or the session, so they work when those do not."""

import re
import sys
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware import csrf
from django.template import loader

from clinic.context_processors import facts
from clinic.database_errors import is_away
from clinic.logs import cause_of, id_of, note_cause, request_id
from clinic.unsent import unsent_of

RETRY_AFTER_SECONDS = "30"
FIRST_BUTTONS = {"consultations:start": "check", "consultations:private_link": "link"}
"""Where a browser that keeps no cookies is met first: its page says what did not begin."""


def page(
    template: str, status: int, request: HttpRequest | None = None, *, number: str = "", **context: Any
) -> HttpResponse:
    """Rendered without a request context on purpose: context processors may read the session.

    `number` is what somebody who calls can say, so that staff find the line in the log.
    """
    facts_and_more = {"clinic": facts(request), "number": number, **context}
    return HttpResponse(loader.render_to_string(template, facts_and_more), status=status)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    _note(request, exception)
    return page("400.html", 400, request)


def permission_denied(request: HttpRequest, exception: Any = None) -> HttpResponse:
    _note(request, exception)
    return page("403_staff.html" if _is_staff_page(request) else "403.html", 403, request)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    _note(request, exception)
    return page("404.html", 404, request)


def _note(request: HttpRequest, exception: Any) -> None:
    if isinstance(exception, Exception):
        note_cause(request, cause_of(exception))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without the right token: say which of three causes it was, and give back what was typed.

    Only to a form of our own page. Another site that sends a form here must not have its words shown under our name.
    """
    # Two of Django's reasons quote the origin or the referrer that was sent.
    note_cause(request, f"csrf: {re.sub(r' - .* does not match', ' - it does not match', reason, flags=re.DOTALL)}")
    is_ours = came_from_here(request)
    case = "old page"
    if reason.startswith(("Origin checking", "Referer checking")):
        case = "elsewhere"
    elif reason == csrf.REASON_NO_CSRF_COOKIE:
        case = "no cookie"
    match = request.resolver_match
    context: dict[str, Any] = {
        "case": case,
        "begins": FIRST_BUTTONS.get(match.view_name, "") if match else "",
        "unsent": unsent_of(request) if is_ours and case != "elsewhere" else [],
        "is_check": request.path.startswith("/check/"),
        "came_from": _page_of_form(request) if is_ours else "",
    }
    return page("403_csrf_staff.html" if _is_staff_page(request) else "403_csrf.html", 403, request, **context)


def _is_staff_page(request: HttpRequest) -> bool:
    return request.path.startswith("/admin/")


def came_from_here(request: HttpRequest) -> bool:
    """Whether the browser says that a page of this site sent the form. One that says nothing may be lying for another.

    Browsers send Sec-Fetch-Site and Origin with every form; Referer is for old ones.
    """
    here = f"{request.scheme}://{request.get_host()}"
    said = [
        request.headers[name] == right
        for name, right in (("Sec-Fetch-Site", "same-origin"), ("Origin", here))
        if name in request.headers
    ]
    return all(said) if said else _origin_of(request.headers.get("Referer", "")) == here


def _origin_of(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def _page_of_form(request: HttpRequest) -> str:
    """The path of the page that the form stood on; where the browser does not say, the address that takes the form."""
    address = request.headers.get("Referer", "")
    if _origin_of(address) != f"{request.scheme}://{request.get_host()}":
        return request.path
    parts = urlsplit(address)
    path = parts.path if parts.path.startswith("/") and not parts.path.startswith("//") else "/"
    return f"{path}?{parts.query}" if parts.query else path


def too_many(request: HttpRequest) -> HttpResponse:
    """429 with the telephone number: a limit must never leave someone in need without a way to reach us."""
    note_cause(request, "limit")
    response = page("429.html", 429, request)
    response["Retry-After"] = "60"
    return response


def too_big(request: HttpRequest) -> HttpResponse:
    return page("400.html", 413, request)


def service_unavailable() -> HttpResponse:
    response = page("503.html", 503)
    response["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 when middleware (sessions, sign-in) failed because the database is away."""
    problem = sys.exc_info()[1]
    if is_away(problem) and not settings.DEBUG:
        return service_unavailable()
    return page("500.html", 500, number=request_id.get() or id_of(request))
