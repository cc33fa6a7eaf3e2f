"""The software missed this: from the page of any record, to the list that doctors and managers answer."""

from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import MissedKind, ReportedRecord
from consultations.models import Call, ConsultationRequest, MissedReport
from consultations.services import erasure, missed
from tests.consultations.admin.conftest import text_of
from tests.consultations.services.test_duty import named
from tests.database_snapshot import all_rows
from tests.mailbox import queue_directly

pytestmark = pytest.mark.django_db
LIST = "/admin/consultations/missedreport/"


@pytest.fixture(autouse=True)
def monday(time_machine: Any) -> None:
    time_machine.move_to("2026-11-23T15:00:00+00:00", tick=False)


def about(record: str, pk: int) -> str:
    return f"{LIST}about/{record}/{pk}/"


def test_every_record_leads_to_the_form(sign_in: Any, nurse: User, alice: ConsultationRequest) -> None:
    case, client = named(), sign_in(nurse)
    call = Call.objects.create(response=alice.response, outcome="voicemail", made_at=clock.now(), made_by=nurse)
    message = queue_directly(key="m", consultation_request=alice)
    pages = {
        f"/admin/consultations/consultationrequest/{alice.pk}/change/": about("request", alice.pk),
        f"/admin/consultations/consultationrequest/{alice.pk}/person/": about("person", alice.pk),
        f"/admin/consultations/safetycase/{case.pk}/change/": about("case", case.pk),
        f"/admin/core/outboxmessage/{message.pk}/change/": about("message", message.pk),
    }
    for page, form in pages.items():
        assert f'href="{form}"' in client.get(page).content.decode(), page
        assert client.get(form).status_code == 200
    request_page = client.get(f"/admin/consultations/consultationrequest/{alice.pk}/change/").content.decode()
    assert f'href="{about("call", call.pk)}"' in request_page
    for odd in (about("poem", 1), about("request", 999_999), about("case", 2**63)):
        assert client.get(odd).status_code == 404


def test_from_the_record_to_the_answer_on_the_record(
    sign_in: Any, nurse: User, doctor: User, alice: ConsultationRequest
) -> None:
    reporting, answering = sign_in(nurse), sign_in(doctor)
    page = f"/admin/consultations/consultationrequest/{alice.pk}/change/"
    once = reporting.get(about("request", alice.pk)).context["form"].initial["once"]
    for _ in range(2):
        form = {"kind": "danger", "text": "Numb since May.", "once": once}
        answer = reporting.post(about("request", alice.pk), form)
        assert (answer.status_code, answer["Location"]) == (302, page)
    row = MissedReport.objects.get()
    text = text_of(reporting.get(page))
    assert "reported that the software missed something: a danger that it did not find" in text
    assert "not seen yet" in text
    assert reporting.get(LIST).status_code == 403
    assert alice.reference in text_of(answering.get(LIST))
    url = f"{LIST}{row.pk}/change/"
    assert "Numb since May." in text_of(answering.get(url))
    assert MissedReport.objects.get().seen_at is None
    answering.post(f"{LIST}{row.pk}/seen/")
    assert "seen by Ines Halloran on Monday 23 November, 10 am" in text_of(reporting.get(page))
    empty = answering.post(f"{LIST}{row.pk}/answer/", {"answer": ""})
    assert "Write what became of it." in text_of(empty)
    answering.post(f"{LIST}{row.pk}/answer/", {"answer": "Put right in 1.2."})
    assert "Put right in 1.2." in text_of(reporting.get(page))
    assert alice.reference not in text_of(answering.get(LIST)).partition("<tbody")[2]
    assert alice.reference in text_of(answering.get(f"{LIST}?answered=1"))


def test_who_was_second_keeps_their_words(
    sign_in: Any, nurse: User, doctor: User, manager: User, alice: ConsultationRequest
) -> None:
    subject = missed.subject_of(ReportedRecord.REQUEST, alice.pk)
    assert subject is not None
    row = missed.report(subject=subject, kind=MissedKind.LATE, text="Late.", by=nurse, key="a page")
    missed.answer(row=row, text="Yes.", by=doctor)
    client, seen_tables = sign_in(manager), {"RecordRead", "PatientShown", "UnchainedRead", "AuditEntry", "Session"}
    before = all_rows(without=seen_tables)
    page = client.post(f"{LIST}{row.pk}/answer/", {"answer": "No, and here is why."})
    assert "Ines Halloran has answered this already." in text_of(page)
    assert all_rows(without=seen_tables) == before


@pytest.mark.parametrize(
    ("wrong", "sentence"), [({"kind": ""}, "Select what it missed."), ({"text": " "}, "Write what happened.")]
)
def test_what_cannot_be_sent_is_given_back(
    sign_in: Any, nurse: User, alice: ConsultationRequest, wrong: dict[str, str], sentence: str
) -> None:
    form = {"kind": "danger", "text": "Numb since May.", "once": "0a1b2c3d", **wrong}
    page = sign_in(nurse).post(about("request", alice.pk), form)
    assert page.status_code == 200
    assert sentence in text_of(page)
    assert form["text"].strip() in text_of(page)
    assert not MissedReport.objects.exists()


def test_nothing_is_left_of_one_about_somebody_who_was_erased(
    sign_in: Any, nurse: User, manager: User, make_request: Any
) -> None:
    consultation_request = make_request(status="withdrawn")
    subject = missed.subject_of(ReportedRecord.REQUEST, consultation_request.pk)
    assert subject is not None
    row = missed.report(subject=subject, kind=MissedKind.NAME, text="Quillfeather.", by=nurse, key="a page")
    erasure.erase(patient=consultation_request.patient, by=manager)
    client = sign_in(manager)
    assert "Quillfeather" not in text_of(client.get(f"{LIST}{row.pk}/change/"))
    assert "This record was erased" in text_of(client.get(about("request", consultation_request.pk)))
    assert client.get(LIST).status_code == 200


def test_a_case_without_a_name_can_be_reported_on_and_says_so_itself(sign_in: Any, nurse: User) -> None:
    from tests.consultations.services.test_cases import open_case

    case, client = open_case(), sign_in(nurse)
    form = {"kind": "false", "text": "It was a test.", "once": "0a1b2c3d"}
    client.post(about("case", case.pk), form)
    assert "It was a test." in text_of(client.get(f"/admin/consultations/safetycase/{case.pk}/change/"))
