"""What pages say of the waiting list: what somebody waits for, and what is kept for them."""

import datetime
from typing import Any, Final

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from clinic.core import clock, message_hours
from clinic.core.text_lists import comma_list
from consultations.enums import RequestStatus
from consultations.forms.waiting import NOTICE
from consultations.models import Appointment, ConsultationRequest, TimeOffer, WaitingEntry
from consultations.services import scheduling, waiting
from consultations.waiting_enums import PartOfDay, TimeOfferEnd

WAITING_STATUSES: Final = (RequestStatus.OFFERED, RequestStatus.BOOKED)
TOLD_FOR: Final = datetime.timedelta(days=2)
"""For so long the page says that a time is kept no longer."""


def hours_words() -> str:
    """Between which hours somebody is asked: "8 am to 8 pm"."""
    return clock.time_span(*message_hours.hours())


def can_wait(consultation_request: ConsultationRequest, appointment: Appointment | None) -> bool:
    has_begun = appointment is not None and scheduling.has_begun(appointment)
    return consultation_request.status in WAITING_STATUSES and not has_begun


def wishes_words(entry: WaitingEntry) -> str:
    """What would do, in a line: "Monday and Friday, mornings, my own doctor alone"."""
    days = comma_list(str(WEEKDAYS[int(digit)]) for digit in entry.weekdays)
    part = "" if entry.part_of_day == PartOfDay.ANY else entry.get_part_of_day_display().lower()
    doctor = _("with the same doctor") if entry.own_doctor_only else ""
    notice = ""
    if entry.notice_hours:
        notice = _("told before: %(notice)s") % {"notice": str(NOTICE[str(entry.notice_hours)]).lower()}
    return "; ".join(filter(None, [days, part, doctor, notice])) or _("any time")


def facts(consultation_request: ConsultationRequest, appointment: Appointment | None) -> dict[str, Any]:
    """For the patient's own page."""
    if not can_wait(consultation_request, appointment):
        return {"can_wait": False}
    entry = waiting.entry_of(consultation_request)
    offered = waiting.live_offer(consultation_request) if entry is not None else None
    return {
        "can_wait": True,
        "waits": entry,
        "waits_for": wishes_words(entry) if entry is not None else "",
        "offered": offered,
        "offered_key": scheduling.slot_of(offered).key if offered is not None else "",
        "offered_zone": clock.zone_words(offered.starts_at) if offered is not None else "",
        "missed_offer": _missed(consultation_request) if entry is not None and offered is None else None,
    }


def _missed(consultation_request: ConsultationRequest) -> TimeOffer | None:
    """A time that was kept and ran out lately, for who comes by an old mail."""
    last = waiting.last_offer(consultation_request)
    if last is None or clock.now() - last.expires_at > TOLD_FOR:
        return None
    is_over = last.ended_as in (None, TimeOfferEnd.EXPIRED, TimeOfferEnd.NOT_SENT, TimeOfferEnd.IMPOSSIBLE)
    return last if is_over else None
