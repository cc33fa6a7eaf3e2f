"""Request id, security headers, refusal of undecodable input, and a calm page when the database is away."""

import re
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError

from clinic import error_pages
from clinic.logs import request_id

GetResponse = Callable[[HttpRequest], HttpResponseBase]

PERMISSIONS_POLICY = (
    "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), "
    "geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), "
    "screen-wake-lock=(), usb=(), xr-spatial-tracking=()"
)
PRIVATE_NAMESPACES = {"consultations", "admin"}
PUBLIC_VIEWS = {"consultations:start"}
METHODS = ("GET", "HEAD", "POST", "OPTIONS")
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
# Django leaves bytes of a path that are not UTF-8 percent-encoded; no address of ours has a percent sign.
UNDECODABLE_PATH = re.compile(r"\x00|%[89A-Fa-f][0-9A-Fa-f]")
KEPT_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


class RequestIdMiddleware:
    """Gives each request an id for logs and audit events. The proxy's id is kept when it is well formed."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "") if settings.PROXY_COUNT else ""
        own = given if KEPT_REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        token = request_id.set(own)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-ID"] = own
        return response


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
    return bool(match and PRIVATE_NAMESPACES & set(match.namespaces) and match.view_name not in PUBLIC_VIEWS)


class HeadersMiddleware:
    """The header set of every response, errors included. Outermost but one, so that nothing escapes it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", policy(settings.SECURE_CSP))
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
            return HttpResponse(status=405, headers={"Allow": ", ".join(METHODS)})
        if request.method == "OPTIONS":
            return HttpResponse(status=204, headers={"Allow": ", ".join(METHODS)})
        query = unquote_to_bytes(request.META.get("QUERY_STRING", "").encode("latin-1", "replace"))
        if UNDECODABLE_PATH.search(request.path_info) or not is_clean(query):
            return error_pages.bad_request(request)
        if request.method == "POST" and request.content_type in FORM_TYPES:
            try:
                if not body_is_clean(request):
                    return error_pages.bad_request(request)
            except RequestDataTooBig:
                return error_pages.too_big(request)
            except UnreadablePostError:
                return error_pages.bad_request(request)
        return self.get_response(request)


def body_is_clean(request: HttpRequest) -> bool:
    """Whether a form body is UTF-8 without NUL. The product takes no uploads, so multipart is text as well."""
    if (request.content_params or {}).get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        return False
    body = request.body
    if request.content_type == "application/x-www-form-urlencoded":
        return is_clean(unquote_to_bytes(body))
    # A part may carry its own transfer encoding, so the parsed values are looked at as well.
    return is_clean(body) and not any("\x00" in value for _, values in request.POST.lists() for value in values)


def is_clean(raw: bytes) -> bool:
    if b"\x00" in raw:
        return False
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def database_is_away(problem: BaseException | None) -> bool:
    """Whether the error means "try again later". A database without its tables is a set-up error."""
    return isinstance(problem, OperationalError | InterfaceError) and "no such table" not in str(problem)


class DatabaseDownMiddleware:
    """A view that cannot reach the database answers 503 with the emergency text and the telephone number."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return error_pages.service_unavailable(request) if database_is_away(exception) else None


class OwnNotFoundMiddleware:
    """A demonstration runs under DEBUG, where Django would answer a wrong address with its list of all addresses."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        return error_pages.not_found(request) if settings.DEMO and response.status_code == 404 else response
