"""The one way to free a time: whatever gives one back comes through here, and is announced here.

Whoever waits for a time hears of it from `time_freed`, which writes it down for the worker (`services/waiting/`); what
becomes of a time that was offered to somebody on the waiting list is written here too. No other code deletes a hold or
cancels an appointment, and a test looks for any that does.
"""

import dataclasses
import datetime
import enum
import logging
from collections.abc import Collection, Mapping
from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from clinic.core import clock
from consultations.enums import Actor, AppointmentStatus
from consultations.models import (
    Appointment,
    ConsultationRequest,
    Occupation,
    ReleasedTime,
    SlotHold,
    TimeOffer,
    WaitingEntry,
)
from consultations.services import calendar_entries
from consultations.waiting_enums import TimeOfferEnd, WaitingEnd

logger = logging.getLogger(__name__)


class ReleaseReason(enum.StrEnum):
    """Why a time is free again."""

    CANCELLED = "cancelled"
    REQUEST_ENDED = "request ended"
    CHOSE_ANOTHER = "chose another"
    MOVED = "moved"
    HOLD_RAN_OUT = "hold ran out"
    NO_LONGER_AWAY = "no longer away"
    NO_LONGER_BUSY = "no longer busy"
    OVER_EARLY = "over early"
    DANGER = "a danger was told"
    CALLED_OFF = "called off"
    HOURS_ADDED = "hours added"
    DECLINED = "offer declined"
    LEFT_LIST = "left the waiting list"
    NOT_SENT = "offer not sent"
    IMPOSSIBLE = "offer no longer possible"


HOW_OFFERS_END: Final = {
    ReleaseReason.REQUEST_ENDED: TimeOfferEnd.REQUEST_ENDED,
    ReleaseReason.CHOSE_ANOTHER: TimeOfferEnd.CHOSE_ANOTHER,
    ReleaseReason.HOLD_RAN_OUT: TimeOfferEnd.EXPIRED,
    ReleaseReason.DANGER: TimeOfferEnd.DANGER,
    ReleaseReason.DECLINED: TimeOfferEnd.DECLINED,
    ReleaseReason.LEFT_LIST: TimeOfferEnd.LEFT,
    ReleaseReason.NOT_SENT: TimeOfferEnd.NOT_SENT,
    ReleaseReason.IMPOSSIBLE: TimeOfferEnd.IMPOSSIBLE,
    ReleaseReason.CALLED_OFF: TimeOfferEnd.IMPOSSIBLE,
}
"""What is written of a time offer whose hold ends for this reason."""


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
        _cancel(taken, actor=actor, text=text)
    else:
        taken.delete()
        if taken.time_offer_id is not None:
            _end_offer(taken.time_offer_id, HOW_OFFERS_END[reason])
            # What was released for the waiting list is still: the worker asks the next for it.
            return _announce(taken.clinician_id, taken.starts_at, taken.ends_at, reason=reason)
    return time_freed(
        taken.clinician_id, taken.starts_at, taken.ends_at, reason=reason, given_up_by=taken.consultation_request_id
    )


def _end_offer(pk: int, ended_as: TimeOfferEnd) -> None:
    TimeOffer.objects.live().filter(pk=pk).update(ended_at=clock.now(), ended_as=ended_as)


def keep_for_offer(offer: TimeOffer, *, taken: Mapping[str, Any]) -> SlotHold:
    """The hold of an offer of the waiting list: the database keeps the time. Call under the locks of a booking."""
    return SlotHold.objects.create(**taken, expires_at=offer.expires_at, time_offer=offer)


def _cancel(appointment: Appointment, *, actor: Actor, text: str) -> None:
    appointment.status, appointment.cancelled_at = AppointmentStatus.CANCELLED, clock.now()
    appointment.cancelled_by, appointment.cancel_reason = actor, text
    calendar_entries.count_change(appointment)
    appointment.save()


def set_aside(appointment: Appointment, *, until: datetime.datetime, text: str) -> SlotHold:
    """Cancel an appointment in `text` of its patient, who may take that back: a hold keeps its time until then, so
    nothing is free and nobody is told. Call inside a transaction, on locked rows.
    """
    release_hold_of(appointment.consultation_request, reason=ReleaseReason.CHOSE_ANOTHER)
    _cancel(appointment, actor=Actor.PATIENT, text=text)
    return SlotHold.objects.create(
        consultation_request=appointment.consultation_request,
        clinician_id=appointment.clinician_id,
        location_id=appointment.location_id,
        room_id=appointment.room_id,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        buffer_before_minutes=appointment.buffer_before_minutes,
        buffer_after_minutes=appointment.buffer_after_minutes,
        expires_at=until,
        gives_back=appointment,
    )


