"""The request page: everything that was computed and written, as it was, with every look at it on record."""

import datetime
import json

import pytest
from django.db import connection

from clinic.core import clock
from clinic.core.models import RecordRead
from consultations import phones
from consultations.candidacy import engine
from consultations.enums import ConsentKind, Outcome, RequestStatus, SafeToContact
from consultations.models import Consent
from consultations.questionnaire import flow
from tests.consultations.admin.conftest import page_of, text_of
from tests.consultations.perform import perform
from tests.personas import book_directly, make_patient

pytestmark = pytest.mark.django_db
ANSWERS = {
    "ab_age": 58, "rf_now": ["fever"], "rf_ce": ["none"], "rf_weak": "none", "rf_injury": "none", "rf_cancer": "none",
    "rf_systemic": ["none"], "rf_risk": ["none"], "pn_where": ["low_back"], "pn_duration": "y1_5", "pn_worse": ["sit"],
    "peg_p": 6, "peg_e": 7, "peg_g": 6, "dx_told": ["ddd"], "dx_detail": ["none"], "im_mri": "lt6m", "im_share": "yes",
    "tx_tried": ["exercise"], "tx_time": "gt6m", "hx_gate": ["thinner"], "hx_thinner": "anticoag", "phq2_1": "2",
    "phq2_2": "2", "gad2_1": "0", "gad2_2": "1", "ex_expect": "less_pain",
    "ex_note": "I want to walk my dog <again>\nfor an hour.",
}  # fmt: skip


@pytest.fixture
def full(make_request):
    """A request with real answers, assessed by the real rules."""
    assessed = engine.assess(ANSWERS, version="1.0.0")
    asked = flow.as_asked(ANSWERS, version="1.0.0", region="US")
    consultation_request = make_request(
        outcome=Outcome(assessed.outcome),
        answers=ANSWERS,
        asked=asked,
        result=json.dumps(assessed.as_json()),
        patient=make_patient("Marta Quill", phone_as_typed="x", safe_to_contact=SafeToContact.NO_VOICEMAIL),
        has_note=True,
    )
    Consent.objects.create(
        consultation_request=consultation_request,
        kind=ConsentKind.CARE_TEAM,
        wording="The care team may read my answers.",
        notice_version="2026-11",
        given_at=clock.now(),
    )
    return consultation_request


