"""Reading the clinicians' own calendars, again and again: what is due, what is kept of it, and what if it fails.

Only spans of time are kept. Whatever fails, those that are known stay: a calendar that cannot be read makes no time
free. Whoever keeps them holds the lock of the clinician, as whoever takes a time does.
"""

import dataclasses
import datetime
from collections.abc import Callable, Iterable
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from clinic.core import clock, outbox
from clinic.core.calendars.busy import Span, without
from clinic.core.calendars.process import read_apart
from clinic.core.calendars.reading import Job, Reading
from consultations.enums import CalendarFailure, CalendarKind, MessageKind
from consultations.models import BusyTime, Clinician, OwnCalendar
from consultations.models.diary import MAX_HORIZON_DAYS
from consultations.services import duty, occupation, slot_release

DAY: Final = datetime.timedelta(days=1)
AHEAD: Final = datetime.timedelta(days=MAX_HORIZON_DAYS + 35)
"""Beyond any horizon."""
WHOLE_AFTER: Final = DAY
"""So often all is read, whatever the server says: the window moves on, and repeating entries with it."""
PAUSE_AT_MOST: Final = datetime.timedelta(hours=2)
CLAIMED_FOR: Final = datetime.timedelta(minutes=5)
WAITED_FOR: Final = 12
"""Seconds of fetching while somebody looks at a page."""


