"""The calendar file of a visit: the entry while it is booked, its removal once it is cancelled (RFC 5545 and 5546).

A calendar knows an entry by its UID and takes the state with the highest SEQUENCE (RFC 5545, 5546). All times of one
request are one entry, so whoever cancels, books again and opens each file, or only the last one, has one in the phone.

`METHOD:REQUEST` names whom the entry is for, and is what programs replace an entry by. That is the address the request
has, and no other: the file is opened behind the link that was mailed there. A request without an address has no such
name to give, and its file says `METHOD:PUBLISH`.
"""

import datetime
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.core import clock
from clinic.core.addresses import mailable
from clinic.core.text_lists import comma_list
from consultations.enums import AppointmentStatus
from consultations.ics import zone_tables
from consultations.ics.exact_text import exact_text
from consultations.models import Appointment

if TYPE_CHECKING:
    from icalendar import Alarm, Event

ALARM_BEFORE: Final = datetime.timedelta(hours=2)
"""Time enough to set out."""


def appointment_file(appointment: Appointment) -> bytes:
    """One event. Nothing in it names a condition, a clinician, a patient or a request, since calendars are shared."""
    # Imported here: loading its time-zone tables costs a third of a second at every start.
    from icalendar import Calendar, Event

    is_cancelled = appointment.status == AppointmentStatus.CANCELLED
    attendee = appointment.consultation_request.patient.email
    calendar, event = Calendar(), Event()
    calendar.add("prodid", f"-//{settings.SITE_HOST}//appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if is_cancelled else "REQUEST" if attendee else "PUBLISH")
    event.add("uid", appointment.calendar_uid)
    event.add("sequence", appointment.calendar_sequence)
    event.add("dtstamp", clock.now())
    event.add("last-modified", appointment.cancelled_at or appointment.booked_at)
    zone_tables.add_times(
        calendar, event, begins=appointment.starts_at, ends=appointment.ends_at, zone_name=appointment.time_zone
    )
    event.add("organizer", _organizer())
    if attendee:
        event.add("attendee", _attendee(attendee))
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT" if is_cancelled else "OPAQUE")
    event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    _describe(event, appointment, is_cancelled=is_cancelled)
    if not is_cancelled:
        event.add_component(_alarm())
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _describe(event: "Event", appointment: Appointment, *, is_cancelled: bool) -> None:
    from icalendar import vUri

    title = _("Cancelled: Appointment, %(clinic)s") if is_cancelled else _("Appointment, %(clinic)s")
    event.add("summary", exact_text(title % {"clinic": settings.CLINIC_SHORT_NAME}))
    event.add("location", exact_text(comma_list([appointment.location.name, appointment.location.address])))
    words = _cancelled_words(appointment) if is_cancelled else _booked_words(appointment)
    event.add("description", exact_text(words))
    event.add("url", vUri(_way_in()))
    event.add("contact", exact_text(comma_list([settings.CLINIC_SHORT_NAME, settings.CLINIC_PHONE])))


def _organizer() -> Any:
    organizer = _address(parseaddr(settings.DEFAULT_FROM_EMAIL)[1])
    organizer.params["cn"] = settings.CLINIC_SHORT_NAME
    return organizer


def _attendee(address: str) -> Any:
    """The reader of the file, who has accepted by choosing the time: no program need send us an answer."""
    attendee = _address(address)
    attendee.params.update({"cutype": "INDIVIDUAL", "role": "REQ-PARTICIPANT", "partstat": "ACCEPTED", "rsvp": "FALSE"})
    return attendee


def _address(address: str) -> Any:
    from icalendar import vCalAddress

    return vCalAddress(f"mailto:{mailable(address)}")


def _alarm() -> "Alarm":
    """It shows on a locked phone: it says no more than the title."""
    from icalendar import Alarm

    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", -ALARM_BEFORE)
    alarm.add("description", exact_text(_("Appointment, %(clinic)s") % {"clinic": settings.CLINIC_SHORT_NAME}))
    return alarm


def _way_in() -> str:
    """Where a new private link is asked for: an address that opens nothing, for whoever reads the calendar."""
    return f"{settings.SITE_URL}{reverse('consultations:send_link')}"


def _booked_words(appointment: Appointment) -> str:
    lines = [
        _("%(time)s, %(zone)s.") % _time_of(appointment),
        appointment.location.directions.strip(),
        _(
            "To see the details, to move it, or to cancel: open the private link in our email, or ask for a new one: "
            "%(address)s"
        )
        % {"address": _way_in()},
        _phone(),
    ]
    return "\n".join(filter(None, lines))


def _cancelled_words(appointment: Appointment) -> str:
    cancelled = _("Cancelled: %(time)s, %(zone)s. You can delete this entry.") % _time_of(appointment)
    return "\n".join([cancelled, _phone()])


def _time_of(appointment: Appointment) -> dict[str, str]:
    at, zone_name = appointment.starts_at, appointment.time_zone
    return {"time": clock.moment(at, zone_name), "zone": clock.zone_words(at, zone_name)}


def _phone() -> str:
    return _("Phone: %(phone)s") % {"phone": settings.CLINIC_PHONE}
