"""What a patient sends is read for danger, waits with a clock of its own, and nobody's act but reading it ends that."""

import datetime
from typing import Any

import pytest
from django.db import connection

from clinic.accounts.models import User
from clinic.core import audit, encryption
from clinic.core.models import AuditEvent, OutboxMessage
from clinic.core.refusals import NotAllowed, WrongStatus
from consultations.actions.read_text import mark_read
from consultations.enums import CaseStatus, Outcome, RequestStatus, TextKind
from consultations.models import ConsultationRequest, PatientText, SafetyCase
from consultations.services import intake, patient_texts
from consultations.services.visit_needs import Needs
from tests.consultations.perform import answer, perform, send_message, settle_all
from tests.consultations.services.conftest import NOW, TOMORROW_AT_NINE
from tests.consultations.services.test_intake import ALICE, WORDINGS, ready
from tests.database_snapshot import all_rows
from tests.personas import MakeRequest, book_directly

pytestmark = pytest.mark.django_db
SELF_HARM = "Most nights I want to die."
DENIED = "I do not want to live like this."
SIGN = "Since this morning I can't pee."
PLAIN = "I have moved house, please write to the new address."
AT_NOON = datetime.datetime(2026, 11, 23, 17, 0, tzinfo=datetime.UTC)
"""Two working hours after 10:00 in New York."""
TUESDAY_EVENING = datetime.datetime(2026, 11, 24, 22, 30, tzinfo=datetime.UTC)
"""The end of the next working day, 5:30pm in New York."""


def only() -> PatientText:
    return PatientText.objects.get()


def fresh(consultation_request: ConsultationRequest) -> ConsultationRequest:
    return ConsultationRequest.objects.get(pk=consultation_request.pk)


def write(consultation_request: ConsultationRequest, text: str) -> PatientText:
    return send_message(consultation_request=consultation_request, text=text, key=encryption.new_token())


