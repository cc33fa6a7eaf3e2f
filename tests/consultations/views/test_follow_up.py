"""A follow-up visit: invited from the record, chosen on the private page, with the safety section asked each time."""

import datetime
from typing import Any

import pytest
from django.test import Client

from clinic.core import clock
from clinic.core.models import AuditEvent, OutboxMessage
from clinic.core.refusals import NotAllowed, WrongStatus
from consultations.candidacy import safety_section
from consultations.enums import AppointmentStatus, AssessmentOrigin, MessageKind, Outcome, RequestStatus
from consultations.models import (
    Appointment,
    AppointmentType,
    Assessment,
    Clinician,
    ConsultationRequest,
    SafetyCase,
    SlotHold,
)
from consultations.services import asked_again, calendar_entries, call_scripts, calls, scheduling, weekly_question
from consultations.services.scheduling import AskFirst
from consultations.services.transitions import FlagsStand
from tests.consultations.perform import book_on_the_phone, perform
from tests.consultations.views.conftest import LATER, MONDAY, ROUTINE, TUESDAY, key, status_of
from tests.consultations.views.test_private_asked_again import says
from tests.mailbox import write
from tests.personas import MakeRequest, at, book_directly, open_privately

pytestmark = pytest.mark.usefixtures("monday")
DAY = datetime.timedelta(days=1)
CHECK = "times/check/"
ANSWERS = {**ROUTINE, "ab_age": 56}
NOTHING: dict[str, Any] = {
    "rf_now": "none", "rf_ce": "none", "rf_weak": "none", "rf_injury": "none", "rf_cancer": "none",
    "rf_systemic": "none", "rf_risk": "none",
}  # fmt: skip
SECTION = ("rf_now", "rf_ce", "rf_ce_when", "rf_weak", "rf_injury", "rf_cancer", "rf_systemic", "rf_risk")


LISTS = {"rf_now", "rf_ce", "rf_systemic", "rf_risk"}


@pytest.fixture
def follow_up(db: None) -> AppointmentType:
    return AppointmentType.objects.create(name="Follow-up", minutes=20)


@pytest.fixture
def seen(make_request: MakeRequest, clinician: Clinician) -> ConsultationRequest:
    """Alice was seen three weeks ago."""
    consultation_request = make_request(answers=ANSWERS, status=RequestStatus.COMPLETED, answered_again_at=None)
    visit = book_directly(consultation_request, clinician, MONDAY - 21 * DAY)
    Appointment.objects.filter(pk=visit.pk).update(status=AppointmentStatus.FULFILLED)
    return consultation_request


@pytest.fixture
def invited(seen: ConsultationRequest, follow_up: AppointmentType, nurse: Any) -> ConsultationRequest:
    perform("invite_follow_up", seen, appointment_type=follow_up, by=nurse)
    seen.refresh_from_db()
    return seen


@pytest.fixture
def chooser(client: Client, invited: ConsultationRequest, clinician: Clinician) -> Client:
    """Her browser, with Tuesday at nine held."""
    open_privately(client, invited)
    assert client.post(at(client, "times/"), {"slot": key(TUESDAY, clinician)}).headers["Location"] == at(client, CHECK)
    return client


def confirm(browser: Client, clinician: Clinician, **answers: Any) -> Any:
    given = {**NOTHING, **answers, "section": "1", "slot": key(TUESDAY, clinician)}
    return browser.post(at(browser, CHECK), {name: value for name, value in given.items() if value is not None})


def invite(consultation_request: ConsultationRequest, by: Any, kind: AppointmentType, **more: Any) -> None:
    perform("invite_follow_up", consultation_request, appointment_type=kind, by=by, **more)


