"""When the clinic owes its next step. Owner: the medical director; source: the reply targets in the settings."""

import datetime
import math
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from clinic.core import clock
from consultations.enums import Outcome

HOURS_IN_A_DAY: Final = 8
LOW_MOOD_DAYS: Final = 2
"""Working days until somebody calls who told us that things feel very hard; sooner where the headline is."""


def due_after(outcome: str, *, since: datetime.datetime, is_low_mood: bool = False) -> datetime.datetime:
    """The instant by which a person must have acted on this headline.

    Targets run in working hours or working days, so what comes in at night is due soon after the next opening.
    """
    target = settings.REPLY_TARGETS[str(outcome)]
    if "hours" in target:
        due = clock.add_working_hours(since, target["hours"])
    else:
        due = clock.add_working_days(since, target["days"])
    return min(due, clock.add_working_days(since, LOW_MOOD_DAYS)) if is_low_mood else due


def target_hours(target_name: str) -> float:
    """A target in hours of opening; a day counts as the clinic's days do on average."""
    target = settings.REPLY_TARGETS[target_name]
    if "hours" in target:
        return float(target["hours"])
    lengths = day_lengths()
    return float(target["days"] * sum(lengths) / len(lengths))


def day_lengths() -> list[float]:
    """How many hours the clinic is open on each of its days of the week."""
    lengths: dict[int, float] = {}
    someday = datetime.date(2024, 1, 1)
    for parse_opening_hour in clock.parse_opening_hours(settings.OPENING_HOURS):
        spell = datetime.datetime.combine(someday, parse_opening_hour.closes) - datetime.datetime.combine(
            someday, parse_opening_hour.opens
        )
        lengths[parse_opening_hour.weekday] = lengths.get(parse_opening_hour.weekday, 0) + spell.total_seconds() / 3600
    return list(lengths.values())


def time_allowed(target_name: str) -> str:
    """A target in words: "one working day", "2 working hours"."""
    target = settings.REPLY_TARGETS[target_name]
    number = target["hours" if "hours" in target else "days"]
    if "hours" in target:
        sentence = _("one working hour") if number == 1 else _("%(number)s working hours")
    else:
        sentence = _("one working day") if number == 1 else _("%(number)s working days")
    return sentence % {"number": f"{number:g}"}


def call_today(outcome: str, *, since: datetime.datetime) -> datetime.datetime | None:
    """By when we call whoever asks for it now; None when we are closed, or would call after today's closing."""
    due = due_after(outcome, since=since)
    return due if falls_today(due, now=since) else None


def falls_today(due: datetime.datetime, *, now: datetime.datetime) -> bool:
    """Whether a call that is owed by then may be promised now: we are open, and it falls before today's closing."""
    if not clock.is_open(now):
        return False
    _opening, closing = clock.openings_on(clock.local(now).date())[-1]
    return due <= closing


def promised_numbers() -> dict[str, str]:
    """The targets in the unit that the sentences name them in, and how long answers are kept."""
    call, contact = settings.REPLY_TARGETS[Outcome.SAME_DAY.value], settings.REPLY_TARGETS[Outcome.URGENT_REVIEW.value]
    return {
        "call_hours": f"{call.get('hours', HOURS_IN_A_DAY * call.get('days', 0)):g}",
        "contact_days": f"{contact.get('days') or math.ceil(contact['hours'] / HOURS_IN_A_DAY):g}",
        "keep_hours": f"{settings.KEEP_UNSENT_HOURS}",
        "keep_days": f"{settings.KEEP_UNSENT_DAYS}",
    }
