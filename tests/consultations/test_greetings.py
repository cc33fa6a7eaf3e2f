"""Whoever is greeted, in a mail or on a page, is greeted by a name they would answer to, or by none."""

import pytest

from clinic.core.channels import Letter
from clinic.core.models import OutboxMessage
from consultations.enums import MessageKind, RequestStatus
from consultations.services import messaging
from consultations.status_copy import heading
from tests.mailbox import write
from tests.personas import make_patient, make_user

pytestmark = pytest.mark.django_db


def first_lines(mail: Letter) -> tuple[str, str]:
    return mail.text.splitlines()[0], next(line for line in mail.html.splitlines() if "<p>Hello" in line)


@pytest.mark.parametrize(
    ("name", "greeting"),
    [
        ("Alice Winther", "Hello Alice,"),
        ("Dr. Marta Quill", "Hello Marta,"),
        ("Quill, Marta", "Hello Marta,"),
        ("M. Quill", "Hello M. Quill,"),
        ("Dr.", "Hello,"),
        ("evil.example Prize", "Hello,"),
        ("Siobhán O’Brien", "Hello Siobhán,"),
    ],
)
def test_a_patient_in_a_mail(make_request, name, greeting):
    consultation_request = make_request(patient=make_patient(name, email="a@example.com"))
    messaging.notify_patient(
        kind=MessageKind.REQUEST_RECEIVED, consultation_request=consultation_request, key="received"
    )
    assert first_lines(write(OutboxMessage.objects.get())) == (greeting, f"<p>{greeting}</p>")


@pytest.mark.parametrize(("name", "greeting"), [("Dr Ines Halloran", "Hello Ines,"), ("Dr.", "Hello ines,")])
def test_staff_in_an_alert(name, greeting):
    user = make_user("ines", "doctor", name=name)
    messaging.alert_staff(user=user, key="alert", path="/admin/")
    assert first_lines(write(OutboxMessage.objects.get()))[0] == greeting


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("Prof. Marta Quill", "Marta, you can choose a time"),
        ("Quill, Marta", "Marta, you can choose a time"),
        ("Dr.", "You can choose a time"),
    ],
)
def test_the_heading_of_the_private_page(make_request, name, phrase):
    consultation_request = make_request(patient=make_patient(name), status=RequestStatus.OFFERED)
    assert heading(consultation_request) == phrase
