"""Who has seen a request, told to its patient: by role, with the time and what was seen, and nothing that betrays."""

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from clinic.accounts.models import User
from clinic.core import clock, reading_log
from clinic.core.models import OutboxMessage
from clinic.staff.area import audit_labels
from consultations.enums import Outcome
from consultations.presenters import seen
from consultations.services import readings
from tests.architecture.readings_made import actions_of_readings
from tests.consultations.admin.conftest import page_of
from tests.consultations.services.conftest import NOW
from tests.consultations.views.conftest import text_of
from tests.personas import MakeRequest, make_user, open_privately, private_url

pytestmark = pytest.mark.django_db
QUEUE = "/admin/consultations/consultationrequest/"


def page_for(client: Client, consultation_request: Any, query: str = "") -> str:
    open_privately(client, consultation_request)
    return text_of(client.get(private_url(consultation_request, "seen/") + query))


def test_role_time_and_what_was_seen(
    client: Client, make_request: MakeRequest, nurse: User, sign_in: Any, time_machine: Any
) -> None:
    time_machine.move_to(NOW, tick=False)
    consultation_request = make_request()
    staff = sign_in(nurse)
    staff.get(QUEUE)
    staff.get(page_of(consultation_request))
    page = page_for(client, consultation_request)
    lines = seen.for_patient(consultation_request.patient_id).lines
    assert [(line.who, line.what, line.when) for line in lines] == [
        ("a nurse", "The request with its answers", clock.moment(NOW)),
        ("a nurse", "The name, in a list", clock.moment(NOW)),
    ]
    assert "A nurse The request with its answers" in page
    assert nurse.name not in page


def test_a_page_nobody_has_seen_says_so(client: Client, make_request: MakeRequest) -> None:
    assert "Nobody at the clinic has opened it yet." in page_for(client, make_request())


def test_a_role_is_what_it_was_at_that_time(make_request: MakeRequest) -> None:
    patient = make_request().patient_id
    somebody = make_user("kim", "doctor")
    somebody.groups.add(Group.objects.get(name="manager"))
    readings.log(by=somebody, action="request.view", patients=[patient])
    somebody.groups.clear()
    readings.log(by=User.objects.get(pk=somebody.pk), action="call.view", patients=[patient])
    assert [line.who for line in seen.for_patient(patient).lines] == [
        "somebody who works at the clinic", "a doctor and a manager",
    ]  # fmt: skip


def test_a_danger_reads_like_everything_else(make_request: MakeRequest, nurse: User) -> None:
    """Whoever looks over a shoulder learns nothing from the words."""
    patient = make_request(outcome=Outcome.EMERGENCY).patient_id
    for action in ("case.list", "case.view"):
        readings.log(by=nurse, action=action, patients=[patient])
    assert [line.what for line in seen.for_patient(patient).lines] == [
        "The request with its answers", "The name, in a list",
    ]  # fmt: skip


def test_another_patient_is_not_in_it(make_request: MakeRequest, nurse: User) -> None:
    mine, theirs = make_request().patient_id, make_request().patient_id
    readings.log(by=nurse, action="request.view", patients=[theirs])
    assert seen.for_patient(mine).lines == ()


def test_looks_within_an_hour_are_one_line_and_later_ones_another(
    make_request: MakeRequest, nurse: User, time_machine: Any
) -> None:
    patient = make_request().patient_id
    for minutes in (0, 30, 85, 200):
        time_machine.move_to(NOW + datetime.timedelta(minutes=minutes), tick=False)
        readings.log(by=nurse, action="request.view", patients=[patient])
    late, early = seen.for_patient(patient).lines
    assert (late.times, late.how_often) == (1, "")
    assert early.how_often == "3 times since 10 am"
    assert early.last == NOW + datetime.timedelta(minutes=85)


def test_older_lines_stand_on_the_next_page_and_none_is_left_out(
    client: Client, make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen, "LINES", 2)
    consultation_request = make_request()
    patient = consultation_request.patient_id
    people = [make_user(f"nurse-{number}", "triage") for number in range(5)]
    made = [readings.log(by=person, action="request.view", patients=[patient]).at for person in people]
    pages, before = [], None
    for _ in range(3):
        page = seen.for_patient(patient, before=before)
        pages.append([line.last for line in page.lines])
        before = page.before
    newest_first = made[::-1]
    assert pages == [newest_first[:2], newest_first[2:4], newest_first[4:]]
    assert before is None
    first = page_for(client, consultation_request)
    assert "Show what is older" in first
    assert "Back to the newest" in page_for(client, consultation_request, "?before=1")


def test_pages_that_read_less_than_they_may_show_lose_nothing(
    make_request: MakeRequest, nurse: User, doctor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen, "READ_AT_ONCE", 3)
    patient = make_request().patient_id
    for by in (doctor, nurse, nurse, nurse):
        readings.log(by=by, action="request.view", patients=[patient])
    first = seen.for_patient(patient)
    assert [(line.who, line.times) for line in first.lines] == [("a nurse", 3)]
    second = seen.for_patient(patient, before=first.before)
    assert [(line.who, line.times) for line in second.lines] == [("a doctor", 1)]
    assert second.before is None


@pytest.mark.parametrize("odd", ["x", "-1", "9" * 30, "", "١"])
def test_an_odd_address_shows_the_newest(client: Client, make_request: MakeRequest, nurse: User, odd: str) -> None:
    consultation_request = make_request()
    readings.log(by=nurse, action="request.view", patients=[consultation_request.patient_id])
    assert "A nurse The request with its answers" in page_for(client, consultation_request, f"?before={odd}")


def test_nothing_of_it_is_mailed(client: Client, make_request: MakeRequest, nurse: User) -> None:
    consultation_request = make_request()
    before = OutboxMessage.objects.count()
    readings.log(by=nurse, action="request.view", patients=[consultation_request.patient_id])
    page_for(client, consultation_request)
    assert OutboxMessage.objects.count() == before


def test_every_reading_has_words_for_the_patient_and_for_managers() -> None:
    made = actions_of_readings()
    assert {"request.view", "message.list", "audit.patient"} <= made
    assert sorted(made - set(seen.TOLD)) == []
    assert sorted(made - set(audit_labels())) == []
    assert sorted(set(seen.TOLD) - made) == [], "words for what is never logged"


def test_readings_from_before_roles_were_kept_name_no_role(make_request: MakeRequest, nurse: User) -> None:
    patient = make_request().patient_id
    reading_log.log(by=nurse, action="request.view", patients=[patient])
    assert [line.who for line in seen.for_patient(patient).lines] == ["somebody who works at the clinic"]