class TestInviting:
    def test_puts_the_request_on_offer_again_and_tells_the_patient(self, invited, follow_up):
        assert invited.status == RequestStatus.OFFERED
        assert (invited.appointment_type, invited.follow_up_at) == (follow_up, MONDAY)
        (message,) = OutboxMessage.objects.all()
        assert message.kind == MessageKind.FOLLOW_UP_INVITED
        sent = write(message)
        assert "We invite you to another visit. You can now choose a time." in sent.text
        assert "Follow-up" not in sent.text
        assert AuditEvent.objects.filter(action="request.invite_follow_up").count() == 1

    def test_from_the_record_by_nurse_and_doctor(self, seen, follow_up, sign_in, nurse, clinician):
        desk, page = sign_in(nurse), f"/admin/consultations/consultationrequest/{seen.pk}"
        assert "Invite to a follow-up" in says(desk.get(f"{page}/change/"))
        data = {"appointment_type": follow_up.pk, "not_before": "2026-12-01", "clinician": clinician.pk}
        desk.post(f"{page}/invite_follow_up/", {**data, "seen": RequestStatus.COMPLETED})
        seen.refresh_from_db()
        assert seen.status == RequestStatus.OFFERED
        assert (seen.follow_up_from, seen.follow_up_clinician) == (datetime.date(2026, 12, 1), clinician)
        text = says(desk.get(f"{page}/change/"))
        assert "invited the patient to a follow-up" in text
        assert "Earlier visits Monday 2 November, 10 am: First consultation, with Dr Ines Halloran. Fulfilled" in text

    @pytest.mark.parametrize(
        ("day", "sentence"),
        [
            ("2026-11-22", "Enter a day from today to"),
            (
                "2027-02-21",
                "Enter a day from today to Saturday 20 February 2027: times of this type are on offer for 90",
            ),
            ("soon", "Enter a date."),
        ],
    )
    def test_a_day_that_no_time_is_on_offer_for_is_refused_in_words(
        self, seen, follow_up, sign_in, nurse, day, sentence
    ):
        page = f"/admin/consultations/consultationrequest/{seen.pk}/invite_follow_up/"
        data = {"appointment_type": follow_up.pk, "not_before": day, "seen": RequestStatus.COMPLETED}
        assert sentence in says(sign_in(nurse).post(page, data))
        assert status_of(seen) == RequestStatus.COMPLETED

    def test_somebody_who_does_not_give_the_type_is_refused_in_words(self, seen, follow_up, sign_in, nurse, clinician):
        follow_up.any_clinician = False
        follow_up.save()
        page = f"/admin/consultations/consultationrequest/{seen.pk}/invite_follow_up/"
        data = {"appointment_type": follow_up.pk, "clinician": clinician.pk, "seen": RequestStatus.COMPLETED}
        assert "Dr Ines Halloran does not give this type." in says(sign_in(nurse).post(page, data))

    def test_not_while_a_red_flag_stands(self, make_request, follow_up, nurse):
        flagged = make_request(status=RequestStatus.COMPLETED, outcome=Outcome.SAME_DAY)
        with pytest.raises(FlagsStand):
            invite(flagged, nurse, follow_up)

    def test_not_somebody_who_died(self, seen, follow_up, nurse, monkeypatch):
        monkeypatch.setattr("consultations.services.deaths.is_recorded", lambda patient: True)
        with pytest.raises(WrongStatus):
            invite(seen, nurse, follow_up)
        assert not OutboxMessage.objects.exists()

    def test_after_advice_a_doctor_alone(self, make_request, follow_up, nurse, doctor, clinician):
        advised = make_request(answers=ANSWERS, status=RequestStatus.NOT_SUITABLE)
        with pytest.raises(NotAllowed):
            perform("invite_after_advice", advised, appointment_type=follow_up, by=nurse)
        perform("invite_after_advice", advised, appointment_type=follow_up, by=doctor)
        assert status_of(advised) == RequestStatus.OFFERED
        assert asked_again.owes_section(advised)

    def test_an_invitation_that_nobody_takes_is_with_staff_again_and_can_be_made_again(self, invited, nurse):
        perform("expire_offer", invited, by=nurse)
        perform("offer_again", invited, by=nurse)
        invited.refresh_from_db()
        assert invited.status == RequestStatus.OFFERED
        assert asked_again.owes_section(invited)

    def test_the_weekly_question_does_not_come_with_the_invitation(self, invited, time_machine):
        assert weekly_question.ask_weekly() == 0
        time_machine.shift(7 * DAY)
        assert weekly_question.ask_weekly() == 1