class TestWhatIsRead:
    @pytest.mark.parametrize(
        ("text", "self_harm", "danger", "due"),
        [
            (SELF_HARM, True, False, AT_NOON),
            (DENIED, True, False, AT_NOON),
            (SIGN, False, True, AT_NOON),
            (f"{SIGN} {SELF_HARM}", True, True, AT_NOON),
            (PLAIN, False, False, TUESDAY_EVENING),
        ],
    )
    def test_a_message(
        self, alice: ConsultationRequest, text: str, self_harm: bool, danger: bool, due: datetime.datetime
    ) -> None:
        row = write(alice, text)
        assert (row.is_self_harm, row.is_danger, row.due_at, row.text) == (self_harm, danger, due, text)
        assert (row.kind, row.sent_at, row.read_at) == (TextKind.MESSAGE, NOW, None)

    def test_the_note_of_the_questionnaire_when_it_is_sent(self) -> None:
        response = ready(ex_note=SELF_HARM)
        assert not PatientText.objects.exists()
        consultation_request = intake.send(response=response, wordings=WORDINGS)
        assert (only().kind, only().is_self_harm, only().due_at) == (TextKind.NOTE, True, AT_NOON)
        assert fresh(consultation_request).texts_due_at == AT_NOON
        intake.send(response=response, wordings=WORDINGS)
        assert PatientText.objects.count() == 1

    def test_the_outcome_stays_whatever_the_note_says(self) -> None:
        quiet = intake.send(response=ready(ex_note=PLAIN), wordings=WORDINGS)
        loud = intake.send(response=ready(ex_note=f"{SELF_HARM} {SIGN}"), wordings=WORDINGS)
        for name in ("outcome", "highest_outcome", "priority", "risk", "due_at"):
            assert getattr(quiet, name) == getattr(loud, name)
        assert not SafetyCase.objects.exists()

    def test_a_note_without_such_words_waits_for_nobody(self) -> None:
        consultation_request = intake.send(response=ready(ex_note=PLAIN), wordings=WORDINGS)
        assert (only().due_at, fresh(consultation_request).texts_due_at, fresh(consultation_request).texts_risk) == (
            None,
            None,
            None,
        )

    def test_what_was_carried_from_the_decision_aid_and_typed_beside_the_number(self) -> None:
        response = ready()
        response.brought = f"My questions\n- {SELF_HARM}"
        response.contact = {**ALICE.as_json(), "phone": f"202-555-0142, {SELF_HARM}"}
        response.save()
        intake.send(response=response, wordings=WORDINGS)
        assert sorted(PatientText.objects.values_list("kind", "is_self_harm")) == [
            ("decision_aid", True), ("phone", True),
        ]  # fmt: skip

    def test_a_number_alone_is_no_text(self) -> None:
        intake.send(response=ready(), wordings=WORDINGS)
        assert not PatientText.objects.exists()

    def test_the_answer_to_a_question(self, alice: ConsultationRequest, nurse: User) -> None:
        perform("ask", alice, question="How are you?", by=nurse)
        answer(alice, SELF_HARM)
        answer(alice, SELF_HARM)
        assert (only().kind, only().due_at) == (TextKind.ANSWER, AT_NOON)
        assert fresh(alice).texts_due_at == AT_NOON

    def test_why_a_time_is_cancelled(self, make_request: MakeRequest, clinician: Any, nurse: User) -> None:
        consultation_request = make_request(status=RequestStatus.BOOKED)
        book_directly(consultation_request, clinician, TOMORROW_AT_NINE)
        perform("cancel_booking", consultation_request, reason=SIGN)
        assert (only().kind, only().is_danger) == (TextKind.CANCEL_REASON, True)
        assert fresh(consultation_request).texts_risk == 1

    @pytest.mark.parametrize(("language", "more"), [("", SIGN), (SIGN, "")])
    def test_what_makes_a_visit_work(self, alice: ConsultationRequest, language: str, more: str) -> None:
        perform("tell_needs", alice, needs=Needs(language=language, more=more))
        assert (only().kind, only().is_danger) == (TextKind.NEEDS, True)
        assert fresh(alice).texts_risk == 1

    def test_needs_without_a_word_about_danger_are_no_text_that_waits(
        self, alice: ConsultationRequest, nurse: User
    ) -> None:
        perform("tell_needs", alice, needs=Needs(codes=("quiet",), more=PLAIN))
        perform("tell_needs", alice, needs=Needs(more=SIGN), by=nurse)
        assert not PatientText.objects.exists()

    def test_what_staff_write_about_a_cancelled_time_is_no_text_of_the_patient(
        self, make_request: MakeRequest, clinician: Any, nurse: User
    ) -> None:
        consultation_request = make_request(status=RequestStatus.BOOKED)
        book_directly(consultation_request, clinician, TOMORROW_AT_NINE)
        perform("cancel_booking", consultation_request, reason=SIGN, by=nurse)
        assert not PatientText.objects.exists()

    def test_words_beside_the_number_of_a_call_back(self, nurse: User) -> None:
        response = intake.start()
        intake.save_answers(response=response, answers={"ab_age": 56, "rf_now": ["chest"]})
        contact = intake.Contact.from_json({**ALICE.as_json(), "phone": f"202-555-0142 {SELF_HARM}"})
        case = intake.ask_for_call_back(response=response, contact=contact)
        intake.ask_for_call_back(response=response, contact=contact)
        assert (only().kind, only().response_id) == (TextKind.PHONE, response.pk)
        mark_read(text=only(), by=nurse)
        assert only().read_by == nurse
        case.refresh_from_db()
        assert case.status == CaseStatus.OPEN

    def test_read_it_presses_the_request_no_more(self, alice: ConsultationRequest, nurse: User) -> None:
        text = write(alice, SELF_HARM)
        assert fresh(alice).texts_due_at is not None
        mark_read(text=text, by=nurse)
        assert (fresh(alice).texts_due_at, fresh(alice).texts_risk) == (None, None)

    def test_one_that_is_late_already_when_the_request_is_sent_stops_nothing(self, time_machine: Any) -> None:
        response = ready(rf_now=["chest"])
        contact = intake.Contact.from_json({**ALICE.as_json(), "phone": f"202-555-0142 {SIGN}"})
        intake.ask_for_call_back(response=response, contact=contact)
        time_machine.shift(datetime.timedelta(hours=3))
        intake.save_answers(response=response, answers={"rf_now": ["none"]})
        consultation_request = intake.send(response=response, wordings=WORDINGS)
        assert (fresh(consultation_request).texts_due_at, fresh(consultation_request).texts_risk) == (AT_NOON, 1)

    def test_the_text_is_sealed_and_no_word_of_it_is_anywhere_else(
        self, alice: ConsultationRequest, nurse: User
    ) -> None:
        mark_read(text=write(alice, SELF_HARM), by=nurse)
        for model in (PatientText, AuditEvent, OutboxMessage, ConsultationRequest):
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT * FROM {model._meta.db_table}")
                assert "die" not in str(cursor.fetchall())
        payloads = [row.payload for row in OutboxMessage.objects.all()]
        path = f"/admin/consultations/consultationrequest/{alice.pk}/change/"
        assert payloads == [{"first_name": "Nora", "path": path}]


