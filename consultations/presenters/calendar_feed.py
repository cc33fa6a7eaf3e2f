"""What a clinician's own calendar shows of a visit: initials, type and place, and nothing that opens anything."""

from django.conf import settings

from clinic.core.encryption import blind_index
from clinic.core.text_lists import comma_list
from consultations.ics import FeedEntry, feed_file
from consultations.models import Appointment, Clinician
from consultations.services import calendar_feeds


def feed_of(clinician: Clinician) -> bytes:
    entries = [_entry(visit) for visit in calendar_feeds.visits_of(clinician)]
    return feed_file(entries, name=clinician.display_name)


def initials(name: str) -> str:
    """ "A. W." of "Alice Mary Winther": the first and the last, so that two visits of a day can be told apart."""
    parts = [part for part in name.split() if part[0].isalpha()]
    ends = parts[:1] + parts[1:][-1:]
    return " ".join(f"{part[0].upper()}." for part in ends)


def _entry(visit: Appointment) -> FeedEntry:
    patient = visit.consultation_request.patient
    name = "" if patient.erased_at else patient.name
    uid = blind_index(str(visit.pk), purpose="calendar_feed.uid")[:32]
    return FeedEntry(
        uid=f"{uid}@{settings.SITE_HOST}",
        sequence=visit.calendar_sequence,
        changed_at=visit.booked_at,
        begins=visit.starts_at,
        ends=visit.ends_at,
        title=comma_list(filter(None, [initials(name), visit.appointment_type.name])),
        place=comma_list(filter(None, [visit.room.name if visit.room else "", visit.location.name])),
    )
