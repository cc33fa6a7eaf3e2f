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
from consultations.models import Appointment, AppointmentType, Clinician
from consultations.presenters import own_calendars
from consultations.presenters.formatting import Chip, outside_words
from consultations.presenters.isolation import Unreadable, readable
from consultations.presenters.visit_needs import needs_words
from consultations.services import scheduling, stranded, visit_needs
from consultations.services.visit_needs import Needs

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
    left = stranded.outside_hours(stranded.ahead().visible_to(viewer))
    over_busy = list(stranded.over_busy_times().visible_to(viewer))
    stranded_pks, over_busy_pks = {visit.pk for visit in left}, {visit.pk for visit in over_busy}
    request_pks, damaged, shown = [item.consultation_request_id for item in (*left, *over_busy)], 0, list[Appointment]()
    for row in readable(rows):
        if isinstance(row, Unreadable):
            damaged += 1
            continue
        request_pks.append(row.consultation_request_id)
        shown.append(row)
    needs = visit_needs.of_persons({row.consultation_request.patient.person_id for row in shown})
    for row in shown:
        person = row.consultation_request.patient.person_id
        line = _line(row, is_stranded=row.pk in stranded_pks) | {"needs": needs_words(needs.get(person, Needs()))}
        by_day[clock.local(row.starts_at).date()].append(line | {"is_over_busy": row.pk in over_busy_pks})
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
        "stranded": stranded.named(left),
        "over_busy": stranded.named(over_busy),
        "own_calendars": own_calendars.ages(),
        "clinic_zone": clock.zone_words(start),
        "own_clinician": Clinician.objects.filter(user=viewer).values_list("pk", flat=True).first(),
    }


def _free_times(number: int) -> str:
    return ngettext("%(number)d free time", "%(number)d free times", number) % {"number": number}


def _line(appointment: Appointment, *, is_stranded: bool) -> dict[str, Any]:
    return {
        "is_stranded": is_stranded,
        "time": clock.time_in_a_day(appointment.starts_at, appointment.time_zone, ends=appointment.ends_at),
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
        "confirmed": confirmed_chip(appointment),
    }


def confirmed_chip(appointment: Appointment) -> Chip | None:
    """Whether the patient said that they will come, of a visit that lies ahead."""
    if appointment.status != AppointmentStatus.BOOKED or appointment.starts_at <= clock.now():
        return None
    return Chip(_("Confirmed"), "ok") if appointment.is_confirmed else Chip(_("Not confirmed"))
