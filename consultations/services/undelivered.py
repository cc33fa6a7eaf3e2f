"""Telling staff of what could not be sent: on Today always, and by one alert an hour, however much it is."""

import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.models import Lane, OutboxMessage
from clinic.core.outbox import UNDELIVERED
from consultations.models import LinkAsked
from consultations.services import duty, messaging

KEY: Final = "undelivered-"
SECONDS: Final = 60 * 60
DELAYED: Final = datetime.timedelta(minutes=15)


def parked_messages() -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(UNDELIVERED)


def delayed_messages() -> QuerySet[OutboxMessage]:
    """Those that the mail server did not take for a quarter of an hour, and that are tried again."""
    since = clock.now() - DELAYED
    return OutboxMessage.objects.filter(sent_at=None, parked_at=None, attempts__gt=0, send_at__lt=since)


def parked_links() -> QuerySet[LinkAsked]:
    """Private links that were asked for and could not be looked up or sent."""
    return LinkAsked.objects.filter(parked_at__isnull=False)


@transaction.atomic
def alert_undelivered() -> int:
    """Tell those on duty of what was parked since they were told last. Returns how many were told.

    With nobody on duty it goes to the duty address, and without one to whoever would get the next case.

    Folded into one alert an hour for each of them. An alert of this kind that cannot be sent itself is no reason for
    another; and nothing counts as told before somebody was.
    """
    now = clock.now()
    messages = parked_messages().filter(staff_told_at=None).exclude(key__startswith=KEY)
    links = parked_links().filter(staff_told_at=None)
    if not (messages.exists() or links.exists()):
        return 0
    path = reverse("admin:core_outboxmessage_changelist") + "?state=parked"
    hour = int(now.timestamp()) // SECONDS
    told = _tell(f"{KEY}{{}}-{hour}", path)
    if told:
        messages.update(staff_told_at=now)
        links.update(staff_told_at=now)
    return told


def _tell(key: str, path: str) -> int:
    if on_duty := duty.first_on_duty():
        return sum(_tell_one(user, key, path) for user in on_duty)
    if address := settings.DUTY_EMAIL:
        message = messaging.alert_address(address=address, key=key.format("duty"), path=path, lane=Lane.STAFF)
        return message is not None
    owner = duty.next_owner()
    return owner is not None and _tell_one(owner, key, path)


def _tell_one(user: User, key: str, path: str) -> bool:
    """A notice, in a lane of its own: it must hold up no alarm."""
    return messaging.alert_staff(user=user, key=key.format(user.pk), path=path, lane=Lane.STAFF) is not None
