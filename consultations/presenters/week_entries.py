"""One line of the week: hours, an absence, a visit, a hold, or a run of free times, in the words of the page."""

import dataclasses
import datetime
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.core import clock
from clinic.core.text_lists import comma_list
from consultations.enums import AppointmentStatus
from consultations.models import Absence, Appointment, BusyTime, RoomClosure, SlotHold
from consultations.presenters.diary import STATUS_KINDS, confirmed_chip
from consultations.presenters.formatting import Chip, outside_words
from consultations.presenters.visit_needs import needs_words
from consultations.presenters.week_rows import Span, WeekRows
from consultations.services import scheduling
from consultations.services.scheduling.supply import Opening
from consultations.services.visit_needs import Needs

RANKS: Final = {"hours": 0, "away": 1, "closed": 1, "visit": 2, "hold": 3, "free": 4}


@dataclasses.dataclass(frozen=True, slots=True)
class Link:
    text: str
    url: str


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """`kind` is one of RANKS: hours, away, closed (a room), visit, hold, free. `title` is what stands first after the
    time, a link where there is a `url`. `undo` is what a button sends that takes the line out of the diary.
    """

    kind: str
    begins: datetime.datetime
    time: str
    title: str = ""
    url: str = ""
    reference: str = ""
    details: tuple[str, ...] = ()
    chips: tuple[Chip, ...] = ()
    needs: str = ""
    links: tuple[Link, ...] = ()
    request_pk: int | None = None
    undo: str = ""

    @property
    def is_free(self) -> bool:
        return self.kind == "free"

    @property
    def order(self) -> tuple[bool, datetime.datetime, int]:
        """Hours first: they are what the rest stands in."""
        return self.kind != "hours", self.begins, RANKS[self.kind]


def hours(opening: Opening, rows: WeekRows, *, is_extra: bool) -> Entry:
    label = _("Extra session") if is_extra else ""
    place = rows.places[opening.location_id].name
    return Entry("hours", opening.begins, clock.time_span(opening.begins, opening.ends), place, details=(label,))


def away(absence: Absence, day: Span) -> Entry:
    url = reverse("admin:consultations_absence_change", args=[absence.pk])
    label = _("Cannot come") if absence.called_off_at else _("Away")
    return Entry("away", max(absence.starts_at, day[0]), _part_of(absence, day), label, url, details=(absence.reason,))


def busy(stretch: BusyTime, day: Span) -> Entry:
    """By the clinician's own calendar, which says no more."""
    return Entry("away", max(stretch.starts_at, day[0]), _part_of(stretch, day), _("Busy, by their own calendar"))


def out_of_use(closure: RoomClosure, day: Span, *, may_undo: bool) -> Entry:
    begins, undo = max(closure.starts_at, day[0]), f"closure-{closure.pk}" if may_undo else ""
    return Entry("closed", begins, _part_of(closure, day), _("Out of use"), details=(closure.reason,), undo=undo)


def _part_of(stretch: Absence | BusyTime | RoomClosure, day: Span) -> str:
    """What of a day it takes."""
    from_before, goes_on = stretch.starts_at <= day[0], stretch.ends_at >= day[1]
    if from_before and goes_on:
        return _("All day")
    if from_before:
        return _("Until %(time)s") % {"time": clock.time(stretch.ends_at)}
    if goes_on:
        return _("From %(time)s") % {"time": clock.time(stretch.starts_at)}
    return clock.time_span(stretch.starts_at, stretch.ends_at)


def visit(appointment: Appointment, rows: WeekRows, *, is_by_room: bool) -> Entry:
    consultation_request = appointment.consultation_request
    kind = appointment.appointment_type
    other = appointment.clinician.display_name if is_by_room else (appointment.room.name if appointment.room else "")
    place = "" if is_by_room else appointment.location.name
    where = comma_list(filter(None, [str(kind.get_modality_display()), other, place]))
    chips = [Chip(appointment.get_status_display(), STATUS_KINDS.get(AppointmentStatus(appointment.status), ""))]
    if confirmed := confirmed_chip(appointment):
        chips.append(confirmed)
    if appointment.pk in rows.stranded:
        chips.append(Chip(_("Outside the hours"), "warn"))
    outside = outside_words(appointment.outside)
    booked_for = _("Booked for a reason, %(rules)s") % {"rules": outside} if outside else ""
    return Entry(
        "visit",
        appointment.starts_at,
        clock.time_in_a_day(appointment.starts_at, appointment.time_zone, ends=appointment.ends_at),
        consultation_request.patient.name,
        reverse("admin:consultations_consultationrequest_change", args=[consultation_request.pk]),
        consultation_request.reference,
        (where, _buffers(appointment), booked_for),
        tuple(chips),
        needs_words(rows.needs.get(consultation_request.patient.person_id, Needs())),
        request_pk=consultation_request.pk,
    )


def hold(held: SlotHold) -> Entry:
    until = {"time": clock.time(held.expires_at)}
    words = _("Held until %(time)s") if held.gives_back_id is None else _("Cancelled; can be taken back until %(time)s")
    if held.time_offer_id is not None:
        words = _("Offered to the waiting list until %(time)s")
    return Entry(
        "hold",
        held.starts_at,
        clock.time_span(held.starts_at, held.ends_at),
        words % until,
        reverse("admin:consultations_consultationrequest_change", args=[held.consultation_request_id]),
        held.consultation_request.reference,
        (_buffers(held),),
        request_pk=held.consultation_request_id,
    )


def _buffers(taken: Appointment | SlotHold) -> str:
    before, after = taken.buffer_before_minutes, taken.buffer_after_minutes
    if before and after:
        words = _("Kept free: %(before)s before, %(after)s after")
    elif before or after:
        words = _("Kept free: %(before)s before") if before else _("Kept free: %(after)s after")
    else:
        return ""
    return words % {"before": clock.minutes(before), "after": clock.minutes(after)}


def free(slot: scheduling.Slot, *, asked: Mapping[str, str]) -> Entry:
    query = urlencode({"slot": slot.key, **asked})
    link = Link(clock.time(slot.starts_at), f"{reverse('admin:consultations_appointment_time')}?{query}")
    return Entry("free", slot.starts_at, "", links=(link,))


def free_stretch(span: Span, *, room: int, asked: Mapping[str, str], may_block: bool) -> Entry:
    """When a room is free while somebody could see patients at its location."""
    ends = [f"{clock.local(at):%Y-%m-%dT%H:%M}" for at in span]
    query = urlencode({"room": room, "starts_at": ends[0], "ends_at": ends[1], **asked})
    words = clock.time_span(*span)
    if not may_block:
        return Entry("free", span[0], words)
    link = Link(_("Block %(time)s") % {"time": words}, f"{reverse('admin:consultations_appointment_block')}?{query}")
    return Entry("free", span[0], words, links=(link,))


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """As they come in the day; free times that follow each other are one line."""
    lines: list[Entry] = []
    for entry in sorted(entries, key=lambda entry: entry.order):
        last = lines[-1] if lines else None
        if last is not None and last.kind == entry.kind == "free" and not entry.time:
            lines[-1] = dataclasses.replace(last, links=(*last.links, *entry.links))
        else:
            lines.append(entry)
    return lines
