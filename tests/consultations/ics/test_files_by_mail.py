"""The calendar file that comes with a mail: read out of the mail's bytes by a library that did not write it."""

import datetime
import email
import email.message
import email.policy
from typing import Any

import pytest
import vobject

from clinic.core.models import OutboxMessage
from consultations.actions.call_off import call_off_all
from consultations.enums import Actor, AppointmentStatus, MessageKind, RequestStatus
from consultations.models import Appointment, Clinician, ConsultationRequest
from consultations.services import calling_off, messaging, scheduling
from tests.consultations.perform import book_on_the_phone, perform
from tests.mailbox import write
from tests.personas import MakeRequest, book_directly

pytestmark = pytest.mark.django_db
MONDAY = datetime.datetime(2026, 11, 23, 15, 0, tzinfo=datetime.UTC)
FIRST = datetime.datetime(2026, 11, 30, 14, 0, tzinfo=datetime.UTC)
SECOND = datetime.datetime(2026, 12, 1, 14, 0, tzinfo=datetime.UTC)
SMALL = 30_000
HEALTH = ("back", "spine", "injection", "pain", "First consultation", "Halloran", "Winther", "LS-")


@pytest.fixture(autouse=True)
def monday(time_machine: Any) -> None:
    time_machine.move_to(MONDAY, tick=False)


@pytest.fixture
def alice(make_request: MakeRequest, clinician: Clinician) -> ConsultationRequest:
    """An offer, to somebody who wants mails to say when and where."""
    return make_request(status=RequestStatus.OFFERED, reminders_full_at=MONDAY)


def key(starts_at: datetime.datetime, clinician: Clinician) -> str:
    availability = clinician.availabilities.first()
    assert availability is not None
    return f"{starts_at:%Y%m%dT%H%MZ}-{clinician.pk}-{availability.location_id}"


def newest(kind: MessageKind) -> bytes:
    """The bytes of the last mail of this kind, as the worker writes them."""
    message = OutboxMessage.objects.filter(kind=kind).order_by("pk").last()
    assert message is not None
    write(message)
    message.refresh_from_db()
    assert message.content is not None
    return bytes(message.content)


def calendars_in(content: bytes) -> list[email.message.EmailMessage]:
    mail: Any = email.message_from_bytes(content, policy=email.policy.default)
    return [part for part in mail.walk() if part.get_content_type() in ("text/calendar", "application/ics")]


def entry_in(content: bytes, *, method: str) -> Any:
    """The event of the part that calendars act upon, which is that of the file too."""
    part, file = calendars_in(content)
    assert part.get_content_type() == "text/calendar"
    assert part.get_param("method") == method
    assert part.get_content_charset() == "utf-8"
    assert file.get_filename() == "appointment.ics"
    text = part.get_content().replace("\r\n", "\n")
    assert file.get_payload(decode=True).decode().replace("\r\n", "\n") == text
    calendar = vobject.readOne(text)
    assert calendar.method.value == method
    (event,) = calendar.vevent_list
    return event


def test_one_entry_is_made_moved_and_taken_away(alice: Any, clinician: Clinician, doctor: Any) -> None:
    book_on_the_phone(alice, slot_key=key(FIRST, clinician), by=doctor)
    booked = entry_in(newest(MessageKind.APPOINTMENT_BOOKED), method="REQUEST")
    assert booked.dtstart.value == FIRST
    assert booked.status.value == "CONFIRMED"
    assert booked.attendee.value == "mailto:alice@example.com"
    assert booked.valarm.trigger.value == -datetime.timedelta(hours=2)

    perform("move", alice, slot=scheduling.find(alice, key(SECOND, clinician)), by=doctor)
    moved = entry_in(newest(MessageKind.APPOINTMENT_MOVED), method="REQUEST")
    assert moved.dtstart.value == SECOND

    perform("cancel_booking", alice, reason="The doctor is ill.", by=doctor)
    cancelled = entry_in(newest(MessageKind.APPOINTMENT_CANCELLED), method="CANCEL")
    assert cancelled.status.value == "CANCELLED"

    book_on_the_phone(alice, slot_key=key(FIRST, clinician), by=doctor)
    again = entry_in(newest(MessageKind.APPOINTMENT_BOOKED), method="REQUEST")
    entries = (booked, moved, cancelled, again)
    assert len({entry.uid.value for entry in entries}) == 1
    assert [entry.sequence.value for entry in entries] == ["0", "1", "2", "3"]
    organizers = {entry.organizer.value for entry in entries}
    sender: Any = email.message_from_bytes(newest(MessageKind.APPOINTMENT_BOOKED), policy=email.policy.default)
    assert organizers == {f"mailto:{sender['From'].addresses[0].addr_spec}"}


