"""What a calendar knows a visit by: a UID for the life of the appointment, a number that rises with each change.

An appointment that follows a cancelled one of the same request goes on with its entry (decisions 0028 and 0033). One
that follows a visit that took place is another visit, and has an entry of its own (decision 0064).
"""

import secrets
from typing import Any

from django.conf import settings

from consultations.enums import AppointmentStatus
from consultations.models import Appointment, ConsultationRequest


def following(consultation_request: ConsultationRequest) -> dict[str, Any]:
    """UID and number of the next appointment of this request: the entry it has, changed once more; a new
    one after a visit that took place. On a locked row.
    """
    visits = consultation_request.appointments.order_by("booked_at", "calendar_sequence")
    last = visits.only("calendar_uid", "calendar_sequence", "status").last()
    if last is None or last.status == AppointmentStatus.FULFILLED:
        return {"calendar_uid": f"{secrets.token_hex(16)}@{settings.SITE_HOST}", "calendar_sequence": 0}
    return {"calendar_uid": last.calendar_uid, "calendar_sequence": last.calendar_sequence + 1}


def count_change(appointment: Appointment) -> None:
    """Whatever changes when or where an appointment is, or whether, keeps its UID and raises its number; then save."""
    appointment.calendar_sequence += 1
