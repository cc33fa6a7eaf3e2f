"""Asking the next one: the worker goes through the list for each time that came free, between 8am and 8pm.

Each offer is made in a transaction of its own, under the lock of the person's requests, and kept by a hold: several
workers, a patient who books at that very moment and a doctor who goes away get in each other's way in the database.
"""

import datetime
import time
from collections.abc import Iterable, Iterator
from typing import Final

from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from clinic.core import audit, clock, message_hours
from clinic.core.failures import one_by_one
from clinic.core.models import Lane
from consultations.enums import Actor, MessageKind
from consultations.models import ConsultationRequest, ReleasedTime, TimeOffer
from consultations.services import duty, messaging, scheduling
from consultations.services.races import LostRace, gave_way, race
from consultations.services.scheduling import Slot, SlotTaken
from consultations.services.transitions import lock
from consultations.services.waiting.waiters import FOR_NOW, Waiter, waiters, why_not, why_not_then
from consultations.waiting_enums import PassedOver, TimeOfferEnd

LOOK_AGAIN: Final = datetime.timedelta(minutes=10)
DAY: Final = datetime.timedelta(days=1)
TURN: Final = 3.0
"""Seconds of one turn of the worker after which no other time is begun: alarms are looked at in the same turn."""


class BeingLookedAt(Exception):
    """Another worker goes through the list for this time."""


def offer_due() -> int:
    """Offer what came free to whoever is next. Returns how many offers were made.

    Raises SomeFailed after the other times had their turn.
    """
    now = clock.now()
    if not message_hours.are_now(now):
        return 0
    due = list(_due(now).values_list("pk", flat=True))
    return one_by_one(_while_there_is_time(due), _go_through, what="released time")


def _while_there_is_time(keys: Iterable[int]) -> Iterator[int]:
    """The first always: whatever one takes, each turn of the worker gets on by one."""
    until = time.monotonic() + TURN
    for key in keys:
        yield key
        if time.monotonic() >= until:
            return


def _due(now: datetime.datetime) -> QuerySet[ReleasedTime]:
    """New ones, those to be looked at again, and those of which an offer ended since."""
    ended = TimeOffer.objects.filter(released_time=OuterRef("pk"), ended_at__gte=OuterRef("looked_at"))
    is_due = Q(look_at__lte=now) | Exists(ended)
    return ReleasedTime.objects.filter(is_due, settled_at=None).order_by("released_at", "pk")


def _go_through(pk: int) -> int:
    """Everybody on the list in order, until nobody is left or no slot is."""
    released_time = ReleasedTime.objects.select_related("given_up_by__patient").get(pk=pk)
    passed: dict[int, PassedOver] = {}
    try:
        for waiter in waiters():
            passed[waiter.entry.pk] = _ask(waiter, released_time)
        _done(released_time, passed)
    except BeingLookedAt:
        return 0
    return list(passed.values()).count(PassedOver.OFFERED)


def _ask(waiter: Waiter, released_time: ReleasedTime) -> PassedOver:
    """Offer them the first slot that will do; or why none is."""
    now = clock.now()
    if reason := why_not(waiter, released_time, _had_turn(released_time)):
        return reason
    reason = PassedOver.NO_FIT
    for slot in slots_in(released_time, waiter, now=now):
        reason = why_not_then(waiter, slot, now=now) or _offer(waiter, released_time, slot)
        if reason == PassedOver.OFFERED:
            break
    return reason


def _had_turn(released_time: ReleasedTime) -> Iterable[int]:
    """Who was asked about it; not who never got the message."""
    offers = TimeOffer.objects.filter(released_time=released_time).exclude(ended_as=TimeOfferEnd.NOT_SENT)
    return offers.exclude(ended_at=None).values_list("entry", flat=True)


def slots_in(released_time: ReleasedTime, waiter: Waiter, *, now: datetime.datetime) -> list[Slot]:
    """What is free now for their kind of visit and would not be without this time, soonest first."""
    kind = waiter.kind
    if kind is None or released_time.ends_at <= now:
        return []
    since = clock.local(max(released_time.starts_at, now)).date()
    until = clock.local(released_time.ends_at).date() + DAY
    slots = scheduling.free_slots(appointment_type=kind, since=since, until=until, ignoring=waiter.consultation_request)
    return [
        slot
        for slot in slots
        if slot.clinician_id == released_time.clinician_id and _touches(slot.occupied(kind), released_time)
    ]


