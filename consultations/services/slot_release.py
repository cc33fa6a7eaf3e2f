"""The one way to free a time: whatever gives one back comes through here, and is announced here.

Whoever waits for a time hears of it from `time_freed`. No other code deletes a hold or cancels an appointment, and a
test looks for any that does.
"""

import dataclasses
import datetime
import enum
import logging
from collections.abc import Collection

from django.db.models import Q

from clinic.core import clock
from consultations.enums import Actor, AppointmentStatus
from consultations.models import Appointment, ConsultationRequest, Occupation, SlotHold
from consultations.services import calendar_entries

logger = logging.getLogger(__name__)


class ReleaseReason(enum.StrEnum):
    """Why a time is free again."""

    CANCELLED = "cancelled"
    REQUEST_ENDED = "request ended"
    CHOSE_ANOTHER = "chose another"
    HOLD_RAN_OUT = "hold ran out"
    NO_LONGER_AWAY = "no longer away"
    OVER_EARLY = "over early"
    DANGER = "a danger was told"


@dataclasses.dataclass(frozen=True, slots=True)
class FreedTime:
    """From when to when a clinician may have time again. What of it is on offer, `free_slots` says."""

    clinician_id: int
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    reason: ReleaseReason


def release_slot(
    taken: SlotHold | Appointment, *, reason: ReleaseReason, actor: Actor = Actor.SYSTEM, text: str = ""
) -> FreedTime:
    """End a hold, or cancel an appointment in `words` of whoever did. Call inside a transaction, on locked rows."""
    if isinstance(taken, Appointment):
        taken.status, taken.cancelled_at = AppointmentStatus.CANCELLED, clock.now()
        taken.cancelled_by, taken.cancel_reason = actor, text
        calendar_entries.count_change(taken)
        taken.save()
    else:
        taken.delete()
    return time_freed(taken.clinician_id, taken.starts_at, taken.ends_at, reason=reason)


def end_visit(appointment: Appointment, *, status: AppointmentStatus) -> None:
    """Keep what became of a visit; what is left of its time is free again. Call on a locked row."""
    appointment.status = status
    appointment.save(update_fields=["status"])
    since = max(appointment.starts_at, clock.now())
    if since < appointment.ends_at:
        time_freed(appointment.clinician_id, since, appointment.ends_at, reason=ReleaseReason.OVER_EARLY)


def release_hold_of(consultation_request: ConsultationRequest, *, reason: ReleaseReason) -> None:
    for held in SlotHold.objects.filter(consultation_request=consultation_request):
        release_slot(held, reason=reason)


def turn_into_appointment(consultation_request: ConsultationRequest) -> None:
    """End the hold of a request whose appointment is made next, in the same transaction: nothing becomes free."""
    SlotHold.objects.filter(consultation_request=consultation_request).delete()


def release_run_out(*, resources: Collection[int] = (), persons: Collection[int] = ()) -> None:
    """End the holds that ran out of these resources and persons, by key: the database lets nothing stand over them.

    Whoever held one books it all the same while nobody else wants it, so nothing ends it sooner.
    """
    about = Q(resource__in=resources) | Q(person__in=persons)
    in_the_way = Occupation.objects.filter(about, hold__expires_at__lte=clock.now()).values("hold")
    for held in SlotHold.objects.select_for_update(of=("self",)).filter(pk__in=in_the_way).order_by("pk"):
        release_slot(held, reason=ReleaseReason.HOLD_RAN_OUT)


def time_freed(
    clinician_id: int, starts_at: datetime.datetime, ends_at: datetime.datetime, *, reason: ReleaseReason
) -> FreedTime:
    """Announce it, once, whatever freed it. The log says why and no more: whose time it was is nobody's business."""
    logger.info("a time was freed (%s)", reason.value)
    return FreedTime(clinician_id, starts_at, ends_at, reason)
