"""Request id, security headers, refusal of undecodable input, and a calm page when the database is away."""

import logging
import re
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.utils.log import log_response

from clinic.core import database_errors, database_writes, error_pages
from clinic.core.logs import note_cause, request_id

GetResponse = Callable[[HttpRequest], HttpResponseBase]

PERMISSIONS_POLICY = (
    "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), "
    "geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), "
    "screen-wake-lock=(), usb=(), xr-spatial-tracking=()"
)
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
# Django leaves bytes of a path that are not UTF-8 percent-encoded; no address of ours has a percent sign.
UNDECODABLE_PATH = re.compile(r"\x00|%[89A-Fa-f][0-9A-Fa-f]")
REQUEST_ID = "X-Request-ID"
KEPT_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
NUL = "nul byte"
NOT_UTF_8 = "not utf-8"

logger = logging.getLogger(__name__)


class RequestIdMiddleware:
    """Gives each request an id for logs and audit events. The proxy's id is kept when it is well formed."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        own = id_of_request(request.META)
        # Django logs the answer after the last middleware, when the context has no id any more: the request keeps it.
        vars(request)["request_id"] = own
        token = request_id.set(own)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response[REQUEST_ID] = own
        return response


def id_of_request(environ: dict[str, Any]) -> str:
    """The proxy's, where there is one and it is well formed; else a new one."""
    given = environ.get("HTTP_X_REQUEST_ID", "") if settings.PROXY_COUNT else ""
    return given if KEPT_REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def policy(directives: dict[str, list[str]]) -> str:
    """A Content-Security-Policy header from the shape that Django 6 gives its own SECURE_CSP setting."""
    return "; ".join(f"{name} {' '.join(sources)}".strip() for name, sources in directives.items())


def private_page(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Mark a view whose answers no cache may keep."""

    @wraps(view)
    def marked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store, private"
        return response

    return marked


def is_private(request: HttpRequest) -> bool:
    match = request.resolver_match
    if match is None or match.view_name in settings.PUBLIC_VIEWS:
        return False
    return not settings.PRIVATE_NAMESPACES.isdisjoint(match.namespaces)


class HeadersMiddleware:
    """The header set of every response, errors included. Outermost but one, so that nothing escapes it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        # What is kept as a file opens where it was saved, and may do nothing there.
        sandbox = "; sandbox" if response.get("Content-Disposition", "").startswith("attachment") else ""
        response.headers.setdefault("Content-Security-Policy", policy(settings.SECURE_CSP) + sandbox)
        response.headers.setdefault("Reporting-Endpoints", settings.REPORTING_ENDPOINTS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        if is_private(request):
            response["Cache-Control"] = "no-store, private"
            response["X-Robots-Tag"] = "noindex"
        elif response.status_code >= 400:
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class RefuseBadInputMiddleware:
    """Refuses what no browser sends and what Django would repair in silence or fail on.

    Path, query and form bodies must be UTF-8 without NUL after one decoding; methods we do not offer get 405.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in METHODS:
            return refused(request, HttpResponse(status=405, headers={"Allow": ", ".join(METHODS)}), "method")
        if request.method == "OPTIONS":
            return HttpResponse(status=204, headers={"Allow": ", ".join(METHODS)})
        query = unquote_to_bytes(request.META.get("QUERY_STRING", "").encode("latin-1", "replace"))
        if match := UNDECODABLE_PATH.search(request.path_info):
            rule = NUL if match[0] == "\x00" else NOT_UTF_8
            return refused(request, error_pages.bad_request(request), f"{rule} in the path")
        if rule := fault_of(query):
            return refused(request, error_pages.bad_request(request), f"{rule} in the query")
        if request.method == "POST" and request.content_type in FORM_TYPES:
            try:
                if rule := fault_of_body(request):
                    return refused(request, error_pages.bad_request(request), f"{rule} in the body")
            except RequestDataTooBig:
                return refused(request, error_pages.too_big(request), "body too big")
            except UnreadablePostError:
                return refused(request, error_pages.bad_request(request), "body could not be read")
        return self.get_response(request)


def refused(request: HttpRequest, response: HttpResponse, rule: str) -> HttpResponse:
    """Log which rule refused the request. Its path is not in the line: it may be what was refused."""
    note_cause(request, rule)
    log_response("Refused: %s", rule, response=response, request=request, logger=logger)
    return response


def fault_of_body(request: HttpRequest) -> str:
    """Which rule a form body breaks; "" for none. The product takes no uploads, so multipart must be text as well."""
    if (request.content_params or {}).get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        return "another charset"
    body = request.body
    if request.content_type == "application/x-www-form-urlencoded":
        return fault_of(unquote_to_bytes(body))
    # A part may carry its own transfer encoding, so the parsed values are looked at as well.
    has_nul = any("\x00" in value for _, values in request.POST.lists() for value in values)
    return fault_of(body) or (NUL if has_nul else "")


def fault_of(raw: bytes) -> str:
    if b"\x00" in raw:
        return NUL
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return NOT_UTF_8
    return ""


class DatabaseDownMiddleware:
    """A view that cannot reach the database answers 503 with the emergency text and the telephone number."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method != "POST":
            return self.get_response(request)
        with database_writes.watched(request):
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not database_errors.is_away(exception):
            return None
        response = error_pages.service_unavailable(request)
        # Here, because the reason is known here; the answer is marked as logged, so there is one line.
        log_response("%s: %s", "Database away", request.path, response=response, request=request, exception=exception)
        return response


class OwnNotFoundMiddleware:
    """A demonstration runs under DEBUG, where Django would answer a wrong address with its list of all addresses."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        return error_pages.not_found(request) if settings.DEMO and response.status_code == 404 else response
