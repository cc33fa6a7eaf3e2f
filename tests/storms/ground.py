"""The clinic that storms sweep over: few times that everybody wants, and whoever moves has a visit somewhere else."""

import datetime
import itertools
import secrets
from collections.abc import Iterable
from typing import Any, Final

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.test import Client

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.encryption import fingerprint, new_token
from consultations.enums import RequestStatus
from consultations.models import (
    Appointment,
    AppointmentType,
    Availability,
    Clinician,
    ConsultationRequest,
    Location,
    PrivateLink,
    ReleasedTime,
    Room,
    SlotHold,
    TimeOffer,
    WaitingEntry,
)
from consultations.services import scheduling, slot_release
from consultations.services.scheduling import Slot
from consultations.services.slot_release import ReleaseReason
from consultations.views.private_session import key_of
from tests.consultations.perform import perform
from tests.personas import make_patient, make_user

DAY: Final = datetime.timedelta(days=1)
Span = tuple[datetime.datetime, datetime.datetime]
OPENS: Final = datetime.time(8)
MINUTES, AROUND, ROOMS, NURSES = 10, 5, 2, 8
EVERY: Final = MINUTES + 2 * AROUND


class Person:
    """One request with its patient, and the cookie of a browser that has its private page open."""

    def __init__(self, consultation_request: ConsultationRequest, session: str) -> None:
        self.pk, self.session = consultation_request.pk, session
        self.key = key_of(consultation_request)

    @property
    def row(self) -> ConsultationRequest:
        return ConsultationRequest.objects.select_related("patient").get(pk=self.pk)


