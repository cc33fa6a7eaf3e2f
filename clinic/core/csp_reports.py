"""What browsers report of a page that broke our content security policy: counted, and logged once a kind.

Anybody can send such a report, and an honest one quotes the address of a private page. So nothing of it is kept but
words out of lists of our own, and the host name of what was blocked. No row is written: reports must not fill a table,
and come while the database is away as well.
"""

import json
import logging
import re
import threading
import time
from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from prometheus_client import Counter

from clinic.core.logs import note_cause
from clinic.core.request_metrics import REGISTRY

MOST_BYTES: Final = 16 * 1024
MOST_REPORTS: Final = 20
"""In one message: a browser gathers what it found on a page, or in a minute."""
A_MINUTE: Final = 60
"""So many messages a minute are read in each process; nginx counts by address before."""
MOST_KINDS: Final = 200
"""So many are logged by one process; made-up ones would otherwise fill the log and the memory."""
TYPES: Final = ("application/csp-report", "application/reports+json")
DIRECTIVES: Final = frozenset(
    (
        *settings.SECURE_CSP, "script-src-elem", "script-src-attr", "style-src-elem", "style-src-attr", "frame-src",
        "child-src", "worker-src", "manifest-src", "media-src", "require-trusted-types-for", "trusted-types",
    )
)  # fmt: skip
KEYWORDS: Final = frozenset(("inline", "eval", "wasm-eval", "self", "trusted-types-policy", "trusted-types-sink"))
OTHER: Final = "other"
HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
ANSWERS: Final = Counter(
    "clinic_csp_reports",
    "Reports of a broken content security policy.",
    ("directive", "blocked"),
    registry=REGISTRY,
)
ANSWERS.labels(OTHER, OTHER)  # there from the start: of a figure that appears, nobody sees that it grew
logger = logging.getLogger(__name__)


class Violation(NamedTuple):
    directive: str
    page: str
    blocked: str

    @property
    def kind(self) -> str:
        """Of what was blocked, for the figures: an origin is anybody's choice, and would make a series of its own."""
        return self.blocked if self.blocked in KEYWORDS or self.blocked == OTHER else "another site"


class Allowance:
    """So many a minute in this process, without asking the database."""

    def __init__(self, most: int) -> None:
        self.most, self.left, self.at = most, float(most), time.monotonic()
        self.lock = threading.Lock()

    def take(self) -> bool:
        with self.lock:
            now = time.monotonic()
            self.left = min(float(self.most), self.left + (now - self.at) * self.most / 60)
            self.at = now
            if self.left < 1:
                return False
            self.left -= 1
            return True


class KindsTold:
    """The kinds that this process has told of."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.kinds: set[Violation] = set()
        self.lock = threading.Lock()

    def is_new(self, found: Violation) -> bool:
        with self.lock:
            if found in self.kinds or len(self.kinds) >= self.most:
                return False
            self.kinds.add(found)
            return True


ALLOWANCE: Final = Allowance(A_MINUTE)
SEEN: Final = KindsTold(MOST_KINDS)


# A browser sends it by itself, without a form; a forged one adds to a figure.
@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Neither session nor database is asked, nothing is told back."""
    if request.content_type not in TYPES:
        return _answer(request, 415, "not a report")
    if not ALLOWANCE.take():
        return _answer(request, 429, "too many reports")
    try:
        body = request.read(MOST_BYTES + 1)
    except UnreadablePostError:
        return _answer(request, 400, "body could not be read")
    if len(body) > MOST_BYTES:
        return _answer(request, 413, "body too big")
    try:
        reports = _reports(json.loads(body))
    except (ValueError, RecursionError):
        return _answer(request, 400, "not JSON")
    for found in reports:
        ANSWERS.labels(found.directive, found.kind).inc()
        if SEEN.is_new(found):
            logger.warning("%s of %s blocked on %s", found.directive, found.blocked, found.page)
    return _answer(request, 204, "")


def _answer(request: HttpRequest, status: int, cause: str) -> HttpResponse:
    if cause:
        note_cause(request, cause)
    return HttpResponse(status=status, headers={"Cache-Control": "no-store"})


def _reports(sent: Any) -> list[Violation]:
    """Those of a message in the older or the newer form; what is neither is no report."""
    if isinstance(sent, dict):
        return [_violation(sent.get("csp-report"))] if isinstance(sent.get("csp-report"), dict) else []
    return list(_of_list(sent)) if isinstance(sent, list) else []


def _of_list(sent: list[Any]) -> Iterator[Violation]:
    for each in sent[:MOST_REPORTS]:
        if isinstance(each, dict) and each.get("type") == "csp-violation" and isinstance(each.get("body"), dict):
            yield _violation(each["body"])


def _violation(body: Any) -> Violation:
    directive = _text(body, "effective-directive", "effectiveDirective", "violated-directive").partition(" ")[0]
    return Violation(
        directive if directive in DIRECTIVES else OTHER,
        route_of(_text(body, "document-uri", "documentURL")),
        origin_of(_text(body, "blocked-uri", "blockedURL")),
    )


def _text(body: dict[str, Any], *names: str) -> str:
    """The first of these fields that holds a text."""
    return next((body[name] for name in names if isinstance(body.get(name), str)), "")


def route_of(address: str) -> str:
    """The name of the page, never its address, which may hold a token."""
    try:
        return resolve(urlsplit(address).path).view_name or "unnamed"
    except (ValueError, Resolver404):
        return "unmatched"


def origin_of(address: str) -> str:
    """Scheme and host of what was blocked, without path and query; or the browser's word for it."""
    if address in KEYWORDS:
        return address
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return OTHER
    if parts.scheme not in ("http", "https", "ws", "wss") or not HOST.fullmatch(host):
        return OTHER
    if host == settings.SITE_HOST:
        return "self"
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")
