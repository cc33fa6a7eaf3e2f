"""What `/metrics` says of this app: numbers of rows and ages, by kinds that are few and fixed. Nothing is opened."""

import datetime
from collections.abc import Iterable
from typing import Final

from django.db.models import Count, Min, Q
from prometheus_client.core import Metric

from clinic.core import clock
from clinic.core.metrics import by_label, figure
from consultations.enums import OPEN_STATUSES, URGENT_OUTCOMES, CaseStatus, Outcome, RequestStatus
from consultations.models import Appointment, ClockAlarm, ConsultationRequest, PatientText, SafetyCase
from consultations.services import clocks

DAY: Final = datetime.timedelta(days=1)


def requests() -> Iterable[Metric]:
    """Open requests, by the most pressing headline that the patient was shown."""
    now = clock.now()
    rows = ConsultationRequest.objects.filter(status__in=OPEN_STATUSES).order_by().values_list("highest_outcome")
    found = {name: rest for name, *rest in rows.annotate(Count("pk"), Min("submitted_at"))}
    late = dict(
        ConsultationRequest.objects.filter(clocks.is_overdue(now))
        .order_by()
        .values_list("highest_outcome")
        .annotate(Count("pk"))
    )
    names = [outcome.value for outcome in Outcome]
    counts = {name: found[name][0] if name in found else 0 for name in names}
    ages = {name: _age(found[name][1] if name in found else None, now) for name in names}
    yield by_label("clinic_requests_open", "Open requests.", "outcome", counts)
    yield by_label("clinic_requests_oldest_seconds", "Age of the oldest open request.", "outcome", ages)
    yield by_label(
        "clinic_requests_overdue",
        "Open requests whose clock ran out.",
        "outcome",
        {name: late.get(name, 0) for name in names},
    )
    waiting = dict(
        ConsultationRequest.objects.filter(status__in=OPEN_STATUSES)
        .order_by()
        .values_list("status")
        .annotate(Count("pk"))
    )
    yield by_label(
        "clinic_requests_by_status",
        "Open requests.",
        "status",
        {status.value: waiting.get(status.value, 0) for status in RequestStatus if status in OPEN_STATUSES},
    )


def dangers() -> Iterable[Metric]:
    """What endangers somebody and nobody has taken on."""
    now = clock.now()
    cases = SafetyCase.objects.filter(status=CaseStatus.OPEN).order_by().values_list("level")
    found = {level: (count, oldest) for level, count, oldest in cases.annotate(Count("pk"), Min("alarmed_at"))}
    levels = [str(level) for level in URGENT_OUTCOMES]
    counts = {level: found.get(level, (0, None))[0] for level in levels}
    ages = {level: _age(found.get(level, (0, None))[1], now) for level in levels}
    yield by_label("clinic_dangers_unacknowledged", "Safety cases that nobody has acknowledged.", "level", counts)
    yield by_label("clinic_dangers_oldest_seconds", "Since the oldest of them alarmed.", "level", ages)
    kinds = {"self_harm": Q(is_self_harm=True), "danger": Q(is_danger=True, is_self_harm=False)}
    texts = PatientText.objects.waiting().aggregate(
        **{f"{kind}_count": Count("pk", filter=which) for kind, which in kinds.items()},
        **{f"{kind}_oldest": Min("sent_at", filter=which) for kind, which in kinds.items()},
    )
    yield by_label(
        "clinic_texts_unread", "Texts with such words that nobody has read.", "kind",
        {kind: texts[f"{kind}_count"] for kind in kinds},
    )  # fmt: skip
    yield by_label(
        "clinic_texts_oldest_seconds", "Age of the oldest of them.", "kind",
        {kind: _age(texts[f"{kind}_oldest"], now) for kind in kinds},
    )  # fmt: skip
    sounding = ClockAlarm.objects.sounding().count()
    yield figure("clinic_clock_alarms_sounding", "Clocks that ran out and that nobody has acknowledged.", sounding)


def bookings() -> Iterable[Metric]:
    now = clock.now()
    made = Appointment.objects.aggregate(
        ahead=Count("pk", filter=Q(starts_at__gte=now, cancelled_at=None)),
        made=Count("pk", filter=Q(booked_at__gte=now - DAY)),
        cancelled=Count("pk", filter=Q(cancelled_at__gte=now - DAY)),
    )
    sent = ConsultationRequest.objects.filter(submitted_at__gte=now - DAY).count()
    yield figure("clinic_bookings_ahead", "Visits that are booked and still to come.", made["ahead"])
    yield figure("clinic_bookings_made_last_day", "Visits booked in the last 24 hours.", made["made"])
    yield figure("clinic_bookings_cancelled_last_day", "Visits cancelled in the last 24 hours.", made["cancelled"])
    yield figure("clinic_requests_received_last_day", "Requests received in the last 24 hours.", sent)


def _age(since: datetime.datetime | None, now: datetime.datetime) -> float:
    return (now - since).total_seconds() if since is not None else 0.0
