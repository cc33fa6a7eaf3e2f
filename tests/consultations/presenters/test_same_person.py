"""Requests and cases of one person are named beside each other; who only looks alike is shown as that."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.models import RecordRead
from consultations.enums import CaseStatus, Outcome, RequestStatus
from consultations.models import ConsultationRequest, SafetyCase
from consultations.presenters.same_person import beside_in_list, beside_on_page
from consultations.services import cases, erasure, persons
from tests.consultations.admin.conftest import page_of, text_of
from tests.personas import book_directly, make_patient, make_user

pytestmark = pytest.mark.django_db
QUEUE = "/admin/consultations/consultationrequest/"
CASES = "/admin/consultations/safetycase/"
SAME_DAY, ROUTINE = 1, 6


def rosa(**values: Any) -> Any:
    return make_patient("Rosa Lindqvist", phone="+12025550199", email="rosa@example.com", **values)


def other(name: str, **values: Any) -> Any:
    return make_patient(name, phone="", birth_on=datetime.date(1950, 1, 1), **values)


@pytest.fixture
def joined(make_request: Any, clinician: Any, nurse: User) -> Any:
    """Rosa is booked; she wrote again with fever, and somebody said that the two are of her."""
    booked = make_request(patient=rosa(), status=RequestStatus.BOOKED)
    book_directly(booked, clinician, datetime.datetime(2028, 12, 4, 14, 0, tzinfo=datetime.UTC))
    worse = make_request(patient=rosa(), risk=SAME_DAY, priority="asap")
    persons.join(patient=booked.patient, other=worse.patient, reason="Same voice.", by=nurse)
    return booked, worse


def test_the_visit_stands_beside_the_danger_and_the_danger_beside_the_visit(
    sign_in: Any, nurse: User, joined: Any
) -> None:
    booked, worse = joined
    client = sign_in(nurse)

    for url in (f"{QUEUE}?tab=all", page_of(worse)):
        page = text_of(client.get(url))
        assert f'href="{page_of(booked)}">{booked.reference}</a>' in page
        assert "Booked: Monday 4 December 2028, 9 am" in page
    page = text_of(client.get(page_of(booked)))
    assert "The same person has 1 other record, and one is more pressing" in page
    assert f'href="{page_of(worse)}">{worse.reference}</a>: Received' in page
    assert "More pressing than this one" in page
    rows = {row.pk: row for row in client.get(f"{QUEUE}?tab=booked").context["rows"]}
    (line,) = rows[booked.pk].others.joined
    assert (line.label, line.is_worse, line.urgency.text) == (worse.reference, True, "Same day")


def test_a_safety_case_without_a_request_is_one_too(sign_in: Any, nurse: User, joined: Any, make_request: Any) -> None:
    booked, _ = joined
    consultation_request = make_request(patient=rosa())
    case = cases.open_case(response=consultation_request.response, level=Outcome.EMERGENCY)
    SafetyCase.objects.filter(pk=case.pk).update(patient=consultation_request.patient)
    persons.join(patient=booked.patient, other=consultation_request.patient, reason="Same voice.", by=nurse)
    client = sign_in(nurse)

    assert f'href="{CASES}{case.pk}/change/">Safety case {case.pk}</a>' in text_of(client.get(page_of(booked)))
    for url in (CASES, "/admin/", f"{CASES}{case.pk}/change/"):
        page = text_of(client.get(url))
        assert booked.reference in page, url
        shown = RecordRead.objects.latest("pk").patients_shown.values_list("patient_id", flat=True)
        assert booked.patient_id in shown, url


def test_who_only_looks_alike_is_never_called_the_same(sign_in: Any, nurse: User, make_request: Any) -> None:
    one, two = make_request(patient=rosa()), make_request(patient=rosa())
    client = sign_in(nurse)

    page = text_of(client.get(page_of(one)))

    assert "May be the same person" in page
    assert f"{two.reference}</a>: same name and date of birth, email and phone. Received" in page
    assert "The same person has" not in page
    assert "Compare and join" in page
    assert "Same person:" not in text_of(client.get(f"{QUEUE}?tab=all"))
    assert two.patient_id in RecordRead.objects.filter(action="request.view").latest("pk").patients_shown.values_list(
        "patient_id", flat=True
    )
    persons.join(patient=one.patient, other=two.patient, reason="Same voice.", by=nurse)
    persons.separate(patient=two.patient, reason="Twins.", by=nurse)
    assert "May be the same person" not in text_of(client.get(page_of(one)))


@pytest.mark.parametrize(
    ("values", "agrees"),
    [
        ({"name": "Rosa Lindqvist", "birth_on": datetime.date(1970, 3, 27)}, ("name and date of birth",)),
        ({"name": "ROSA LINDQVIST", "birth_on": datetime.date(1970, 3, 27)}, ("name and date of birth",)),
        ({"name": "Rosa Lindqvist", "birth_on": datetime.date(1971, 3, 27)}, None),
        ({"name": "Rosa Lindqvist", "birth_on": None}, None),
        ({"name": "Ana Reyes", "email": "rosa@example.com"}, ("email",)),
        ({"name": "Ana Reyes", "phone": "+12025550199"}, ("phone",)),
        ({"name": "Ana Reyes"}, None),
    ],
)
def test_what_makes_a_row_look_alike(make_request: Any, values: Any, agrees: Any) -> None:
    mine = make_request(patient=rosa()).patient
    make_request(patient=make_patient(**{"phone": "", "email": "", **values}))
    others = beside_in_list({mine: ROUTINE})
    assert (others[mine.pk].alike[0].agrees if others else None) == agrees


def test_nobody_has_an_empty_address_or_number_in_common(make_request: Any) -> None:
    mine = make_request(patient=other("Ana Reyes", email="")).patient
    make_request(patient=other("Bea Holm", email=""))
    assert beside_in_list({mine: ROUTINE}) == {}


def test_what_has_ended_stands_on_the_page_alone_and_is_not_called_pressing(make_request: Any, nurse: User) -> None:
    mine = make_request(patient=rosa())
    ended = make_request(patient=rosa(), status=RequestStatus.WITHDRAWN, outcome=Outcome.SAME_DAY)
    now = clock.now()
    closed = SafetyCase.objects.create(
        response=ended.response, level="EMERGENCY", priority="stat", patient=ended.patient, raised_at=now, due_at=now,
        status=CaseStatus.CLOSED, closed_at=now, closed_by=nurse, outcome="no_way_to_reach", acknowledged_at=now,
        acknowledged_by=nurse,
    )  # fmt: skip
    persons.join(patient=mine.patient, other=ended.patient, reason="Same voice.", by=nurse)
    mine.patient.refresh_from_db()

    assert beside_in_list({mine.patient: ROUTINE}) == {}
    others = beside_on_page(mine.patient, risk=ROUTINE)
    assert {(item.label, item.status) for item in others.joined} == {
        (ended.reference, "Withdrawn by the patient"), (f"Safety case {closed.pk}", "Closed"),
    }  # fmt: skip
    assert not others.is_worse


def test_an_erased_row_is_nobody(make_request: Any) -> None:
    mine, gone = make_request(patient=rosa()), make_request(patient=rosa(), status=RequestStatus.WITHDRAWN)
    erasure.erase(patient=gone.patient, by=make_user("boss", "manager"))
    assert beside_on_page(mine.patient, risk=ROUTINE).patients == set()


def test_a_list_names_two_and_counts_the_rest(sign_in: Any, nurse: User, make_request: Any) -> None:
    requests = [make_request(patient=rosa()) for _ in range(5)]
    for item in requests[1:]:
        persons.join(patient=requests[0].patient, other=item.patient, reason="Same voice.", by=nurse)
    (row, *_) = sign_in(nurse).get(f"{QUEUE}?tab=all").context["rows"]
    assert (len(row.others.joined), row.others.more) == (2, 2)


def test_fifty_rows_cost_no_more_than_two(make_request: Any, nurse: User) -> None:
    def cost(number: int) -> int:
        for index in range(number):
            pair = [make_request(patient=other(f"Person {index} {turn}")) for turn in "ab"]
            persons.join(patient=pair[0].patient, other=pair[1].patient, reason="Same voice.", by=nurse)
        rows = {item.patient: ROUTINE for item in ConsultationRequest.objects.select_related("patient")[:50]}
        with CaptureQueriesContext(connection) as queries:
            assert len(beside_in_list(rows)) == min(50, ConsultationRequest.objects.count())
        return len(queries) - 1

    few = cost(1)
    assert cost(30) == few <= 4


def test_the_queue_says_what_it_is_as_pressing_as(sign_in: Any, nurse: User, make_request: Any) -> None:
    sent = clock.now() - datetime.timedelta(hours=1)
    older = make_request(patient=rosa(), risk=SAME_DAY, priority="asap", submitted_at=sent)
    newer = make_request(patient=rosa())
    persons.join(patient=newer.patient, other=older.patient, reason="Same voice.", by=nurse)
    client = sign_in(nurse)

    first, second = client.get(f"{QUEUE}?tab=all").context["rows"]

    assert {first.reference, second.reference} == {older.reference, newer.reference}
    row = first if first.pk == newer.pk else second
    assert f"As pressing as {older.reference}" in [chip.text for chip in row.flags]
    assert "Escalated" not in [chip.text for chip in row.flags]
    page = text_of(client.get(page_of(newer)))
    assert f"As pressing as {older.reference}</b>, an older request of the same person." in page
    assert "Set back to its own urgency" in page
    assert "made it as pressing as another request of this person" in page
    assert "Set back to its own urgency" not in text_of(client.get(page_of(older)))
