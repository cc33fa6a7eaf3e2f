"""The calendar file of a consultation: the entry while it is booked, its removal once it is cancelled.

A calendar knows an entry by its UID and takes the state with the highest SEQUENCE (RFC 5545, 5546). All times of one
request are one entry, so whoever cancels, books again and opens each file, or only the last one, has one in the phone.
"""

from email.utils import parseaddr

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.core import clock
from clinic.core.addresses import mailable
from clinic.core.text_lists import comma_list
from consultations.enums import AppointmentStatus
from consultations.models import Appointment


def appointment_file(appointment: Appointment) -> bytes:
    """One RFC 5545 event in UTC. Nothing in it names a condition, a doctor or a request, since calendars are shared."""
    # Imported here: loading its time-zone tables costs a third of a second at every start.
    from icalendar import Calendar, Event, vCalAddress, vUri

    is_cancelled = appointment.status == AppointmentStatus.CANCELLED
    calendar = Calendar()
    calendar.add("prodid", f"-//{settings.SITE_HOST}//appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if is_cancelled else "PUBLISH")
    organizer = vCalAddress(f"mailto:{mailable(parseaddr(settings.DEFAULT_FROM_EMAIL)[1])}")
    organizer.params["cn"] = settings.CLINIC_SHORT_NAME
    event = Event()
    event.add("uid", appointment.calendar_uid)
    event.add("sequence", appointment.calendar_sequence)
    event.add("dtstamp", clock.now())
    event.add("last-modified", appointment.cancelled_at or appointment.booked_at)
    event.add("dtstart", appointment.starts_at)
    event.add("dtend", appointment.ends_at)
    summary = _("Cancelled: Appointment, %(clinic)s") if is_cancelled else _("Appointment, %(clinic)s")
    event.add("summary", summary % {"clinic": settings.CLINIC_SHORT_NAME})
    event.add("location", comma_list([appointment.location.name, appointment.location.address]))
    event.add("description", _cancelled_words(appointment) if is_cancelled else _booked_words(appointment))
    event.add("url", vUri(_way_in()))
    event.add("contact", comma_list([settings.CLINIC_SHORT_NAME, settings.CLINIC_PHONE]))
    event.add("organizer", organizer)
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT" if is_cancelled else "OPAQUE")
    event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    calendar.add_component(event)
    return bytes(calendar.to_ical())


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
    return {"time": clock.moment(appointment.starts_at), "zone": clock.zone_words(appointment.starts_at)}


def _phone() -> str:
    return _("Phone: %(phone)s") % {"phone": settings.CLINIC_PHONE}
