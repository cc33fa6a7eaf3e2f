"""The doctor's decision: shown as the patient will read it, confirmed on a second page, and done exactly so."""

import pytest
from django.core import mail
from django.db import transaction
from django.urls import reverse

from clinic.core import delivery
from clinic.core.models import OutboxMessage
from consultations import status_copy
from consultations.admin import requests
from consultations.enums import AssessmentOrigin, MessageKind, Outcome, RequestStatus, ReviewDecision
from consultations.forms.staff import PATIENT_NOTE_LIMIT
from consultations.models import ClinicalReview, InformationRequest
from consultations.services import dangers
from consultations.services.transitions import lock
from tests.consultations.admin.conftest import act, page_of, text_of
from tests.consultations.perform import answer, perform, settle_all
from tests.personas import at, make_patient, open_privately

pytestmark = pytest.mark.django_db
NOTE = "Your leg pain follows one nerve.\nI would like to see you walk first: <b>no</b> promises & no hurry."
WHY = "Asks for a cure by Monday."


@pytest.fixture
def waiting(make_request, doctor, clinician):
    return make_request(status=RequestStatus.WITH_DOCTOR, doctor=doctor, patient=make_patient("Marta Quill"))


def decide(client, consultation_request, decision, **data):
    return act(client, consultation_request, "decide", decision=decision, **data)


def confirm(client, preview):
    return client.post(preview.context["confirm_url"], {"decision": preview.context["decision"]}, follow=True)


DECISIONS = {
    ReviewDecision.OFFER: ({"patient_note": NOTE}, RequestStatus.OFFERED, MessageKind.CONSULTATION_OFFERED),
    ReviewDecision.ASK: ({"patient_note": NOTE}, RequestStatus.INFORMATION_ASKED, MessageKind.QUESTION_ASKED),
    ReviewDecision.NOT_SUITABLE: (
        {"patient_note": NOTE, "reason": WHY},
        RequestStatus.NOT_SUITABLE,
        MessageKind.REQUEST_CLOSED,
    ),
    ReviewDecision.URGENT: ({"reason": "Ask about the foot."}, RequestStatus.URGENT, None),
}


