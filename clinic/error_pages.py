"""Error pages. None of them touches the database or the session, so they work when those do not."""

import re
import sys
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template import loader

from clinic.context_processors import facts
from clinic.database_errors import is_away
from clinic.logs import cause_of, id_of, note_cause, request_id

RETRY_AFTER_SECONDS = "30"


def page(template: str, status: int, request: HttpRequest | None = None, *, number: str = "") -> HttpResponse:
    """Rendered without a request context on purpose: context processors may read the session.

    `number` is what somebody who calls can say, so that staff find the line in the log.
    """
    return HttpResponse(loader.render_to_string(template, {"clinic": facts(request), "number": number}), status=status)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    _note(request, exception)
    return page("400.html", 400, request)


def permission_denied(request: HttpRequest, exception: Any = None) -> HttpResponse:
    _note(request, exception)
    return page("403_staff.html" if request.path.startswith("/admin/") else "403.html", 403, request)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    _note(request, exception)
    return page("404.html", 404, request)


def _note(request: HttpRequest, exception: Any) -> None:
    if isinstance(exception, Exception):
        note_cause(request, cause_of(exception))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    # Two of Django's reasons quote the origin or the referrer that was sent.
    note_cause(request, f"csrf: {re.sub(r' - .* does not match', ' - it does not match', reason, flags=re.DOTALL)}")
    return page("403_csrf.html", 403, request)


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
