"""The booked card before a visit: the way in, what to bring, and the video link in time."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from clinic.accounts.models import User
from consultations.actions.set_video_link import VideoLinkForm
from consultations.enums import Modality, RequestStatus
from consultations.models import Appointment, AppointmentType, Clinician, Location
from consultations.services.visit_needs import Needs
from tests.consultations.perform import perform
from tests.consultations.services.conftest import NOW
from tests.personas import MakeRequest, book_directly, open_privately, private_url

pytestmark = pytest.mark.django_db
LINK = "https://video.example/room/alice-1"
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def monday(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def visit_ahead(make_request: MakeRequest, clinician: Clinician) -> Appointment:
    return book_directly(make_request(status=RequestStatus.BOOKED), clinician, NOW + 60 * MINUTE)


def page_of(client: Client, appointment: Appointment) -> str:
    open_privately(client, appointment.consultation_request)
    return client.get(private_url(appointment.consultation_request)).content.decode()


def test_the_way_in_without_steps_and_what_to_bring(client: Client, visit_ahead: Appointment) -> None:
    assert "Getting in without steps: ask us" in " ".join(page_of(client, visit_ahead).split())
    Location.objects.update(step_free="A ramp at the side door.")
    AppointmentType.objects.update(bring="Your glasses\n\n  A friend  ")
    page = " ".join(page_of(client, visit_ahead).split())
    assert "Getting in without steps: A ramp at the side door." in page
    assert "<li>Your glasses</li><li>A friend</li>" in page


@pytest.mark.parametrize(("before", "is_shown"), [(16, False), (15, True), (0, True), (-39, True), (-40, False)])
def test_the_video_link_from_15_minutes_before_until_the_end(
    client: Client, visit_ahead: Appointment, nurse: User, time_machine: Any, before: int, is_shown: bool
) -> None:
    AppointmentType.objects.update(modality=Modality.VIDEO)
    perform("set_video_link", visit_ahead.consultation_request, link=LINK, by=nurse)
    time_machine.move_to(visit_ahead.starts_at - before * MINUTE, tick=False)
    page = page_of(client, visit_ahead)
    assert (LINK in page) == is_shown
    assert "Orchard Row, 14 Orchard Row" not in page


def test_a_visit_that_is_not_by_video_shows_no_link(
    client: Client, visit_ahead: Appointment, nurse: User, time_machine: Any
) -> None:
    perform("set_video_link", visit_ahead.consultation_request, link=LINK, by=nurse)
    time_machine.move_to(visit_ahead.starts_at, tick=False)
    assert LINK not in page_of(client, visit_ahead)


def test_it_is_sealed(visit_ahead: Appointment, nurse: User) -> None:
    perform("set_video_link", visit_ahead.consultation_request, link=LINK, by=nurse)
    with connection.cursor() as cursor:
        cursor.execute("SELECT video_link FROM consultations_appointment")
        assert "video.example" not in cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("link", "is_valid"),
    [
        (LINK, True),
        ("", True),
        ("http://video.example/room", False),
        ("javascript:alert(1)", False),
        ("video.example/room", False),
        ("https://doctor:word@video.example/room", False),
        ("https://", False),
        ("https://video.example/" + "a" * 500, False),
    ],
)
def test_only_a_whole_https_address(visit_ahead: Appointment, nurse: User, link: str, is_valid: bool) -> None:
    form = VideoLinkForm(
        {"link": link, "seen": "booked"}, consultation_request=visit_ahead.consultation_request, by=nurse, verb="x"
    )
    assert form.is_valid() == is_valid


def test_nobody_is_told_to_bring_anything_to_a_visit_by_phone(client: Client, visit_ahead: Appointment) -> None:
    assert "Bring a list of your medicines." in page_of(client, visit_ahead)
    AppointmentType.objects.update(modality=Modality.PHONE)
    page = page_of(client, visit_ahead)
    assert "Have a list of your medicines at hand." in page
    assert [words for words in ("Bring", "Before you come", "Wear clothes") if words in page] == []


def test_the_offer_says_how_long_the_visit_is_for_whoever_needs_a_longer_one(
    client: Client, make_request: MakeRequest, visit: AppointmentType
) -> None:
    consultation_request = make_request(status=RequestStatus.OFFERED, appointment_type=visit)
    open_privately(client, consultation_request)
    assert f"{visit.name}, 40 minutes" in client.get(private_url(consultation_request)).content.decode()
    perform("tell_needs", consultation_request, needs=Needs(codes=("longer",)))
    assert f"{visit.name}, 60 minutes" in client.get(private_url(consultation_request)).content.decode()
