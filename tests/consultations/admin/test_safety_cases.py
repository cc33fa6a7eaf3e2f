"""Safety cases on Today and on their own page: named or not, each is taken on and closed with a note."""

import datetime

import pytest
from django.db import connection
from django.urls import reverse

from clinic.core import clock
from clinic.core.models import RecordRead
from consultations.enums import CaseStatus, Outcome
from consultations.models import Assessment, Call, CaseClosing, QuestionnaireResponse, RuleAnswer, SafetyCase
from consultations.services import cases, intake
from tests.consultations.admin.conftest import text_of
from tests.consultations.views.conftest import text_of as words_of
from tests.personas import close_case, make_patient

pytestmark = pytest.mark.django_db
CLOSED = "/admin/consultations/safetycase/?closed=1"
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


def confirm(client, case, data):
    """Fill in the page that closes a case, and confirm what it shows."""
    shown = client.post(url(case, "close"), {"seen": "", "words": "", **data})
    assert "Nothing is closed yet." in text_of(shown), shown.context["given"].errors
    return client.post(url(case, "confirm_close"), {"closing": shown.context["signed"]})


def letter(words="She is at St Anne."):
    return {"outcome": "went_for_care", "proof": "letter", "letter_from": "St Anne",
            "letter_on": clock.today().isoformat(), "words": words}  # fmt: skip


def test_a_narrow_screen_has_a_way_to_the_actions_from_the_top(sign_in, nurse, named):
    page = sign_in(nurse).get(url(named)).content.decode()
    assert page.index('class="to-panel" href="#panel"') < page.index('id="panel"')


def test_today_names_the_person_the_page_and_the_owner(sign_in, nurse, named):
    page = text_of(sign_in(nurse).get("/admin/"))
    assert "1 person was sent to urgent care." in page
    assert "Tomas Reed, 56" in page
    assert "Saw the emergency page on" in page
    assert "Owner: You, not acknowledged yet." in page


def test_your_own_case_is_acknowledged_and_a_colleague_s_is_assigned_to_you(sign_in, nurse, doctor, named):
    assert ">Acknowledge<span" in text_of(sign_in(nurse).get("/admin/"))
    assert ">Acknowledge</button>" in text_of(sign_in(nurse).get(url(named)))
    named.owner = doctor
    named.save()
    assert ">Assign to me<span" in text_of(sign_in(nurse).get("/admin/"))
    assert ">Assign to me</button>" in text_of(sign_in(nurse).get(url(named)))


def test_a_visitor_without_a_name_is_counted_and_can_be_closed(sign_in, nurse, anonymous):
    client = sign_in(nurse)
    assert "1 visitor without a name was sent to urgent care." in text_of(client.get("/admin/"))
    confirm(client, anonymous, {"outcome": "no_way_to_reach", "proof": "no_name"})
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
    for secret in ("Alice", "Winther", "alice@", "5550142", "555-0142"):
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


