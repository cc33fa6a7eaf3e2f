"""Answers a warm public page from memory: no query, no session, no view. See docs/adr/0013-page-cache.md."""

import dataclasses
import gzip
import hashlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any, Final, TypeVar

from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import re_accepts_gzip
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.module_loading import import_string

from clinic.core import clock
from clinic.core.context_processors import theme_of
from clinic.core.logs import cause_of

logger = logging.getLogger(__name__)

MOST_PAGES: Final = 500
MOST_BYTES: Final = 16 * 1024 * 1024
NOT_A_HEADER_OF_THE_PAGE: Final = {"content-length", "content-encoding", "etag"}
KEPT: Final = "clinic.kept_page"
"""Where a request tells the server's entrance that its answer came from here (`warm_pages`)."""
Key = tuple[date, str, str, str]
Response = TypeVar("Response", bound=HttpResponseBase)


def may_keep(response: Response, *, revision: str) -> Response:
    """Say of an answer that everyone may have it for as long as the content is at `revision`.

    The revision must have been read before the content: a change in between then makes the answer old, never new.
    """
    vars(response)["content_revision"] = revision
    return response


@dataclasses.dataclass(frozen=True, slots=True)
class CachedResponse:
    """One answer as it is given again and again; `packed` is its body under gzip."""

    revision: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    packed: bytes
    tag: str

    @classmethod
    def of(cls, response: HttpResponse, revision: str) -> "CachedResponse":
        response.headers.setdefault("Cache-Control", "no-cache")
        patch_vary_headers(response, ("Cookie", "Accept-Encoding"))
        headers = tuple(
            (name, value) for name, value in response.headers.items() if name.lower() not in NOT_A_HEADER_OF_THE_PAGE
        )
        body = response.content
        return cls(revision, headers, body, gzip.compress(body, mtime=0), hashlib.sha256(body).hexdigest()[:32])

    @property
    def size(self) -> int:
        return len(self.body) + len(self.packed)

    def answer(self, request: HttpRequest) -> HttpResponseBase:
        """A fresh response, or 304 to whom already has this very one."""
        is_packed = takes_gzip(request.META.get("HTTP_ACCEPT_ENCODING", ""))
        body = self.packed if is_packed else self.body
        response = HttpResponse(b"" if request.method == "HEAD" else body, headers=dict(self.headers))
        response["Content-Length"] = str(len(body))
        response["ETag"] = f'"{self.tag}-gzip"' if is_packed else f'"{self.tag}"'
        if is_packed:
            response["Content-Encoding"] = "gzip"
        return get_conditional_response(request, etag=response["ETag"], response=response) or response


class Pages:
    """The answers one process holds, the one least asked for going first, and the revision last seen."""

    def __init__(self, *, most_pages: int = MOST_PAGES, most_bytes: int = MOST_BYTES) -> None:
        self.most_pages = most_pages
        self.most_bytes = most_bytes
        self.bytes = 0
        self.cached: OrderedDict[Key, CachedResponse] = OrderedDict()
        self.revision = ""
        self.seen_at = float("-inf")
        self.lock = threading.Lock()
        self.looking = threading.Lock()

    def clear(self) -> None:
        with self.lock:
            self.cached.clear()
            self.bytes = 0
            self.revision, self.seen_at = "", float("-inf")

    def get(self, key: Key) -> CachedResponse | None:
        """What is held, if the content is still what it was made from."""
        with self.lock:
            cached = self.cached.get(key)
            if cached is None:
                return None
            self.cached.move_to_end(key)
        return cached if cached.revision == self._current() else None

    def holds(self, revision: str) -> bool:
        """Whether this was the revision less than PAGE_CACHE_SECONDS ago. Asks nobody, and takes no lock."""
        return revision == self.revision and time.monotonic() - self.seen_at < settings.PAGE_CACHE_SECONDS

    def put(self, key: Key, cached: CachedResponse, *, asked_at: float) -> None:
        """Hold an answer to a question of the instant `asked_at`; its revision was read after that."""
        with self.lock:
            if asked_at > self.seen_at:
                self._see(cached.revision, asked_at)
            if cached.revision != self.revision or cached.size > self.most_bytes:
                return
            self._drop(key)
            self.cached[key] = cached
            self.bytes += cached.size
            while self.bytes > self.most_bytes or len(self.cached) > self.most_pages:
                self._drop(next(iter(self.cached)))

    def _current(self) -> str:
        """The revision as it stood less than PAGE_CACHE_SECONDS ago. With the database away, as it last stood."""
        with self.looking:
            now = time.monotonic()
            if now - self.seen_at < settings.PAGE_CACHE_SECONDS:
                return self.revision
            try:
                revision = _look()()
            except Error as error:
                logger.warning("the revision of the content could not be read (%s)", cause_of(error))
                revision = self.revision
            with self.lock:
                self._see(revision, now)
            return revision

    def _see(self, revision: str, at: float) -> None:
        self.seen_at = at
        if revision != self.revision:
            self.revision = revision
            self.cached.clear()
            self.bytes = 0

    def _drop(self, key: Key) -> None:
        gone = self.cached.pop(key, None)
        self.bytes -= gone.size if gone else 0


PAGES: Final = Pages()


@cache
def _look() -> Callable[[], str]:
    """What asks for the revision: the app that owns the content says so in a setting, as the kernel knows no app."""
    current_revision: Callable[[], str] = import_string(settings.PAGE_CACHE_REVISION)
    return current_revision


class PageCacheMiddleware:
    """Stands after the refusal of bad input and before everything that knows who asks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase], pages: Pages = PAGES) -> None:
        self.get_response = get_response
        self.pages = pages

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_anyones(request):
            return self.get_response(request)
        asked_at = time.monotonic()
        key = (clock.today(), request.get_host(), request.path, theme_of(request))
        cached = self.pages.get(key)
        if cached is None:
            response = self.get_response(request)
            revision = revision_of(response)
            if not revision or not isinstance(response, HttpResponse):
                return response
            cached = CachedResponse.of(response, revision)
            self.pages.put(key, cached, asked_at=asked_at)
        request.META[KEPT] = cached
        return cached.answer(request)


def takes_gzip(accepted: str) -> bool:
    return bool(re_accepts_gzip.search(accepted))


def is_anyones(request: HttpRequest) -> bool:
    """Whether nothing in the request but its address and the theme could change the answer.

    Never under DEBUG: there, templates change under the running server.
    """
    return (
        not settings.DEBUG
        and request.method in ("GET", "HEAD")
        and not request.META.get("QUERY_STRING")
        and "HTTP_AUTHORIZATION" not in request.META
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
    )


def revision_of(response: Any) -> str:
    """The revision an answer may be kept under; empty when it must not be kept."""
    revision: str = vars(response).get("content_revision", "")
    is_plain = response.status_code == 200 and not response.streaming and not response.cookies
    if not revision or not is_plain or "no-store" in response.get("Cache-Control", ""):
        return ""
    return "" if b"csrfmiddlewaretoken" in response.content else revision
