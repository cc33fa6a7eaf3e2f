"""Answers a page that Django has just given, before Django: the same bytes, for as long as the content stands.

`page_cache` decides what everybody may have, and asks the database at most once a second whether it still holds. Within
that second the same question gets the same answer here: of the request, everything that could make Django answer
otherwise is part of the key, and whatever is not plain goes on to Django.
"""

import dataclasses
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from django.conf import settings
from django.http import parse_cookie

from clinic.core import clock, request_metrics
from clinic.core.context_processors import theme_named
from clinic.core.middleware import REQUEST_ID, id_of_request
from clinic.core.page_cache import KEPT, PAGES, CachedResponse, Pages, takes_gzip

Environ = dict[str, Any]
Key = tuple[Any, ...]
Headers = list[tuple[str, str]]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

WHERE: Final = (
    "REQUEST_METHOD", "PATH_INFO", "SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme", "HTTP_HOST",
    "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT",
)  # fmt: skip
"""By which host and address a page was asked for, before anybody has checked that there is such a host."""
NOT_PLAIN: Final = (
    "QUERY_STRING", "HTTP_AUTHORIZATION", "HTTP_IF_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE",
    "HTTP_RANGE", "HTTP_TRANSFER_ENCODING",
)  # fmt: skip
KNOWN: Final = -3
"""Which part of a key is the ETag that the browser has."""
MOST: Final = 4 * 500
"""Four forms of as many pages as `page_cache` holds; then all are made anew."""


@dataclasses.dataclass(frozen=True, slots=True)
class WarmAnswer:
    """What Django gave, all of its headers but the number of the request."""

    status: str
    headers: Headers
    body: bytes
    revision: str


class WarmPages:
    """A WSGI application around Django's."""

    def __init__(self, application: Application, pages: Pages = PAGES) -> None:
        self.application = application
        self.pages = pages
        self.answers: dict[Key, WarmAnswer] = {}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        begun = time.perf_counter()
        key = key_of(environ)
        if key is None:
            return self.application(environ, start_response)
        answer = self.answers.get(key)
        if answer is None or not self.pages.holds(answer.revision):
            return self._asked_of_django(environ, start_response, key)
        start_response(answer.status, [*answer.headers, (REQUEST_ID, id_of_request(environ))])
        request_metrics.count(request_metrics.FROM_MEMORY, answer.status[:3], begun=begun)
        return [answer.body]

    def _asked_of_django(
        self, environ: Environ, start_response: StartResponse, key: tuple[Any, ...]
    ) -> Iterable[bytes]:
        given: list[tuple[str, Headers]] = []

        def started(status: str, headers: Headers, *more: Any) -> Any:
            given.append((status, headers))
            return start_response(status, headers, *more)

        body = self.application(environ, started)
        kept: CachedResponse | None = environ.get(KEPT)
        if kept is not None:
            self._keep(key, *given[-1], kept)
        return body

    def _keep(self, key: Key, status: str, headers: Headers, kept: CachedResponse) -> None:
        names, is_known = {name.lower() for name, _ in headers}, status[:3] == "304"
        # Browsers may claim to know anything: only what they do know is worth the room.
        if "set-cookie" in names or not (is_known or (status[:3] == "200" and not key[KNOWN])):
            return
        is_bare = is_known or key[0] == "HEAD"
        body = b"" if is_bare else kept.packed if "content-encoding" in names else kept.body
        own = [(name, value) for name, value in headers if name.lower() != REQUEST_ID.lower()]
        if len(self.answers) >= MOST:
            self.answers.clear()
        self.answers[key] = WarmAnswer(status, own, body, kept.revision)


def key_of(environ: Environ) -> Key | None:
    """Everything that the answer may hang on; None for a question that is not plain."""
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or any(environ.get(name) for name in NOT_PLAIN):
        return None
    if environ.get("CONTENT_LENGTH") not in (None, "", "0"):
        return None
    theme = ""
    if cookies := environ.get("HTTP_COOKIE"):
        named = parse_cookie(cookies)
        if settings.SESSION_COOKIE_NAME in named:
            return None
        theme = named.get(settings.THEME_COOKIE_NAME, "")
    where = (environ.get(name) for name in WHERE)
    known, packed = environ.get("HTTP_IF_NONE_MATCH", ""), takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", ""))
    return (*where, theme_named(theme), known, packed, clock.today())
