"""Choosing a time: a month of days, the times of one day, a check, a booking. All of it links and radio buttons."""

import calendar
import dataclasses
import datetime
from collections.abc import Iterable
from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from clinic import clock
from consultations.enums import RequestStatus
from consultations.forms.private import CancelTimeForm, SlotForm
from consultations.models import Clinician, ConsultationRequest, Location, SlotHold
from consultations.services import scheduling
from consultations.services.scheduling import Slot, SlotTaken
from consultations.views.private_access import with_grant
from consultations.views.private_status import live_appointment
from consultations.workflow import MoveRefused

TAKEN = "Someone just took that time."
GONE = "That time is no longer held for you."
NEAREST = "These are the nearest free times."
NONE_FREE = "No other time is free now: ring us and we find one with you."
NOT_HELD = "We hold no time for you at the moment. A time you choose is kept for ten minutes: choose one again."


@dataclasses.dataclass(frozen=True, slots=True)
class Day:
    """One cell of the month; `count` radio buttons on that day, 0 for a day that cannot be chosen."""

    on: datetime.date
    count: int
    is_chosen: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
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
    morning: list[Choice]
    afternoon: list[Choice]


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


def _choices(slots: Iterable[Slot]) -> list[Choice]:
    slots = list(slots)
    people = Clinician.objects.in_bulk({slot.clinician_id for slot in slots})
    places = Location.objects.in_bulk({slot.location_id for slot in slots})
    return [
        Choice(slot.key, slot.starts_at, people[slot.clinician_id].display_name, places[slot.location_id].name)
        for slot in slots
    ]


def _sessions(choices: Iterable[Choice]) -> list[Session]:
    """One session for each doctor and place, the one with the earliest time first."""
    sessions: dict[tuple[str, str], Session] = {}
    for choice in choices:
        session = sessions.setdefault(
            (choice.with_whom, choice.where), Session(choice.with_whom, choice.where, morning=[], afternoon=[])
        )
        half = session.morning if clock.local(choice.starts_at).hour < 12 else session.afternoon
        half.append(choice)
    return list(sessions.values())


@require_http_methods(["GET", "HEAD", "POST"])
@with_grant
def times(request: HttpRequest, consultation: ConsultationRequest) -> HttpResponse:
    """Show free times; a POST holds the chosen one for ten minutes and goes on to the check."""
    if consultation.status != RequestStatus.OFFERED or consultation.appointment_type is None:
        return redirect("consultations:status")
    if request.method != "POST":
        return _times_page(request, consultation, error=NOT_HELD if "again" in request.GET else "")
    form = SlotForm(request.POST)
    if not form.is_valid():
        return _times_page(request, consultation, error="Choose a time before you continue.")
    try:
        scheduling.hold(request=consultation, slot_key=form.cleaned_data["slot"])
    except SlotTaken as taken:
        return _lost_page(request, consultation, TAKEN, taken)
    except MoveRefused:
        return redirect("consultations:status")
    return redirect("consultations:check_time")


def _lost_page(request: HttpRequest, consultation: ConsultationRequest, loss: str, taken: SlotTaken) -> HttpResponse:
    """The times again after one was lost: what happened, then the nearest others or how to reach the clinic."""
    error = f"{loss} {NEAREST if taken.nearest else NONE_FREE}"
    return _times_page(request, consultation, error=error, near=taken.nearest, status=409)


def _times_page(
    request: HttpRequest,
    consultation: ConsultationRequest,
    *,
    error: str = "",
    near: Iterable[Slot] = (),
    status: int = 200,
) -> HttpResponse:
    kind = consultation.appointment_type
    if kind is None:
        return redirect("consultations:status")
    today = clock.today()
    horizon = today + scheduling.HORIZON
    slots = scheduling.free_slots(appointment_type=kind, since=today, until=horizon, ignoring=consultation)
    days = _by_day(slots)
    months = sorted({day.replace(day=1) for day in days})
    chosen = _day(request.GET.get("day", ""))
    if chosen not in days:
        asked_month = _month_start(request.GET.get("month", "")) or today
        # A month after the last with times shows that last one, as a month without times shows the next.
        chosen = min((day for day in days if day >= min(asked_month, months[-1])), default=None)
    first = (chosen or today).replace(day=1)
    weeks = [
        [Day(day, len(days.get(day, ())), day == chosen) if day.month == first.month else None for day in week]
        for week in calendar.Calendar().monthdatescalendar(first.year, first.month)
    ]
    context = {
        "consultation": consultation,
        "kind": kind,
        "first": first,
        "chosen": chosen,
        "weeks": weeks,
        "earlier": max((month for month in months if month < first), default=None),
        "later": min((month for month in months if month > first), default=None),
        "sessions": _sessions(_choices(days[chosen])) if chosen else [],
        "near": _choices(near),
        "error": error,
        "zone_words": clock.zone_words(clock.now()),
    }
    return render(request, "consultations/private/times.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@with_grant
def check_time(request: HttpRequest, consultation: ConsultationRequest) -> HttpResponse:
    """The details before booking; pressing twice books once."""
    if consultation.status != RequestStatus.OFFERED:
        return redirect("consultations:status")
    held = SlotHold.objects.filter(request=consultation).select_related("clinician", "location").first()
    if request.method == "POST":
        try:
            scheduling.book(request=consultation)
        except SlotTaken as taken:
            return _lost_page(request, consultation, GONE, taken)
        except MoveRefused:
            pass
        return redirect("consultations:status")
    if held is None or held.expires_at <= clock.now():
        return redirect(f"{reverse('consultations:times')}?again")
    context = {
        "consultation": consultation,
        "held": held,
        "kind": consultation.appointment_type,
        "zone_words": clock.zone_words(held.starts_at),
    }
    return render(request, "consultations/private/check_time.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@with_grant
def cancel_time(request: HttpRequest, consultation: ConsultationRequest) -> HttpResponse:
    """One page with the consequence, "keep my appointment" first; a visit that has begun has no such page."""
    appointment = live_appointment(consultation)
    if appointment is None or scheduling.has_begun(appointment):
        return redirect("consultations:status")
    form = CancelTimeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with suppress(MoveRefused):
            scheduling.cancel(request=consultation, reason=form.cleaned_data["reason"])
        return redirect(f"{reverse('consultations:status')}?cancelled")
    context = {"consultation": consultation, "appointment": appointment, "form": form}
    return render(request, "consultations/private/cancel_time.html", context)
