"""Safety cases on Today and on their own page: named or not, each is taken on and closed with a note."""

import datetime

import pytest
from django.db import connection
from django.urls import reverse

from clinic.core import clock
from clinic.core.models import RecordRead
from consultations.enums import CaseStatus, Outcome
from consultations.models import Assessment, QuestionnaireResponse, SafetyCase
from consultations.services import cases, intake
from tests.cast import close_case, make_patient
from tests.consultations.admin.conftest import text_of
from tests.consultations.views.conftest import text_of as words_of

pytestmark = pytest.mark.django_db
ROUTINE_SAFETY = {
    "ab_age": 46, "rf_now": ["none"], "rf_ce": ["none"], "rf_weak": "none", "rf_injury": "none", "rf_cancer": "none",
    "rf_systemic": ["none"], "rf_risk": ["none"],
}  # fmt: skip


@pytest.fixture
def anonymous(nurse):
    response = intake.start()
    answers = {"ab_age": 46, "rf_now": ["none"], "rf_ce": ["saddle"], "rf_ce_when": "lt2w"}
    intake.save_answers(response=response, answers=answers)
    return SafetyCase.objects.get(response=response)


@pytest.fixture
def named(nurse, anonymous):
    cases.attach_patient(case=anonymous, patient=make_patient("Tomas Reed"))
    return anonymous


def url(case, what="change"):
    return reverse(f"admin:consultations_safetycase_{what}", args=[case.pk])


def test_today_names_the_person_the_page_and_the_owner(sign_in, nurse, named):
    page = text_of(sign_in(nurse).get("/admin/"))
    assert "1 person was sent to urgent care." in page
    assert "Tomas Reed, 56" in page
    assert "Saw the emergency page on" in page
    assert "Owner: You, not acknowledged yet." in page


def test_a_visitor_without_a_name_is_counted_and_can_be_closed(sign_in, nurse, anonymous):
    client = sign_in(nurse)
    assert "1 visitor without a name was sent to urgent care." in text_of(client.get("/admin/"))
    client.post(url(anonymous, "close"), {"note": "Nothing more can be done."})
    anonymous.refresh_from_db()
    assert (anonymous.status, anonymous.closed_by) == (CaseStatus.CLOSED, nurse)
    assert "Nothing needs you at once" in text_of(client.get("/admin/")) or "Messages are not going out" in text_of(
        client.get("/admin/")
    )


NOBODY = "Nobody left a name or number."
NOT_SENT = "This person gave a name and contact details but has not sent them."


def test_the_page_says_that_nobody_left_a_name(sign_in, nurse, anonymous):
    page = text_of(sign_in(nurse).get(url(anonymous)))
    assert NOBODY in page
    assert "Close it once you have seen it." in page
    assert NOT_SENT not in page


@pytest.mark.parametrize("is_damaged", [False, True])
def test_details_that_were_not_sent_are_told_of_and_not_shown(sign_in, nurse, anonymous, is_damaged):
    contact = intake.Contact(
        name="Alice Winther", birth_on=datetime.date(1970, 3, 27), email="alice@example.org", phone="(202) 555-0142"
    )
    intake.save_contact(response=anonymous.response, contact=contact)
    if is_damaged:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE consultations_questionnaireresponse SET contact = 'x'")
    response = sign_in(nurse).get(url(anonymous))
    page = text_of(response)
    assert NOT_SENT in page
    assert "We have no consent to use them, so they are not shown here." in page
    assert "Keep the case open" in page
    assert "once you have seen it" not in page
    assert NOBODY not in page
    assert response.context["title"] == "Safety case: Visitor who has not sent a name"
    for secret in ("Alice", "Winther", "alice@", "555"):
        assert secret not in response.content.decode()


def test_the_page_shows_what_led_to_it_and_how_to_reach_them(sign_in, nurse, named):
    page = text_of(sign_in(nurse).get(url(named)))
    assert "RF-CE-01" in page
    assert "Possible cauda equina syndrome" in page
    assert "Numbness, tingling or a change in feeling" in page
    assert "(202) 555-0142" in page
    assert RecordRead.objects.about(named).filter(action="case.view", actor_user=nurse).exists()


@pytest.mark.parametrize("group", ["triage", "doctor", "manager"])
def test_taking_one_on_names_its_owner(sign_in, staff, named, group):
    user = staff(group)
    response = sign_in(user).post(url(named, "acknowledge"), {"from": "today"})
    named.refresh_from_db()
    assert response.url == reverse("admin:today")
    assert (named.status, named.owner, named.acknowledged_by) == (CaseStatus.ACKNOWLEDGED, user, user)


@pytest.mark.parametrize("note", ["", "   "])
def test_closing_needs_a_note(sign_in, nurse, named, note):
    response = sign_in(nurse).post(url(named, "close"), {"note": note})
    named.refresh_from_db()
    assert named.status == CaseStatus.OPEN
    assert "Write what became of the person before you close the case." in text_of(response)


def test_closing_a_closed_case_names_who_was_first_and_keeps_the_text(sign_in, nurse, other_nurse, named):
    close_case(named, by=other_nurse, words="Went by ambulance.")
    response = sign_in(nurse).post(url(named, "close"), {"note": "Rang her son, she is in hospital."})
    assert "Olu Brandt has closed this case already" in text_of(response)
    named.refresh_from_db()
    assert named.closing_note == "Went by ambulance."


