"""Asked again on the private page: when, in which words, and the page after a danger."""

import datetime
import html
import re
from typing import Any

import pytest
from django.test import Client

from consultations.actions.book import book_held
from consultations.enums import AssessmentOrigin, CaseStatus, FilledFor, Outcome, RequestStatus, TextKind
from consultations.models import (
    Assessment,
    ConsultationRequest,
    PatientText,
    SafetyCase,
    SlotHold,
)
from consultations.services import private_links, scheduling, weekly_question
from consultations.services.transitions import FlagsStand
from tests.consultations.admin.test_damaged_records import spoil
from tests.consultations.perform import send_message
from tests.consultations.views.conftest import MONDAY, ROUTINE, text_of
from tests.database_snapshot import all_rows, store
from tests.personas import MakeRequest, at, book_directly, make_patient, open_privately

pytestmark = pytest.mark.usefixtures("monday")

HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
ANSWERS = {**ROUTINE, "ab_age": 56}
LATER = MONDAY + 2 * DAY
QUESTION = "Since Monday 23 November, has any of this started or got worse?"
PAGES = {
    "chest": ("Get emergency help now", "Chest pain, or hard to breathe"),
    "fever": ("Speak to a doctor today", "Fever, or hot and shivery"),
    "band": ("A clinician should look at this first", "New pain in the middle of the back, or like a tight band"),
    "unwell": ("Get emergency help now", "I feel very unwell in another way"),
    "unsure": ("Speak to a doctor today", "I am not sure"),
}
LINK = "Something has changed"
ANSWER_NOW = "Look at the list and answer"


def says(page: Any) -> str:
    return html.unescape(text_of(page))


@pytest.fixture
def sent(make_request: MakeRequest) -> ConsultationRequest:
    """Alice's routine request, sent on Monday at ten."""
    return make_request(answers=ANSWERS, result='{"fired":[],"scores":{}}')


@pytest.fixture
def offered(make_request: MakeRequest, clinician: Any) -> ConsultationRequest:
    return make_request(answers=ANSWERS, status=RequestStatus.OFFERED)


@pytest.fixture
def alice_at(client: Client, time_machine: Any) -> Any:
    """Her browser, on Wednesday, with the page of one request open."""

    def opened(consultation_request: ConsultationRequest) -> Client:
        time_machine.move_to(LATER, tick=False)
        open_privately(client, consultation_request)
        return client

    return opened


def tick(client: Client, *ticks: str, query: str = "", **more: str) -> Any:
    return client.post(at(client, f"changed/{query}"), {"ticks": ticks, **more})


