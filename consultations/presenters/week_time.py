"""One free time of the week: who could be booked in it, and how it is kept free."""

import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import RequestStatus
from consultations.models import AppointmentType, Clinician, ConsultationRequest, Location
from consultations.presenters.formatting import Chip, level_chip
from consultations.presenters.isolation import Unreadable, readable
from consultations.services import diary, scheduling
from consultations.services.scheduling.supply import DAY

SHOWN: Final = 20
PAGE_OF_ONE: Final = "admin:consultations_consultationrequest_change"


def time_page(
    slot_key: str, *, kind: AppointmentType | None, viewer: User, consultation_request: ConsultationRequest | None
) -> dict[str, Any] | None:
    """None for a key that names no time of ours."""
    starts_at, clinician, location = _read(slot_key)
    if starts_at is None or clinician is None or location is None or kind is None:
        return None
    day = clock.local(starts_at).date()
    free = scheduling.free_slots(appointment_type=kind, since=day, until=day + DAY, ignoring=consultation_request)
    waiting = _waiting(kind, viewer=viewer) if consultation_request is None else None
    return {
        "slot_key": slot_key,
        "day": day,
        "moment": clock.moment(starts_at),
        "until": clock.time(starts_at + kind.length),
        "clinician": clinician,
        "location": location,
        "kind": kind,
        "is_free": any(slot.key == slot_key for slot in free),
        "lines": _lines(waiting, slot_key=slot_key, day=day) if waiting is not None else [],
        "more": max(waiting.count() - SHOWN, 0) if waiting is not None else 0,
        "book_url": _book_url(consultation_request, slot_key=slot_key, day=day) if consultation_request else "",
        "consultation_request": consultation_request,
        "may_block": diary.may_keep_times_of(clinician, viewer),
        "to_keep_free": {
            "clinician": clinician.pk,
            "starts_at": f"{clock.local(starts_at):%Y-%m-%dT%H:%M}",
            "ends_at": f"{clock.local(starts_at + kind.length):%Y-%m-%dT%H:%M}",
        },
    }


def _read(slot_key: str) -> tuple[datetime.datetime | None, Clinician | None, Location | None]:
    _moment, *keys = slot_key.split("-")
    if len(keys) != 2 or not all(key.isdecimal() and len(key) < 19 for key in keys):
        return None, None, None
    return (
        scheduling.start_of(slot_key),
        Clinician.objects.filter(pk=int(keys[0])).first(),
        Location.objects.filter(pk=int(keys[1])).first(),
    )


def _waiting(kind: AppointmentType, *, viewer: User) -> QuerySet[ConsultationRequest]:
    """Whose turn it is to have a time of this type on the phone: the most pressing first, then who waits longest."""
    can_be_booked = Q(flag_level="", escalated_at=None) | Q(booking_ordered_at__isnull=False)
    rows = ConsultationRequest.objects.visible_to(viewer).filter(
        can_be_booked, status=RequestStatus.OFFERED, appointment_type=kind.pk
    )
    return rows.select_related("patient").order_by("risk", "submitted_at", "pk")


def _lines(rows: QuerySet[ConsultationRequest], *, slot_key: str, day: datetime.date) -> list[dict[str, Any]]:
    return [
        {"pk": item.pk, "name": _("Record %(number)d cannot be read") % {"number": item.pk}, "url": ""}
        if isinstance(item, Unreadable)
        else {
            "pk": item.pk,
            "name": item.patient.name,
            "reference": item.reference,
            "level": level_chip(item),
            "waits": Chip(_("Sent %(day)s") % {"day": clock.day(item.submitted_at)}),
            "url": _book_url(item, slot_key=slot_key, day=day),
        }
        for item in readable(rows[:SHOWN])
    ]


def _book_url(consultation_request: ConsultationRequest, *, slot_key: str, day: datetime.date) -> str:
    """The form that books on the phone, or moves a visit that is booked, with this time chosen."""
    verb = "move" if consultation_request.status == RequestStatus.BOOKED else "book"
    query = urlencode({"day": day.isoformat(), "slot": slot_key})
    return f"{reverse(PAGE_OF_ONE, args=[consultation_request.pk])}?{query}#{verb}-slot_key"