def _touches(span: tuple[datetime.datetime, datetime.datetime], released_time: ReleasedTime) -> bool:
    return span[0] < released_time.ends_at and span[1] > released_time.starts_at


def _offer(waiter: Waiter, released_time: ReleasedTime, slot: Slot) -> PassedOver:
    """Make the offer, unless something stands in the way by now. Raises BeingLookedAt."""
    try:
        return _offer_locked(waiter, released_time, slot)
    except (SlotTaken, LostRace):
        return PassedOver.NO_FIT
    except OperationalError as error:
        if not gave_way(error):
            raise
        raise BeingLookedAt from None


@transaction.atomic
def _offer_locked(waiter: Waiter, released_time: ReleasedTime, slot: Slot) -> PassedOver:
    consultation_request, now = lock(waiter.consultation_request), clock.now()
    _hold_for_this_worker(released_time)
    fresh = next(iter(waiters(only=waiter.entry.pk)), None)
    if fresh is None:
        return PassedOver.ENDED
    had_turn = _had_turn(released_time)
    if reason := why_not(fresh, released_time, had_turn) or why_not_then(fresh, slot, now=now):
        return reason
    with race():
        offer = TimeOffer.objects.create(
            entry=fresh.entry,
            released_time=released_time,
            clinician_id=slot.clinician_id,
            location_id=slot.location_id,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            made_at=now,
            expires_at=fresh.kept_until(slot, now=now),
            by_phone=fresh.by_phone,
        )
    scheduling.keep_for(consultation_request, offer)
    audit.record(
        action="request.time_offered",
        target=consultation_request,
        actor=Actor.SYSTEM.value,
        details={"time_offer": offer.pk, "time": offer.starts_at.isoformat(), "until": offer.expires_at.isoformat()},
    )
    _tell(offer, consultation_request)
    return PassedOver.OFFERED


def _tell(offer: TimeOffer, consultation_request: ConsultationRequest) -> None:
    """The patient by mail; or whoever is on duty, to call them."""
    if not offer.by_phone:
        messaging.notify_patient(
            kind=MessageKind.EARLIER_TIME,
            consultation_request=consultation_request,
            key=key_of(offer),
            more={"time_offer": offer.pk},
        )
        return
    path = reverse("admin:consultations_consultationrequest_change", args=[consultation_request.pk])
    for user in duty.first_on_duty() or filter(None, [duty.next_owner()]):
        messaging.alert_staff(user=user, key=f"call-for-a-time-{offer.pk}-{user.pk}", path=path, lane=Lane.STAFF)


def key_of(offer: TimeOffer) -> str:
    return f"earlier-time-{offer.pk}"


def _hold_for_this_worker(released_time: ReleasedTime) -> None:
    """After the lock of the person, always: whoever frees a time holds those and writes none of these rows."""
    rows = ReleasedTime.objects.select_for_update(of=("self",), skip_locked=True)
    if rows.filter(pk=released_time.pk, settled_at=None).first() is None:
        raise BeingLookedAt


@transaction.atomic
def _done(released_time: ReleasedTime, passed: dict[int, PassedOver]) -> None:
    """Keep who was passed over and why; and settle it, once nobody is left to be asked about it."""
    _hold_for_this_worker(released_time)
    now = clock.now()
    has_offer = TimeOffer.objects.live().filter(released_time=released_time).exists()
    is_for_now = any(reason in FOR_NOW for reason in passed.values())
    # Made in this very look and ended since: nobody after them was asked while it was kept.
    is_free_again = PassedOver.OFFERED in passed.values() and not has_offer
    # While it is kept for somebody, that no slot is left says nothing of whoever comes later.
    unsaid = {PassedOver.OFFERED, PassedOver.HAD_TURN, *([PassedOver.NO_FIT] if has_offer else [])}
    rows = ReleasedTime.objects.filter(pk=released_time.pk)
    rows.update(
        looked_at=now,
        look_at=now if is_free_again else now + LOOK_AGAIN if is_for_now else None,
        settled_at=None if has_offer or is_free_again or (is_for_now and released_time.ends_at > now) else now,
        passed_over={str(pk): reason.value for pk, reason in passed.items() if reason not in unsaid},
    )
