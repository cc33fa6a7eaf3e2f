"""Today: who needs somebody now, what waits, and who comes in."""

import datetime
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import audit_heads, clock, key_fingerprints
from clinic.core.models import Heartbeat
from clinic.core.permissions import may
from consultations.enums import AppointmentStatus
from consultations.forms.queue_filters import TABS
from consultations.models import Appointment, ConsultationRequest
from consultations.presenters import (
    alarm_groups,
    called_off,
    cases,
    clock_alarms,
    own_calendars,
    patient_texts,
    queue,
)
from consultations.presenters.findings import signature_line
from consultations.presenters.formatting import Chip, clock_chip, span
from consultations.presenters.isolation import Unreadable, readable
from consultations.presenters.rota import duty_now
from consultations.presenters.to_phone import to_call
from consultations.presenters.weekly_calls import weekly_calls
from consultations.services import alarms, clocks, intake, readings, stranded, undelivered

SHOWN: Final = 10
GROUPS_SHOWN: Final = 5
WORKER: Final = "worker"


def today_context(user: User) -> dict[str, Any]:
    """What this person may see of today; nothing about patients without the permission to see requests."""
    # What endangers patients until somebody acts stands at the very top, for everybody who signs in.
    alarms_to_all = [*key_fingerprints.alarms(), *audit_heads.alarms()]
    if not may(user, "consultations.view_consultationrequest"):
        return {"sees_patients": False, "alarms": alarms_to_all}
    now = clock.now()
    listed = cases.open_cases(viewer=user, now=now, limit=SHOWN)
    groups = alarm_groups.open_groups(viewer=user, now=now)
    texts, has_more_texts = patient_texts.waiting_lines(viewer=user, now=now, limit=SHOWN)
    overdue = overdue_rows(viewer=user, now=now)
    calls_due = weekly_calls(viewer=user, now=now)
    to_phone = to_call(viewer=user)
    visits = visits_today(viewer=user, now=now)
    seen: dict[str, Any] = {
        "cases": [case.pk for case in listed.cases],
        "patients": sorted({patient for case in listed.cases for patient in case.others.patients}),
        "texts": [text.pk for text in texts],
        "requests": sorted(
            {item["pk"] for item in [*overdue["rows"], *calls_due["rows"], *to_phone["rows"]]}
            | {text.request_pk for text in texts if text.request_pk}
            | {visit["request_pk"] for visit in visits if visit["request_pk"]}
        ),
    }
    if any(seen.values()):
        readings.log(by=user, action="request.list", page="today", **seen)
    return {
        "sees_patients": True,
        "lists_emergencies": True,
        "alarms": [*alarms_to_all, *alarms.sentences(now=now)],
        "duty": duty_now(viewer=user, now=now),
        "cases": listed,
        "groups": groups[:GROUPS_SHOWN],
        "more_groups": len(groups[GROUPS_SHOWN:]),
        "texts": texts,
        "has_more_texts": has_more_texts,
        "overdue": overdue,
        "weekly_calls": calls_due,
        "to_phone": to_phone,
        "parked": undelivered.parked_messages().count(),
        "unsent_links": undelivered.parked_links().count(),
        "delayed": undelivered.delayed_messages().count(),
        "worker_warning": worker_warning(now=now),
        "unread_calendars": own_calendars.unread(),
        "over_busy": stranded.over_busy_times().visible_to(user).count(),
        "tabs": tab_lines(viewer=user, now=now),
        "visits": visits,
        "cannot_come": called_off.today_lines(),
        "today_words": clock.day(now),
        "signature": signature_line(intake.current_rules()),
    }


def overdue_rows(*, viewer: User, now: datetime.datetime) -> dict[str, Any]:
    late = ConsultationRequest.objects.visible_to(viewer).filter(clocks.is_overdue(now))
    nearest = late.select_related("patient").annotate(case_due_at=clocks.CASE_DUE_AT).most_pressing_first()[:SHOWN]
    nearest_requests = readable(nearest)
    heard = clock_alarms.heard_by(item.response_id for item in nearest_requests if not isinstance(item, Unreadable))
    rows = [
        {
            "pk": item.pk,
            "name": _("Record %(number)d cannot be read") % {"number": item.pk},
            "reference": "",
            "time": Chip(_("Unknown"), "danger"),
        }
        if isinstance(item, Unreadable)
        else {
            "pk": item.pk,
            "name": item.patient.name,
            "reference": item.reference,
            "time": clock_chip(item, now=now, case_due_at=item.case_due_at),
            "heard": heard.get(item.response_id, ""),
        }
        for item in nearest_requests
    ]
    for row in rows:
        row["url"] = reverse("admin:consultations_consultationrequest_change", args=[row["pk"]])
    return {"count": late.count() if len(rows) == SHOWN else len(rows), "rows": rows}


def tab_lines(*, viewer: User, now: datetime.datetime) -> list[dict[str, Any]]:
    """One line a tab: how many, and how long the oldest has waited."""
    longest: dict[str, Any] = dict(queue.oldest_by_tab())
    counts = queue.tab_counts(viewer=viewer, **longest)
    base = reverse("admin:consultations_consultationrequest_changelist")
    lines = []
    for name, (label, _statuses) in TABS.items():
        if name in ("all", "closed"):
            continue
        oldest = counts[f"oldest_{name}"]
        lines.append(
            {
                "label": label,
                "count": counts[f"in_{name}"],
                "oldest": _("oldest %(time)s") % {"time": span(now - oldest)} if oldest else "",
                "url": f"{base}?tab={name}",
            }
        )
    return lines


def visits_today(*, viewer: User, now: datetime.datetime) -> list[dict[str, Any]]:
    start = clock.local(now).replace(hour=0, minute=0, second=0, microsecond=0)
    end = start + datetime.timedelta(days=1)
    visits = (
        Appointment.objects.visible_to(viewer)
        .filter(starts_at__gte=start, starts_at__lt=end)
        .exclude(status=AppointmentStatus.CANCELLED)
        .select_related("consultation_request__patient", "clinician", "appointment_type", "location")
        .defer(
            "consultation_request__patient__email",
            "consultation_request__patient__phone",
            "consultation_request__patient__phone_as_typed",
            "cancel_reason",
        )
        .order_by("starts_at", "pk")
    )
    return [
        {
            "time": "", "name": _("Booking %(number)d cannot be read") % {"number": visit.pk}, "request_pk": None,
            "url": "", "clinician": _("tell a manager its number"), "kind": _("Unknown"), "status": _("damaged"),
        }
        if isinstance(visit, Unreadable)
        else {
            "time": clock.time_in_a_day(visit.starts_at, visit.time_zone),
            "name": visit.consultation_request.patient.name,
            "request_pk": visit.consultation_request_id,
            "url": reverse("admin:consultations_consultationrequest_change", args=[visit.consultation_request_id]),
            "clinician": visit.clinician.display_name,
            "kind": visit.appointment_type.get_modality_display(),
            "status": visit.get_status_display(),
        }
        for visit in readable(visits)
    ]  # fmt: skip


def worker_warning(*, now: datetime.datetime) -> str:
    """What to say when the background process that sends mail is late or fails at something; else empty."""
    beat = Heartbeat.objects.filter(name=WORKER).first()
    if beat is None:
        return _("Messages are not going out: the background worker has not run yet.")
    if beat.is_late:
        late = _("Messages are not going out: the background worker was last seen %(time)s ago.")
        return late % {"time": span(now - beat.at)}
    if beat.failing:
        failing = _("The background worker cannot do all its work. It fails at: %(tasks)s.")
        return failing % {"tasks": beat.failing}
    return ""
