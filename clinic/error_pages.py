"""Error pages. None of them touches the database or the session, so they work when those do not."""

import sys
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template import loader

from clinic.context_processors import facts

RETRY_AFTER_SECONDS = "30"


def page(template: str, status: int, request: HttpRequest | None = None) -> HttpResponse:
    """Rendered without a request context on purpose: context processors may read the session."""
    return HttpResponse(loader.render_to_string(template, {"clinic": facts(request)}), status=status)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return page("400.html", 400, request)


def permission_denied(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return page("403_staff.html" if request.path.startswith("/admin/") else "403.html", 403, request)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return page("404.html", 404, request)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return page("403_csrf.html", 403, request)


def too_many(request: HttpRequest) -> HttpResponse:
    """429 with the telephone number: a limit must never leave someone in need without a way to reach us."""
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
    if isinstance(problem, OperationalError | InterfaceError) and not settings.DEBUG:
        return service_unavailable()
    return page("500.html", 500)
