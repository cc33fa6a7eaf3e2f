"""What `/readyz` says of this app."""

from django.conf import settings

from clinic.core import clock
from consultations.services import alarms, calendar_readings


def alerts() -> tuple[str, str]:
    """Whether somebody was told of every emergency, and can be told of the next."""
    return "alerts", alarms.state(now=clock.now())


def calendars() -> tuple[str, str]:
    """How many clinicians' own calendars were not read for long; their busy times of then still count."""
    number = calendar_readings.stale().count()
    return "calendars", f"{number} not read for {settings.CALENDAR_STALE_HOURS} hours" if number else "ok"
