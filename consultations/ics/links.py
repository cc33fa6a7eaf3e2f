"""Links that fill in the form of a calendar on the web. The person who presses one sends it there; we never do.

They carry title, times and place. An entry made by one is not ours: it has no UID of ours, so no file replaces it.
"""

import dataclasses
import datetime
from typing import Final
from urllib.parse import urlencode

from django.conf import settings
from django.utils.translation import gettext as _

from consultations.models import Appointment

GOOGLE: Final = "https://calendar.google.com/calendar/render"
OUTLOOK: Final = "https://outlook.live.com/calendar/0/deeplink/compose"


@dataclasses.dataclass(frozen=True, slots=True)
class CalendarLink:
    label: str
    site: str
    url: str


def calendar_links(appointment: Appointment) -> list[CalendarLink]:
    title = _("Appointment, %(clinic)s") % {"clinic": settings.CLINIC_SHORT_NAME}
    # The address alone: the name of a location may say what is treated there.
    place = appointment.location.address
    begins, ends = (at.astimezone(datetime.UTC) for at in (appointment.starts_at, appointment.ends_at))
    google = {
        "action": "TEMPLATE",
        "text": title,
        "dates": "/".join(f"{at:%Y%m%dT%H%M%SZ}" for at in (begins, ends)),
        "ctz": appointment.time_zone,
        "location": place,
    }
    outlook = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": title,
        "startdt": f"{begins:%Y-%m-%dT%H:%M:%SZ}",
        "enddt": f"{ends:%Y-%m-%dT%H:%M:%SZ}",
        "location": place,
    }
    return [
        CalendarLink(_("Google Calendar"), "calendar.google.com", f"{GOOGLE}?{urlencode(google)}"),
        CalendarLink(_("Outlook on the web"), "outlook.live.com", f"{OUTLOOK}?{urlencode(outlook)}"),
    ]
