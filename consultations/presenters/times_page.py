"""The free times of an offer as its page shows them: the earliest, a month of days, and the times of one day."""

import calendar
import dataclasses
import datetime
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.utils.dates import WEEKDAYS
from django.utils.formats import get_format

from clinic.core import clock
from consultations.enums import Modality
from consultations.models import AppointmentType, Clinician, Location
from consultations.presenters.own_zone import ZONES, choices
from consultations.services.scheduling import Slot

EARLIEST: Final = 3
SUNDAY_FIRST: Final = ("US", "CA")
"""Regions whose week begins on Sunday. Canada's language is that of Britain here, whose week begins on Monday."""


@dataclasses.dataclass(frozen=True, slots=True)
class Day:
    """One cell of the month; `count` radio buttons on that day, 0 for a day that cannot be chosen."""

    on: datetime.date
    count: int
    is_chosen: bool


@dataclasses.dataclass(frozen=True, slots=True)
class SlotChoice:
    """One radio button, or one of the earliest times. `elsewhere` is the time where the patient is; "" if the same."""

    key: str
    starts_at: datetime.datetime
    with_whom: str
    where: str
    is_yours: bool
    elsewhere: str


@dataclasses.dataclass(frozen=True, slots=True)
class Session:
    """The free times of one day with one doctor at one place, so that the same hour with two doctors is told apart."""

    with_whom: str
    where: str
    is_yours: bool
    morning: list[SlotChoice]
    afternoon: list[SlotChoice]


@dataclasses.dataclass(frozen=True, slots=True)
class DoctorChoice:
    """A doctor whose times can be shown alone; `query` is what the address says then, "" for any doctor."""

    name: str
    query: str
    is_yours: bool
    is_chosen: bool


@dataclasses.dataclass(frozen=True, slots=True)
class WhoAndWhere:
    """What the page knows of the reader: the doctor who decided, by key, and the zone they asked for, if any."""

    your_doctor: int | None = None
    own_zone: str = ""


def times_page(
    kind: AppointmentType,
    slots: Sequence[Slot],
    *,
    asked: Mapping[str, str],
    reader: WhoAndWhere,
    near: Iterable[Slot] = (),
) -> dict[str, Any]:
    """What times.html shows of the free times; `asked` are doctor and day or month in the address, as typed.

    `near` are those close to one that was lost. They stand alone, with the way to all.
    """
    named = _Named(slots, near, reader)
    doctor = next((pk for pk in named.people if f"{pk}" == asked.get("doctor", "")), None)
    shown = [slot for slot in slots if doctor in (None, slot.clinician_id)]
    days = _by_day(shown)
    chosen, first = _chosen_day(days, asked)
    is_at_the_clinic = kind.modality == Modality.CLINIC
    months = {day.replace(day=1) for day in days}
    return {
        "kind": kind,
        "places": sorted(named.places.values(), key=attrgetter("name")) if is_at_the_clinic else [],
        "doctors": [] if near else named.doctors(doctor),
        "kept": urlencode({"doctor": doctor}) + "&" if doctor else "",
        "earliest": [] if near else named.choices(_earliest(shown, reader.your_doctor)),
        "first": first,
        "until": clock.today() + kind.horizon,
        "chosen": chosen,
        "weekdays": [WEEKDAYS[weekday] for weekday in calendar.Calendar(first_weekday()).iterweekdays()],
        "weeks": _weeks(first, chosen, days),
        "earlier": max((month for month in months if month < first), default=None),
        "later": min((month for month in months if month > first), default=None),
        "sessions": _sessions(named.choices(days[chosen])) if chosen else [],
        "near": named.choices(near),
        "zone_words": clock.zone_words(clock.now()),
        "own_zone": reader.own_zone,
        "own_zone_words": ZONES.get(reader.own_zone, ""),
        "zones": [] if near or is_at_the_clinic else choices(),
    }


def earliest(slots: Sequence[Slot], *, reader: WhoAndWhere) -> list[SlotChoice]:
    """What the page of the request offers at once; the others stand on the page of the times."""
    first = _earliest(slots, reader.your_doctor)
    return _Named(first, (), reader).choices(first)


