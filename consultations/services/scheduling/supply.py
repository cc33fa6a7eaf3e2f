"""When clinicians see patients: weekly hours and extra sessions, read off the clinic's wall clock, and rooms."""

import dataclasses
import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.db.models import (
    DateField,
    F,
    Max,
    PositiveSmallIntegerField,
    Q,
    QuerySet,
    TimeField,
    Value,
)

from clinic.core import clock
from consultations.models import AppointmentType, Availability, ExtraSession

DAY: Final = datetime.timedelta(days=1)
COLUMNS: Final = ("weekday", "opens", "closes", "starts_on", "ends_on")


@dataclasses.dataclass(frozen=True, slots=True)
class Hours:
    """A window of one clinician at one location: of a weekday, or of one date, which needs none."""

    clinician_id: int
    location_id: int
    weekday: int | None
    opens: datetime.time
    closes: datetime.time
    starts_on: datetime.date
    ends_on: datetime.date | None

    def is_on(self, day: datetime.date) -> bool:
        is_within = self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)
        return is_within and self.weekday in (None, day.weekday())


@dataclasses.dataclass(frozen=True, slots=True)
class Opening:
    """Hours on one day, as instants; half open."""

    clinician_id: int
    location_id: int
    begins: datetime.datetime
    ends: datetime.datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Supply:
    """`rooms`: location -> the rooms there that will do; None for a type that needs none."""

    hours: list[Hours]
    rooms: dict[int, list[int]] | None


def hours_of(entry: Availability | ExtraSession) -> Hours:
    """The hours that one row stands for."""
    who_and_where = entry.clinician_id, entry.location_id
    if isinstance(entry, ExtraSession):
        return Hours(*who_and_where, None, entry.opens, entry.closes, entry.on, entry.on)
    return Hours(*who_and_where, entry.weekday, entry.opens, entry.closes, entry.starts_on, entry.ends_on)


def supply_of(appointment_type: AppointmentType, since: datetime.date, until: datetime.date) -> Supply:
    """What there is for one type from `since` to before `until`, in one query: hours, and rooms where it needs them."""
    gives_it = Q(clinician__is_bookable=True, clinician__user__is_active=True)
    if not appointment_type.any_clinician:
        gives_it &= Q(clinician__in=appointment_type.clinicians.all())
    rows: QuerySet[Any, Any] = hour_rows(gives_it, since, until)
    if appointment_type.needs_room:
        rows = rows.union(_as_columns(appointment_type.rooms.filter(is_bookable=True), "pk"), all=True)
    hours: list[Hours] = []
    rooms: dict[int, list[int]] = {}
    for row in rows:
        # Of the three kinds of row, only a room has no hours.
        if row[3] is None:
            rooms.setdefault(row[1], []).append(row[0])
        else:
            hours.append(Hours(*row))
    return Supply(hours, rooms if appointment_type.needs_room else None)


def hour_rows(about: Q, since: datetime.date, until: datetime.date) -> QuerySet[Any, Any]:
    """Weekly hours and extra sessions that fall between two days, as the columns of `Hours`, in one query."""
    weekly = Availability.objects.filter(about, Q(ends_on__isnull=True) | Q(ends_on__gte=since), starts_on__lt=until)
    extra = ExtraSession.objects.filter(about, on__gte=since, on__lt=until)
    on_one_date = _as_columns(
        extra, "clinician_id", opens=F("opens"), closes=F("closes"), starts_on=F("on"), ends_on=F("on")
    )
    every_week = weekly.order_by().values_list("clinician_id", "location_id", *COLUMNS)
    return every_week.union(on_one_date, all=True)


def _as_columns(rows: QuerySet[Any], resource: str, **columns: F) -> QuerySet[Any, Any]:
    """Rows of another table under the columns of weekly hours, empty where they have no such thing."""
    empty: dict[str, Any] = {
        "weekday": Value(None, output_field=PositiveSmallIntegerField()),
        "opens": Value(None, output_field=TimeField()),
        "closes": Value(None, output_field=TimeField()),
        "starts_on": Value(None, output_field=DateField()),
        "ends_on": Value(None, output_field=DateField()),
    }
    given = {f"as_{name}": columns.get(name, empty[name]) for name in COLUMNS}
    columned: QuerySet[Any, Any] = rows.order_by().annotate(**given).values_list(resource, "location_id", *given)
    return columned


def openings(hours: Iterable[Hours], since: datetime.date, until: datetime.date) -> Iterator[Opening]:
    """The hours on each of their days from `since` to before `until`; none on a day the clinic is closed."""
    closed = clock.closed_dates()
    days = [since + step * DAY for step in range((until - since).days)]
    by_weekday: dict[int | None, list[datetime.date]] = defaultdict(list)
    for day in days:
        if day not in closed:
            by_weekday[day.weekday()].append(day)
            by_weekday[None].append(day)
    # Many doctors share their hours, and to read the wall clock is most of the work.
    known: dict[tuple[datetime.date, datetime.time, int], datetime.datetime] = {}

    def instant(day: datetime.date, at: datetime.time, fold: int) -> datetime.datetime:
        key = day, at, fold
        if key not in known:
            known[key] = clock.instant(day, at, fold=fold)
        return known[key]

    for item in hours:
        for day in by_weekday[item.weekday]:
            if item.is_on(day):
                begins, ends = instant(day, item.opens, 0), instant(day, item.closes, 1)
                yield Opening(item.clinician_id, item.location_id, begins, ends)


def openings_ahead(clinician_id: int) -> list[Opening]:
    """When a clinician sees patients, from today as far ahead as any time is offered."""
    about = Q(clinician=clinician_id, clinician__is_bookable=True, clinician__user__is_active=True)
    farthest = AppointmentType.objects.filter(is_active=True).aggregate(days=Max("horizon_days"))["days"] or 0
    today = clock.today()
    until = today + (farthest + 1) * DAY
    hours = [Hours(*row) for row in hour_rows(about, today, until)]
    return list(openings(hours, today, until))


def gained(before: Iterable[Opening], after: Iterable[Opening]) -> Iterator[Opening]:
    """What of the openings after no opening before covers, of one clinician."""
    known = sorted((opening.begins, opening.ends) for opening in before)
    for opening in after:
        begins = opening.begins
        for known_begins, known_ends in known:
            if known_ends <= begins or known_begins >= opening.ends:
                continue
            if begins < known_begins:
                yield dataclasses.replace(opening, begins=begins, ends=known_begins)
            begins = max(begins, known_ends)
        if begins < opening.ends:
            yield dataclasses.replace(opening, begins=begins)
