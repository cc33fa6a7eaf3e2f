"""The calendar file, read by a parser that shares nothing with what writes it (RFC 5545, 3.1 to 3.3)."""

import datetime
import re
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings

from consultations import ics
from consultations.actions.book import book_held
from consultations.enums import RequestStatus
from consultations.models import Appointment, Clinician
from consultations.services import scheduling
from tests.consultations.perform import perform
from tests.personas import MakeRequest, book_directly, make_patient

pytestmark = pytest.mark.django_db
STARTS = datetime.datetime(2026, 11, 30, 14, 0, tzinfo=datetime.UTC)
"""Monday 30 November 2026, 9 am in New York."""
EDGES = (("BEGIN", "VEVENT"), ("END", "VEVENT"))


@pytest.fixture(autouse=True)
def monday(time_machine: Any) -> None:
    time_machine.move_to(datetime.datetime(2026, 11, 23, 15, 0, tzinfo=datetime.UTC), tick=False)


@pytest.fixture
def appointment(make_request: MakeRequest, clinician: Clinician) -> Appointment:
    return book_directly(make_request(status=RequestStatus.BOOKED), clinician, STARTS)


def content_lines(file: bytes) -> Iterator[tuple[str, dict[str, str], str]]:
    """Name, parameters and raw value of each line, unfolded octet by octet as the RFC wants it."""
    assert file.endswith(b"\r\n")
    assert b"\n" not in file.replace(b"\r\n", b"")
    for line in file.split(b"\r\n"):
        assert len(line) <= 75
    for line in file.replace(b"\r\n ", b"").decode("utf-8").rstrip("\r\n").split("\r\n"):
        head, value = re.split(r':(?=(?:[^"]*"[^"]*")*[^"]*$)', line, maxsplit=1)
        name, *parameters = head.split(";")
        yield name, dict(parameter.split("=", 1) for parameter in parameters), value


def text(value: str) -> str:
    assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", value), "a comma or semicolon that is not escaped ends the text"
    return re.sub(r"\\([\\;,nN])", lambda match: "\n" if match[1] in "nN" else match[1], value)


def read(file: bytes) -> dict[str, str]:
    """The properties of the event, times as they stand and their parameters after a semicolon."""
    lines = list(content_lines(file))
    parts = [f"{name}:{value}" for name, _, value in lines if name in ("BEGIN", "END")]
    assert parts[0] == "BEGIN:VCALENDAR"
    assert parts[-1] == "END:VCALENDAR"
    assert [part for part in parts if "VEVENT" in part] == ["BEGIN:VEVENT", "END:VEVENT"]
    start, end = (next(i for i, (name, _, value) in enumerate(lines) if (name, value) == edge) for edge in EDGES)
    alarm = next((i for i, (name, _, value) in enumerate(lines) if (name, value) == ("BEGIN", "VALARM")), end)
    of_event = lines[start + 1 : alarm]
    values = {name: value for name, _, value in [*of_event, *lines[1:4]] if name not in ("BEGIN", "TZID")}
    assert len({name for name, _, _ in of_event}) == len(of_event), "each property stands once"
    return values


def instant(value: str) -> datetime.datetime:
    """A time on New York's wall clock, or in UTC."""
    zone = datetime.UTC if value.endswith("Z") else ZoneInfo("America/New_York")
    return datetime.datetime.strptime(value.rstrip("Z"), "%Y%m%dT%H%M%S").replace(tzinfo=zone)


def test_a_booked_time(appointment: Appointment) -> None:
    values = read(ics.appointment_file(appointment))

    assert values["VERSION"] == "2.0"
    assert values["METHOD"] == "REQUEST"
    assert values["ATTENDEE"] == "mailto:alice@example.com"
    assert (values["UID"], values["SEQUENCE"]) == (appointment.calendar_uid, "0")
    assert (values["STATUS"], values["TRANSP"], values["CLASS"]) == ("CONFIRMED", "OPAQUE", "PRIVATE")
    assert instant(values["DTSTAMP"]) == datetime.datetime(2026, 11, 23, 15, 0, tzinfo=datetime.UTC)
    assert instant(values["DTSTART"]) == STARTS
    assert instant(values["DTEND"]) == STARTS + datetime.timedelta(minutes=40)
    assert values["URL"] == f"{settings.SITE_URL}/request/link/"
    assert values["ORGANIZER"] == "mailto:clinic@larchwell.example"
    assert text(values["SUMMARY"]) == "Appointment, Larchwell"
    assert text(values["LOCATION"]) == "Orchard Row, 14 Orchard Row, Suite 2"
    assert text(values["CONTACT"]) == "Larchwell, (555) 010-0142"
    assert text(values["DESCRIPTION"]) == (
        "Monday 30 November, 9 am, Eastern Time (New York).\n"
        "To see the details, to move it, or to cancel: open the private link in our email, or ask for a new one: "
        f"{settings.SITE_URL}/request/link/\n"
        "Phone: (555) 010-0142"
    )


def test_a_cancelled_time_is_the_same_entry_one_state_later(appointment: Appointment) -> None:
    perform("cancel_booking", appointment.consultation_request, reason="My back is better.")
    appointment.refresh_from_db()

    values = read(ics.appointment_file(appointment))

    assert values["METHOD"] == "CANCEL"
    assert (values["UID"], values["SEQUENCE"], values["STATUS"]) == (appointment.calendar_uid, "1", "CANCELLED")
    assert values["TRANSP"] == "TRANSPARENT"
    assert instant(values["DTSTART"]) == STARTS
    assert text(values["SUMMARY"]) == "Cancelled: Appointment, Larchwell"
    assert "better" not in values["DESCRIPTION"]


