"""What the worker ends: offers that ran out or lead nowhere, entries whose request has ended, and what is long over."""

import datetime
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from clinic.core import audit, clock
from clinic.core.failures import one_by_one
from clinic.core.models import OutboxMessage
from consultations.enums import CLOSED_STATUSES, Actor, RequestStatus
from consultations.models import Appointment, ConsultationRequest, ReleasedTime, SlotHold, TimeOffer, WaitingEntry
from consultations.services import deaths, occupation, slot_release
from consultations.services.slot_release import HOW_OFFERS_END, ReleaseReason
from consultations.services.transitions import lock
from consultations.services.waiting.listing import leave
from consultations.services.waiting.offering import key_of
from consultations.waiting_enums import WaitingEnd

KEPT: Final = datetime.timedelta(days=90)
"""For so long after a time was settled staff can read who was asked about it."""
BATCH: Final = 500


def end_due() -> int:
    """End the offers that nobody can take any more, and the entries of who needs none. Returns how many.

    Raises SomeFailed after the others had their turn.
    """
    offers = [
        offer.pk
        for offer in TimeOffer.objects.live().select_related("entry__consultation_request__patient")
        if why_over(offer) is not None
    ]
    ended = one_by_one(offers, _end_offer, what="offer of a time")
    return ended + one_by_one(list(_over().values_list("pk", flat=True)), _end_entry, what="waiting entry")


def why_over(offer: TimeOffer) -> ReleaseReason | None:
    """Why nobody can take it; None while somebody can."""
    consultation_request = offer.entry.consultation_request
    if offer.expires_at <= clock.now():
        return ReleaseReason.HOLD_RAN_OUT
    if consultation_request.status not in (RequestStatus.OFFERED, RequestStatus.BOOKED):
        return ReleaseReason.REQUEST_ENDED
    if consultation_request.is_blocked_by_flags:
        return ReleaseReason.DANGER
    if deaths.is_recorded(consultation_request.patient):
        return ReleaseReason.REQUEST_ENDED
    if OutboxMessage.objects.filter(key=key_of(offer), sent_at=None, parked_at__isnull=False).exists():
        return ReleaseReason.NOT_SENT
    when = offer.clinician_id, offer.starts_at, offer.ends_at
    if occupation.is_away(*when) or occupation.is_busy(*when):
        return ReleaseReason.IMPOSSIBLE
    return None


@transaction.atomic
def _end_offer(pk: int) -> bool:
    entry = WaitingEntry.objects.only("consultation_request").get(offers=pk)
    consultation_request = lock(ConsultationRequest(pk=entry.consultation_request_id))
    offer = TimeOffer.objects.live().select_related("entry__consultation_request__patient").filter(pk=pk).first()
    reason = why_over(offer) if offer is not None else None
    if offer is None or reason is None:
        return False
    for held in SlotHold.objects.select_for_update(of=("self",)).filter(time_offer=offer):
        slot_release.release_slot(held, reason=reason)
    ended_as = HOW_OFFERS_END[reason]
    TimeOffer.objects.live().filter(pk=pk).update(ended_at=clock.now(), ended_as=ended_as)
    audit.record(
        action="request.time_offer_ended",
        target=consultation_request,
        actor=Actor.SYSTEM.value,
        details={"time_offer": pk, "how": ended_as.value},
    )
    return True


def _over() -> QuerySet[WaitingEntry]:
    """Entries that no time can be offered to again: the request has ended, or its visit has begun."""
    begun = Appointment.objects.live().filter(
        consultation_request=OuterRef("consultation_request"), starts_at__lte=clock.now()
    )
    return WaitingEntry.objects.live().filter(Q(consultation_request__status__in=CLOSED_STATUSES) | Exists(begun))


@transaction.atomic
def _end_entry(pk: int) -> bool:
    entry = WaitingEntry.objects.only("consultation_request").get(pk=pk)
    consultation_request = lock(ConsultationRequest(pk=entry.consultation_request_id))
    if not _over().filter(pk=pk).exists():
        return False
    leave(consultation_request, ended_as=WaitingEnd.ENDED)
    audit.record(action="request.waiting_ended", target=consultation_request, actor=Actor.SYSTEM.value)
    return True


@transaction.atomic
def forget_settled(*, limit: int = BATCH) -> int:
    """Delete the times that are long settled, with what was offered of them. Returns how many."""
    due = ReleasedTime.objects.filter(settled_at__lt=clock.now() - KEPT).order_by("pk")
    keys = list(due.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True)[:limit])
    TimeOffer.objects.filter(released_time__in=keys).delete()
    ReleasedTime.objects.filter(pk__in=keys).delete()
    return len(keys)