class TestThePage:
    def test_asks_since_when_with_every_line_and_keeps_nothing(self, sent, alice_at):
        client = alice_at(sent)
        before = all_rows()
        text = says(client.get(at(client, "changed/")))
        assert QUESTION in text
        for line in ("Leaking pee, or cannot tell when the bladder is full", "Sudden, very bad belly or side pain",
                     "Cannot control poop, or cannot feel when I need to go", "None of these"):  # fmt: skip
            assert line in text
        assert all_rows() == before

    @pytest.mark.parametrize("code", PAGES)
    def test_a_danger_leads_to_its_page_with_the_words_that_were_ticked(self, sent, alice_at, code):
        client = alice_at(sent)
        answered = tick(client, code, "none", "same")
        assert answered.headers["Location"] == at(client, "changed/now/")
        text = says(client.get(answered.headers["Location"]))
        heading, line = PAGES[code]
        assert heading in text
        assert f"You told us, since Monday 23 November: {line}" in text
        case = SafetyCase.objects.get()
        assert (case.status, case.patient) == (CaseStatus.OPEN, sent.patient)

    def test_the_emergency_page_has_a_sentence_to_read_aloud(self, sent, alice_at):
        client = alice_at(sent)
        tick(client, "chest", "saddle", "weak")
        text = says(client.get(at(client, "changed/now/")))
        assert (
            "“I have a problem with my back. A safety check told me to get emergency help, because of this: since "
            "Monday 23 November, I have chest pain, or it is hard to breathe. Also, since Monday 23 November, I have "
            "numbness, tingling or changed feeling around my genitals, bottom or inner thighs; and my leg or foot is "
            "weak or weaker. I was told these can be signs of cauda equina syndrome.”"
        ) in text
        assert "Do not drive yourself." in text
        assert "We will try to call by" in text

    @pytest.mark.parametrize(("code", "line"), [("chest", "Call 911 or go"), ("fever", "urgent care")])
    def test_whoever_owes_us_an_answer_still_reads_what_to_do(self, make_request, alice_at, code, line):
        client = alice_at(make_request(answers=ANSWERS, status=RequestStatus.INFORMATION_ASKED))
        tick(client, code)
        box = client.get(at(client)).content.decode().split('aria-labelledby="told"')[1].split("</section>")[0]
        assert line in html.unescape(re.sub(r"<[^>]+>", "", box))

    def test_the_name_of_a_disease_is_said_for_its_own_signs_alone(self, sent, alice_at):
        client = alice_at(sent)
        tick(client, "chest")
        assert "cauda equina" not in says(client.get(at(client, "changed/now/")))

    def test_a_helper_is_asked_about_and_reads_aloud_for_the_patient(self, make_request, alice_at):
        consultation_request = make_request(
            patient=make_patient("Ana Lopez"), filled_for=FilledFor.OTHER, helper_name="Bob Pell", answers=ANSWERS
        )
        client = alice_at(consultation_request)
        assert "About Ana: since Monday 23 November, has any of this" in says(client.get(at(client, "changed/")))
        tick(client, "chest")
        text = says(client.get(at(client, "changed/now/")))
        assert "“This call is about Ana. These are Ana’s words:”" in text
        assert "You told us about Ana, since Monday 23 November:" in text

    def test_none_of_these_keeps_the_time_and_says_thank_you(self, sent, alice_at):
        client = alice_at(sent)
        answered = tick(client, "none")
        assert answered.headers["Location"] == at(client, "?asked")
        assert "Thank you. We have your answer." in says(client.get(answered.headers["Location"]))
        sent.refresh_from_db()
        assert sent.answered_again_at == LATER
        assert not SafetyCase.objects.exists()
        assert not Assessment.objects.filter(origin=AssessmentOrigin.ASKED_AGAIN).exists()

    def test_nothing_ticked_is_asked_for(self, sent, alice_at):
        client = alice_at(sent)
        page = tick(client)
        assert page.status_code == 200
        assert "Tick what is true, or tick “None of these”." in says(page)
        sent.refresh_from_db()
        assert sent.answered_again_at is None

    def test_something_else_new_is_a_message_with_its_clock(self, sent, alice_at):
        client = alice_at(sent)
        assert "Write what else is new" in says(tick(client, "else"))
        tick(client, "else", message="My knee clicks.", once="one page")
        text = PatientText.objects.get()
        assert (text.kind, text.text) == (TextKind.MESSAGE, "My knee clicks.")
        assert text.due_at is not None

    def test_words_about_danger_beside_no_tick_ask_again(self, sent, alice_at):
        client = alice_at(sent)
        answered = tick(client, "none", message="I can't pee since this morning.")
        assert answered.headers["Location"] == at(client, "?written")
        text = says(client.get(answered.headers["Location"]))
        assert "What you wrote may be about a danger sign." in text
        assert "We have your message." in text

    def test_an_operation_without_a_red_flag_is_asked_about_in_one_working_day(self, sent, alice_at):
        client = alice_at(sent)
        answered = tick(client, "procedure")
        text = PatientText.objects.get()
        assert text.kind == TextKind.ASKED_AGAIN
        assert text.due_at == datetime.datetime(2026, 11, 26, 22, 30, tzinfo=datetime.UTC)
        page_text = says(client.get(answered.headers["Location"]))
        assert "A nurse asks you about the operation or injection by Thursday 26 November" in page_text
        assert not SafetyCase.objects.exists()
        sent.refresh_from_db()
        assert sent.texts_due_at == text.due_at

    def test_a_small_fall_alone_is_no_danger(self, sent, alice_at):
        client = alice_at(sent)
        tick(client, "fall")
        assert not SafetyCase.objects.exists()
        assert Assessment.objects.get(origin=AssessmentOrigin.ASKED_AGAIN).outcome == Outcome.NEEDS_INFO


