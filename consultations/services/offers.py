"""An offer of which no time is taken: the patient is reminded to choose, and in the end staff call.

Nothing is planned ahead, as with reminders: the worker looks what stands, and a nudge is asked again when it is sent.
"""

import datetime
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from clinic.core import clock, message_hours
from clinic.core.failures import one_by_one
from clinic.core.models import OutboxMessage
from clinic.core.outbox import NotWanted, NotYet
from consultations.enums import MessageKind, RequestStatus
from consultations.models import ConsultationRequest
from consultations.services import messaging
from consultations.services.reminders import DAY, DueMoment
from consultations.services.transitions import lock

ACTED: Final = gettext_noop("Not sent: the patient has acted on it, or it was taken back.")


def ends_at(offered_at: datetime.datetime) -> datetime.datetime | None:
    """When an offer made then ends: after days of the calendar, at the next opening. None where offers never end."""
    if not settings.OFFER_DAYS:
        return None
    local = clock.local(offered_at)
    return clock.next_opening(clock.instant(local.date() + settings.OFFER_DAYS * DAY, local.time(), fold=0))


def nudges(offered_at: datetime.datetime) -> list[DueMoment]:
    """The earliest first. A late one is of use half the way to the next, the last until the offer ends."""
    offered = clock.local(offered_at)
    days = sorted(settings.NUDGE_DAYS)
    due = [message_hours.within(offered.date() + number * DAY, offered.time()) for number in days]
    until = [first + (second - first) / 2 for first, second in pairwise(due)]
    last = ends_at(offered_at) or offered_at + 2 * max(days, default=0) * DAY
    ends = [*until, last][: len(due)]
    return [DueMoment(*item) for item in zip(days, due, ends, strict=True)]


def nudge_due(consultation_request: ConsultationRequest, *, now: datetime.datetime) -> DueMoment | None:
    due = [item for item in nudges(consultation_request.status_changed_at) if item.due_at <= now]
    return due[-1] if due and now < due[-1].until else None


def nudge() -> int:
    """Owe each patient who has not chosen a time yet the nudge that is due. Returns how many.

    Raises SomeFailed after the others had their turn.
    """
    now = clock.now()
    if not message_hours.are_now(now) or not settings.NUDGE_DAYS:
        return 0
    due = dict(_due(now))
    known = set(OutboxMessage.objects.filter(key__in=due).values_list("key", flat=True))
    return one_by_one([pk for key, pk in due.items() if key not in known], _nudge, what="nudge")


def _due(now: datetime.datetime) -> Iterator[tuple[str, int]]:
    for consultation_request in _reachable(now).only("status_changed_at"):
        moment = nudge_due(consultation_request, now=now)
        if moment is not None:
            yield key_of(consultation_request, moment.days), consultation_request.pk


def _reachable(now: datetime.datetime) -> QuerySet[ConsultationRequest]:
    """Offers since the first nudge, to patients with an address."""
    return (
        _choosing()
        .filter(status_changed_at__lte=now - (min(settings.NUDGE_DAYS) - 1) * DAY)
        .exclude(patient__email_index="")
    )


def _choosing() -> QuerySet[ConsultationRequest]:
    """Who can choose a time now: no offer that waits for a doctor ends by itself."""
    offered = ConsultationRequest.objects.filter(status=RequestStatus.OFFERED, escalated_at=None, flag_level="")
    return offered.order_by("status_changed_at", "pk")


def key_of(consultation_request: ConsultationRequest, days: int) -> str:
    """One for each offer and nudge: a time that was given back begins anew."""
    return f"nudge-{consultation_request.pk}-{int(consultation_request.status_changed_at.timestamp())}-{days}"


@transaction.atomic
def _nudge(pk: int) -> bool:
    consultation_request, now = lock(ConsultationRequest(pk=pk)), clock.now()
    moment = nudge_due(consultation_request, now=now)
    if moment is None or not _reachable(now).filter(pk=pk).exists():
        return False
    message = messaging.notify_patient(
        kind=MessageKind.CHOOSE_NUDGE,
        consultation_request=consultation_request,
        key=key_of(consultation_request, moment.days),
        more={"offered_at": consultation_request.status_changed_at.isoformat(), "days": moment.days},
    )
    return message is not None


def ensure_nudge_wanted(message: OutboxMessage, consultation_request: ConsultationRequest) -> None:
    """Raises NotWanted for an offer that is not as it was, NotYet by night. On a locked request."""
    offered_at = consultation_request.status_changed_at
    is_as_it_was = (
        consultation_request.status == RequestStatus.OFFERED and offered_at.isoformat() == message.payload["offered_at"]
    )
    if not is_as_it_was or consultation_request.is_blocked_by_flags:
        raise NotWanted(ACTED)
    now = clock.now()
    until = {moment.days: moment.until for moment in nudges(offered_at)}
    if now >= until.get(message.payload["days"], now):
        raise NotWanted(gettext_noop("Too late to be of use: not sent."))
    if not message_hours.are_now(now):
        raise NotYet(message_hours.next_begin(now))


def ended(*, now: datetime.datetime) -> list[int]:
    """The requests whose offer has ended by now, while somebody is there to call them."""
    if not settings.OFFER_DAYS or not clock.is_open(now):
        return []
    rows = _choosing().filter(status_changed_at__lte=now - (settings.OFFER_DAYS - 1) * DAY)
    rows = rows.exclude(Q(slot_hold__expires_at__gt=now)).only("status_changed_at")
    return [row.pk for row in rows if is_ended(row, now=now)]


def is_ended(consultation_request: ConsultationRequest, *, now: datetime.datetime) -> bool:
    end = ends_at(consultation_request.status_changed_at)
    return end is not None and end <= now