class TestWhatStandsOnIt:
    def test_the_banner_tells_patients_apart(self, sign_in, nurse, full):
        banner = sign_in(nurse).get(page_of(full)).context["banner"]
        assert (banner["name"], banner["born"], banner["reference"]) == ("Marta Quill", "27 March 1970", full.reference)

    def test_red_flags_come_first_with_id_text_and_answer(self, sign_in, nurse, full):
        page = text_of(sign_in(nurse).get(page_of(full)))
        assert "1 red flag" in page
        assert "Fever + back pain: same-day medical assessment." in page
        assert "RF-INF-02" in page
        assert page.index("RF-INF-02") < page.index("CX-BLD-02") < page.index("Severity")
        assert "A high temperature" in page

    def test_what_can_be_done_stands_before_the_answers(self, sign_in, nurse, full):
        """On a narrow screen the page is one column, in this order."""
        page = sign_in(nurse).get(page_of(full)).content.decode()
        places = ["RF-INF-02", 'id="contact"', 'id="panel"', "Pass to a doctor", 'id="answers"', 'id="rules"']
        assert [page.index(place) for place in places] == sorted(page.index(place) for place in places)

    def test_a_likeness_to_others_stands_after_the_red_flags(self, sign_in, nurse, full, make_request):
        make_request(patient=make_patient("Marta Quill"))
        page = text_of(sign_in(nurse).get(page_of(full)))
        assert page.index("RF-INF-02") < page.index("May be the same person") < page.index("Severity")

    def test_scores_are_shown_out_of_what(self, sign_in, nurse, full):
        shown = sign_in(nurse).get(page_of(full)).context["metrics"]
        metrics = {item.label: f"{item.value} {item.hint}" for item in shown}
        assert metrics["PEG, past week"] == "6.3 of 10, moderate"
        assert metrics["PHQ-2, low mood"] == "4 of 6, positive (3 or more)"
        assert metrics["GAD-2, worry"] == "1 of 6, under 3"

    def test_answers_stand_in_question_order_in_the_words_asked(self, sign_in, nurse, full):
        asked = flow.as_asked(ANSWERS, version="1.0.0", region="US")
        sections = sign_in(nurse).get(page_of(full)).context["sections"]
        shown = [(item["question"], item["lines"]) for section in sections for item in section["answers"]]
        assert shown == [(entry["text"], entry["answer"]) for entry in asked]

    def test_an_old_wording_stays_as_it_was_asked(self, sign_in, nurse, full):
        full.response.asked = [{"id": "ab_age", "section": "A", "section_title": "Safety", "text": "Your age in 1.0?",
                                "options": [], "value": 58, "answer": ["58"]}]  # fmt: skip
        full.response.save()
        assert "Your age in 1.0?" in text_of(sign_in(nurse).get(page_of(full)))

    def test_own_words_contact_and_consents_are_there_and_escaped(self, sign_in, nurse, full):
        html = sign_in(nurse).get(page_of(full)).content.decode()
        assert "I want to walk my dog &lt;again&gt;\nfor an hour." in html
        assert "Call, but do not leave a message" in html
        assert "marta@example.com" in html
        assert "The care team may read my answers." in html

    def test_a_higher_headline_reached_on_the_way_is_said(self, sign_in, nurse, make_request):
        consultation_request = make_request(outcome=Outcome.LIKELY_SUITABLE, highest_outcome=Outcome.EMERGENCY, risk=0)
        assert "The patient was shown “Emergency now” earlier" in text_of(
            sign_in(nurse).get(page_of(consultation_request))
        )

    def test_an_escalation_and_its_reason_come_before_the_computed_result(self, sign_in, nurse, doctor, make_request):
        consultation_request = make_request()
        assert "Escalated" not in text_of(sign_in(nurse).get(page_of(consultation_request)))
        perform("escalate", consultation_request, note="She sounds feverish on the phone.", by=nurse)

        text = text_of(sign_in(nurse).get(page_of(consultation_request)))
        assert "Nora Adeyemi escalated it on" in text
        assert text.index("She sounds feverish on the phone.") < text.index("No red flag")
        (row,) = sign_in(nurse).get("/admin/consultations/consultationrequest/").context["rows"]
        assert (row.flags[0].text, row.flags[0].kind) == ("Escalated", "danger")

        consultation_request.refresh_from_db()
        perform("pass_to_doctor", consultation_request, doctor=doctor, note="", by=nurse)
        assert "She sounds feverish on the phone." in text_of(sign_in(doctor).get(page_of(consultation_request)))
        consultation_request.refresh_from_db()
        perform("mark_urgent", consultation_request, reason="Ask about her temperature again.", by=doctor)
        text = text_of(sign_in(nurse).get(page_of(consultation_request)))
        assert text.index("Ask about her temperature again.") < text.index("No red flag")

    def test_history_is_newest_first_with_names(self, sign_in, nurse, doctor, alice):
        perform("claim", alice, by=nurse)
        perform("note", alice, note="Prefers mornings.", by=nurse)
        perform("pass_to_doctor", alice, doctor=doctor, note="Leg first.", by=nurse)
        activity = sign_in(doctor).get(page_of(alice)).context["activity"]
        lines = [f"{item.plain} {item.text}".strip() for item in activity]
        assert "Nora Adeyemi wrote a note Prefers mornings." in lines
        assert lines.index("Nora Adeyemi passed it to a doctor") < lines.index("Nora Adeyemi started triage")
        assert [item.at for item in activity] == sorted((entry.at for entry in activity), reverse=True)

    def test_staff_read_why_the_patient_cancelled(self, sign_in, nurse, clinician, make_request):
        consultation_request = make_request(status=RequestStatus.BOOKED)
        book_directly(consultation_request, clinician, clock.now() + datetime.timedelta(days=3))
        perform("cancel_booking", consultation_request, reason="My leg gave way <twice>.")
        activity = sign_in(nurse).get(page_of(consultation_request)).context["activity"]
        (reason,) = [item for item in activity if item.text == "My leg gave way <twice>."]
        assert reason.who == "The patient"
        assert "My leg gave way &lt;twice&gt;." in sign_in(nurse).get(page_of(consultation_request)).content.decode()