class TestNothingIsLost:
    def test_a_double_click_is_one_answer(self, sent, alice_at):
        client = alice_at(sent)
        for _ in range(2):
            assert tick(client, "fever").headers["Location"] == at(client, "changed/now/")
        assert Assessment.objects.filter(origin=AssessmentOrigin.ASKED_AGAIN).count() == 1

    def test_a_danger_after_an_answer_without_one_counts_at_once(self, sent, alice_at):
        client = alice_at(sent)
        tick(client, "none")
        tick(client, "chest")
        assert SafetyCase.objects.get().level == Outcome.EMERGENCY

    @pytest.mark.parametrize("status", [RequestStatus.WITHDRAWN, RequestStatus.CANCELLED])
    def test_a_danger_counts_though_the_request_ended_meanwhile(self, sent, alice_at, status):
        client = alice_at(sent)
        store(ConsultationRequest, sent.pk, status=status)
        page = tick(client, "chest", message="It began at night.")
        assert SafetyCase.objects.get().level == Outcome.EMERGENCY
        text = says(page)
        assert "Get emergency help now" in text
        assert "It began at night." in text

    def test_a_text_that_is_too_long_stands_in_no_danger_s_way(self, sent, alice_at):
        client = alice_at(sent)
        page = tick(client, "fever", message="x" * 1001)
        assert SafetyCase.objects.get().level == Outcome.SAME_DAY
        assert "Speak to a doctor today" in says(page)
        assert "x" * 1001 in page.content.decode()
        assert not PatientText.objects.exists()

    def test_a_code_that_nobody_knows_stands_in_no_danger_s_way(self, sent, alice_at):
        tick(alice_at(sent), "fever", "<x>", "9" * 5000)
        assert SafetyCase.objects.get().level == Outcome.SAME_DAY

    @pytest.mark.parametrize("field", ["answers", "record"])
    def test_a_damaged_record_stands_in_no_danger_s_way(self, sent, alice_at, field):
        client = alice_at(sent)
        if field == "answers":
            spoil("questionnaireresponse", "answers", sent.response_id)
        else:
            spoil("assessment", "record", sent.assessment_id)
        assert tick(client, "chest").status_code == 302
        assert SafetyCase.objects.get().level == Outcome.EMERGENCY

    def test_what_was_ticked_may_be_damaged_later_and_the_page_still_stands(self, sent, alice_at):
        client = alice_at(sent)
        tick(client, "chest")
        spoil("assessment", "record", Assessment.objects.get(origin=AssessmentOrigin.ASKED_AGAIN).pk)
        text = says(client.get(at(client, "changed/now/")))
        assert "Get emergency help now" in text
        assert "You told us that something is new or worse." in text

    def test_without_a_grant_the_words_are_given_back(self, sent, client):
        page = client.post(
            f"/request/{sent.reference}.x/changed/", {"ticks": ["chest"], "message": "It began at night."}
        )
        assert page.status_code == 403
        assert "It began at night." in page.content.decode()