class TestTheTimes:
    def test_begin_on_the_day_and_are_of_whom_the_invitation_names(
        self, client, seen, follow_up, nurse, clinician, other_doctor
    ):
        colleague = Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")
        for row in clinician.availabilities.all():
            row.pk, row.clinician = None, colleague
            row.save()
        first = datetime.date(2026, 12, 1)
        invite(seen, nurse, follow_up, not_before=first, clinician=colleague)
        seen.refresh_from_db()
        slots = scheduling.offered_slots(seen, follow_up)
        assert {slot.clinician_id for slot in slots} == {colleague.pk}
        assert clock.local(slots[0].starts_at).date() == first
        open_privately(client, seen)
        text = says(client.get(at(client)))
        assert "you are invited to another visit" in text
        assert "From Tuesday 1 December on. With Dr Sam Okafor." in text
        taken = client.post(at(client, "times/"), {"slot": key(TUESDAY, clinician)})
        assert "Someone just took that time." in says(taken)
        assert not SlotHold.objects.exists()

    def test_the_page_shows_the_visits_before(self, client, invited):
        open_privately(client, invited)
        text = says(client.get(at(client)))
        assert "Visit (done) Monday 2 November, 10 am" in text
        assert "Choose a time Nothing is booked until you choose" in text
        assert "Read by a nurse" not in text


class TestTheSafetySection:
    def test_stands_whole_beside_the_time_in_its_own_words(self, chooser, invited):
        text = says(chooser.get(at(chooser, CHECK)))
        version = invited.assessment.questionnaire_version
        assert safety_section.question_ids(version) == SECTION
        for question in safety_section.questions(version, "US"):
            assert " ".join(question.text.split()) in text
            for option in question.options:
                assert " ".join(option.label.split()) in text
        assert "has any of this started or got worse?" not in text

    def test_nothing_of_it_books_the_time_and_is_kept_as_it_was_asked(self, chooser, invited, clinician):
        assert confirm(chooser, clinician).headers["Location"] == at(chooser)
        assert status_of(invited) == RequestStatus.BOOKED
        assert (invited.section_answered_at, invited.answered_again_at) == (MONDAY, MONDAY)
        kept = Assessment.objects.get(origin=AssessmentOrigin.ASKED_AGAIN)
        assert kept.record["said"] == {
            name: ["none"] if name in LISTS else "none" for name in SECTION if name != "rf_ce_when"
        }
        asked = {entry["id"]: entry for entry in kept.record["shown"]["asked"]}
        assert set(asked) == {*SECTION} - {"rf_ce_when"}
        assert asked["rf_weak"]["options"][0][0] == "none"
        assert not SafetyCase.objects.exists()

    def test_without_it_nobody_books(self, chooser, invited, clinician, nurse):
        page = confirm(chooser, clinician, rf_weak=None)
        assert "Error: Check the details" in says(page)
        plain = chooser.post(at(chooser, CHECK), {"slot": key(TUESDAY, clinician), "ticks": "none"})
        assert "Before each visit we ask this again" in says(plain)
        perform("answer_again", invited, ticks=("none",))
        assert chooser.post(at(chooser, CHECK), {"slot": key(TUESDAY, clinician)}).status_code == 200
        with pytest.raises(AskFirst):
            book_on_the_phone(invited, slot_key=key(LATER, clinician), by=nurse)
        assert status_of(invited) == RequestStatus.OFFERED

    @pytest.mark.parametrize(
        ("answers", "heading", "reason"),
        [
            ({"rf_now": ["chest"]}, "Get emergency help now", "Chest pain"),
            ({"rf_now": ["fever"]}, "Speak to a doctor today", "shivery"),
            ({"rf_weak": "not_sure"}, "A clinician should look at this first", "not sure"),
            ({"rf_now": ["none", "chest"]}, "Get emergency help now", "Chest pain"),
            ({"rf_now": ["chest"], "rf_weak": None}, "Get emergency help now", "Chest pain"),
        ],
        ids=["emergency", "same day", "urgent", "beside none", "beside a question left out"],
    )
    def test_a_danger_in_it_does_all_that_one_does_elsewhere(
        self, chooser, invited, clinician, answers, heading, reason, sign_in, nurse
    ):
        told = confirm(chooser, clinician, **answers)
        assert told.headers["Location"] == at(chooser, "changed/now/")
        text = says(chooser.get(told.headers["Location"]))
        assert heading in text
        assert reason.casefold() in text.casefold()
        assert "Tuesday 24 November, 9 am is not booked." in text
        assert SafetyCase.objects.count() == 1
        assert OutboxMessage.objects.filter(kind=MessageKind.STAFF_ALERT).exists()
        assert not SlotHold.objects.exists()
        invited.refresh_from_db()
        assert (invited.status, bool(invited.flag_level)) == (RequestStatus.OFFERED, True)
        staff = says(sign_in(nurse).get(f"/admin/consultations/consultationrequest/{invited.pk}/change/"))
        assert "answered the danger questions before a follow-up" in staff
        assert reason.casefold() in staff.casefold()

    def test_pressed_twice_it_is_one_answer_and_one_visit(self, chooser, clinician):
        for _ in range(2):
            assert confirm(chooser, clinician).headers["Location"] == at(chooser)
        assert Assessment.objects.filter(origin=AssessmentOrigin.ASKED_AGAIN).count() == 1
        assert Appointment.objects.live().count() == 1

    def test_a_later_move_is_asked_the_short_list(self, chooser, invited, clinician, time_machine):
        confirm(chooser, clinician)
        time_machine.shift(60 * 60)
        browser = Client()
        open_privately(browser, invited)
        browser.post(at(browser, "times/"), {"slot": key(LATER, clinician)})
        assert "has any of this started or got worse?" in says(browser.get(at(browser, CHECK)))

    def test_the_next_invitation_asks_it_again(
        self, chooser, invited, clinician, follow_up, nurse, doctor, time_machine
    ):
        confirm(chooser, clinician)
        time_machine.move_to(LATER + 10 * DAY, tick=False)
        perform("complete", invited, by=doctor)
        invite(invited, nurse, follow_up)
        invited.refresh_from_db()
        assert asked_again.owes_section(invited)


