"""Whose key a patient's data stand under, and that answers swapped between two patients in the database are noticed."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from clinic.core.data_keys import PREFIX
from clinic.core.encryption import DecryptionError, Erased
from consultations.enums import TextKind, TriageAction
from consultations.models import ConsultationRequest, Patient, PatientText, QuestionnaireResponse, TriageDecision
from consultations.services import intake
from tests.consultations.services.test_intake import ALICE, WORDINGS, ready, walked
from tests.consultations.views.conftest import OUTCOMES
from tests.personas import SignIn

pytestmark = pytest.mark.django_db
QUEUE = "/admin/consultations/consultationrequest/"


def swap(table: str, columns: str, first: int, second: int) -> None:
    """Exchange these columns of two rows, as somebody with access to the database would."""
    names = columns.split(", ")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {table} WHERE id IN (%s, %s) ORDER BY id", sorted((first, second)))
        rows = cursor.fetchall()
        for pk, values in zip(sorted((first, second)), reversed(rows), strict=True):
            changes = ", ".join(f"{name} = %s" for name in names)
            cursor.execute(f"UPDATE {table} SET {changes} WHERE id = %s", [*values, pk])


def answers_of(consultation_request: ConsultationRequest) -> dict[str, Any]:
    answers: dict[str, Any] = ConsultationRequest.objects.get(pk=consultation_request.pk).response.answers
    return answers


RESPONSES, REQUESTS, PATIENTS = (
    f"consultations_{name}" for name in ("questionnaireresponse", "consultationrequest", "patient")
)
SWAPS: dict[str, Callable[[ConsultationRequest, ConsultationRequest], None]] = {
    "answers": lambda a, b: swap(RESPONSES, "answers", a.response_id, b.response_id),
    "answers and their keys": lambda a, b: swap(RESPONSES, "answers, data_key", a.response_id, b.response_id),
    "patients of the requests": lambda a, b: swap(REQUESTS, "patient_id", a.pk, b.pk),
    "keys of the patients": lambda a, b: swap(PATIENTS, "data_key", a.patient_id, b.patient_id),
}


@pytest.mark.parametrize("name", SWAPS)
def test_answers_swapped_between_two_patients_are_noticed(
    alice: ConsultationRequest, bob: ConsultationRequest, name: str
) -> None:
    assert answers_of(alice) == answers_of(bob) == {"ab_age": 56}
    SWAPS[name](alice, bob)
    for consultation_request in (alice, bob):
        with pytest.raises(DecryptionError):
            answers_of(consultation_request)


def test_a_response_that_was_hung_on_another_request_is_noticed(
    alice: ConsultationRequest, bob: ConsultationRequest
) -> None:
    spare = QuestionnaireResponse.objects.create(
        token="spare", questionnaire_version="1.0.0", started_at=alice.submitted_at, updated_at=alice.submitted_at
    )
    theirs = bob.response_id
    ConsultationRequest.objects.filter(pk=bob.pk).update(response=spare)
    ConsultationRequest.objects.filter(pk=alice.pk).update(response=theirs)
    with pytest.raises(DecryptionError):
        answers_of(alice)


def test_the_list_marks_what_was_swapped(
    alice: ConsultationRequest, bob: ConsultationRequest, sign_in: SignIn, nurse: Any
) -> None:
    swap(RESPONSES, "answers", alice.response_id, bob.response_id)
    rows = {row.name: row.line for row in sign_in(nurse).get(QUEUE).context["rows"]}
    assert rows.keys() == {"Alice Winther", "Bob Pell"}
    assert all("cannot be opened" in line for line in rows.values())


def test_two_notes_of_one_patient_that_were_swapped_are_noticed(alice: ConsultationRequest, nurse: Any) -> None:
    notes = [
        TriageDecision.objects.create(
            consultation_request=alice,
            action=TriageAction.NOTE,
            note=text,
            decided_at=alice.submitted_at,
            decided_by=nurse,
        )
        for text in ("first", "second")
    ]
    swap("consultations_triagedecision", "note", *(note.pk for note in notes))
    for note in notes:
        with pytest.raises(DecryptionError):
            TriageDecision.objects.get(pk=note.pk).note  # noqa: B018  (asking decrypts it)


class TestAKeyOnItsWay:
    def test_before_a_patient_is_known_it_stands_under_a_field_key(self) -> None:
        assert walked().data_key.startswith("k1:")

    def test_when_sent_it_stands_under_the_patients(self) -> None:
        response = ready()
        before = response.unlocked()
        consultation_request = intake.send(response=response, wordings=WORDINGS)
        fresh = QuestionnaireResponse.objects.get(pk=response.pk)
        assert fresh.data_key.startswith(PREFIX)
        assert fresh.unlocked() == before
        assert consultation_request.patient.data_key.startswith("k1:")

    def test_what_was_written_under_it_before_and_is_written_after_is_read(self) -> None:
        response = ready(ex_note="I want to die")
        consultation_request = intake.send(response=response, wordings=WORDINGS)
        assert PatientText.objects.get(response=response, kind=TextKind.NOTE).text == "I want to die"
        assert (
            ConsultationRequest.objects.get(pk=consultation_request.pk).assessment.record["answers"]["ex_note"]
            == "I want to die"
        )
        text = PatientText.objects.create(
            response_id=response.pk, kind=TextKind.MESSAGE, text="Thanks", sent_at=consultation_request.submitted_at,
            due_at=consultation_request.due_at,
        )  # fmt: skip
        assert PatientText.objects.get(pk=text.pk).text == "Thanks"

    def test_a_call_back_leaves_it_to_the_response_which_can_still_be_sent(self) -> None:
        response = walked(**OUTCOMES["SAME_DAY"])
        case = intake.ask_for_call_back(response=response, contact=ALICE)
        assert case.patient is not None
        fresh = QuestionnaireResponse.objects.get(pk=response.pk)
        assert fresh.data_key.startswith("k1:")
        assert fresh.answers["rf_now"] == ["fever"]

    def test_no_answer_can_be_read_without_the_patients_key(self) -> None:
        consultation_request = intake.send(response=ready(), wordings=WORDINGS)
        Patient.objects.filter(pk=consultation_request.patient_id).update(
            data_key="", erased_at=consultation_request.submitted_at, name="Erased record", birth_on=None,
            email_index="", phone_index="",
        )  # fmt: skip
        with pytest.raises(Erased, match="was erased"):
            answers_of(consultation_request)