def test_a_visit_that_the_clinic_calls_off_is_taken_away(alice: Any, clinician: Clinician, nurse: Any) -> None:
    booked = book_on_the_phone(alice, slot_key=key(FIRST, clinician), by=nurse)
    stretch = calling_off.stretch_of(FIRST.date(), FIRST.date())
    call_off_all(clinician=clinician, stretch=stretch, seen=[alice.reference], by=nurse)
    content = newest(MessageKind.VISIT_CALLED_OFF)
    entry = entry_in(content, method="CANCEL")
    assert (entry.uid.value, entry.sequence.value) == (booked.calendar_uid, "1")
    assert [word for word in HEALTH if word.casefold() in calendars_in(content)[0].get_content().casefold()] == []


def test_nothing_in_it_names_a_condition_a_person_or_a_request(alice: Any, clinician: Clinician, doctor: Any) -> None:
    book_on_the_phone(alice, slot_key=key(FIRST, clinician), by=doctor)
    content = newest(MessageKind.APPOINTMENT_BOOKED)
    assert len(content) < SMALL
    event = entry_in(content, method="REQUEST")
    assert event.summary.value == "Appointment, Larchwell"
    text = calendars_in(content)[0].get_content()
    assert [word for word in HEALTH if word.casefold() in text.casefold()] == []
    letter = write(OutboxMessage.objects.get(kind=MessageKind.APPOINTMENT_BOOKED))
    assert "puts the time into your calendar, in place of an earlier one." in letter.text
    assert "puts the time into your calendar, in place of an earlier one." in letter.html


@pytest.mark.parametrize("choice", ["neutral", "none"])
def test_who_wants_neutral_mails_or_no_reminders_gets_none(
    alice: Any, clinician: Clinician, doctor: Any, choice: str
) -> None:
    perform("choose_reminders", alice, choice=choice)
    book_on_the_phone(alice, slot_key=key(FIRST, clinician), by=doctor)
    perform("cancel_booking", alice, reason="Ill.", by=doctor)
    for kind in (MessageKind.APPOINTMENT_BOOKED, MessageKind.APPOINTMENT_CANCELLED):
        content = newest(kind)
        assert calendars_in(content) == []
        assert b"BEGIN:VCALENDAR" not in content
    assert "calendar file" not in write(OutboxMessage.objects.get(kind=MessageKind.APPOINTMENT_BOOKED)).text


def test_a_choice_that_changes_before_it_is_sent_counts(alice: Any, clinician: Clinician, doctor: Any) -> None:
    book_on_the_phone(alice, slot_key=key(FIRST, clinician), by=doctor)
    assert calendars_in(newest(MessageKind.APPOINTMENT_BOOKED))
    perform("choose_reminders", alice, choice="neutral")
    assert calendars_in(newest(MessageKind.APPOINTMENT_BOOKED)) == []


def test_it_says_what_stands_when_it_is_sent(alice: Any, clinician: Clinician, doctor: Any) -> None:
    book_on_the_phone(alice, slot_key=key(FIRST, clinician), by=doctor)
    perform("move", alice, slot=scheduling.find(alice, key(SECOND, clinician)), by=doctor)
    assert entry_in(newest(MessageKind.APPOINTMENT_BOOKED), method="REQUEST").dtstart.value == SECOND


def test_a_request_that_ends_takes_its_visit_out_of_the_calendar(alice: Any, clinician: Clinician, doctor: Any) -> None:
    book_on_the_phone(alice, slot_key=key(FIRST, clinician), by=doctor)
    perform("withdraw", alice)
    assert entry_in(newest(MessageKind.REQUEST_CLOSED), method="CANCEL").sequence.value == "1"


def test_one_that_ends_without_a_visit_ahead_has_no_file(make_request: MakeRequest, clinician: Clinician) -> None:
    none_booked = make_request(status=RequestStatus.OFFERED, reminders_full_at=MONDAY)
    perform("withdraw", none_booked)
    assert calendars_in(newest(MessageKind.REQUEST_CLOSED)) == []
    long_ago = make_request(status=RequestStatus.OFFERED, reminders_full_at=MONDAY)
    visit = book_directly(long_ago, clinician, MONDAY - datetime.timedelta(days=3))
    Appointment.objects.filter(pk=visit.pk).update(
        status=AppointmentStatus.CANCELLED, cancelled_at=MONDAY, cancelled_by=Actor.PATIENT
    )
    perform("withdraw", long_ago)
    assert calendars_in(newest(MessageKind.REQUEST_CLOSED)) == []


def test_other_mails_bring_none(alice: Any, clinician: Clinician, doctor: Any) -> None:
    book_on_the_phone(alice, slot_key=key(FIRST, clinician), by=doctor)
    message = messaging.notify_patient(
        kind=MessageKind.PRIVATE_LINK,
        consultation_request=alice,
        key="link",
        appointment=Appointment.objects.get(),
    )
    assert message is not None
    assert calendars_in(newest(MessageKind.PRIVATE_LINK)) == []
