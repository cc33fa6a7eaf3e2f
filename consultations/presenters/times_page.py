"""The free times of an offer as its page shows them: a month of days, and the times of one day."""

import calendar
import dataclasses
import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clinic.core import clock
from consultations.models import AppointmentType, Clinician, Location
from consultations.services.scheduling import Slot


@dataclasses.dataclass(frozen=True, slots=True)
class Day:
    """One cell of the month; `count` radio buttons on that day, 0 for a day that cannot be chosen."""

    on: datetime.date
    count: int
    is_chosen: bool


@dataclasses.dataclass(frozen=True, slots=True)
class SlotChoice:
    """One radio button."""

    key: str
    starts_at: datetime.datetime
    with_whom: str
    where: str


@dataclasses.dataclass(frozen=True, slots=True)
class Session:
    """The free times of one day with one doctor at one place, so that the same hour with two doctors is told apart."""

    with_whom: str
    where: str
    morning: list[SlotChoice]
    afternoon: list[SlotChoice]


def times_page(
    kind: AppointmentType, slots: Sequence[Slot], *, asked: Mapping[str, str], near: Iterable[Slot] = ()
) -> dict[str, Any]:
    """What times.html shows of the free times; `asked` are the day or the month in the address, as typed."""
    today = clock.today()
    days = _by_day(slots)
    months = sorted({day.replace(day=1) for day in days})
    chosen = _day(asked.get("day", ""))
    if chosen not in days:
        asked_month = _month_start(asked.get("month", "")) or today
        # A month after the last with times shows that last one, as a month without times shows the next.
        chosen = min((day for day in days if day >= min(asked_month, months[-1])), default=None)
    first = (chosen or today).replace(day=1)
    weeks = [
        [Day(day, len(days.get(day, ())), day == chosen) if day.month == first.month else None for day in week]
        for week in calendar.Calendar().monthdatescalendar(first.year, first.month)
    ]
    return {
        "kind": kind,
        "places": Location.objects.filter(pk__in={slot.location_id for slot in slots}).order_by("name"),
        "first": first,
        "chosen": chosen,
        "weeks": weeks,
        "earlier": max((month for month in months if month < first), default=None),
        "later": min((month for month in months if month > first), default=None),
        "sessions": _sessions(_choices(days[chosen])) if chosen else [],
        "near": _choices(near),
        "zone_words": clock.zone_words(clock.now()),
    }


def _month_start(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(f"{text}-01") if len(text) == 7 else None
    except ValueError:
        return None


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


def _by_day(slots: Iterable[Slot]) -> dict[datetime.date, list[Slot]]:
    days: dict[datetime.date, list[Slot]] = {}
    for slot in slots:
        days.setdefault(clock.local(slot.starts_at).date(), []).append(slot)
    return days


def _choices(slots: Iterable[Slot]) -> list[SlotChoice]:
    slots = list(slots)
    people = Clinician.objects.in_bulk({slot.clinician_id for slot in slots})
    places = Location.objects.in_bulk({slot.location_id for slot in slots})
    return [
        SlotChoice(slot.key, slot.starts_at, people[slot.clinician_id].display_name, places[slot.location_id].name)
        for slot in slots
    ]


def _sessions(choices: Iterable[SlotChoice]) -> list[Session]:
    """One session for each doctor and place, the one with the earliest time first."""
    sessions: dict[tuple[str, str], Session] = {}
    for choice in choices:
        session = sessions.setdefault(
            (choice.with_whom, choice.where), Session(choice.with_whom, choice.where, morning=[], afternoon=[])
        )
        half = session.morning if clock.local(choice.starts_at).hour < 12 else session.afternoon
        half.append(choice)
    return list(sessions.values())
