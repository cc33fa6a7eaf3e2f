"""The private address of a clinician's calendar: made, renewed and ended by the clinician or a manager."""

import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.encryption import blind_index, new_token
from clinic.core.refusals import NotAllowed
from consultations.enums import Actor, AppointmentStatus
from consultations.models import Appointment, CalendarFeed, Clinician
from consultations.permissions import actors_of

PURPOSE: Final = "calendar_feed.token"
PAST: Final = datetime.timedelta(days=7)
"""So far back: last week's visits stay where somebody looks for them."""


def may_keep(clinician: Clinician, user: User) -> bool:
    """A manager, and the clinician themselves while they still act as a doctor."""
    actors = actors_of(user)
    return Actor.MANAGER in actors or (clinician.user_id == user.pk and Actor.DOCTOR in actors)


def require_keeper(clinician: Clinician, user: User) -> None:
    if not may_keep(clinician, user):
        raise NotAllowed(_("Only the clinician and managers keep this calendar address."))


def current(clinician: Clinician) -> CalendarFeed | None:
    return clinician.calendar_feeds.filter(ended_at=None).select_related("made_by").first()


@transaction.atomic
def renew(*, clinician: Clinician, by: User) -> str:
    """End the address that there is and make another. The only time that it can be read. Raises NotAllowed."""
    require_keeper(clinician, by)
    ended = _end(clinician, by)
    token = new_token()
    CalendarFeed.objects.create(
        clinician=clinician, token_digest=blind_index(token, purpose=PURPOSE), made_at=clock.now(), made_by=by
    )
    audit.record(action="feed.renew", target=clinician, by=by, details={"ended": ended})
    return f"{settings.SITE_URL}{reverse('consultations:calendar_feed', args=[token])}"


@transaction.atomic
def end(*, clinician: Clinician, by: User) -> bool:
    """End the address for good; False when there was none. Raises NotAllowed."""
    require_keeper(clinician, by)
    ended = _end(clinician, by)
    if ended:
        audit.record(action="feed.end", target=clinician, by=by)
    return bool(ended)


def _end(clinician: Clinician, by: User) -> int:
    # One after the other: two who press at once leave one address, and the first of the two is dead.
    Clinician.objects.select_for_update(of=("self",)).get(pk=clinician.pk)
    return clinician.calendar_feeds.filter(ended_at=None).update(ended_at=clock.now(), ended_by=by)


def clinician_behind(token: str) -> Clinician | None:
    """Whose address this is. One look-up, whether there never was such an address or it was ended."""
    feed = CalendarFeed.objects.live().select_related("clinician")
    found = feed.filter(token_digest=blind_index(token, purpose=PURPOSE)).first()
    return found.clinician if found else None


def visits_of(clinician: Clinician) -> QuerySet[Appointment]:
    """What the address tells of: last week's visits and those of the days that CALENDAR_FEED_DAYS counts."""
    now = clock.now()
    until = now + datetime.timedelta(days=settings.CALENDAR_FEED_DAYS)
    return (
        clinician.appointments.exclude(status=AppointmentStatus.CANCELLED)
        .filter(ends_at__gt=now - PAST, starts_at__lt=until)
        .select_related("consultation_request__patient", "location", "room", "appointment_type")
        .defer(
            "consultation_request__patient__email",
            "consultation_request__patient__phone",
            "consultation_request__patient__phone_as_typed",
            "cancel_reason",
        )
        .order_by("starts_at", "pk")
    )
