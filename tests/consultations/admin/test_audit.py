"""The audit trail as a manager reads and filters it, and what somebody sees who may not."""

import re

import pytest
from django.urls import reverse

from clinic.core import audit
from clinic.core.models import AuditEvent, RecordRead
from clinic.staff.area import audit_labels
from consultations.enums import RequestStatus
from consultations.services import erasure, persons
from consultations.workflow import TRANSITIONS
from tests.consultations.admin.conftest import page_of, text_of
from tests.personas import make_patient

pytestmark = pytest.mark.django_db
TRAIL = reverse("admin:core_auditentry_changelist")


def test_it_is_filtered_by_what_happened_in_words(sign_in, staff):
    manager = staff("manager")
    for action in ("case.close", "case.close", "request.note"):
        audit.record(action=action, by=manager)

    page = sign_in(manager).get(TRAIL, {"action": "case.close"})

    assert {event.action for event in page.context["cl"].result_list} == {"case.close"}
    assert page.context["cl"].result_count == AuditEvent.objects.filter(action="case.close").count() == 2
    (chosen,) = page.context["cl"].filter_specs
    offered = {str(choice["display"]) for choice in chosen.choices(page.context["cl"])}
    assert {"Safety case: closed", "Request: wrote a note", "Signed in"} <= offered
    assert not any("." in text for text in offered), "no codes"


def test_every_move_and_every_reading_has_its_words():
    assert {f"request.{verb}" for verb in TRANSITIONS} <= set(audit_labels())
    assert audit_labels()["request.message"] == "Request: wrote a message"
    assert audit_labels()["response.read_text"] == "Answers: what was written with them was read"


def test_staff_who_may_not_see_it_are_led_back_to_today(sign_in, nurse):
    page = sign_in(nurse).get(TRAIL)

    assert page.status_code == 403
    assert f'href="{reverse("admin:index")}">Back to Today' in page.content.decode()
    assert "your private link" not in text_of(page)


class TestWhoHasSeenAPatient:
    @pytest.fixture
    def marta(self, make_request):
        return make_request(patient=make_patient("Marta Quill"))

    def searched(self, client, term):
        answer = client.post(f"{TRAIL}search/", {"q": term})
        assert answer.status_code == 302
        assert "uill" not in answer["Location"]
        assert "search=" in answer["Location"]
        return client.get(answer["Location"])

    @pytest.mark.parametrize("as_typed", ["Marta Quill", "quill", "{reference}", "{compact}", "27 March 1970"])
    def test_a_manager_finds_a_patient_as_typed(self, sign_in, staff, marta, make_request, as_typed):
        make_request(patient=make_patient("Nora Winther", birth_on="1981-01-02"))
        term = as_typed.format(reference=marta.reference, compact=marta.reference.replace("-", "").lower())
        page = self.searched(sign_in(staff("manager")), term)
        (found,) = page.context["found"]
        assert "Nothing found" not in text_of(page)
        assert found["name"] == "Marta Quill"
        assert found["about"] == f"born 27 March 1970, {marta.reference}"
        assert found["url"] == f"{TRAIL}patient/{marta.patient_id}/"
        (reading,) = RecordRead.objects.filter(action="audit.list").order_by("-pk")[:1]
        assert marta.patient_id in reading.patients_shown.values_list("patient_id", flat=True)

    def test_what_was_typed_stands_in_no_link_of_the_page(self, sign_in, staff, marta):
        page = self.searched(sign_in(staff("manager")), "Marta")
        links = re.findall(r'(?:href|action)="([^"]*)"', page.content.decode())
        assert links
        assert not [link for link in links if "marta" in link.lower()]

    def test_a_term_in_the_address_is_not_searched_for(self, sign_in, staff, marta):
        answer = sign_in(staff("manager")).get(TRAIL, {"q": "Marta"})
        assert (answer.status_code, answer["Location"]) == (302, TRAIL)

    def test_a_user_name_finds_what_that_person_did(self, sign_in, staff, nurse, marta):
        sign_in(nurse).get(page_of(marta))
        page = self.searched(sign_in(staff("manager")), nurse.username)
        assert {entry.actor for entry in page.context["cl"].result_list} == {nurse.username}
        assert page.context["found"] == []

    def test_everybody_is_named_with_role_page_and_time_across_joined_requests(
        self, sign_in, staff, nurse, doctor, marta, make_request
    ):
        again = make_request(patient=make_patient("Marta Quill"))
        persons.join(patient=marta.patient, other=again.patient, reason="Same phone.", by=nurse, seen=None)
        sign_in(nurse).get(page_of(again))
        sign_in(doctor).get(page_of(marta))
        page = sign_in(staff("manager")).get(f"{TRAIL}patient/{marta.patient_id}/")
        lines = page.context["page"].lines
        assert [(line.who, line.what) for line in lines] == [
            (f"{doctor.name} (Doctor)", "Request: opened"),
            (f"{nurse.name} (Triage)", "Request: opened"),
        ]
        assert "Who has seen Marta Quill" in text_of(page)
        assert again.reference in text_of(page)

    def test_looking_at_it_is_on_record_too(self, sign_in, staff, marta):
        client = sign_in(staff("manager"))
        client.get(f"{TRAIL}patient/{marta.patient_id}/")
        page = client.get(f"{TRAIL}patient/{marta.patient_id}/")
        assert [line.what for line in page.context["page"].lines] == ["Audit: looked at who has seen a patient"]

    @pytest.mark.parametrize("group", ["triage", "doctor", "editor"])
    def test_nobody_else_may(self, sign_in, staff, marta, group):
        client = sign_in(staff(group))
        assert client.get(f"{TRAIL}patient/{marta.patient_id}/").status_code == 403
        assert client.post(f"{TRAIL}search/", {"q": "Marta"}).status_code == 403
        assert f"patient/{marta.patient_id}/" not in client.get(page_of(marta)).content.decode()

    def test_the_record_leads_a_manager_there(self, sign_in, staff, marta):
        page = sign_in(staff("manager")).get(page_of(marta)).content.decode()
        assert f'href="{TRAIL}patient/{marta.patient_id}/"' in page

    @pytest.mark.parametrize("odd", ["999999", "99999999999999999999999", "0"])
    def test_an_unknown_number_is_not_found(self, sign_in, staff, odd):
        assert sign_in(staff("manager")).get(f"{TRAIL}patient/{odd}/").status_code == 404

    def test_an_erased_patient_is_a_number_and_its_references(self, sign_in, staff, nurse, make_request):
        marta = make_request(patient=make_patient("Marta Quill"), status=RequestStatus.WITHDRAWN)
        manager = staff("manager")
        sign_in(nurse).get(page_of(marta))
        erasure.erase(patient=marta.patient, by=manager)
        page = sign_in(manager).get(f"{TRAIL}patient/{marta.patient_id}/")
        assert f"Who has seen patient {marta.patient_id}" in text_of(page)
        assert [line.who for line in page.context["page"].lines] == [f"{nurse.name} (Triage)"]
