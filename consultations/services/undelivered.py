"""Telling staff of what could not be sent: on Today always, and by one alert an hour, however much it is."""

import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from clinic import clock
from clinic.accounts.models import User
from consultations.models import LinkAsked, OutboxMessage
from consultations.services import messaging

KEY: Final = "undelivered-"
SECONDS: Final = 60 * 60
DELAYED: Final = datetime.timedelta(minutes=15)


def parked_messages() -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(parked_at__isnull=False)


def delayed_messages() -> QuerySet[OutboxMessage]:
    """Those that the mail server did not take for a quarter of an hour, and that are tried again."""
    since = clock.now() - DELAYED
    return OutboxMessage.objects.filter(sent_at=None, parked_at=None, attempts__gt=0, created_at__lt=since)


def parked_links() -> QuerySet[LinkAsked]:
    """Private links that were asked for and could not be looked up or sent."""
    return LinkAsked.objects.filter(parked_at__isnull=False)


@transaction.atomic
def alert_undelivered() -> int:
    """Tell those on duty of what was parked since they were told last. Returns how many were told.

    Folded into one alert an hour for each of them. An alert of this kind that cannot be sent itself is no reason for
    another; and nothing counts as told before somebody was.
    """
    now = clock.now()
    messages = parked_messages().filter(staff_told_at=None).exclude(key__startswith=KEY)
    links = parked_links().filter(staff_told_at=None)
    if not (messages.exists() or links.exists()):
        return 0
    path = reverse("admin:consultations_outboxmessage_changelist") + "?state=parked"
    hour = int(now.timestamp()) // SECONDS
    told = sum(
        messaging.alert_staff(user=user, key=f"{KEY}{user.pk}-{hour}", path=path) is not None for user in _on_duty()
    )
    if told:
        messages.update(staff_told_at=now)
        links.update(staff_told_at=now)
    return told


def _on_duty() -> list[User]:
    """Everybody on duty in the first group that has anybody: triage, else the doctors, else the managers."""
    for group in ("triage", "doctor", "manager"):
        members = User.objects.filter(groups__name=group, is_active=True, is_staff=True, is_on_duty=True)
        if found := list(members.order_by("pk")):
            return found
    return []