class Ground:
    """Two doctors and two rooms, visits with minutes kept free around them, and a third doctor for visits elsewhere."""

    def __init__(self, make_request: Any, *, people: int) -> None:
        self.place = Location.objects.create(name="Orchard Row", address="14 Orchard Row, Suite 2")
        self.day = _open_day()
        self.doctors = [self._doctor(number) for number in range(2)]
        self.elsewhere = self._doctor(2)
        self.kind = AppointmentType.objects.create(
            name="Storm", minutes=MINUTES, buffer_before_minutes=AROUND, buffer_after_minutes=AROUND,
            any_clinician=False, needs_room=True,
        )  # fmt: skip
        self.kind.clinicians.set(self.doctors)
        self.kind.rooms.set(Room.objects.create(name=f"Room {n}", location=self.place) for n in range(ROOMS))
        self.nurses = [make_user(f"storm{number}", "triage", name=f"Nurse {number}") for number in range(NURSES)]
        self.desks = [_signed_in(nurse) for nurse in self.nurses]
        self.people = [self._person(make_request, number) for number in range(people)]
        self.times: list[Slot] = []

    @staticmethod
    def _doctor(number: int) -> Clinician:
        user = make_user(f"stormdoctor{number}", "doctor", name=f"Doctor {number}")
        return Clinician.objects.create(user=user, display_name=f"Dr Storm {number}")

    def _person(self, make_request: Any, number: int) -> Person:
        patient = make_patient(f"Person {number}", email="")
        row = make_request(status=RequestStatus.OFFERED, patient=patient, appointment_type=self.kind)
        now = clock.now()
        link = PrivateLink.objects.create(
            consultation_request=row, token_hash=fingerprint(new_token()), created_at=now, expires_at=now + 90 * DAY
        )
        session = SessionStore()
        session["private"] = {row.reference: {"link": link.pk, "until": (now + DAY).isoformat()}}
        session.create()
        return Person(row, str(session.session_key))

    def open(self, count: int) -> list[Slot]:
        """Exactly so many free times, those of both doctors together."""
        Availability.objects.all().delete()
        for number, doctor in enumerate(self.doctors):
            share = (count + 1 - number) // 2
            if share:
                begins = datetime.datetime.combine(self.day, OPENS)
                ends = begins + datetime.timedelta(minutes=EVERY * share)
                Availability.objects.create(
                    clinician=doctor, location=self.place, weekday=self.day.weekday(), opens=OPENS,
                    closes=ends.time(), starts_on=self.day, ends_on=self.day,
                )  # fmt: skip
        self.clear()
        self.times = scheduling.free_slots(appointment_type=self.kind, since=self.day, until=self.day + DAY)
        assert len(self.times) == count
        return self.times

    def clear(self) -> None:
        """Everybody has an offer again and nobody a time; all were asked just now whether anything is worse."""
        for model in (SlotHold, Appointment, TimeOffer, ReleasedTime, WaitingEntry):
            model.objects.all().delete()
        now = clock.now()
        rows = ConsultationRequest.objects.filter(pk__in=[person.pk for person in self.people])
        rows.update(status=RequestStatus.OFFERED, status_changed_at=now, answered_again_at=now)

    def book_elsewhere(self, persons: Iterable[Person]) -> None:
        """A visit of their own, with another doctor, from the day after on."""
        begins = clock.instant(self.day + DAY, OPENS, fold=0)
        for number, person in enumerate(persons):
            self._book(person, self.elsewhere, begins + number * datetime.timedelta(minutes=MINUTES))

    def cancel_a_moment_ago(self, person: Person, slot: Slot, *, for_seconds: float) -> None:
        """They had that time, and may take its cancellation back for so long."""
        self._book(person, Clinician.objects.get(pk=slot.clinician_id), slot.starts_at, around=AROUND)
        perform("cancel_booking", person.row)
        until = clock.now() + datetime.timedelta(seconds=for_seconds)
        SlotHold.objects.filter(consultation_request=person.pk).update(expires_at=until)

    def offer_from_the_list(self, person: Person, slot: Slot, *, for_seconds: float) -> None:
        """They wait for an earlier time, and that one is offered to them."""
        now, row = clock.now(), person.row
        slot_release.time_freed(slot.clinician_id, slot.starts_at, slot.ends_at, reason=ReleaseReason.CANCELLED)
        offer = TimeOffer.objects.create(
            entry=WaitingEntry.objects.create(consultation_request=row, asked_at=now),
            released_time=ReleasedTime.objects.latest("pk"), clinician_id=slot.clinician_id,
            location_id=slot.location_id, starts_at=slot.starts_at, ends_at=slot.ends_at, made_at=now,
            expires_at=now + datetime.timedelta(seconds=for_seconds), by_phone=True,
        )  # fmt: skip
        with transaction.atomic():
            scheduling.keep_for(row, offer)

    def _book(self, person: Person, doctor: Clinician, starts_at: datetime.datetime, *, around: int = 0) -> None:
        Appointment.objects.create(
            consultation_request=person.row, clinician=doctor, location=self.place, appointment_type=self.kind,
            starts_at=starts_at, ends_at=starts_at + datetime.timedelta(minutes=MINUTES),
            buffer_before_minutes=around, buffer_after_minutes=around, time_zone=settings.TIME_ZONE,
            booked_at=clock.now(), calendar_uid=secrets.token_hex(16),
        )  # fmt: skip
        ConsultationRequest.objects.filter(pk=person.pk).update(status=RequestStatus.BOOKED)


def _open_day() -> datetime.date:
    day = clock.today() + 7 * DAY
    while day in clock.closed_dates():
        day += DAY
    return day


def _signed_in(user: User) -> str:
    client = Client()
    client.force_login(user)
    return str(client.session.session_key)


def doubles() -> int:
    """Pairs of live visits that overlap: of one doctor or room with the minutes kept free, of one person without."""
    spans: dict[Any, list[Span]] = {}
    for visit in Appointment.objects.live().select_related("consultation_request__patient"):
        before, after = (
            datetime.timedelta(minutes=minutes) for minutes in (visit.buffer_before_minutes, visit.buffer_after_minutes)
        )
        kept, plain = (visit.starts_at - before, visit.ends_at + after), (visit.starts_at, visit.ends_at)
        spans.setdefault(visit.clinician_id, []).append(kept)
        spans.setdefault(("person", visit.consultation_request.patient.person_id), []).append(plain)
        if visit.room_id is not None:
            spans.setdefault(visit.room_id, []).append(kept)
    pairs = (pair for taken in spans.values() for pair in itertools.combinations(sorted(taken), 2))
    return sum(other[0] < one[1] for one, other in pairs)