class TestAMessage:
    def test_the_same_press_twice_is_one_message(self, alice: ConsultationRequest) -> None:
        first = send_message(consultation_request=alice, text=PLAIN, key="a page")
        before = all_rows()
        assert send_message(consultation_request=alice, text=PLAIN, key="a page") == first
        assert all_rows() == before

    def test_the_same_press_twice_is_harmless_when_the_first_is_damaged(self, alice: ConsultationRequest) -> None:
        row = send_message(consultation_request=alice, text=PLAIN, key="a page")
        with connection.cursor() as cursor:
            cursor.execute("UPDATE consultations_patienttext SET text = 'x'")
        assert send_message(consultation_request=alice, text=PLAIN, key="a page").pk == row.pk

    def test_another_text_from_the_same_page_is_not_lost(self, alice: ConsultationRequest) -> None:
        send_message(consultation_request=alice, text=PLAIN, key="a page")
        send_message(consultation_request=alice, text=SIGN, key="a page")
        assert [row.text for row in PatientText.objects.order_by("pk")] == [PLAIN, SIGN]

    def test_two_tabs_send_two(self, alice: ConsultationRequest) -> None:
        send_message(consultation_request=alice, text=PLAIN, key="one tab")
        send_message(consultation_request=alice, text=PLAIN, key="another tab")
        assert PatientText.objects.count() == 2

    def test_without_a_key_it_is_kept_all_the_same(self, alice: ConsultationRequest) -> None:
        send_message(consultation_request=alice, text=PLAIN)
        send_message(consultation_request=alice, text=PLAIN)
        assert PatientText.objects.count() == 2

    def test_the_same_press_after_the_request_has_ended_is_harmless(self, alice: ConsultationRequest) -> None:
        first = send_message(consultation_request=alice, text=PLAIN, key="a page")
        perform("withdraw", alice)
        assert send_message(consultation_request=alice, text=PLAIN, key="a page") == first
        with pytest.raises(WrongStatus):
            send_message(consultation_request=alice, text=SIGN, key="a page")

    def test_is_on_record_without_its_words(self, alice: ConsultationRequest) -> None:
        row = write(alice, PLAIN)
        event = AuditEvent.objects.about(alice).get()
        assert (event.action, event.actor) == ("request.message", "patient")
        assert event.details == {"from": "received", "to": "received", "text": row.pk}
        assert audit.verify() == []