class TestByPhone:
    def test_staff_book_after_the_danger_questions_were_asked_in_a_call(
        self, invited, clinician, nurse, sign_in, time_machine
    ):
        desk, page = sign_in(nurse), f"/admin/consultations/consultationrequest/{invited.pk}"
        data = {"slot_key": key(TUESDAY, clinician), "seen": RequestStatus.OFFERED}
        refused = desk.post(f"{page}/book/", data, follow=True)
        assert "First ask the danger questions in a call" in says(refused)
        time_machine.shift(60)
        said = {name: ["none"] if name in LISTS else "none" for name in SECTION if name != "rf_ce_when"}
        for answers in ({**said, "rf_risk": []}, said):
            assert status_of(invited) == RequestStatus.OFFERED
            call = calls.begin(response=invited.response, by=nurse)
            call_scripts.save(call=call, answers=answers, by=nurse)
            call_scripts.finish(call=call, note="Well.", by=nurse)
            time_machine.shift(60)
            desk.post(f"{page}/book/", data)
        assert status_of(invited) == RequestStatus.BOOKED


class TestTheCalendar:
    def test_another_visit_is_another_entry(self, seen, invited, chooser, clinician):
        confirm(chooser, clinician)
        first, second = Appointment.objects.order_by("starts_at")
        assert first.calendar_uid != second.calendar_uid
        assert second.calendar_sequence == 0

    def test_and_a_time_that_follows_a_missed_one_is_the_same(self, make_request, clinician):
        missed = make_request(status=RequestStatus.NO_SHOW)
        visit = book_directly(missed, clinician, MONDAY - DAY)
        Appointment.objects.filter(pk=visit.pk).update(status=AppointmentStatus.NOSHOW)
        assert calendar_entries.following(missed)["calendar_uid"] == visit.calendar_uid
