"""What calendars read: the file of one visit, links that fill in a form elsewhere, and the feed of a clinician."""

from consultations.ics.appointment_files import appointment_file
from consultations.ics.feeds import FeedEntry, feed_file
from consultations.ics.links import CalendarLink, calendar_links

__all__ = ["CalendarLink", "FeedEntry", "appointment_file", "calendar_links", "feed_file"]
