"""`/metrics`: figures for Prometheus. Who may read them, and those of the kernel; an app adds its own by METRICS."""

import ipaddress
import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from django.conf import settings
from django.db.models import Count, Min
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.module_loading import import_string
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from clinic.core import clock, limits, readiness, request_metrics
from clinic.core.backups import last_backup
from clinic.core.logs import cause_of
from clinic.core.models import Heartbeat, Lane, OutboxMessage, UnchainedEvent, UnchainedRead
from clinic.core.outbox import UNDELIVERED

FORWARDED: Final = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")
logger = logging.getLogger(__name__)


def may_read(request: HttpRequest) -> bool:
    """This machine, and whoever has METRICS_TOKEN."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    has_token = constant_time_compare(given.strip(), settings.METRICS_TOKEN)
    return (bool(settings.METRICS_TOKEN) and scheme.lower() == "bearer" and has_token) or is_from_here(request)


def is_from_here(request: HttpRequest) -> bool:
    """Behind a proxy of ours everything seems to come from here, unless PROXY_COUNT says whom to ask."""
    if not settings.PROXY_COUNT and any(name in request.META for name in FORWARDED):
        return False
    try:
        address = ipaddress.ip_address(limits.client_address(request))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def report() -> bytes:
    """Whatever fails, the rest is told, and that it failed. Nothing is locked, and nothing written."""
    registry = CollectorRegistry()
    registry.register(AllFigures())
    return generate_latest(registry)


class AllFigures(Collector):
    def collect(self) -> Iterator[Metric]:
        yield from request_metrics.collect()
        words, is_ready = readiness.report()
        yield by_label(
            "clinic_ready", "1 where /readyz says ok.", "name", {name: word == "ok" for name, word in words.items()}
        )
        works = {}
        for path in settings.METRICS if is_ready else ():
            try:
                found = list(import_string(path)())
            except Exception as error:
                logger.error("metrics: %s failed: %s", path, cause_of(error))
                works[path] = False
            else:
                works[path] = True
                yield from found
        yield by_label("clinic_figures", "1 where these figures could be worked out.", "source", works)


def by_label(name: str, help_text: str, label: str, figures: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for value, figure in figures.items():
        family.add_metric([value], figure)
    return family


def figure(name: str, help_text: str, number: float) -> Metric:
    return GaugeMetricFamily(name, help_text, value=number)


def outbox() -> Iterable[Metric]:
    now = clock.now()
    due = OutboxMessage.objects.filter(sent_at=None, parked_at=None, due_at__lte=now).order_by()
    rows = {
        lane: (count, oldest) for lane, count, oldest in due.values_list("lane").annotate(Count("pk"), Min("send_at"))
    }
    parked = dict(OutboxMessage.objects.filter(UNDELIVERED).order_by().values_list("lane").annotate(Count("pk")))
    lanes = [lane.value for lane in Lane]
    yield by_label(
        "clinic_outbox_waiting", "Messages that are due.", "lane", {lane: rows.get(lane, (0, now))[0] for lane in lanes}
    )
    yield by_label(
        "clinic_outbox_oldest_seconds",
        "How long the oldest of them has waited.",
        "lane",
        {lane: (now - rows.get(lane, (0, now))[1]).total_seconds() for lane in lanes},
    )
    yield by_label(
        "clinic_outbox_undelivered", "Messages given up.", "lane", {lane: parked.get(lane, 0) for lane in lanes}
    )


def worker() -> Iterable[Metric]:
    """Without a worker there is no figure, and an alert for its absence."""
    beat = Heartbeat.objects.filter(name="worker").first()
    if beat is not None:
        age = (clock.now() - beat.at).total_seconds()
        failing = len([duty for duty in beat.failing.split(", ") if duty])
        yield figure("clinic_worker_turn_age_seconds", "Since the worker's last turn ended.", age)
        yield figure("clinic_worker_failing_duties", "Duties that failed in that turn.", failing)


def audit() -> Iterable[Metric]:
    waiting = {"event": UnchainedEvent.objects.count(), "reading": UnchainedRead.objects.count()}
    yield by_label("clinic_audit_waiting", "What waits for its link in the audit chain.", "kind", waiting)


def backup() -> Iterable[Metric]:
    if newest := last_backup():
        yield figure("clinic_backup_age_seconds", "Age of the newest whole backup.", newest.age.total_seconds())
