"""The admin's own ways to write are closed: a forged form, inline, list edit or action changes no row."""

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.forms import model_to_dict

from clinic.core.models import AuditEntry, OutboxMessage
from consultations.enums import Outcome, RequestStatus
from consultations.models import (
    Absence,
    Appointment,
    Assessment,
    ClinicalReview,
    ConsultationRequest,
    Patient,
    QuestionnaireResponse,
    SafetyCase,
    TriageDecision,
)
from consultations.services import cases
from tests.consultations.admin.conftest import page_of

pytestmark = pytest.mark.django_db
CLINICAL = (ConsultationRequest, SafetyCase, OutboxMessage, Appointment, AuditEntry)
HIDDEN = (Patient, QuestionnaireResponse, Assessment, ClinicalReview, TriageDecision)
FORGED = {
    "status": "completed",
    "outcome": "LIKELY_SUITABLE",
    "highest_outcome": "LIKELY_SUITABLE",
    "risk": "6",
    "priority": "routine",
    "reference": "LS-0000-XX",
    "booking_ordered_at": "2026-01-01 00:00",
    "flag_level": "",
    "_save": "Save",
}
ACTION = {"action": "delete_selected", "_selected_action": "1", "index": "0", "select_across": "1", "post": "yes"}
LIST_EDIT = {
    "form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": "1", "form-0-status": "completed", "_save": "Save",
}  # fmt: skip
INLINE = {
    "triage_decisions-TOTAL_FORMS": "1", "triage_decisions-INITIAL_FORMS": "0", "triage_decisions-0-action": "order",
    "appointments-TOTAL_FORMS": "1", "appointments-INITIAL_FORMS": "0", "_save": "Save",
}  # fmt: skip


def rows():
    return {
        model.__name__: [model_to_dict(row) for row in model.objects.order_by("pk")]
        for model in (*CLINICAL[:4], *HIDDEN)
    }


@pytest.mark.parametrize("group", ["triage", "doctor", "manager", "editor", "superuser"])
@pytest.mark.parametrize("data", [FORGED, ACTION, LIST_EDIT, INLINE], ids=["form", "action", "list", "inline"])
def test_a_forged_post_changes_no_row(sign_in, staff, django_user_model, make_request, group, data):
    consultation_request = make_request(outcome=Outcome.SAME_DAY)
    cases.open_case(response=consultation_request.response, level=Outcome.SAME_DAY)
    user = (
        django_user_model.objects.create_superuser("root", "root@clinic.example", "a quiet passphrase")
        if group == "superuser"
        else staff(group)
    )
    client, before = sign_in(user), rows()
    case = SafetyCase.objects.get()
    targets = [page_of(consultation_request), f"/admin/consultations/safetycase/{case.pk}/change/"]
    for model in CLINICAL:
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        targets += [
            base,
            f"{base}add/",
            f"{base}1/delete/",
            f"{base}1/change/",
            f"{base}{consultation_request.pk}/delete/",
        ]
    for url in targets:
        response = client.post(url, data)
        is_plain_list = url == "/admin/core/auditentry/" and response.status_code == 200
        assert is_plain_list or response.status_code in (302, 403, 404, 405), (url, response.status_code)
    assert rows() == before
    assert {row["status"] for row in before["ConsultationRequest"]} == {RequestStatus.RECEIVED}


@pytest.mark.parametrize("model", HIDDEN)
def test_what_a_patient_wrote_has_no_admin_of_its_own(model):
    assert not admin.site.is_registered(model)


@pytest.mark.parametrize("model", CLINICAL)
def test_a_clinical_record_allows_no_stock_form(rf, model, django_user_model):
    request = rf.get("/")
    request.user = django_user_model.objects.create_superuser("root", "root@clinic.example", "a quiet passphrase")
    registered: ModelAdmin = admin.site.get_model_admin(model)
    assert not registered.has_add_permission(request)
    assert not registered.has_change_permission(request)
    assert not registered.has_delete_permission(request)
    assert not registered.list_editable
    assert not registered.get_actions(request)
    assert not registered.inlines


@pytest.mark.parametrize(
    ("url", "query"),
    [
        ("/admin/core/auditentry/", {"actor_user__password__startswith": "a"}),
        ("/admin/consultations/clinician/", {"user__password__startswith": "a"}),
        ("/admin/consultations/absence/", {"clinician__user__password__startswith": "a"}),
        ("/admin/consultations/availability/", {"clinician__user__email__startswith": "a"}),
    ],
)
def test_a_filter_is_no_oracle(sign_in, manager, clinician, url, query):
    for word in ("a", "argon2", "x"):
        response = sign_in(manager).get(url, dict.fromkeys(query, word))
        assert response.status_code == 400


def test_absences_are_the_only_times_a_doctor_writes(sign_in, doctor, other_doctor, clinician):
    client = sign_in(other_doctor)
    data = {"clinician": clinician.pk, "starts_at": "2027-01-04T09:00", "ends_at": "2027-01-04T10:00", "reason": ""}
    client.post("/admin/consultations/absence/add/", data)
    assert not Absence.objects.exists()
