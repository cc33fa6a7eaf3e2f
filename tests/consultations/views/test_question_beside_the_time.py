"""Whether anything is new or worse is asked beside the time that was chosen: one page, one button."""

import datetime
from typing import Any

import pytest
from django.test import Client

from clinic.core.models import AuditEvent, OutboxMessage
from consultations.enums import AssessmentOrigin, MessageKind, RequestStatus
from consultations.models import Appointment, Assessment, ConsultationRequest, PatientText, SafetyCase, SlotHold
from consultations.services import scheduling
from tests.consultations.perform import perform, send_message
from tests.consultations.views.conftest import LATER, MONDAY, ROUTINE, TUESDAY, key, status_of
from tests.consultations.views.test_private_asked_again import PAGES, says
from tests.personas import MakeRequest, at, book_directly, open_privately

pytestmark = pytest.mark.usefixtures("monday")
WEDNESDAY = TUESDAY + datetime.timedelta(days=1)
ANSWERS = {**ROUTINE, "ab_age": 56}
QUESTION = "has any of this started or got worse?"
TICK = "Tick what is true, or tick “None of these”."
CHECK = "times/check/"


@pytest.fixture
def offered(make_request: MakeRequest, clinician: Any) -> ConsultationRequest:
    """Alice may choose a time, and was not asked since she sent her answers."""
    return make_request(answers=ANSWERS, status=RequestStatus.OFFERED, answered_again_at=None)


@pytest.fixture
def chooser(client: Client, offered: ConsultationRequest, clinician: Any) -> Client:
    """Her browser, with Tuesday at nine held."""
    open_privately(client, offered)
    assert client.post(at(client, "times/"), {"slot": key(TUESDAY, clinician)}).headers["Location"] == at(client, CHECK)
    return client


def confirm(browser: Client, clinician: Any, *ticks: str, starts_at: datetime.datetime = TUESDAY, **more: str) -> Any:
    return browser.post(at(browser, CHECK), {"slot": key(starts_at, clinician), "ticks": ticks, **more})


class TestTwoPages:
    def test_the_times_come_first_and_the_question_beside_the_details(self, client, offered, clinician):
        open_privately(client, offered)
        assert "Has anything changed?" not in says(client.get(at(client, "times/")))
        client.post(at(client, "times/"), {"slot": key(TUESDAY, clinician)})
        text = says(client.get(at(client, CHECK)))
        assert text.index("Tuesday 24 November, 9 am") < text.index(QUESTION) < text.index("Book this time")
        assert "In an emergency, do not wait for this form." in text

    def test_none_of_these_and_one_press_book(self, chooser, offered, clinician):
        assert confirm(chooser, clinician, "none").headers["Location"] == at(chooser)
        assert Appointment.objects.get().starts_at == TUESDAY
        offered.refresh_from_db()
        assert (offered.status, offered.answered_again_at) == (RequestStatus.BOOKED, MONDAY)
        assert [row.kind for row in OutboxMessage.objects.all()] == [MessageKind.APPOINTMENT_BOOKED]

    def test_without_an_answer_nothing_is_booked_and_the_time_is_kept(self, chooser, offered, clinician):
        page = confirm(chooser, clinician)
        assert TICK in says(page)
        assert "Error: Check the details" in says(page)
        assert status_of(offered) == RequestStatus.OFFERED
        assert SlotHold.objects.get().starts_at == TUESDAY

    def test_it_is_not_asked_twice_in_one_sitting(self, chooser, offered, clinician):
        perform("answer_again", offered, ticks=("none",))
        assert QUESTION not in says(chooser.get(at(chooser, CHECK)))
        assert confirm(chooser, clinician).headers["Location"] == at(chooser)
        assert status_of(offered) == RequestStatus.BOOKED

    def test_pressed_twice_or_three_times_it_counts_once(self, chooser, clinician):
        for _ in range(3):
            given = confirm(chooser, clinician, "none", once="k" * 32, message="I moved house.")
            assert given.headers["Location"].startswith(at(chooser))
        assert Appointment.objects.count() == 1
        assert PatientText.objects.count() == 1
        assert AuditEvent.objects.filter(action="request.book").count() == 1
        assert AuditEvent.objects.filter(action="request.answer_again").count() == 1

    def test_a_move_is_asked_the_same_way(self, client, make_request, clinician):
        booked = make_request(answers=ANSWERS, status=RequestStatus.BOOKED, answered_again_at=None)
        book_directly(booked, clinician, TUESDAY)
        open_privately(client, booked)
        client.post(at(client, "times/"), {"slot": key(WEDNESDAY, clinician)})
        assert QUESTION in says(client.get(at(client, CHECK)))
        assert TICK in says(confirm(client, clinician, starts_at=WEDNESDAY))
        assert Appointment.objects.get().starts_at == TUESDAY
        assert confirm(client, clinician, "same", starts_at=WEDNESDAY).headers["Location"] == f"{at(client)}?moved"
        assert Appointment.objects.get().starts_at == WEDNESDAY