class TestClosing:
    def test_asks_once_and_names_what_goes_on_record(self, sign_in, nurse, named):
        client = sign_in(nurse)
        shown = client.post(url(named, "close"), {"seen": "", **letter()})
        page = text_of(shown)
        named.refresh_from_db()
        assert named.status == CaseStatus.OPEN
        for phrase in ("Went for care", "Letter from St Anne", "She is at St Anne.", "no request was sent"):
            assert phrase in page
        done = client.post(url(named, "confirm_close"), {"closing": shown.context["signed"]}, follow=True)
        assert "The case is closed: Went for care." in text_of(done)
        assert "Proof: Letter from St Anne" in text_of(done)
        named.refresh_from_db()
        assert (named.status, named.outcome) == (CaseStatus.CLOSED, "went_for_care")
        assert "Went for care, " in text_of(client.get(CLOSED))

    def test_every_outcome_stands_there_with_why_it_cannot_be(self, sign_in, nurse, named):
        page = text_of(sign_in(nurse).get(url(named, "close")))
        for phrase in ("Only a doctor may close a case with this outcome.", "0 of 3 tries at different hours",
                      "There is a phone number or an email address.", "There is no other open case of the same person.",
                      "No call with all danger questions asked"):  # fmt: skip
            assert phrase in page

    @pytest.mark.parametrize("phrase", ["", "   ", "x" * 4001])
    def test_what_is_missing_is_said_and_what_was_typed_stays(self, sign_in, nurse, named, phrase):
        shown = sign_in(nurse).post(url(named, "close"), {**letter(phrase), "seen": ""})
        page = shown.content.decode()
        assert shown.context["title"].startswith("Error: ")
        assert 'value="St Anne"' in page
        assert "Nothing is closed yet." not in page
        assert SafetyCase.objects.get().status == CaseStatus.OPEN

    def test_a_letter_beside_another_proof_is_not_lost(self, sign_in, nurse, make_request, named):
        Call.objects.create(
            response=named.response, outcome="danger_asked", made_at=clock.now(), made_by=nurse, heard_at=clock.now(),
            completed_at=clock.now(), answers={"rf_now": ["chest"]},
        )  # fmt: skip
        call = Call.objects.get().pk
        shown = sign_in(nurse).post(url(named, "close"), {**letter(), "proof": f"call-{call}", "seen": ""})
        assert "You filled in a letter. Select the letter as proof, or empty its fields." in text_of(shown)

    def test_change_it_leads_back_with_everything(self, sign_in, nurse, named):
        client = sign_in(nurse)
        shown = client.post(url(named, "close"), {"seen": "", **letter()})
        again = client.post(url(named, "close"), {**shown.context["data"], "edit": "1"})
        assert "She is at St Anne." in again.content.decode()
        assert again.context["given"].chosen == "went_for_care"

    def test_a_closed_case_names_who_was_first_and_keeps_the_text(self, sign_in, nurse, other_nurse, named):
        client = sign_in(nurse)
        shown = client.post(url(named, "close"), {"seen": "", **letter("Her son: she is in hospital.")})
        close_case(named, by=other_nurse)
        late = client.post(url(named, "confirm_close"), {"closing": shown.context["signed"]})
        assert "Olu Brandt has closed this case already" in text_of(late)
        assert "Her son: she is in hospital." in late.content.decode()
        late = client.post(url(named, "close"), {"seen": "", **letter("Her son again.")})
        assert "Olu Brandt has closed this case already" in text_of(late)
        assert "Her son again." in late.content.decode()
        assert CaseClosing.objects.count() == 1

    def test_what_came_in_meanwhile_keeps_it_open_and_the_text(self, sign_in, nurse, named):
        client = sign_in(nurse)
        seen = client.get(url(named, "close")).context["forms"][0].initial["seen"]
        shown = client.post(url(named, "close"), {**letter(), "seen": seen})
        named.refresh_from_db()
        cases.raise_level(case=named, level=Outcome.EMERGENCY)
        SafetyCase.objects.update(alarmed_at=clock.now() + datetime.timedelta(seconds=1))
        late = client.post(url(named, "confirm_close"), {"closing": shown.context["signed"]})
        assert "Something new came in about this person" in text_of(late)
        assert "She is at St Anne." in late.content.decode()
        data = {name: late.context["given"].data[name] for name in ("seen", "proof", "letter_from", "letter_on")}
        again = client.post(url(named, "close"), {**letter(), **data})
        client.post(url(named, "confirm_close"), {"closing": again.context["signed"]})
        assert SafetyCase.objects.get().status == CaseStatus.CLOSED

    @pytest.mark.parametrize("signed", ["", "x:y:z", "another"])
    def test_nothing_is_done_on_a_page_that_is_not_ours(self, sign_in, nurse, other_nurse, named, signed):
        if signed == "another":
            shown = sign_in(other_nurse).post(url(named, "close"), {"seen": "", **letter()})
            signed = shown.context["signed"]
        late = sign_in(nurse).post(url(named, "confirm_close"), {"closing": signed})
        assert "That page has expired, or belongs to another case." in text_of(late)
        assert SafetyCase.objects.get().status == CaseStatus.OPEN

    def test_an_outcome_that_nobody_knows(self, sign_in, nurse, named):
        assert "Choose an outcome." in text_of(sign_in(nurse).post(url(named, "close"), {"outcome": "fine"}))

    def test_a_nurse_cannot_forge_what_is_a_doctors(self, sign_in, nurse, named):
        data = {**letter(), "outcome": "no_emergency_found", "seen": ""}
        shown = sign_in(nurse).post(url(named, "close"), data)
        assert "Only a doctor may close a case with this outcome." in text_of(shown)
        assert "She is at St Anne." in shown.content.decode()

    def test_today_leads_to_the_page_and_closes_nothing_itself(self, sign_in, nurse, named):
        page = sign_in(nurse).get("/admin/").content.decode()
        assert f'href="{url(named, "close")}"' in page
        assert "<textarea" not in page


