"""What a calendar knows the times of a request by: one entry, whose number rises with each change (decision 0028)."""

import secrets
from typing import Any

from django.conf import settings

from consultations.models import ConsultationRequest


def following(request: ConsultationRequest) -> dict[str, Any]:
    """UID and number of the next time of this request: the entry it has, changed once more. On a locked row."""
    last = request.appointments.order_by("calendar_sequence").only("calendar_uid", "calendar_sequence").last()
    if last is None:
        return {"calendar_uid": f"{secrets.token_hex(16)}@{settings.SITE_HOST}", "calendar_sequence": 0}
    return {"calendar_uid": last.calendar_uid, "calendar_sequence": last.calendar_sequence + 1}