def test_cancelled_and_booked_again_and_again_is_one_entry_whose_number_rises(appointment: Appointment) -> None:
    """A calendar that reads every file, or only the last, holds one entry with the last time in it."""
    calendar: dict[str, tuple[int, str]] = {}
    seen = []

    def opens(booked: Appointment) -> None:
        booked.refresh_from_db()
        values = read(ics.appointment_file(booked))
        known = calendar.get(values["UID"], (-1, ""))
        if int(values["SEQUENCE"]) > known[0]:
            calendar[values["UID"]] = (int(values["SEQUENCE"]), values["DTSTART"])
        seen.append(int(values["SEQUENCE"]))

    consultation_request = appointment.consultation_request
    opens(appointment)
    for _ in range(2):
        perform("cancel_booking", consultation_request)
        opens(appointment)
        consultation_request.refresh_from_db()
        kind = consultation_request.appointment_type
        assert kind is not None
        soonest = scheduling.nearest(appointment_type=kind, around=STARTS, ignoring=consultation_request)[-1]
        perform("answer_again", consultation_request, ticks=("none",))
        scheduling.hold(consultation_request=consultation_request, slot_key=soonest.key)
        appointment = book_held(consultation_request=consultation_request)
        opens(appointment)

    assert seen == [0, 1, 2, 3, 4]
    assert [(number, instant(starts)) for number, starts in calendar.values()] == [(4, appointment.starts_at)]


def test_times_of_two_requests_are_two_entries(make_request: MakeRequest, clinician: Clinician) -> None:
    offered = [make_request(status=RequestStatus.OFFERED) for _ in range(2)]
    for consultation_request in offered:
        kind = consultation_request.appointment_type
        assert kind is not None
        soonest = scheduling.nearest(appointment_type=kind, around=STARTS, ignoring=consultation_request)[0]
        perform("answer_again", consultation_request, ticks=("none",))
        scheduling.hold(consultation_request=consultation_request, slot_key=soonest.key)
        book_held(consultation_request=consultation_request)

    first, second = Appointment.objects.all()
    assert first.calendar_uid != second.calendar_uid


@pytest.mark.parametrize(
    "directions",
    [
        "Bus 7, stop “Mill Lane”; step-free, ring twice\\three times.\nThen left.",
        "مدخل بدون درج، الطابق الثاني " * 8,
        "🚶‍♀️ " * 60,
        "a" * 300,
        "x:y;z=“q”, \\n stays two signs",
    ],
)
def test_any_words_are_folded_and_escaped_so_that_they_read_as_written(
    appointment: Appointment, directions: str
) -> None:
    appointment.location.name = "Haus Ä, Flügel; 2"
    appointment.location.directions = directions

    values = read(ics.appointment_file(appointment))

    assert directions.strip() in text(values["DESCRIPTION"])
    assert text(values["LOCATION"]) == "Haus Ä, Flügel; 2, 14 Orchard Row, Suite 2"


@pytest.mark.parametrize(
    ("starts_at", "wall", "zone_words"),
    [
        (datetime.datetime(2026, 10, 30, 13, 0, tzinfo=datetime.UTC), "9 am", "Eastern Time (New York)"),
        (datetime.datetime(2026, 11, 2, 14, 0, tzinfo=datetime.UTC), "9 am", "Eastern Time (New York)"),
    ],
)
def test_the_instant_is_the_clinic_s_wall_clock_on_both_sides_of_a_clock_change(
    make_request: MakeRequest, clinician: Clinician, starts_at: datetime.datetime, wall: str, zone_words: str
) -> None:
    appointment = book_directly(make_request(status=RequestStatus.BOOKED), clinician, starts_at)

    values = read(ics.appointment_file(appointment))

    assert instant(values["DTSTART"]).astimezone(ZoneInfo("America/New_York")).hour == 9
    assert f", {wall}, {zone_words}." in text(values["DESCRIPTION"])


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_names_no_condition_no_doctor_no_patient_and_no_way_in(appointment: Appointment, is_cancelled: bool) -> None:
    if is_cancelled:
        perform("cancel_booking", appointment.consultation_request)
        appointment.refresh_from_db()

    file = ics.appointment_file(appointment).replace(b"\r\n ", b"").decode().casefold()
    # The address of whoever opens it is theirs.
    file = file.replace("mailto:alice@example.com", "")

    for word in ("alice", "winther", "halloran", "spine", "back pain", "injection", "stem", "/request/open/"):
        assert word not in file
    assert appointment.consultation_request.reference.casefold() not in file


def test_without_an_address_nobody_is_named_and_nothing_is_requested(
    make_request: MakeRequest, clinician: Clinician
) -> None:
    patient = make_patient(email="")
    appointment = book_directly(make_request(status=RequestStatus.BOOKED, patient=patient), clinician, STARTS)

    values = read(ics.appointment_file(appointment))

    assert values["METHOD"] == "PUBLISH"
    assert "ATTENDEE" not in values


def test_another_address_is_never_named(appointment: Appointment, make_request: MakeRequest) -> None:
    """Neither the doctor's, nor that of another patient with a time of the same day."""
    file = ics.appointment_file(appointment).replace(b"\r\n ", b"").decode()

    assert sorted(re.findall(r"[\w.]+@[\w.]+", file.replace(appointment.calendar_uid, ""))) == [
        "alice@example.com", "clinic@larchwell.example",
    ]  # fmt: skip
