"""When the clinic owes its next step. Owner: the medical director; source: the reply targets in the settings."""

import datetime

from django.conf import settings

from clinic import clock


def due_after(outcome: str, *, since: datetime.datetime) -> datetime.datetime:
    """The instant by which a person must have acted on this headline.

    Targets run in working hours or working days, so what comes in at night is due soon after the next opening.
    """
    target = settings.REPLY_TARGETS[str(outcome)]
    if "hours" in target:
        return clock.add_working_hours(since, target["hours"])
    return clock.add_working_days(since, target["days"])