class _Named:
    """The free times with the names of doctors and places, as this reader sees them."""

    def __init__(self, slots: Iterable[Slot], near: Iterable[Slot], reader: WhoAndWhere) -> None:
        every = [*slots, *near]
        self.reader = reader
        self.people = Clinician.objects.in_bulk({slot.clinician_id for slot in every})
        self.places = Location.objects.in_bulk({slot.location_id for slot in every})

    def choices(self, slots: Iterable[Slot]) -> list[SlotChoice]:
        return [
            SlotChoice(
                slot.key,
                slot.starts_at,
                self.people[slot.clinician_id].display_name,
                self.places[slot.location_id].name,
                slot.clinician_id == self.reader.your_doctor,
                clock.time_in_a_day(slot.starts_at, self.reader.own_zone) if self.reader.own_zone else "",
            )
            for slot in slots
        ]

    def doctors(self, chosen: int | None) -> list[DoctorChoice]:
        """Your doctor first, then any, then the others by name; nothing where there is no choice."""
        if len(self.people) < 2:
            return []
        yours = self.reader.your_doctor
        named = [
            DoctorChoice(person.display_name, urlencode({"doctor": pk}), pk == yours, pk == chosen)
            for pk, person in sorted(self.people.items(), key=lambda item: (item[0] != yours, item[1].display_name))
        ]
        anybody = DoctorChoice("", "", is_yours=False, is_chosen=chosen is None)
        index = 1 if named[0].is_yours else 0
        return [*named[:index], anybody, *named[index:]]


def first_weekday() -> int:
    """As Python counts, Monday is 0."""
    if settings.CLINIC_REGION in SUNDAY_FIRST:
        return calendar.SUNDAY
    return (int(get_format("FIRST_DAY_OF_WEEK")) - 1) % 7


def _chosen_day(
    days: Mapping[datetime.date, list[Slot]], asked: Mapping[str, str]
) -> tuple[datetime.date | None, datetime.date]:
    """The day whose times are shown, None without any, and the first of its month."""
    today = clock.today()
    chosen = _day(asked.get("day", ""))
    if chosen not in days:
        asked_month = _month_start(asked.get("month", "")) or today
        # A month after the last with times shows that last one, as a month without times shows the next.
        last = max((day.replace(day=1) for day in days), default=today)
        chosen = min((day for day in days if day >= min(asked_month, last)), default=None)
    return chosen, (chosen or today).replace(day=1)


def _weeks(
    first: datetime.date, chosen: datetime.date | None, days: Mapping[datetime.date, list[Slot]]
) -> list[list[Day | None]]:
    """The weeks of the month that are not over."""
    weeks = calendar.Calendar(first_weekday()).monthdatescalendar(first.year, first.month)
    return [
        [Day(day, len(days.get(day, ())), day == chosen) if day.month == first.month else None for day in week]
        for week in weeks
        if week[-1] >= clock.today()
    ]


def _earliest(slots: Iterable[Slot], your_doctor: int | None) -> list[Slot]:
    """The next few starts, each once: with your doctor, where two are free."""
    by_start: dict[datetime.datetime, Slot] = {}
    for slot in sorted(slots, key=lambda slot: (slot.starts_at, slot.clinician_id != your_doctor)):
        by_start.setdefault(slot.starts_at, slot)
    return list(by_start.values())[:EARLIEST]


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


def _sessions(choices: Iterable[SlotChoice]) -> list[Session]:
    """One session for each doctor and place: your doctor's first, then the one with the earliest time."""
    sessions: dict[tuple[str, str], Session] = {}
    for choice in choices:
        session = sessions.setdefault(
            (choice.with_whom, choice.where),
            Session(choice.with_whom, choice.where, choice.is_yours, morning=[], afternoon=[]),
        )
        half = session.morning if clock.local(choice.starts_at).hour < 12 else session.afternoon
        half.append(choice)
    return sorted(sessions.values(), key=lambda session: not session.is_yours)
