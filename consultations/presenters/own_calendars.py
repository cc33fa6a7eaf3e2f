"""Clinicians' own calendars for staff: how old what we know of them is, and which visits they stand against."""

import datetime
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.core import clock
from consultations.models import Clinician, OwnCalendar
from consultations.presenters.formatting import Chip, span
from consultations.services import calendar_readings, own_calendars, stranded


def page_of(clinician: Clinician) -> dict[str, Any]:
    """The page of one clinician: calendars, when these make them busy, and the visits in the way."""
    conflicts = list(stranded.over_busy_times().filter(clinician=clinician))
    return {
        "clinician": clinician,
        "calendars": [line_of(calendar) for calendar in own_calendars.calendars_of(clinician)],
        "busy": busy_words(clinician),
        "conflicts": stranded.named(conflicts),
        "conflict_pks": [visit.consultation_request_id for visit in conflicts],
        "every": settings.CALENDAR_EVERY_MINUTES,
        "zone": clock.zone_words(clock.now()),
    }


def line_of(calendar: OwnCalendar) -> dict[str, Any]:
    return {
        "pk": calendar.pk,
        "host": calendar.host,
        "kind": calendar.get_kind_display(),
        "connected": clock.moment(calendar.connected_at),
        "connected_by": calendar.connected_by.display_name,
        "age": age_words(calendar),
        "failure": calendar.get_failure_display() if calendar.failure else "",
        "state": Chip(_("Not read now"), "warn") if calendar.failure else Chip(_("Read"), "ok"),
        "doubtful": doubtful_words(calendar.doubtful),
    }


def age_words(calendar: OwnCalendar) -> str:
    return _("last read %(time)s ago") % {"time": span(clock.now() - calendar.read_at)}


def doubtful_words(number: int) -> str:
    if not number:
        return ""
    return ngettext(
        "%(number)d entry cannot be read for sure, because it is damaged or names an unknown time zone.",
        "%(number)d entries cannot be read for sure, because they are damaged or name an unknown time zone.",
        number,
    ) % {"number": number}


def busy_words(clinician: Clinician) -> list[str]:
    """The busy times of the next seven days, in words: times and nothing else."""
    return [_between(begins, ends) for begins, ends in own_calendars.busy_ahead(clinician)]


def _between(begins: datetime.datetime, ends: datetime.datetime) -> str:
    if clock.local(begins).date() == clock.local(ends).date():
        hours = clock.time_in_a_day(begins, settings.TIME_ZONE, ends=ends)
        return _("%(day)s, %(hours)s") % {"day": clock.day(begins), "hours": hours}
    return _("%(begins)s to %(ends)s") % {"begins": clock.moment(begins), "ends": clock.moment(ends)}


def ages() -> list[str]:
    """Each clinician with a calendar, and how old the oldest of what we know is; for the diary."""
    oldest: dict[str, OwnCalendar] = {}
    for calendar in _with_names(OwnCalendar.objects.read_now()):
        oldest.setdefault(calendar.clinician.display_name, calendar)
    return [_line(calendar) for _name, calendar in sorted(oldest.items())]


def unread() -> list[str]:
    """Those that were not read for long, as staff read them on Today."""
    return [_line(calendar) for calendar in _with_names(calendar_readings.stale())]


def _with_names(calendars: QuerySet[OwnCalendar]) -> QuerySet[OwnCalendar]:
    shown = calendars.select_related("clinician").order_by("read_at", "pk")
    return shown.only("clinician__display_name", "read_at", "failure")


def _line(calendar: OwnCalendar) -> str:
    who = {"clinician": calendar.clinician.display_name, "age": age_words(calendar)}
    if not calendar.failure:
        return _("%(clinician)s: %(age)s") % who
    return _("%(clinician)s: %(age)s, %(failure)s") % {**who, "failure": calendar.get_failure_display()}