class TestADanger:
    @pytest.mark.parametrize("code", PAGES)
    def test_does_all_that_it_does_elsewhere_and_books_nothing(self, chooser, offered, clinician, code):
        heading, line = PAGES[code]
        told = confirm(chooser, clinician, code)
        assert told.headers["Location"] == at(chooser, "changed/now/")
        text = says(chooser.get(told.headers["Location"]))
        assert heading in text
        assert line in text
        assert "Tuesday 24 November, 9 am is not booked." in text
        assert Assessment.objects.get(origin=AssessmentOrigin.ASKED_AGAIN).response_id == offered.response_id
        assert SafetyCase.objects.count() == 1
        assert OutboxMessage.objects.filter(kind=MessageKind.STAFF_ALERT).exists()
        assert not SlotHold.objects.exists()
        assert not Appointment.objects.exists()
        offered.refresh_from_db()
        assert (offered.status, bool(offered.flag_level)) == (RequestStatus.OFFERED, True)

    def test_beside_none_of_these_counts(self, chooser, clinician):
        assert confirm(chooser, clinician, "none", "chest").headers["Location"] == at(chooser, "changed/now/")
        assert not Appointment.objects.exists()

    def test_staff_read_which_time_was_chosen(self, chooser, offered, clinician, sign_in, nurse):
        confirm(chooser, clinician, "fever")
        page = sign_in(nurse).get(f"/admin/consultations/consultationrequest/{offered.pk}/change/")
        assert "had chosen Tuesday 24 November, 9 am, which is not booked" in says(page)

    def test_counts_whatever_became_of_the_time(self, chooser, offered, clinician, time_machine):
        time_machine.shift(scheduling.HOLD_TIME)
        assert confirm(chooser, clinician, "chest").headers["Location"] == at(chooser, "changed/now/")
        assert SafetyCase.objects.count() == 1

    def test_counts_on_an_old_page_of_a_time_that_is_booked_by_now(self, chooser, offered, clinician):
        confirm(chooser, clinician, "none")
        assert confirm(chooser, clinician, "chest").headers["Location"] == at(chooser, "changed/now/")
        assert SafetyCase.objects.count() == 1
        assert status_of(offered) == RequestStatus.BOOKED

    def test_counts_on_a_page_that_asked_before_another_tab_answered(self, chooser, offered, clinician):
        perform("answer_again", offered, ticks=("none",))
        assert confirm(chooser, clinician, "chest").headers["Location"] == at(chooser, "changed/now/")
        assert not Appointment.objects.exists()

    def test_counts_for_a_request_that_ended(self, chooser, offered, clinician):
        perform("withdraw", offered)
        assert confirm(chooser, clinician, "chest").headers["Location"] == at(chooser, "changed/now/")
        assert SafetyCase.objects.count() == 1

    def test_counts_beside_words_that_are_too_long_and_the_words_are_given_back(self, chooser, clinician):
        page = confirm(chooser, clinician, "chest", message="x" * 1001)
        assert "Get emergency help now" in says(page)
        assert "x" * 1001 in page.content.decode()
        assert not Appointment.objects.exists()

    def test_pressed_twice_it_opens_one_case(self, chooser, clinician):
        for _ in range(2):
            assert confirm(chooser, clinician, "chest").headers["Location"] == at(chooser, "changed/now/")
        assert SafetyCase.objects.count() == 1
        assert Assessment.objects.filter(origin=AssessmentOrigin.ASKED_AGAIN).count() == 1


