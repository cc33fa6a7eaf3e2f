"""Whoever told us that things feel very hard right now is marked for staff, by the stored result."""

import datetime

import pytest
from django.db import connection
from django.urls import reverse

from consultations.enums import ConsentKind
from consultations.models import SafetyCase
from consultations.services import intake
from consultations.services.intake import Contact
from tests.consultations.admin.conftest import text_of
from tests.consultations.candidacy.cases import ROUTINE

pytestmark = pytest.mark.django_db
QUEUE = "/admin/consultations/consultationrequest/"
MARK = "Call: low mood"
LOW_MOOD = {"phq2_1": "3", "phq2_2": "3", "gad2_1": "0", "gad2_2": "0"}


def send(**changes):
    response = intake.start()
    intake.save_answers(response=response, answers={**ROUTINE, **changes})
    contact = Contact(name="Alice Winther", birth_on=datetime.date(1970, 3, 27), email="alice@example.com", phone="")
    intake.save_contact(response=response, contact=contact)
    return intake.send(response=response, wordings=dict.fromkeys(ConsentKind, "I agree."))


def page_of(consultation_request):
    return reverse("admin:consultations_consultationrequest_change", args=[consultation_request.pk])


@pytest.mark.parametrize(
    ("changes", "is_marked"), [({}, False), ({"phq2_1": "2", "phq2_2": "1"}, False), (LOW_MOOD, True)]
)
def test_is_marked_in_the_queue_and_on_the_request(sign_in, nurse, changes, is_marked):
    sent = send(**changes)
    client = sign_in(nurse)
    [row] = client.get(QUEUE).context["rows"]
    assert (MARK in [chip.text for chip in row.flags]) is is_marked
    assert (MARK in text_of(client.get(page_of(sent)))) is is_marked
    assert not SafetyCase.objects.exists()


def test_a_result_that_cannot_be_read_takes_no_page_down(sign_in, nurse):
    sent = send(**LOW_MOOD)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE consultations_assessment SET result = %s WHERE id = %s", ["k1:AAAA", sent.assessment_id])
    client = sign_in(nurse)
    [row] = client.get(QUEUE).context["rows"]
    assert row.name == "Alice Winther"
    assert client.get(page_of(sent)).status_code == 200