class TestTheClockOfARequest:
    def test_is_the_earliest_of_its_own_and_its_texts(self, alice: ConsultationRequest) -> None:
        assert (fresh(alice).queue_due_at, fresh(alice).queue_risk) == (alice.due_at, 6)
        write(alice, PLAIN)
        assert (fresh(alice).queue_due_at, fresh(alice).queue_risk) == (TUESDAY_EVENING, 6)
        write(alice, SIGN)
        assert (fresh(alice).queue_due_at, fresh(alice).queue_risk) == (AT_NOON, 1)
        write(alice, SELF_HARM)
        assert (fresh(alice).queue_due_at, fresh(alice).queue_risk) == (AT_NOON, 0)

    def test_its_own_stays_where_it_is_sooner(self, make_request: MakeRequest) -> None:
        consultation_request = make_request(outcome=Outcome.EMERGENCY, due_at=NOW + datetime.timedelta(minutes=30))
        write(consultation_request, SIGN)
        assert (fresh(consultation_request).queue_due_at, fresh(consultation_request).queue_risk) == (
            NOW + datetime.timedelta(minutes=30),
            0,
        )

    def test_each_text_has_its_own_and_reading_one_leaves_the_others(
        self, alice: ConsultationRequest, nurse: User, time_machine: Any
    ) -> None:
        first = write(alice, SELF_HARM)
        time_machine.shift(datetime.timedelta(minutes=30))
        write(alice, SIGN)
        write(alice, PLAIN)
        mark_read(text=first, by=nurse)
        assert fresh(alice).texts_due_at == AT_NOON + datetime.timedelta(minutes=30)
        assert fresh(alice).texts_risk == 1
        mark_read(text=PatientText.objects.get(is_danger=True), by=nurse)
        assert (fresh(alice).texts_due_at, fresh(alice).texts_risk) == (TUESDAY_EVENING, None)
        mark_read(text=PatientText.objects.get(read_at=None), by=nurse)
        assert (fresh(alice).texts_due_at, fresh(alice).queue_due_at) == (None, alice.due_at)

    @pytest.mark.parametrize(
        "act", ["escalate", "mark_urgent", "answer", "settle", "pass", "release", "withdraw", "close"]
    )
    def test_no_other_act_on_the_request_loses_it(
        self, make_request: MakeRequest, nurse: User, doctor: User, act: str
    ) -> None:
        status = {"mark_urgent": "with_doctor", "settle": "in_triage", "release": "in_triage"}.get(act, "received")
        claimed = {"claimed_at": NOW, "claimed_by": nurse} if status == "in_triage" else {}
        consultation_request = make_request(status=RequestStatus(status), outcome=Outcome.URGENT_REVIEW, **claimed)
        write(consultation_request, SELF_HARM)
        if act == "escalate":
            perform("escalate", fresh(consultation_request), note="Worse.", by=nurse)
        elif act == "mark_urgent":
            perform("mark_urgent", fresh(consultation_request), reason="Call.", by=doctor)
        elif act == "answer":
            perform("ask", fresh(consultation_request), question="?", by=nurse)
            answer(fresh(consultation_request), "No.")
        elif act == "settle":
            settle_all(fresh(consultation_request), by=doctor)
        elif act == "pass":
            perform("pass_to_doctor", fresh(consultation_request), doctor=doctor, note="", by=nurse)
        elif act == "release":
            perform("release", fresh(consultation_request), by=nurse)
        elif act == "withdraw":
            perform("withdraw", fresh(consultation_request))
        else:
            perform("cancel_request", fresh(consultation_request), note="Moved.", by=doctor)
        now = fresh(consultation_request)
        assert (now.texts_due_at, now.texts_risk, now.queue_risk) == (AT_NOON, 0, 0)
        assert now.queue_due_at <= AT_NOON

    def test_a_row_that_went_another_way_is_still_sorted_by_both(self, alice: ConsultationRequest) -> None:
        write(alice, SELF_HARM)
        ConsultationRequest.objects.filter(pk=alice.pk).update(due_at=AT_NOON + datetime.timedelta(days=9), risk=6)
        assert (fresh(alice).queue_due_at, fresh(alice).queue_risk) == (AT_NOON, 0)

    def test_the_queue_puts_it_before_what_is_less_pressing(self, make_request: MakeRequest) -> None:
        routine, urgent = make_request(), make_request(outcome=Outcome.URGENT_REVIEW)
        assert list(ConsultationRequest.objects.most_pressing_first()) == [urgent, routine]
        write(routine, SIGN)
        assert list(ConsultationRequest.objects.most_pressing_first()) == [routine, urgent]


class TestReading:
    def test_ends_the_clock_with_one_event(self, alice: ConsultationRequest, nurse: User) -> None:
        row = write(alice, SELF_HARM)
        read = mark_read(text=row, by=nurse)
        assert (read.read_at, read.read_by) == (NOW, nurse)
        event = AuditEvent.objects.about(alice).get(action="request.read_text")
        assert (event.actor_user, event.details["text"], event.details["kind"]) == (nurse, row.pk, "message")

    def test_twice_is_harmless_and_the_first_stays(
        self, alice: ConsultationRequest, nurse: User, other_nurse: User, time_machine: Any
    ) -> None:
        row = write(alice, SELF_HARM)
        mark_read(text=row, by=nurse)
        before = all_rows()
        time_machine.shift(60)
        assert mark_read(text=row, by=other_nurse).read_by == nurse
        assert all_rows() == before

    def test_is_for_the_care_team(self, alice: ConsultationRequest, editor: User) -> None:
        row = write(alice, SELF_HARM)
        before = all_rows()
        with pytest.raises(NotAllowed):
            mark_read(text=row, by=editor)
        assert all_rows() == before

    def test_a_damaged_text_can_be_marked_as_read(self, alice: ConsultationRequest, nurse: User) -> None:
        row = write(alice, SELF_HARM)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE consultations_patienttext SET text = 'garbage'")
        mark_read(text=PatientText.objects.defer("text").get(pk=row.pk), by=nurse)
        assert PatientText.objects.filter(read_by=nurse).exists()
        assert fresh(alice).texts_due_at is None

    def test_is_whole_or_not_at_all(
        self, alice: ConsultationRequest, nurse: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = write(alice, SELF_HARM)
        before = all_rows()
        with monkeypatch.context() as broken:
            broken.setattr(audit, "record", lambda **kwargs: 1 / 0)
            for act in (lambda: mark_read(text=row, by=nurse), lambda: write(alice, SIGN)):
                with pytest.raises(ZeroDivisionError):
                    act()
        assert all_rows() == before

    def test_settling_twice_changes_nothing(self, alice: ConsultationRequest) -> None:
        write(alice, SIGN)
        before = all_rows()
        patient_texts.settle(fresh(alice))
        assert all_rows() == before