class TestSomethingElse:
    def test_is_sent_as_a_message_and_the_time_is_booked(self, chooser, offered, clinician):
        done = confirm(chooser, clinician, "else", message="I take a new tablet.", once="k" * 32)
        assert done.headers["Location"] == f"{at(chooser)}?written"
        assert PatientText.objects.get().text == "I take a new tablet."
        assert status_of(offered) == RequestStatus.BOOKED

    def test_with_words_about_danger_it_is_asked_at_once_and_nothing_is_booked(
        self, chooser, offered, clinician, time_machine
    ):
        told = confirm(chooser, clinician, "else", message="I can't pee since this morning.", once="k" * 32)
        assert told.headers["Location"] == f"{at(chooser)}?written&for=time"
        text = says(chooser.get(told.headers["Location"]))
        assert "What you wrote may be about a danger sign." in text
        assert status_of(offered) == RequestStatus.OFFERED
        for page in ("times/", CHECK):
            assert chooser.get(at(chooser, page)).headers["Location"] == at(chooser, "changed/?for=time")
        time_machine.shift(1)
        answered = chooser.post(at(chooser, "changed/?for=time"), {"ticks": "none"})
        assert answered.headers["Location"] == at(chooser, CHECK)
        assert confirm(chooser, clinician).headers["Location"] == at(chooser)
        assert status_of(offered) == RequestStatus.BOOKED

    def test_words_about_danger_written_elsewhere_come_before_any_time(self, client, offered, clinician, time_machine):
        open_privately(client, offered)
        send_message(consultation_request=offered, text="I can't pee since this morning.")
        for ask in (client.get, lambda url: client.post(url, {"slot": key(TUESDAY, clinician)})):
            assert ask(at(client, "times/")).headers["Location"] == at(client, "changed/?for=time")
        time_machine.shift(1)
        answered = client.post(at(client, "changed/?for=time"), {"ticks": "none"})
        assert answered.headers["Location"] == at(client, "times/")

    def test_an_operation_to_ask_about_does_not_keep_from_booking(self, chooser, offered, clinician):
        assert confirm(chooser, clinician, "procedure").headers["Location"] == at(chooser)
        assert status_of(offered) == RequestStatus.BOOKED
        assert PatientText.objects.waiting().count() == 1

    def test_what_was_typed_is_kept_beside_an_error(self, chooser, offered, clinician):
        page = confirm(chooser, clinician, "else", message="y" * 1001)
        assert "Shorten this to 1,000 characters or fewer." in says(page)
        assert "y" * 1001 in page.content.decode()
        assert status_of(offered) == RequestStatus.OFFERED

    def test_words_about_self_harm_that_cannot_be_sent_show_the_support_first(self, chooser, clinician):
        page = confirm(chooser, clinician, "else", message="I want to kill myself. " + "y" * 1001)
        text = says(page)
        assert text.index("988") < text.index("Shorten this to 1,000 characters or fewer.")


class TestTheTimeMeanwhile:
    def test_that_ran_out_is_booked_all_the_same_while_it_is_free(self, chooser, offered, clinician, time_machine):
        time_machine.shift(scheduling.HOLD_TIME)
        assert confirm(chooser, clinician, "none").headers["Location"] == at(chooser)
        assert Appointment.objects.get().starts_at == TUESDAY

    def test_that_somebody_has_leads_to_the_nearest_and_nobody_is_asked_again(
        self, chooser, rival, offered, clinician, time_machine
    ):
        time_machine.shift(scheduling.HOLD_TIME)
        rival.post(at(rival, "times/"), {"slot": key(TUESDAY, clinician)})
        page = confirm(chooser, clinician, "none")
        assert page.status_code == 409
        assert "That time is no longer held for you. These are the nearest free times." in says(page)
        chooser.post(at(chooser, "times/"), {"slot": key(LATER, clinician)})
        assert QUESTION not in says(chooser.get(at(chooser, CHECK)))
        assert confirm(chooser, clinician, starts_at=LATER).headers["Location"] == at(chooser)

    def test_that_ran_out_beside_an_error_gives_the_words_back_with_the_times(self, chooser, clinician, time_machine):
        time_machine.shift(scheduling.HOLD_TIME)
        page = confirm(chooser, clinician, "else", message="z" * 1001)
        assert page.status_code == 409
        assert "That time is no longer held for you." in says(page)
        assert "z" * 1001 in page.content.decode()
        assert "Choose a time" in says(page)

    def test_another_one_chosen_in_another_tab_is_shown_and_the_answer_counts(self, chooser, offered, clinician):
        chooser.post(at(chooser, "times/"), {"slot": key(LATER, clinician)})
        page = confirm(chooser, clinician, "none")
        assert page.status_code == 409
        assert "You chose another time since" in says(page)
        assert QUESTION not in says(page)
        assert status_of(offered) == RequestStatus.OFFERED

    def test_a_page_that_closed_gives_back_what_was_typed(self, chooser, clinician, time_machine):
        time_machine.shift(datetime.timedelta(hours=1))
        page = confirm(chooser, clinician, "else", message="I take a new tablet.")
        assert page.status_code == 403
        assert "I take a new tablet." in page.content.decode()
        assert "Tuesday 24 November, 9 am" in says(page)
