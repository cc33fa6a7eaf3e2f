"""How many answers, of what kind and how fast: counted in each process, read by whichever is asked.

Under gunicorn every process writes to a file in PROMETHEUS_MULTIPROC_DIR (`deploy/gunicorn.conf.py`). The file
goes by the number of its place, not of the process: the next process there goes on counting, so that there are never
more files than places.
"""

import os
import time
from collections.abc import Callable, Iterable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from prometheus_client import CollectorRegistry, Counter, Histogram, values
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

if os.environ.get("METRICS_PLACE"):
    values.ValueClass = values.MultiProcessValue(lambda: os.environ["METRICS_PLACE"])  # type: ignore[no-untyped-call]

FROM_MEMORY: Final = "from memory"
REGISTRY: Final = CollectorRegistry()
ANSWERS: Final = Counter(
    "clinic_http_answers", "Answers by page and status code.", ("route", "status"), registry=REGISTRY
)
SECONDS: Final = Histogram(
    "clinic_http_seconds",
    "Time until an answer was made, by page.",
    ("route",),
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)


class RequestMetricsMiddleware:
    """Outermost, so that the time of every other is counted."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        begun = time.perf_counter()
        response = self.get_response(request)
        count(route_of(request, response), str(response.status_code), begun=begun)
        return response


def count(route: str, status: str, *, begun: float) -> None:
    """One answer more, made since `begun` (of `time.perf_counter`)."""
    ANSWERS.labels(route, status).inc()
    SECONDS.labels(route).observe(time.perf_counter() - begun)


def route_of(request: HttpRequest, response: HttpResponseBase) -> str:
    """The name of the page, never its address: an address may hold a token, and anybody can make up new ones."""
    if request.resolver_match is not None:
        return request.resolver_match.view_name or "unnamed"
    if request.path.startswith(settings.STATIC_URL):
        return "static"
    return FROM_MEMORY if response.status_code < 400 else "unmatched"


def collect() -> Iterable[Metric]:
    """The sum over all processes."""
    if os.environ.get("METRICS_PLACE"):
        return MultiProcessCollector(None).collect()  # type: ignore[no-untyped-call, no-any-return]
    return REGISTRY.collect()