class TestWhatIsRefused:
    def test_a_line_break_counts_once(self, sign_in, doctor, waiting, visit):
        note = "Rest.\r\n" * (PATIENT_NOTE_LIMIT // 6)
        preview = decide(sign_in(doctor), waiting, "offer", appointment_type=visit.pk, patient_note=note)
        assert "Nothing is sent yet" in text_of(preview)

    def test_advice_that_is_too_long_is_not_called_missing(self, sign_in, doctor, waiting):
        page = decide(sign_in(doctor), waiting, "not_suitable", patient_note="a" * (PATIENT_NOTE_LIMIT + 1))
        text = text_of(page)
        assert "Shorten this to 2,000 characters or fewer." in text
        assert "Write the advice the patient will read" not in text


class TestWhatWasTyped:
    def test_outlives_its_preview(self, sign_in, doctor, waiting, monkeypatch):
        client = sign_in(doctor)
        preview = decide(client, waiting, "not_suitable", patient_note=NOTE, reason=WHY)
        monkeypatch.setattr(requests, "PREVIEW_AGE", -1)
        page = confirm(client, preview)
        assert "That preview has expired. Nothing was sent. What you wrote is kept below." in text_of(page)
        assert page.context["bound"]["decide"]["patient_note"].value() == NOTE
        waiting.refresh_from_db()
        assert waiting.status == RequestStatus.WITH_DOCTOR
        assert not ClinicalReview.objects.exists()


class TestEachDecision:
    @pytest.mark.parametrize("decision", list(DECISIONS))
    def test_is_previewed_then_done(self, sign_in, doctor, waiting, visit, decision):
        data, status, kind = DECISIONS[decision]
        client = sign_in(doctor)
        preview = decide(client, waiting, decision, appointment_type=visit.pk, **data)
        waiting.refresh_from_db()
        assert "Nothing is sent yet" in text_of(preview)
        assert waiting.status == RequestStatus.WITH_DOCTOR
        assert not OutboxMessage.objects.filter(subject__consultation_request=waiting).exists()
        response = confirm(client, preview)
        waiting.refresh_from_db()
        assert waiting.status == status
        made = ClinicalReview.objects.get(consultation_request=waiting)
        assert (made.decision, made.patient_note) == (decision, data.get("patient_note", ""))
        kinds = list(OutboxMessage.objects.filter(subject__consultation_request=waiting).values_list("kind", flat=True))
        assert kinds == ([kind] if kind else [])
        assert response.status_code == 200

    @pytest.mark.parametrize("decision", list(DECISIONS))
    @pytest.mark.parametrize("group", ["triage", "manager", "editor"])
    def test_is_refused_to_anybody_but_a_doctor(self, sign_in, staff, waiting, visit, decision, group):
        client = sign_in(staff(group))
        preview = decide(client, waiting, decision, appointment_type=visit.pk, **DECISIONS[decision][0])
        if group == "editor":
            assert preview.status_code == 403
            return
        confirm(client, preview)
        waiting.refresh_from_db()
        assert waiting.status == RequestStatus.WITH_DOCTOR
        assert not ClinicalReview.objects.exists()

    @pytest.mark.parametrize("status", [item for item in RequestStatus if item not in ("with_doctor", "urgent")])
    def test_is_refused_in_any_other_status(self, sign_in, doctor, make_request, visit, status):
        consultation_request = make_request(status=status)
        client = sign_in(doctor)
        preview = decide(client, consultation_request, "not_suitable", patient_note=NOTE, reason=WHY)
        confirm(client, preview)
        consultation_request.refresh_from_db()
        assert consultation_request.status == status
        assert not ClinicalReview.objects.exists()


class TestPreview:
    def test_the_patient_reads_exactly_what_was_previewed(self, sign_in, client, doctor, waiting, visit):
        staff_client = sign_in(doctor)
        preview = decide(staff_client, waiting, "offer", appointment_type=visit.pk, patient_note=NOTE)
        shown = preview.content.decode()
        confirm(staff_client, preview)
        waiting.refresh_from_db()
        open_privately(client, waiting)
        page = client.get(at(client)).content.decode()
        escaped = "I would like to see you walk first: &lt;b&gt;no&lt;/b&gt; promises &amp; no hurry."
        paragraph = f'<p class="prewrap">Your leg pain follows one nerve.\n{escaped}</p>'
        for html in (shown, page):
            assert paragraph in html
            assert status_copy.heading(waiting) in html
            assert "Dr Ines Halloran" in html

    def test_the_mail_named_is_the_mail_sent_and_holds_nothing_of_the_note(self, sign_in, doctor, waiting, visit):
        client = sign_in(doctor)
        preview = decide(client, waiting, "offer", appointment_type=visit.pk, patient_note=NOTE)
        confirm(client, preview)
        delivery.deliver_due()
        (sent,) = mail.outbox
        assert sent.subject in preview.content.decode()
        assert "nerve" not in sent.body

    def test_what_was_typed_can_be_changed(self, sign_in, doctor, waiting, visit):
        client = sign_in(doctor)
        preview = decide(client, waiting, "offer", appointment_type=visit.pk, patient_note=NOTE)
        again = client.post(preview.context["edit_url"], {**preview.context["data"], "edit": "1"})
        assert again.context["panel"].decision.form["patient_note"].value() == NOTE

    def test_nothing_but_the_signed_text_counts(self, sign_in, doctor, waiting, visit):
        client = sign_in(doctor)
        preview = decide(client, waiting, "offer", appointment_type=visit.pk, patient_note=NOTE)
        forged = {"decision": preview.context["decision"], "patient_note": "You are cured.", "seen": "x"}
        client.post(preview.context["confirm_url"], forged, follow=True)
        assert ClinicalReview.objects.get().patient_note == NOTE

    @pytest.mark.parametrize("value", ["", "nonsense", "eyJhIjoxfQ:1abc:xyz", "🦴"])
    def test_a_tampered_preview_sends_nothing(self, sign_in, doctor, waiting, value):
        url = reverse("admin:consultations_consultationrequest_confirm", args=[waiting.pk])
        response = sign_in(doctor).post(url, {"decision": value}, follow=True)
        assert "Nothing was sent" in text_of(response)
        assert not ClinicalReview.objects.exists()

    def test_a_preview_serves_its_own_page_and_person_only(self, sign_in, doctor, other_doctor, waiting, bob, visit):
        preview = decide(sign_in(doctor), waiting, "offer", appointment_type=visit.pk, patient_note=NOTE)
        signed = {"decision": preview.context["decision"]}
        other_page = reverse("admin:consultations_consultationrequest_confirm", args=[bob.pk])
        assert "belongs to another page" in text_of(sign_in(doctor).post(other_page, signed, follow=True))
        assert "belongs to another page" in text_of(
            sign_in(other_doctor).post(preview.context["confirm_url"], signed, follow=True)
        )
        assert not ClinicalReview.objects.exists()

    def test_confirming_twice_decides_once(self, sign_in, doctor, waiting, visit):
        client = sign_in(doctor)
        for decision in ("ask", "offer"):
            preview = decide(client, waiting, decision, appointment_type=visit.pk, patient_note=NOTE)
            for _ in range(2):
                response = confirm(client, preview)
                assert "moved this request" not in text_of(response)
            waiting.refresh_from_db()
            if decision == "ask":
                assert InformationRequest.objects.count() == ClinicalReview.objects.count() == 1
                answer(waiting, "Since June.")
                waiting.refresh_from_db()
        assert ClinicalReview.objects.count() == 2

    def test_a_page_somebody_else_moved_sends_nothing(self, sign_in, doctor, other_doctor, waiting):
        client = sign_in(doctor)
        preview = decide(client, waiting, "not_suitable", patient_note=NOTE, reason=WHY)
        perform("mark_urgent", waiting, reason="Foot drop since today.", by=other_doctor)
        response = confirm(client, preview)
        assert "Sam Okafor moved this request to “Urgent: call the patient”" in text_of(response)
        assert response.context["panel"].decision.form["patient_note"].value() == NOTE
        assert ClinicalReview.objects.filter(decision="not_suitable").count() == 0

    def test_a_patient_without_an_address_must_be_rung(self, sign_in, doctor, make_request, visit):
        patient = make_patient("Phone Only", email="")
        consultation_request = make_request(status=RequestStatus.WITH_DOCTOR, doctor=doctor, patient=patient)
        preview = decide(sign_in(doctor), consultation_request, "offer", appointment_type=visit.pk, patient_note="")
        assert "gave no email address" in text_of(preview)


class TestWhatIsNeeded:
    @pytest.mark.parametrize(
        ("decision", "data", "field"),
        [
            ("offer", {"patient_note": NOTE}, "appointment_type"),
            ("ask", {}, "patient_note"),
            ("not_suitable", {"patient_note": " "}, "patient_note"),
            ("urgent", {"patient_note": NOTE}, "reason"),
            ("not_suitable", {"patient_note": NOTE}, "reason"),
            ("not_suitable", {"patient_note": NOTE, "agreed_outcome": "NOT_SUITABLE_NOW"}, "reason"),
            ("not_suitable", {"patient_note": "x" * 2001}, "patient_note"),
            ("", {}, "decision"),
            ("refuse", {}, "decision"),
        ],
    )
    def test_a_missing_part_is_an_error_at_its_field(self, sign_in, doctor, waiting, decision, data, field):
        response = decide(sign_in(doctor), waiting, decision, **data)
        assert field in response.context["panel"].decision.form.errors
        assert response.context["title"].startswith("Error:")
        assert "There is a problem" in text_of(response)

    def test_a_decision_against_the_suggestion_stands_beside_the_computed_result(self, sign_in, doctor, waiting):
        client = sign_in(doctor)
        preview = decide(client, waiting, "not_suitable", patient_note=NOTE, reason="Too early.")
        assert "Otherwise than suggested: <b>Suitable for a consultation</b>" in text_of(preview)
        confirm(client, preview)
        made, computed = ClinicalReview.objects.get(), waiting.assessment
        assert (made.suggestion, made.reason) == (Outcome.LIKELY_SUITABLE, "Too early.")
        assert computed.outcome == waiting.outcome == Outcome.LIKELY_SUITABLE
        assert "otherwise than suggested (“Suitable for a consultation”)" in text_of(client.get(page_of(waiting)))

    def test_the_form_says_what_is_suggested_and_what_needs_a_reason(self, sign_in, doctor, waiting):
        page = sign_in(doctor).get(page_of(waiting))
        assert "Suggested: <b>Suitable for a consultation</b>" in text_of(page)
        hints = {
            tile["option"].data["value"]: "write why, for staff" in tile["hint"]
            for tile in page.context["panel"].decision.form.decision_tiles()
        }
        assert hints == {"offer": False, "ask": False, "not_suitable": True, "urgent": True}


class TestRedFlags:
    @pytest.fixture
    def flagged(self, make_request, doctor):
        return make_request(status=RequestStatus.WITH_DOCTOR, outcome=Outcome.SAME_DAY, doctor=doctor)

    def test_an_offer_waits_until_a_doctor_settled_them(self, sign_in, doctor, flagged, visit):
        client = sign_in(doctor)
        refused = decide(client, flagged, "offer", appointment_type=visit.pk, patient_note=NOTE)
        assert "Not while a red flag stands: settle it, or order a visit." in text_of(refused)
        assert "There is a problem" in text_of(refused)
        settle_all(flagged, by=doctor)
        confirm(client, decide(client, flagged, "offer", appointment_type=visit.pk, patient_note=NOTE))
        flagged.refresh_from_db()
        assert flagged.status == RequestStatus.OFFERED

    def test_an_offer_that_was_previewed_cannot_be_confirmed_once_one_stands(self, sign_in, doctor, waiting, visit):
        client = sign_in(doctor)
        preview = decide(client, waiting, "offer", appointment_type=visit.pk, patient_note=NOTE)
        with transaction.atomic():
            fresh = lock(waiting)
            dangers.hear(
                response=fresh.response,
                consultation_request=fresh,
                origin=AssessmentOrigin.ASKED_AGAIN,
                ticks=["chest"],
            )
        page = confirm(client, preview)
        assert "Not while a red flag stands" in text_of(page)
        assert NOTE.splitlines()[0] in text_of(page)
        waiting.refresh_from_db()
        assert waiting.status == RequestStatus.WITH_DOCTOR
        assert not ClinicalReview.objects.exists()