def release_set_aside() -> int:
    """Free what was cancelled once nobody can take that back any more; each in a transaction of its own. Whoever wants
    the time sooner than the worker comes to it frees it as well. Returns how many.
    """
    due = SlotHold.objects.filter(gives_back__isnull=False, expires_at__lte=clock.now()).order_by("pk")
    freed = 0
    for pk in list(due.values_list("pk", flat=True)):
        with transaction.atomic():
            held = due.select_for_update(of=("self",), skip_locked=True).filter(pk=pk).first()
            if held is not None:
                release_slot(held, reason=ReleaseReason.CANCELLED)
                freed += 1
    return freed


def move_visit(appointment: Appointment, *, taken: Mapping[str, Any]) -> None:
    """Give an appointment its new time, and its old one back, in one statement. Call on a locked row.

    The database refuses a new time that somebody else has, and the old one stands then.
    """
    freed = appointment.clinician_id, appointment.starts_at, appointment.ends_at
    given_up_by = appointment.consultation_request_id
    for name, value in taken.items():
        setattr(appointment, name, value)
    calendar_entries.count_change(appointment)
    appointment.save()
    time_freed(*freed, reason=ReleaseReason.MOVED, given_up_by=given_up_by)


def end_visit(appointment: Appointment, *, status: AppointmentStatus) -> None:
    """Keep what became of a visit; what is left of its time is free again. Call on a locked row."""
    appointment.status = status
    appointment.save(update_fields=["status"])
    since = max(appointment.starts_at, clock.now())
    if since < appointment.ends_at:
        time_freed(
            appointment.clinician_id, since, appointment.ends_at,
            reason=ReleaseReason.OVER_EARLY, given_up_by=appointment.consultation_request_id,
        )  # fmt: skip


def release_hold_of(consultation_request: ConsultationRequest, *, reason: ReleaseReason) -> None:
    for held in SlotHold.objects.filter(consultation_request=consultation_request):
        release_slot(held, reason=reason)


def release_chosen(consultation_request: ConsultationRequest, *, reason: ReleaseReason) -> None:
    """End the hold of a time that was chosen; a cancellation can still be taken back."""
    for held in SlotHold.objects.filter(consultation_request=consultation_request, gives_back=None):
        release_slot(held, reason=reason)


def turn_into_appointment(
    consultation_request: ConsultationRequest, *, clinician_id: int, starts_at: datetime.datetime
) -> None:
    """End the hold of a request whose visit takes its time next, in the same transaction: nothing becomes free. One of
    another time is given back. Whoever takes what the waiting list offered waits no longer.
    """
    this_time = {"consultation_request": consultation_request, "clinician": clinician_id, "starts_at": starts_at}
    for pk in SlotHold.objects.filter(**this_time, time_offer__isnull=False).values_list("time_offer", flat=True):
        _end_offer(pk, TimeOfferEnd.TAKEN)
        waits = WaitingEntry.objects.live().filter(consultation_request=consultation_request)
        waits.update(ended_at=clock.now(), ended_as=WaitingEnd.SERVED)
    SlotHold.objects.filter(**this_time).delete()
    release_hold_of(consultation_request, reason=ReleaseReason.CHOSE_ANOTHER)


def release_run_out(*, resources: Collection[int] = (), persons: Collection[int] = ()) -> None:
    """End the holds that ran out of these resources and persons, by key: the database lets nothing stand over them.

    Whoever held one books it all the same while nobody else wants it, so nothing ends it sooner.
    """
    about = Q(resource__in=resources) | Q(person__in=persons)
    in_the_way = Occupation.objects.filter(about, hold__expires_at__lte=clock.now()).values("hold")
    for held in SlotHold.objects.select_for_update(of=("self",)).filter(pk__in=in_the_way).order_by("pk"):
        reason = ReleaseReason.HOLD_RAN_OUT if held.gives_back_id is None else ReleaseReason.CANCELLED
        release_slot(held, reason=reason)


def time_freed(
    clinician_id: int,
    starts_at: datetime.datetime,
    ends_at: datetime.datetime,
    *,
    reason: ReleaseReason,
    given_up_by: int | None = None,
) -> FreedTime:
    """Announce it, once, whatever freed it. What of it lies ahead is written down for the waiting list, which does not
    ask the request that gave it up.
    """
    now = clock.now()
    if ends_at > now:
        ReleasedTime.objects.create(
            clinician_id=clinician_id, starts_at=starts_at, ends_at=ends_at, reason=reason.value,
            released_at=now, look_at=now, given_up_by_id=given_up_by,
        )  # fmt: skip
    return _announce(clinician_id, starts_at, ends_at, reason=reason)


def _announce(
    clinician_id: int, starts_at: datetime.datetime, ends_at: datetime.datetime, *, reason: ReleaseReason
) -> FreedTime:
    """The log says why and no more: whose time it was is nobody's business."""
    logger.info("a time was freed (%s)", reason.value)
    return FreedTime(clinician_id, starts_at, ends_at, reason)
