"""The calendar file of a booked consultation."""

from django.conf import settings

from clinic import clock
from consultations.models import Appointment


def appointment_file(appointment: Appointment) -> bytes:
    """One RFC 5545 event in UTC; the summary names no condition, since calendars are shared."""
    # Imported here: loading its time-zone tables costs a third of a second at every start.
    from icalendar import Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", f"-//{settings.SITE_HOST}//appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    event = Event()
    event.add("uid", appointment.calendar_uid)
    event.add("dtstamp", clock.now())
    event.add("dtstart", appointment.starts_at)
    event.add("dtend", appointment.ends_at)
    event.add("summary", f"Appointment, {settings.CLINIC_SHORT_NAME}")
    event.add("location", f"{appointment.location.name}, {appointment.location.address}")
    event.add("status", "CONFIRMED")
    calendar.add_component(event)
    return calendar.to_ical()
