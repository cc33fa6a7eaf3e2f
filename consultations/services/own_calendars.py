"""A clinician's own calendar: connected and disconnected by the clinician or a manager, and what it says of them."""

import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import audit, clock, limits
from clinic.core.calendars.busy import Span, merged
from clinic.core.calendars.fetching import is_fetchable, split
from clinic.core.refusals import NotAllowed, TransitionNotAllowed
from consultations.enums import Actor, CalendarFailure
from consultations.models import BusyTime, Clinician, OwnCalendar
from consultations.permissions import actors_of
from consultations.services import calendar_readings, occupation
from consultations.services.calendar_readings import CalendarSource

MOST: Final = 5
"""So many calendars may one clinician have."""
TRIES_AN_HOUR: Final = 20
AHEAD: Final = datetime.timedelta(days=7)
WEB_SCHEMES: Final = {"webcal://": "https://", "webcals://": "https://"}
"""What calendar programs write for an address that they subscribe to."""


class CalendarRefused(TransitionNotAllowed):
    """It was not connected, because it could not be read; the text says why."""


def may_keep(clinician: Clinician, user: User) -> bool:
    """A manager, and the clinician themselves while they still act as a doctor."""
    actors = actors_of(user)
    return Actor.MANAGER in actors or (clinician.user_id == user.pk and Actor.DOCTOR in actors)


def require_keeper(clinician: Clinician, user: User) -> None:
    if not may_keep(clinician, user):
        raise NotAllowed(_("Only the clinician and managers connect this calendar."))


def as_web_address(typed: str) -> str:
    """An address as it is fetched: without spaces around, and webcal:// as https://."""
    address = typed.strip()
    for scheme, fetched in WEB_SCHEMES.items():
        if address.lower().startswith(scheme):
            return fetched + address[len(scheme) :]
    return address


def refusal_of(source: CalendarSource) -> str:
    """Why it cannot be connected, by what was typed alone; else empty."""
    if not is_fetchable(source.address):
        return _(
            "That is no address of a calendar on the web. It begins with https://, and holds no user name and no "
            "password."
        )
    if source.password and split(source.address).scheme != "https" and not settings.CALENDAR_PRIVATE_NETWORKS:
        return _("A password is sent to an address that begins with https:// only.")
    return ""


def calendars_of(clinician: Clinician) -> list[OwnCalendar]:
    return list(
        OwnCalendar.objects.filter(clinician=clinician)
        .select_related("connected_by")
        .defer("address", "user_name", "password")
    )


def connect(*, clinician: Clinician, source: CalendarSource, by: User) -> OwnCalendar:
    """Read a calendar and, if that went well, keep reading it. Raises NotAllowed, CalendarRefused."""
    require_keeper(clinician, by)
    if refusal := refusal_of(source):
        raise CalendarRefused(refusal)
    _count_try(by)
    reading, window = calendar_readings.read_first(clinician, source)
    if reading.failure:
        failure = CalendarFailure(reading.failure).label
        raise CalendarRefused(
            _("The calendar could not be read: %(failure)s. Nothing was changed.") % {"failure": failure}
        )
    with transaction.atomic():
        occupation.lock_resources([clinician.pk])
        if OwnCalendar.objects.filter(clinician=clinician).count() >= MOST:
            raise CalendarRefused(_("There are as many calendars as we read. Disconnect one first."))
        now = clock.now()
        calendar = OwnCalendar.objects.create(
            clinician=clinician,
            kind=source.kind,
            address=source.address,
            user_name=source.user_name,
            password=source.password,
            host=split(source.address).hostname or "",
            connected_at=now,
            connected_by=by,
            read_at=now,
            whole_at=now,
            due_at=now,
        )
        calendar_readings.keep(calendar, reading, window)
        audit.record(action="own_calendar.connect", target=clinician, by=by, details=_details(calendar))
    return calendar


def read_now(*, calendar: OwnCalendar, by: User) -> str:
    """Read it while somebody waits. Why that failed, else empty. Raises NotAllowed, CalendarRefused."""
    require_keeper(calendar.clinician, by)
    _count_try(by)
    failure = calendar_readings.read_again(calendar.pk)
    details = {**_details(calendar), "failure": failure}
    audit.record(action="own_calendar.read", target=calendar.clinician, by=by, details=details)
    return failure


@transaction.atomic
def disconnect(*, calendar: OwnCalendar, by: User) -> bool:
    """Forget the calendar and its busy times, which are free again; False when it was forgotten already.

    Raises NotAllowed.
    """
    require_keeper(calendar.clinician, by)
    occupation.lock_resources([calendar.clinician_id])
    known = OwnCalendar.objects.select_for_update(of=("self",)).filter(pk=calendar.pk).first()
    if known is None:
        return False
    calendar_readings.announce_free(known)
    details = _details(known)
    known.delete()
    audit.record(action="own_calendar.disconnect", target=calendar.clinician, by=by, details=details)
    return True


def busy_ahead(clinician: Clinician) -> list[Span]:
    """When the clinician is busy in the next seven days, by all own calendars together."""
    now = clock.now()
    rows = BusyTime.objects.filter(clinician=clinician, ends_at__gt=now, starts_at__lt=now + AHEAD)
    return merged(rows.values_list("starts_at", "ends_at"))


def _details(calendar: OwnCalendar) -> dict[str, object]:
    """Which one, and of what kind. Where it is read is nobody's business."""
    return {"calendar": calendar.pk, "kind": calendar.kind}


def _count_try(by: User) -> None:
    """Each asks a server that somebody named: nobody is to search a network in this way."""
    if not limits.allow(f"own-calendar:{by.pk}", rate=TRIES_AN_HOUR, per_seconds=3600):
        raise CalendarRefused(_("You have tried often. Wait a few minutes, and try again."))
