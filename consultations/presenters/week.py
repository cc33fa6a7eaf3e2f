"""A week of the diary, or one day, by doctor or by room: hours, what stands in them, and what is free."""

import dataclasses
import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.text_lists import and_list
from consultations.forms.week_filter import DAY as ONE_DAY
from consultations.forms.week_filter import DOCTOR, ROOM, WEEK, WeekFilter, WeekFilterForm
from consultations.models import Appointment, AppointmentType, ConsultationRequest, Room, SlotHold
from consultations.presenters import week_entries, week_rows
from consultations.presenters.times_page import first_weekday
from consultations.presenters.week_entries import Entry
from consultations.presenters.week_rows import Span, WeekRows
from consultations.services import calling_off, diary, visit_needs
from consultations.services.scheduling.grid import Stretches
from consultations.services.scheduling.supply import DAY, Opening, openings

SHOWN: Final = ("by", "span", "clinician", "room", "location", "kind", "request")
"""What the address keeps from one week to the next."""
Key = tuple[int, datetime.date]


@dataclasses.dataclass(frozen=True, slots=True)
class Cell:
    """One doctor, or one room, on one day."""

    name: str
    entries: list[Entry]
    call_off_url: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class DayColumn:
    """One day with a cell for each row, in the same order on every day."""

    on: datetime.date
    title: str
    query: str
    is_today: bool
    is_closed: bool
    cells: list[Cell]

    @property
    def is_empty(self) -> bool:
        return not any(cell.entries for cell in self.cells)


def week_page(
    *, viewer: User, form: WeekFilterForm, consultation_request: ConsultationRequest | None, asked: Mapping[str, str]
) -> dict[str, Any]:
    filters = form.filter()
    kind = _kind_of(filters, consultation_request)
    first = filters.on if filters.is_one_day else start_of_week(filters.on)
    days = [first + step * DAY for step in range(1 if filters.is_one_day else 7)]
    rows = week_rows.between(
        first, days[-1] + DAY, filters=filters, kind=kind, viewer=viewer, ignoring=consultation_request
    )
    kept = {name: asked[name] for name in SHOWN if asked.get(name)}
    rights = _Rights(diary.may_keep_all(viewer), frozenset(calling_off.whom(rows.clinicians, viewer)))
    columns = list(_Board(rows, filters, days, kept=kept, rights=rights).columns())
    step = len(days) * DAY
    return {
        "form": form,
        "filters": filters,
        "is_narrowed": any((filters.clinician, filters.room, filters.location)),
        "kind": kind,
        "columns": [column for column in columns if not column.is_empty or column.is_closed or filters.is_one_day],
        "without": and_list(column.title for column in columns if column.is_empty and not column.is_closed),
        "first": clock.day(first),
        "last": clock.day(days[-1]),
        "earlier": address(kept, on=first - step),
        "later": address(kept, on=first + step),
        "now": address(kept, on=clock.today()),
        "switches": _switches(filters, kept),
        "clinic_zone": clock.zone_words(clock.instant(first, datetime.time(12), fold=0)),
        "damaged": rows.damaged,
        "consultation_request": consultation_request,
        "request_pks": sorted(_shown(columns) | ({consultation_request.pk} if consultation_request else set())),
    }


def _switches(filters: WeekFilter, kept: Mapping[str, str]) -> list[dict[str, Any]]:
    """The same days seen otherwise."""
    return [
        {"label": label, "url": address({**kept, name: value}, on=filters.on), "is_current": is_current}
        for label, name, value, is_current in (
            (_("By doctor"), "by", DOCTOR, not filters.is_by_room),
            (_("By room"), "by", ROOM, filters.is_by_room),
            (_("A week"), "span", WEEK, not filters.is_one_day),
            (_("One day"), "span", ONE_DAY, filters.is_one_day),
        )
    ]


def _shown(columns: Iterable[DayColumn]) -> set[int]:
    """Whose requests the page names."""
    entries = (entry for column in columns for cell in column.cells for entry in cell.entries)
    return {entry.request_pk for entry in entries if entry.request_pk}


def address(kept: Mapping[str, str], *, on: datetime.date) -> str:
    return f"?{urlencode({**kept, 'on': on.isoformat()})}"


def start_of_week(day: datetime.date) -> datetime.date:
    return day - ((day.weekday() - first_weekday()) % 7) * DAY


def _kind_of(filters: WeekFilter, consultation_request: ConsultationRequest | None) -> AppointmentType | None:
    """Whose free times are shown: those of the request's visit, as long as its patient needs it to be."""
    if consultation_request is not None:
        return visit_needs.visit_type_of(consultation_request)
    return filters.kind or AppointmentType.objects.filter(is_active=True).order_by("name").first()


@dataclasses.dataclass(frozen=True, slots=True)
class _Rights:
    may_block_rooms: bool
    may_call_off: frozenset[int]


