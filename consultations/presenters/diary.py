"""Two weeks of the diary: what is booked on each day, and how many times are still free."""

import datetime
from collections import Counter, defaultdict
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import AppointmentStatus
from consultations.models import Appointment, AppointmentType
from consultations.presenters.formatting import Chip, outside_words
from consultations.presenters.isolation import Unreadable, readable
from consultations.services import scheduling

DAYS: Final = 14
STATUS_KINDS: Final = {AppointmentStatus.FULFILLED: "ok", AppointmentStatus.NOSHOW: "warn"}


def diary_page(*, viewer: User, since: datetime.date) -> dict[str, Any]:
    until = since + datetime.timedelta(days=DAYS)
    start, end = (datetime.datetime.combine(day, datetime.time(), tzinfo=clock.zone()) for day in (since, until))
    rows = (
        Appointment.objects.visible_to(viewer)
        .filter(starts_at__gte=start, starts_at__lt=end)
        .exclude(status=AppointmentStatus.CANCELLED)
        .select_related("consultation_request__patient", "clinician", "location", "appointment_type")
        .defer(
            "consultation_request__patient__email",
            "consultation_request__patient__phone",
            "consultation_request__patient__phone_as_typed",
            "cancel_reason",
        )
        .order_by("starts_at", "pk")
    )
    by_day: dict[datetime.date, list[dict[str, Any]]] = defaultdict(list)
    request_pks, damaged = [], 0
    for row in readable(rows):
        if isinstance(row, Unreadable):
            damaged += 1
            continue
        request_pks.append(row.consultation_request_id)
        by_day[clock.local(row.starts_at).date()].append(_line(row))
    kind = AppointmentType.objects.filter(is_active=True).order_by("name").first()
    free: Counter[datetime.date] = Counter()
    if kind is not None:
        slots = scheduling.free_slots(appointment_type=kind, since=since, until=until)
        free.update(clock.local(slot.starts_at).date() for slot in slots)
    days = [since + datetime.timedelta(days=step) for step in range(DAYS)]
    return {
        "days": [
            {
                "title": clock.day(day),
                "lines": by_day[day],
                "free": _free_times(free[day]) if free[day] else _("no free time"),
            }
            for day in days
            if by_day[day] or free[day]
        ],
        "kind": kind,
        "free_total": _free_times(free.total()),
        "first": clock.day(since),
        "last": clock.day(days[-1]),
        "earlier": f"?{urlencode({'from': since - datetime.timedelta(days=DAYS)})}",
        "later": f"?{urlencode({'from': until})}",
        "request_pks": sorted(set(request_pks)),
        "damaged": damaged,
        "clinic_zone": clock.zone_words(start),
    }


def _free_times(number: int) -> str:
    return ngettext("%(number)d free time", "%(number)d free times", number) % {"number": number}


def _line(appointment: Appointment) -> dict[str, Any]:
    return {
        "time": clock.time_span(appointment.starts_at, appointment.ends_at),
        "name": appointment.consultation_request.patient.name,
        "reference": appointment.consultation_request.reference,
        "url": reverse("admin:consultations_consultationrequest_change", args=[appointment.consultation_request_id]),
        "clinician": appointment.clinician.display_name,
        "location": appointment.location.name,
        "kind": appointment.appointment_type.name,
        "modality": appointment.appointment_type.get_modality_display(),
        "outside": outside_words(appointment.outside),
        "outside_reason": appointment.outside_reason or "",
        "status": Chip(appointment.get_status_display(), STATUS_KINDS.get(AppointmentStatus(appointment.status), "")),
    }