class TestPhone:
    @pytest.mark.parametrize(
        ("typed", "shown", "href"),
        [
            ("2025550142", "(202) 555-0142", "+12025550142"),
            ("(624) 305-1111", "(624) 305-1111", "+16243051111"),
            ("0044 20 7946 0018", "+44 20 7946 0018", "+442079460018"),
            ("202-555-0142 x12", "(202) 555-0142 ext. 12", "+12025550142,12"),
        ],
    )
    def test_it_is_formatted_for_reading_and_dials(self, sign_in, nurse, make_request, typed, shown, href):
        number, as_typed = phones.stored(typed)
        consultation_request = make_request(patient=make_patient(phone=number, phone_as_typed=as_typed))
        page = sign_in(nurse).get(page_of(consultation_request))
        assert f'<a class="num" href="tel:{href}">{shown}</a>' in page.content.decode()
        assert "Typed:" not in text_of(page)

    def test_a_note_stands_beside_it(self, sign_in, nurse, make_request):
        number, as_typed = phones.stored("212-555-2368 <b>ask</b> for Ana")
        consultation_request = make_request(patient=make_patient(phone=number, phone_as_typed=as_typed))
        body = sign_in(nurse).get(page_of(consultation_request)).content.decode()
        assert '<a class="num" href="tel:+12125552368">(212) 555-2368</a>' in body
        assert "Typed: <bdi" in body
        assert "212-555-2368 &lt;b&gt;ask&lt;/b&gt; for Ana" in body

    @pytest.mark.parametrize(
        ("typed", "href"), [("no phone, flat 4", ""), ("555-0142 after 5", "5550142"), ("", ""), ("911", "")]
    )
    def test_words_that_are_no_number_are_shown_as_they_are(self, sign_in, nurse, make_request, typed, href):
        consultation_request = make_request(patient=make_patient(phone=typed))
        body = sign_in(nurse).get(page_of(consultation_request)).content.decode()
        assert f">{typed or 'Not given'}<" in body
        assert (f'href="tel:{href}"' in body) is bool(href)


class TestDamage:
    @pytest.mark.parametrize(
        ("table", "column", "key"),
        [
            ("questionnaireresponse", "asked", "response_id"),
            ("assessment", "result", "assessment_id"),
            ("patient", "phone", "patient_id"),
            ("patient", "phone_as_typed", "patient_id"),
            ("patient", "email", "patient_id"),
        ],
    )
    def test_a_damaged_part_is_named_and_the_rest_shown(self, sign_in, nurse, full, table, column, key):
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE consultations_{table} SET {column} = 'k1:AAAA' WHERE id = %s", [getattr(full, key)])
        response = sign_in(nurse).get(page_of(full))
        assert response.status_code == 200
        assert "cannot be read" in text_of(response)
        assert "Marta Quill" in text_of(response)

    def test_a_damaged_note_leaves_the_other_notes(self, sign_in, nurse, alice):
        for phrase in ("First note.", "Second note."):
            broken = perform("note", alice, note=phrase, by=nurse)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE consultations_triagedecision SET note = 'x' WHERE id = %s", [broken.result.pk])
        page = text_of(sign_in(nurse).get(page_of(alice)))
        assert "First note." in page
        assert "damaged note" in page

    def test_an_unknown_ruleset_still_shows_ids(self, sign_in, nurse, full):
        full.assessment.__class__.objects.filter(pk=full.assessment_id).update(ruleset_version="0.0.9")
        assert "RF-INF-02" in text_of(sign_in(nurse).get(page_of(full)))


class TestAccess:
    def test_every_look_is_on_record(self, sign_in, nurse, alice):
        client = sign_in(nurse)
        client.get(page_of(alice))
        (event,) = RecordRead.objects.about(alice).filter(action="request.view")
        assert event.actor_user == nurse
        assert event.shown == {"as": ["triage"]}
        client.head(page_of(alice))
        assert RecordRead.objects.about(alice).filter(action="request.view").count() == 2

    @pytest.mark.parametrize("group", ["triage", "doctor", "manager"])
    def test_the_clinics_own_people_may_look(self, sign_in, staff, alice, group):
        assert sign_in(staff(group)).get(page_of(alice)).status_code == 200

    def test_an_editor_sees_nothing_and_leaves_no_trace(self, sign_in, editor, alice):
        response = sign_in(editor).get(page_of(alice))
        assert response.status_code == 403
        assert "Winther" not in response.content.decode()
        assert not RecordRead.objects.about(alice).exists()

    @pytest.mark.parametrize("pk", ["999999", "0", "99999999999999999999999", "-1", "abc", "1%27"])
    def test_other_addresses_are_not_found(self, sign_in, nurse, alice, pk):
        response = sign_in(nurse).get(f"/admin/consultations/consultationrequest/{pk}/change/")
        assert response.status_code == 404

    def test_a_person_who_lost_their_role_is_refused_at_once(self, sign_in, nurse, alice):
        client = sign_in(nurse)
        assert client.get(page_of(alice)).status_code == 200
        nurse.groups.clear()
        assert client.get(page_of(alice)).status_code == 403

    def test_every_status_has_a_page(self, sign_in, doctor, make_request, clinician):
        client = sign_in(doctor)
        for status in RequestStatus:
            assert client.get(page_of(make_request(status=status))).status_code == 200