class TestAfterwards:
    def test_a_closed_case_is_opened_again_with_a_reason(self, sign_in, nurse, other_nurse, named):
        close_case(named, by=nurse, words="Went by ambulance.")
        client = sign_in(other_nurse)
        assert "Write why the case is opened again." in text_of(client.post(url(named, "reopen"), {"reason": " "}))
        done = client.post(url(named, "reopen"), {"reason": "Her son called."}, follow=True)
        page = text_of(done)
        for phrase in ("The case is open again.", "Opened again by Olu Brandt on", "Her son called.",
                      "Went by ambulance."):  # fmt: skip
            assert phrase in page
        late = client.post(url(named, "reopen"), {"reason": "Once more."})
        assert "This case is open already." in text_of(late)
        assert "Once more." in late.content.decode()

    def test_the_mail_is_offered_only_where_it_can_go(self, sign_in, nurse, named, make_request):
        client = sign_in(nurse)
        assert "Ask by email to contact us" not in text_of(client.get(url(named)))
        consultation_request = make_request()
        case = cases.open_case(
            response=consultation_request.response, level=Outcome.EMERGENCY, patient=consultation_request.patient
        )
        assert "Ask by email to contact us" in text_of(client.get(url(case)))
        for phrase in ("The email is on its way.", "The person was written to today already."):
            assert phrase in text_of(client.post(url(case, "mail"), follow=True))

    def test_case_and_request_show_each_other(self, sign_in, nurse, doctor, make_request):
        consultation_request = make_request(outcome=Outcome.EMERGENCY, flag_level=Outcome.EMERGENCY)
        case = cases.open_case(
            response=consultation_request.response, level=Outcome.EMERGENCY, patient=consultation_request.patient
        )
        client = sign_in(nurse)
        page = text_of(client.get(url(case)))
        assert f"Open request {consultation_request.reference}" in page
        assert "A red flag stands: closing the case does not lower it." in page
        address = reverse("admin:consultations_consultationrequest_change", args=[consultation_request.pk])
        assert "Emergency now, open. Owner: You, not acknowledged yet." in text_of(client.get(address))
        close_case(case, by=nurse)
        page = text_of(client.get(address))
        assert "closed: went for care. Closing it does not lower a red flag." in page


def test_how_it_ended_is_counted_for_managers(sign_in, manager, nurse, named):
    close_case(named, by=nurse)
    RuleAnswer.objects.create(rule="RF-CE-01", answer="not_seen", number=3)
    page = sign_in(manager).get(reverse("admin:consultations_safetycase_outcomes"))
    assert ("Went for care", 1) in page.context["outcomes"]
    line = page.context["rules"][0]
    assert (line.rule, dict(line.cells)["Not seen"], line.total) == ("RF-CE-01", 3, 3)


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
        consultation_request = make_request()
        SafetyCase.objects.filter(pk=named.pk).update(response=consultation_request.response)
        assert self.find(client, consultation_request.reference.replace("-", "–").lower()) == ["Tomas Reed, 56"]

    def test_nobody_else_is_found_and_the_page_says_what_to_try(self, client, named):
        page = client.post(reverse("admin:consultations_safetycase_search"), {"q": "calder"}, follow=True)
        assert list(page.context["lines"]) == []
        assert "No matching cases. Try one word of the name" in text_of(page)
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
    answer = client.get(url(named)) if what == "change" else client.post(url(named, what), letter())
    named.refresh_from_db()
    assert answer.status_code == 403
    assert named.status == CaseStatus.OPEN


def test_changes_are_posts(sign_in, nurse, named):
    assert sign_in(nurse).get(url(named, "acknowledge")).headers["Location"] == url(named)
    assert sign_in(nurse).get(url(named, "confirm_close")).headers["Location"] == url(named, "close")
    assert sign_in(nurse).get(url(named, "reopen")).headers["Location"] == url(named)
    named.refresh_from_db()
    assert (named.status, named.acknowledged_at) == (CaseStatus.OPEN, None)
