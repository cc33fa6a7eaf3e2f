"""A staff page asks the database as often for sixty rows as for five, and nothing once for each row."""

import datetime
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from zeal import zeal_context

from clinic.core import clock
from consultations.candidacy import engine
from consultations.enums import Outcome, RequestStatus, TriageAction
from consultations.models import Absence, TriageDecision
from consultations.questionnaire import flow
from consultations.services import cases, readings
from tests.consultations.admin.conftest import page_of
from tests.consultations.admin.test_request_page import ANSWERS
from tests.mailbox import queue_directly
from tests.personas import book_directly, make_patient, make_user

pytestmark = pytest.mark.django_db
STAFF = "/admin/consultations/"
LIMITS = {
    "/admin/": 44,
    f"{STAFF}consultationrequest/": 19,
    f"{STAFF}consultationrequest/?tab=triage": 19,
    f"{STAFF}safetycase/": 20,
    "/admin/core/outboxmessage/": 16,
    f"{STAFF}appointment/": 24,
    f"{STAFF}absence/": 14,
    f"{STAFF}availability/": 14,
    f"{STAFF}extrasession/": 14,
    "/admin/core/auditentry/": 15,
}


def cost(client, url):
    client.get(url)  # the first look warms what is kept
    with zeal_context(), CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


@pytest.fixture
def fill(make_request, clinician, nurse):
    now = clock.now()

    def fill_with(places):
        for section in places:
            consultation_request = make_request(
                answers=ANSWERS,
                patient=make_patient(f"Person {section}"),
                status=RequestStatus.IN_TRIAGE,
                claimed_by=nurse,
                claimed_at=now,
                submitted_at=now - datetime.timedelta(days=4),
                due_at=now - datetime.timedelta(hours=1),
            )
            case = cases.open_case(response=consultation_request.response, level=Outcome.EMERGENCY)
            type(case).objects.filter(pk=case.pk).update(patient=consultation_request.patient)
            queue_directly(
                key=f"message-{section}-{consultation_request.pk}", consultation_request=consultation_request,
                recipient="a@example.com",
            )  # fmt: skip
            Absence.objects.create(
                clinician=clinician, starts_at=now + datetime.timedelta(days=400 + section),
                ends_at=now + datetime.timedelta(days=400 + section, hours=1),
            )  # fmt: skip
            booked = make_request(status=RequestStatus.BOOKED, patient=make_patient(f"Booked {section}"))
            book_directly(
                booked, clinician, now + datetime.timedelta(days=1 + section // 20, minutes=45 * (section % 20))
            )

    return fill_with


@pytest.mark.slow
def test_a_list_costs_the_same_for_sixty_as_for_five(sign_in, manager, fill, subtests):
    client = sign_in(manager)
    fill(range(5))
    few = {url: cost(client, url) for url in LIMITS}
    fill(range(5, 60))
    for url, limit in LIMITS.items():
        with subtests.test(url):
            many = cost(client, url)
            assert many <= limit
            assert many <= few[url] + 1  # a list of more than one page counts its rows once more


@pytest.mark.parametrize("status", list(RequestStatus))
def test_a_request_with_a_long_history_costs_no_more(sign_in, staff, doctor, clinician, make_request, status):
    assessed = engine.assess(ANSWERS, version="1.0.0")
    consultation_request = make_request(
        status=status,
        outcome=Outcome(assessed.outcome),
        answers=ANSWERS,
        asked=flow.as_asked(ANSWERS, version="1.0.0", region="US"),
        result=json.dumps(assessed.as_json()),
    )
    if status == RequestStatus.BOOKED:
        book_directly(consultation_request, clinician, clock.now() + datetime.timedelta(days=1))
    client = sign_in(doctor)
    short = cost(client, page_of(consultation_request))
    for index in range(12):
        by = make_user(f"nurse_{index}", "triage")
        TriageDecision.objects.create(
            consultation_request=consultation_request,
            action=TriageAction.NOTE,
            note=f"Note {index}",
            decided_by=by,
            decided_at=clock.now(),
        )
        readings.log(
            by=by, action="request.view", target=consultation_request, patients=[consultation_request.patient_id]
        )
    assert cost(client, page_of(consultation_request)) <= short
    assert short <= 70


def test_the_list_of_users_costs_the_same_for_sixty_as_for_five(sign_in, django_user_model):
    root = django_user_model.objects.create_superuser("root", "root@clinic.example", "a quiet passphrase")
    client = sign_in(root)
    for index in range(5):
        make_user(f"nurse_{index}", "triage")
    few = cost(client, "/admin/accounts/user/")
    for index in range(55):
        make_user(f"doctor_{index}", "doctor")
    assert cost(client, "/admin/accounts/user/") <= few <= 14