def test_closed_cases_stay_in_the_list(sign_in, nurse, named):
    close_case(named, by=nurse, words="Went by ambulance.")
    client, listed = sign_in(nurse), reverse("admin:consultations_safetycase_changelist")
    assert "Tomas Reed" not in text_of(client.get(listed))
    assert "Tomas Reed" in text_of(client.get(listed, {"closed": "1"}))


def test_a_damaged_case_does_not_hide_the_others(sign_in, nurse, named):
    other = QuestionnaireResponse.objects.create(
        token="t" * 43, questionnaire_version="1.0.0", started_at=clock.now(), updated_at=clock.now()
    )
    cases.open_case(response=other, level=Outcome.SAME_DAY)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE consultations_assessment SET result = 'x', record = 'y' WHERE response_id = %s", [named.response_id]
        )
    client = sign_in(nurse)
    assert "Tomas Reed" in text_of(client.get("/admin/"))
    page = client.get(url(named))
    assert page.status_code == 200
    assert "cannot be read" in text_of(page)
    assert Assessment.objects.defer("result", "record").count() == 1


class TestStoppedEarly:
    """The rules count what was never put as unanswered; staff read that it was not asked."""

    def page(self, sign_in, nurse, answers):
        response = intake.start()
        intake.save_answers(response=response, answers=answers)
        return words_of(sign_in(nurse).get(url(SafetyCase.objects.get(response=response))))

    def test_what_was_not_put_is_called_so_and_no_gap(self, sign_in, nurse):
        page = self.page(sign_in, nurse, {"ab_age": 46, "rf_now": ["chest"]})
        assert "SYS-01" not in page
        assert "RF-VAS-04" in page
        assert "Not asked The check stopped before these safety questions. Ask them when you call." in page
        assert page.count("Do you have any of these problems?") == 1
        assert "Is your leg or foot weak?" in page

    def test_what_was_put_and_left_blank_is_named_as_a_gap(self, sign_in, nurse):
        answers = {"ab_age": 46, "rf_now": ["none"], "rf_ce": ["saddle"], "rf_ce_when": None}
        page = self.page(sign_in, nurse, answers)
        assert "SYS-01 When did this start, or last get worse? Not answered" in page
        assert "RF-CE-01" in page
        assert page.count("Is your leg or foot weak?") == 1

    def test_what_could_not_be_read_is_named_as_a_gap(self, sign_in, nurse):
        page = self.page(sign_in, nurse, {"ab_age": 46, "rf_now": ["chest", "x"]})
        assert "SYS-01 Do you have any of these now" in page

    def test_a_check_that_went_on_to_the_end_has_nothing_that_was_not_asked(self, sign_in, nurse):
        answers = {**ROUTINE_SAFETY, "rf_now": ["fever"]}
        page = self.page(sign_in, nurse, answers)
        assert "Not asked" not in page
        assert "SYS-01" not in page


class TestSearch:
    @pytest.fixture
    def client(self, sign_in, nurse):
        return sign_in(nurse)

    def find(self, client, term):
        page = client.post(reverse("admin:consultations_safetycase_search"), {"q": term}, follow=True)
        assert page.status_code == 200
        return [line.who for line in page.context["lines"]]

    @pytest.mark.parametrize("term", ["Reed", "reed, tomás", "TOMAS", "27 March 1970", "(202) 555-0142", "2025550142",
                                      "tomas@example.com", "Tomas@Example.com "])  # fmt: skip
    def test_a_person_is_found_as_they_are_typed(self, client, named, term):
        assert self.find(client, term) == ["Tomas Reed, 56"]

    def test_closed_cases_are_found_with_the_open_ones(self, client, nurse, named):
        close_case(named, by=nurse, words="Went by ambulance.")
        assert self.find(client, "reed") == ["Tomas Reed, 56"]

    def test_by_the_reference_of_the_request(self, client, named, make_request):
        request = make_request()
        SafetyCase.objects.filter(pk=named.pk).update(response=request.response)
        assert self.find(client, request.reference.replace("-", "–").lower()) == ["Tomas Reed, 56"]

    def test_nobody_else_is_found_and_the_page_says_what_to_try(self, client, named):
        page = client.post(reverse("admin:consultations_safetycase_search"), {"q": "calder"}, follow=True)
        assert page.context["lines"] == []
        assert "Nobody found. Try one word of the name" in text_of(page)
        assert "0 found for “calder”" in text_of(page)

    def test_the_term_never_stands_in_an_address(self, client, named):
        page = client.post(reverse("admin:consultations_safetycase_search"), {"q": "reed"})
        assert "reed" not in page.url.lower()
        assert client.get(reverse("admin:consultations_safetycase_search"), {"q": "reed"}).status_code == 302

    def test_an_anonymous_case_hides_nothing(self, client, anonymous):
        assert self.find(client, "reed") == []


@pytest.mark.parametrize("what", ["change", "acknowledge", "close"])
def test_an_editor_is_refused(sign_in, editor, named, what):
    client = sign_in(editor)
    answer = client.get(url(named)) if what == "change" else client.post(url(named, what), {"note": "x"})
    named.refresh_from_db()
    assert answer.status_code == 403
    assert named.status == CaseStatus.OPEN


def test_changes_are_posts(sign_in, nurse, named):
    assert sign_in(nurse).get(url(named, "acknowledge")).headers["Location"] == url(named)
    assert sign_in(nurse).get(url(named, "close")).headers["Location"] == url(named)
    named.refresh_from_db()
    assert (named.status, named.acknowledged_at) == (CaseStatus.OPEN, None)