@dataclasses.dataclass(frozen=True, slots=True)
class CalendarSource:
    """Where a calendar is read, and as whom."""

    kind: CalendarKind
    address: str = dataclasses.field(repr=False)
    user_name: str = dataclasses.field(default="", repr=False)
    password: str = dataclasses.field(default="", repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Window:
    """From when to when busy times are wanted. It moves a day at a time, so that a reading can be compared."""

    since: datetime.datetime
    until: datetime.datetime


def window() -> Window:
    today = clock.now().astimezone(datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Window(today - DAY, today + AHEAD)


def read_first(clinician: Clinician, source: CalendarSource) -> tuple[Reading, Window]:
    """What a calendar says that is not known yet."""
    at = window()
    return read_apart(dataclasses.replace(_job(clinician, source, at), seconds=WAITED_FOR)), at


def read_again(pk: int) -> str:
    """Read one while somebody waits; why that failed, else empty."""
    calendar = OwnCalendar.objects.select_related("clinician__user").filter(pk=pk).first()
    return _read(calendar, seconds=WAITED_FOR).failure if calendar is not None else ""


def read_next() -> bool:
    """Read the calendar that has waited longest, if its turn has come; it is kept in a transaction of its own."""
    calendar = _claim()
    if calendar is None:
        return False
    _read(calendar)
    return True


def read_due(*, until: Callable[[], bool] = lambda: False) -> int:
    """One after another, every calendar whose turn has come. How many."""
    done = 0
    while not until() and read_next():
        done += 1
    return done


def _claim() -> OwnCalendar | None:
    """The one that has waited longest. For a while no other worker takes it."""
    now = clock.now()
    due = OwnCalendar.objects.read_now().filter(due_at__lte=now).order_by("due_at", "pk")
    for pk, due_at in list(due.values_list("pk", "due_at")):
        if OwnCalendar.objects.filter(pk=pk, due_at=due_at).update(due_at=now + CLAIMED_FOR):
            return OwnCalendar.objects.select_related("clinician__user").get(pk=pk)
    return None


def _read(calendar: OwnCalendar, *, seconds: float | None = None) -> Reading:
    begun, at = clock.now(), window()
    source = CalendarSource(CalendarKind(calendar.kind), calendar.address, calendar.user_name, calendar.password)
    job = _job(calendar.clinician, source, at)
    if begun - calendar.whole_at < WHOLE_AFTER:
        job = dataclasses.replace(job, state=calendar.state, changed=calendar.changed)
    reading = read_apart(job if seconds is None else dataclasses.replace(job, seconds=seconds))
    with transaction.atomic():
        occupation.lock_resources([calendar.clinician_id])
        known = OwnCalendar.objects.select_for_update(of=("self",)).filter(pk=calendar.pk).first()
        # Meanwhile it may have been disconnected, or read by somebody who was quicker.
        if known is not None and known.read_at <= begun:
            keep(known, reading, at)
    return reading


def _job(clinician: Clinician, source: CalendarSource, at: Window) -> Job:
    return Job(
        address=source.address,
        since=at.since.isoformat(),
        until=at.until.isoformat(),
        zone=settings.TIME_ZONE,
        is_caldav=source.kind == CalendarKind.CALDAV,
        user=source.user_name,
        password=source.password,
        own_domain=settings.SITE_HOST,
        own_addresses=tuple(address for address in (clinician.user.email, source.user_name) if "@" in address),
        allowed=tuple(settings.CALENDAR_PRIVATE_NETWORKS),
    )


def keep(calendar: OwnCalendar, reading: Reading, at: Window) -> None:
    """What came of a reading. Call inside a transaction, with the clinician and the row locked."""
    now = clock.now()
    if reading.failure:
        calendar.failure = CalendarFailure(reading.failure)
        calendar.failures = min(calendar.failures + 1, 1000)
        calendar.due_at = now + _pause(calendar.failures)
        calendar.save(update_fields=["failure", "failures", "due_at"])
        return
    if reading.spans is not None:
        _replace(calendar, reading.spans)
        calendar.whole_at, calendar.doubtful = now, reading.doubtful
    # Longer than what servers send is not sent back; it is read anew then.
    calendar.state = reading.state if len(reading.state) <= 200 else ""
    calendar.changed = reading.changed if len(reading.changed) <= 60 else ""
    calendar.read_at, calendar.failure, calendar.failures, calendar.told_at = now, "", 0, None
    calendar.due_at = now + datetime.timedelta(minutes=settings.CALENDAR_EVERY_MINUTES)
    calendar.save()


def _pause(failures: int) -> datetime.timedelta:
    """Longer with each failure, so that a dead server keeps nobody waiting."""
    every = datetime.timedelta(minutes=settings.CALENDAR_EVERY_MINUTES)
    doubled: int = 2 ** min(failures, 10)
    return min(every * doubled, max(PAUSE_AT_MOST, every))


def _replace(calendar: OwnCalendar, spans: Iterable[Span]) -> None:
    """Only what differs is written."""
    wanted = set(spans)
    stored = {(row.starts_at, row.ends_at): row for row in calendar.busy_times.all()}
    gone = [row for span, row in stored.items() if span not in wanted]
    BusyTime.objects.filter(pk__in=[row.pk for row in gone]).delete()
    BusyTime.objects.bulk_create(
        BusyTime(calendar=calendar, clinician_id=calendar.clinician_id, starts_at=begins, ends_at=ends)
        for begins, ends in sorted(wanted - set(stored))
    )
    _announce(calendar, [(row.starts_at, row.ends_at) for row in gone])


def announce_free(calendar: OwnCalendar) -> None:
    """Take its busy times out, because it is disconnected."""
    spans = list(calendar.busy_times.values_list("starts_at", "ends_at"))
    calendar.busy_times.all().delete()
    _announce(calendar, spans)


def _announce(calendar: OwnCalendar, gone: list[Span]) -> None:
    """What of these is free now: not busy by another entry, or by another calendar."""
    now = clock.now()
    ahead = [(max(begins, now), ends) for begins, ends in gone if ends > now]
    if not ahead:
        return
    still = BusyTime.objects.filter(clinician=calendar.clinician_id, ends_at__gt=now)
    for begins, ends in without(ahead, still.values_list("starts_at", "ends_at")):
        slot_release.time_freed(calendar.clinician_id, begins, ends, reason=slot_release.ReleaseReason.NO_LONGER_BUSY)


def stale() -> QuerySet[OwnCalendar]:
    """Those that were not read for so long that somebody should see to it."""
    since = clock.now() - datetime.timedelta(hours=settings.CALENDAR_STALE_HOURS)
    return OwnCalendar.objects.read_now().filter(read_at__lt=since)


@transaction.atomic
def tell_of_stale() -> int:
    """Tell the clinicians of theirs that were not read for long, once until it is read again; of those who are in no
    group of the care team the managers, and without managers the duty address. Returns how many mails.
    """
    told = 0
    rows = stale().filter(told_at=None).select_related("clinician__user").order_by("pk")
    for calendar in rows.select_for_update(of=("self",), skip_locked=True).defer("address", "user_name", "password"):
        told += _tell(calendar)
        OwnCalendar.objects.filter(pk=calendar.pk).update(told_at=clock.now())
    return told


def _tell(calendar: OwnCalendar) -> int:
    """How many are told. A key of its own for each time that it goes unread."""
    path = reverse("admin:consultations_clinician_own", args=[calendar.clinician_id])
    key = f"calendar-{calendar.pk}-{int(calendar.read_at.timestamp())}"
    user = calendar.clinician.user
    people = [user] if duty.is_reachable(user) else duty.managers()
    for person in people:
        payload = {"path": path, "user": person.pk}
        outbox.enqueue(
            kind=MessageKind.STAFF_NOTICE, key=f"{key}-staff{person.pk}", recipient=person.email, payload=payload
        )
    if people or not settings.DUTY_EMAIL:
        return len(people)
    payload = {"path": path}
    outbox.enqueue(kind=MessageKind.STAFF_NOTICE, key=f"{key}-duty", recipient=settings.DUTY_EMAIL, payload=payload)
    return 1