class _Board:
    """Everything by row and day, put into cells."""

    def __init__(
        self,
        rows: WeekRows,
        filters: WeekFilter,
        days: list[datetime.date],
        *,
        kept: Mapping[str, str],
        rights: "_Rights",
    ) -> None:
        self.rows, self.filters, self.days, self.kept = rows, filters, days, kept
        self.rights = rights
        self.spans = {day: week_rows.span_of(day, day + DAY) for day in days}
        self.openings = list(openings(rows.hours, days[0], days[-1] + DAY))
        self.cells: dict[Key, list[Entry]] = defaultdict(list)
        if filters.is_by_room:
            self._fill_by_room()
        else:
            self._fill_by_doctor()

    def columns(self) -> Iterator[DayColumn]:
        closed = clock.closed_dates()
        heads = self._heads()
        for day in self.days:
            cells = [self._cell(key, name, day) for key, name in heads]
            query = address({**self.kept, "span": ONE_DAY}, on=day).removeprefix("?")
            yield DayColumn(day, clock.day(day), query, day == clock.today(), day in closed, cells)

    def _cell(self, key: int, name: str, day: datetime.date) -> Cell:
        """With the way to call the day off: today's, and that of a day that is looked at alone."""
        entries = week_entries.in_order(self.cells[key, day])
        today = clock.today()
        is_asked = day == today or (self.filters.is_one_day and day > today)
        if not (is_asked and entries and key in self.rights.may_call_off) or self.filters.is_by_room:
            return Cell(name, entries)
        query = urlencode({"clinician": key, "first_on": day.isoformat(), "last_on": day.isoformat()})
        return Cell(name, entries, f"{reverse('admin:consultations_appointment_cannot_come')}?{query}")

    def _heads(self) -> list[tuple[int, str]]:
        """Whose rows there are: nobody who has nothing in these days, unless asked for alone."""
        if self.filters.is_by_room:
            rooms = [(room.pk, str(room)) for room in self.rows.rooms]
            return [*rooms, (0, _("Without a room"))] if self._has_any(0) else rooms
        return [
            (item.pk, item.display_name)
            for item in self.rows.clinicians
            if self.filters.clinician is not None or self._has_any(item.pk)
        ]

    def _has_any(self, key: int) -> bool:
        return any(self.cells.get((key, day)) for day in self.days)

    def _put(self, key: int, at: datetime.datetime, entry: Entry) -> None:
        self.cells[key, max(clock.local(at).date(), self.days[0])].append(entry)

    def _fill_by_doctor(self) -> None:
        self._put_openings()
        for absence in self.rows.absences:
            for day, span in self._days_of(absence.starts_at, absence.ends_at):
                self.cells[absence.clinician_id, day].append(week_entries.away(absence, span))
        for stretch in self.rows.busy:
            for day, span in self._days_of(stretch.starts_at, stretch.ends_at):
                self.cells[stretch.clinician_id, day].append(week_entries.busy(stretch, span))
        for visit in self.rows.visits:
            self._put(visit.clinician_id, visit.starts_at, week_entries.visit(visit, self.rows, is_by_room=False))
        for held in self.rows.holds:
            self._put(held.clinician_id, held.starts_at, week_entries.hold(held))
        for slot in self.rows.free:
            self._put(slot.clinician_id, slot.starts_at, week_entries.free(slot, asked=self.kept))

    def _put_openings(self) -> None:
        for is_extra in (False, True):
            hours = [item for item in self.rows.hours if (item.weekday is None) is is_extra]
            for opening in openings(hours, self.days[0], self.days[-1] + DAY):
                entry = week_entries.hours(opening, self.rows, is_extra=is_extra)
                self._put(opening.clinician_id, opening.begins, entry)

    def _fill_by_room(self) -> None:
        for closure in self.rows.closures:
            for day, span in self._days_of(closure.starts_at, closure.ends_at):
                self.cells[closure.room_id, day].append(
                    week_entries.out_of_use(closure, span, may_undo=self.rights.may_block_rooms)
                )
        for visit in self.rows.visits:
            entry = week_entries.visit(visit, self.rows, is_by_room=True)
            if self.filters.room is None or visit.room_id:
                self._put(visit.room_id or 0, visit.starts_at, entry)
        for held in self.rows.holds:
            if held.room_id:
                self._put(held.room_id, held.starts_at, week_entries.hold(held))
        for room in self.rows.rooms:
            for span in self._free_of(room):
                entry = week_entries.free_stretch(
                    span, room=room.pk, asked=self.kept, may_block=self.rights.may_block_rooms
                )
                self._put(room.pk, span[0], entry)

    def _days_of(
        self, starts_at: datetime.datetime, ends_at: datetime.datetime
    ) -> Iterator[tuple[datetime.date, Span]]:
        return ((day, span) for day, span in self.spans.items() if starts_at < span[1] and span[0] < ends_at)

    def _free_of(self, room: Room) -> Iterator[Span]:
        """From now on, the hours at its location in which nothing occupies it."""
        if not room.is_bookable:
            return
        begins = max(clock.now(), self.spans[self.days[0]][0])
        staffed = Stretches(_ahead((item for item in self.openings if item.location_id == room.location_id), begins))
        taken = Stretches(self._taken_of(room))
        for start, end in zip(staffed.begins, staffed.ends, strict=True):
            yield from _left_of((start, end), zip(taken.begins, taken.ends, strict=True))

    def _taken_of(self, room: Room) -> Iterator[Span]:
        all_taken: list[Appointment | SlotHold] = [*self.rows.visits, *self.rows.holds]
        for taken in all_taken:
            if taken.room_id == room.pk:
                before = datetime.timedelta(minutes=taken.buffer_before_minutes)
                yield taken.starts_at - before, taken.ends_at + datetime.timedelta(minutes=taken.buffer_after_minutes)
        for closure in self.rows.closures:
            if closure.room_id == room.pk:
                yield closure.starts_at, closure.ends_at


def _ahead(found: Iterable[Opening], begins: datetime.datetime) -> Iterator[Span]:
    for opening in found:
        if opening.ends > begins:
            yield max(opening.begins, begins), opening.ends


def _left_of(span: Span, taken: Iterable[Span]) -> Iterator[Span]:
    """What of a stretch nothing takes; `taken` in order."""
    start, end = span
    for begins, ends in taken:
        if begins >= end:
            break
        if begins > start:
            yield start, begins
        start = max(start, ends)
    if start < end:
        yield start, end