class TestWhenWeAsk:
    def open_by_link(self, consultation_request: ConsultationRequest) -> Client:
        """As the person does it: by the link in a mail, with the date of birth."""
        client = Client()
        token = private_links.mint(consultation_request).rstrip("/").rpartition("/")[2]
        born = consultation_request.patient.birth_on
        client.post(
            f"/request/open/{token}/",
            {"birth_on_month": born.month, "birth_on_day": born.day, "birth_on_year": born.year},
        )
        return client

    def test_at_most_once_in_24_hours_and_the_link_always(self, sent, time_machine):
        time_machine.move_to(LATER, tick=False)
        first = self.open_by_link(sent)
        text = says(first.get(at(first)))
        assert QUESTION in text
        assert ANSWER_NOW in text
        time_machine.shift(23 * HOUR)
        again = self.open_by_link(sent)
        text = says(again.get(at(again)))
        assert ANSWER_NOW not in text
        assert LINK in text
        time_machine.shift(HOUR)
        later = self.open_by_link(sent)
        assert ANSWER_NOW in says(later.get(at(later)))

    def test_the_page_is_never_hidden_and_the_question_goes_with_the_answer(self, sent, time_machine):
        time_machine.move_to(LATER, tick=False)
        client = self.open_by_link(sent)
        assert "What happens next" in says(client.get(at(client)))
        tick(client, "none")
        text = says(client.get(at(client)))
        assert ANSWER_NOW not in text
        assert LINK in text

    def test_always_after_words_about_danger_until_answered(self, sent, alice_at, time_machine):
        client = alice_at(sent)
        tick(client, "none")
        time_machine.shift(HOUR / 6)
        send_message(consultation_request=sent, text="I can't pee.")
        assert ANSWER_NOW in says(client.get(at(client)))
        time_machine.shift(HOUR / 60)
        tick(client, "none")
        assert ANSWER_NOW not in says(client.get(at(client)))

    def test_since_the_last_time_that_was_answered(self, sent, alice_at, time_machine):
        client = alice_at(sent)
        tick(client, "none")
        time_machine.shift(DAY)
        client = Client()
        open_privately(client, sent)
        assert "Since Wednesday 25 November, has any of this" in says(client.get(at(client, "changed/")))

    @pytest.mark.parametrize("status", RequestStatus)
    def test_nobody_whose_request_has_ended(self, make_request, alice_at, clinician, status):
        consultation_request = make_request(status=status)
        if status == RequestStatus.BOOKED:
            book_directly(consultation_request, clinician, LATER + 7 * DAY)
        client = alice_at(consultation_request)
        assert (LINK in says(client.get(at(client)))) == (not consultation_request.is_closed)
        assert (client.get(at(client, "changed/")).status_code == 302) == consultation_request.is_closed


class TestBeforeATime:
    def test_no_time_is_taken_while_a_red_flag_stands_and_a_hold_ends(self, offered, alice_at, clinician):
        client = alice_at(offered)
        tick(client, "none")
        key = scheduling.nearest(appointment_type=offered.appointment_type, around=LATER, ignoring=offered)[0].key
        client.post(at(client, "times/"), {"slot": key})
        assert SlotHold.objects.exists()
        tick(client, "fever")
        assert not SlotHold.objects.exists()
        for page in ("times/", "times/check/"):
            refused = client.post(at(client, page), {"slot": key})
            assert refused.status_code == 409
            assert "A doctor looks at this first" in says(refused)
            assert "urgent care" in says(refused)
            assert "If things get worse" not in says(refused)
        offered.refresh_from_db()
        with pytest.raises(FlagsStand):
            scheduling.hold(consultation_request=offered, slot_key=key)
        assert "no time can be chosen until a doctor has looked" in says(client.get(at(client)))

    def test_the_service_itself_asks_before_it_books(self, offered, alice_at):
        alice_at(offered)
        key = scheduling.nearest(appointment_type=offered.appointment_type, around=LATER, ignoring=offered)[0].key
        scheduling.hold(consultation_request=offered, slot_key=key)
        with pytest.raises(scheduling.AskFirst):
            book_held(consultation_request=offered, seen=key)
        send_message(consultation_request=offered, text="I have chest pain")
        with pytest.raises(scheduling.AskFirst):
            scheduling.hold(consultation_request=offered, slot_key=key)

    def test_a_booked_visit_stays_until_a_person_decides(self, make_request, alice_at, clinician):
        consultation_request = make_request(status=RequestStatus.BOOKED, answers=ANSWERS)
        book_directly(consultation_request, clinician, LATER + 7 * DAY)
        client = alice_at(consultation_request)
        tick(client, "chest")
        consultation_request.refresh_from_db()
        assert consultation_request.status == RequestStatus.BOOKED
        assert "Add to calendar" in says(client.get(at(client)))


class TestTheWeeklyMail:
    def test_can_be_switched_off_and_stays_off(self, sent, alice_at, time_machine):
        client = alice_at(sent)
        assert "Stop the weekly mail" in says(client.get(at(client)))
        switched = client.post(at(client, "weekly/"), {"wanted": "no"})
        assert "We no longer send you the weekly mail." in says(client.get(switched.headers["Location"]))
        time_machine.shift(30 * DAY)
        assert weekly_question.ask_weekly() == 0
