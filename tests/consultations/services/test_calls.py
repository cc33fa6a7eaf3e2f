"""Calls: tries, danger questions saved screen by screen, and a danger that acts the moment it is heard."""

import datetime

import pytest

from clinic.core import clock
from clinic.core.models import AuditEvent
from clinic.core.refusals import ChangedMeanwhile, NotAllowed
from consultations.candidacy.union import ASKED, Sign
from consultations.enums import (
    AssessmentOrigin,
    CallOutcome,
    CaseStatus,
    Outcome,
    RequestStatus,
)
from consultations.models import Assessment, Call, ConsultationRequest, SafetyCase, SlotHold
from consultations.services import call_scripts, callers, calls, cases, persons
from tests.consultations.candidacy.test_call_script import NOTHING

pytestmark = pytest.mark.django_db


def log(consultation_request, outcome, by, note="", **more):
    return calls.log(response=consultation_request.response, outcome=outcome, note=note, by=by, **more)


def ask(consultation_request, by, **answers):
    call = calls.begin(response=consultation_request.response, by=by)
    return call_scripts.save(call=call, answers=answers, by=by)


class TestTries:
    @pytest.mark.parametrize(
        "outcome",
        [CallOutcome.NOT_REACHED, CallOutcome.VOICEMAIL, CallOutcome.WRONG_NUMBER, CallOutcome.SOMEONE_ELSE],
    )
    def test_each_call_that_reached_nobody_is_a_try(self, make_request, nurse, outcome):
        consultation_request = make_request()
        log(consultation_request, CallOutcome.NOT_REACHED, nurse)
        log(consultation_request, outcome, nurse)
        assert [call.outcome for call in calls.tries(consultation_request.response)] == ["not_reached", outcome]
        assert calls.last_reached(consultation_request.response) is None

    @pytest.mark.parametrize("is_script", [True, False])
    def test_they_are_counted_from_whoever_was_reached_last(self, make_request, nurse, is_script):
        consultation_request = make_request()
        log(consultation_request, CallOutcome.NOT_REACHED, nurse)
        log(consultation_request, CallOutcome.VOICEMAIL, nurse)
        if is_script:
            ask(consultation_request, nurse, rf_now=["none"])
        else:
            log(consultation_request, CallOutcome.REACHED_OTHER, nurse)
        assert calls.tries(consultation_request.response) == []
        assert calls.last_reached(consultation_request.response).was_reached
        later = log(consultation_request, CallOutcome.WRONG_NUMBER, nurse)
        assert calls.tries(consultation_request.response) == [later]
        assert calls.tries(consultation_request.response, since=clock.now() + datetime.timedelta(hours=1)) == []

    def test_questions_that_were_opened_and_not_answered_have_reached_nobody(self, make_request, nurse):
        consultation_request = make_request()
        log(consultation_request, CallOutcome.NOT_REACHED, nurse)
        opened = calls.begin(response=consultation_request.response, by=nurse)
        assert calls.last_reached(consultation_request.response) is None
        assert len(calls.tries(consultation_request.response)) == 1
        call_scripts.end_unasked(call=opened, outcome=CallOutcome.VOICEMAIL, note="", by=nurse)
        assert [call.outcome for call in calls.tries(consultation_request.response)] == ["not_reached", "voicemail"]


class TestWritingOneDown:
    @pytest.mark.parametrize("status", RequestStatus)
    def test_in_every_status_and_never_twice_from_one_page(self, make_request, nurse, status):
        consultation_request = make_request(status=status)
        first = log(consultation_request, CallOutcome.VOICEMAIL, nurse, note="Beep.", once="page")
        assert log(consultation_request, CallOutcome.VOICEMAIL, nurse, note="Beep.", once="page") == first
        with pytest.raises(ChangedMeanwhile):
            log(consultation_request, CallOutcome.VOICEMAIL, nurse, note="Beep again.", once="page")
        assert Call.objects.count() == 1
        assert AuditEvent.objects.filter(action="call.log").count() == 1

    def test_not_by_an_editor(self, make_request, editor):
        consultation_request = make_request()
        with pytest.raises(NotAllowed):
            log(consultation_request, CallOutcome.VOICEMAIL, editor)
        with pytest.raises(NotAllowed):
            calls.begin(response=consultation_request.response, by=editor)

    def test_danger_questions_are_not_written_down_as_asked(self, make_request, nurse):
        with pytest.raises(calls.NothingAsked):
            log(make_request(), CallOutcome.DANGER_ASKED, nurse)

    @pytest.mark.parametrize(("danger", "level"), [(Outcome.EMERGENCY, "EMERGENCY"), (Outcome.SAME_DAY, "SAME_DAY")])
    def test_something_frightening_opens_a_case_without_the_questions(self, make_request, nurse, danger, level):
        consultation_request = make_request(status=RequestStatus.OFFERED)
        call = log(consultation_request, CallOutcome.SOMEONE_ELSE, nurse, note="He fell down.", danger=danger)
        case = SafetyCase.objects.get(response=consultation_request.response)
        consultation_request.refresh_from_db()
        assert (case.level, case.status, consultation_request.flag_level) == (level, CaseStatus.OPEN, level)
        assert calls.completed_scripts(consultation_request.response) == []
        assert call.assessment.asked_by == nurse


class TestTheScript:
    @pytest.mark.parametrize("status", RequestStatus)
    def test_a_danger_raises_case_and_request_with_the_screen_that_named_it(self, make_request, nurse, status):
        consultation_request = make_request(status=status)
        saved = ask(consultation_request, nurse, rf_now=["chest"])
        case = SafetyCase.objects.get(response=consultation_request.response)
        consultation_request.refresh_from_db()
        assert (case.level, case.patient, case.status) == ("EMERGENCY", consultation_request.patient, CaseStatus.OPEN)
        assert (consultation_request.flag_level, consultation_request.risk, consultation_request.status) == (
            "EMERGENCY",
            0,
            status,
        )
        assert saved.heard.assessment.origin == AssessmentOrigin.CALL
        assert saved.heard.assessment.asked_by == nurse
        assert saved.call.completed_at is None

    def test_a_closed_case_opens_again(self, make_request, nurse):
        consultation_request = make_request(outcome=Outcome.SAME_DAY)
        ask(consultation_request, nurse, rf_now=["fever"])
        case = SafetyCase.objects.get(response=consultation_request.response)
        SafetyCase.objects.filter(pk=case.pk).update(
            status=CaseStatus.CLOSED, outcome="went_for_care", closed_at=clock.now(), closed_by=nurse
        )
        call = Call.objects.get()
        call_scripts.save(call=call, answers={"rf_now": ["fever", "chest"]}, by=nurse)
        case.refresh_from_db()
        assert (case.status, case.level) == (CaseStatus.OPEN, "EMERGENCY")

    @pytest.mark.parametrize("is_new", [True, False])
    def test_a_danger_that_is_new_in_a_call_stays_on_its_clock_when_the_call_ends(
        self, make_request, nurse, time_machine, is_new
    ):
        """What was known before is off it: the person was asked, as the target wants."""
        consultation_request = make_request(outcome=Outcome.SAME_DAY)
        if not is_new:
            cases.open_case(
                response=consultation_request.response, level=Outcome.SAME_DAY, patient=consultation_request.patient
            )
        time_machine.move_to(clock.now() + datetime.timedelta(minutes=5), tick=False)
        call = ask(consultation_request, nurse, **({"rf_now": ["fever"]} if is_new else {"rf_now": ["none"]})).call
        due = SafetyCase.objects.get().due_at
        call_scripts.finish(call=call, note="", by=nurse)
        consultation_request.refresh_from_db()
        case = SafetyCase.objects.get()
        assert ((case.due_at == due), consultation_request.danger_due_at is not None) == (is_new, is_new)

    def test_what_was_not_asked_raises_nothing(self, make_request, nurse):
        consultation_request = make_request()
        saved = ask(consultation_request, nurse, rf_now=["none"], rf_ce=None, rf_weak=None)
        ended = call_scripts.finish(call=saved.call, note="Well.", by=nurse)
        assert saved.call.answers == {"rf_now": ["none"]}
        assert not ended.heard.is_danger
        assert not SafetyCase.objects.exists()
        assert not calls.asked_everything(ended.call)
        assert calls.completed_scripts(consultation_request.response) == [ended.call]

    def test_a_whole_script_is_one_assessment_with_who_asked(self, make_request, nurse):
        consultation_request = make_request()
        call = calls.begin(response=consultation_request.response, by=nurse)
        for name, value in NOTHING.items():
            call_scripts.save(call=call, answers={name: value}, by=nurse)
        ended = call_scripts.finish(call=call, note="Well.", by=nurse)
        made = Assessment.objects.get(response=consultation_request.response, origin=AssessmentOrigin.CALL)
        assert ended.call.assessment == made
        assert made.record["said"] == NOTHING
        assert made.asked_by == nurse
        assert calls.asked_everything(ended.call)
        assert Sign("rf_now", "chest") in calls.signs_asked_in(ended.call)

    def test_ending_it_tells_nobody_a_second_time(self, make_request, nurse, doctor):
        consultation_request = make_request()
        saved = ask(consultation_request, nurse, rf_now=["chest"])
        case = SafetyCase.objects.get()
        cases.acknowledge(case=case, by=doctor)
        call_scripts.save(call=saved.call, answers={"rf_ce": ["none"]}, by=nurse)
        ended = call_scripts.finish(call=saved.call, note="Ambulance called.", by=nurse)
        case.refresh_from_db()
        assert case.status == CaseStatus.ACKNOWLEDGED
        assert ended.call.assessment.record["said"] == {"rf_now": ["chest"], "rf_ce": ["none"]}

    def test_an_answer_put_right_in_the_call_takes_nothing_back(self, make_request, nurse):
        consultation_request = make_request()
        saved = ask(consultation_request, nurse, rf_now=["chest"])
        now = call_scripts.save(call=saved.call, answers={"rf_now": ["none"]}, by=nurse)
        call_scripts.finish(call=now.call, note="", by=nurse)
        consultation_request.refresh_from_db()
        assert consultation_request.flag_level == "EMERGENCY"
        assert SafetyCase.objects.get().level == "EMERGENCY"

    def test_it_is_gone_on_with_by_its_maker_alone_and_for_half_a_day(self, make_request, nurse, doctor):
        consultation_request = make_request()
        call = calls.begin(response=consultation_request.response, by=nurse, once="a")
        assert calls.begin(response=consultation_request.response, by=nurse, once="b") == call
        with pytest.raises(NotAllowed):
            call_scripts.save(call=call, answers={"rf_now": ["none"]}, by=doctor)
        assert calls.begin(response=consultation_request.response, by=doctor) != call
        Call.objects.filter(pk=call.pk).update(made_at=clock.now() - calls.RESUMABLE)
        with pytest.raises(calls.CallOver):
            call_scripts.save(call=call, answers={"rf_now": ["none"]}, by=nurse)
        assert calls.begin(response=consultation_request.response, by=nurse) != call

    def test_an_ended_call_takes_nothing_more(self, make_request, nurse):
        saved = ask(make_request(), nurse, rf_now=["none"])
        ended = call_scripts.finish(call=saved.call, note="Well.", by=nurse).call
        assert call_scripts.finish(call=ended, note="Well.", by=nurse).call == ended
        with pytest.raises(calls.CallOver):
            call_scripts.finish(call=ended, note="Not well.", by=nurse)
        with pytest.raises(calls.CallOver):
            call_scripts.save(call=ended, answers={"rf_now": ["chest"]}, by=nurse)
        assert not SafetyCase.objects.exists()

    def test_without_an_answer_it_ends_as_something_else(self, make_request, nurse):
        call = calls.begin(response=make_request().response, by=nurse)
        with pytest.raises(calls.NothingAsked):
            call_scripts.finish(call=call, note="", by=nurse)
        done = call_scripts.end_unasked(call=call, outcome=CallOutcome.NOT_REACHED, note="Rang out.", by=nurse)
        assert call_scripts.end_unasked(call=done, outcome=CallOutcome.NOT_REACHED, note="Rang out.", by=nurse) == done
        with pytest.raises(calls.CallOver):
            call_scripts.end_unasked(call=done, outcome=CallOutcome.VOICEMAIL, note="Rang out.", by=nurse)

    def test_with_an_answer_it_does_not_end_as_something_else(self, make_request, nurse):
        saved = ask(make_request(), nurse, rf_now=["none"])
        with pytest.raises(calls.CallOver):
            call_scripts.end_unasked(call=saved.call, outcome=CallOutcome.NOT_REACHED, note="", by=nurse)

    def test_what_was_ticked_before_is_asked_about_again(self, make_request, nurse):
        consultation_request = make_request()
        log(consultation_request, CallOutcome.REACHED_OTHER, nurse, note="Feels awful.", danger=Outcome.EMERGENCY)
        assert calls.ticks_to_ask(consultation_request.response) == ("unwell",)
        saved = ask(consultation_request, nurse, **{ASKED: {"unwell": "no"}})
        assert Sign(ASKED, "unwell") in calls.signs_asked_in(saved.call)
        assert saved.heard is None


class TestACaller:
    def open(self, by, **more):
        given = {"name": "Maeve Hart", "phone": "(202) 555-0177", "said": "She cannot feel her legs.", "asks": False}
        return callers.open_case(**{**given, "level": Outcome.EMERGENCY, **more}, by=by)

    def test_a_case_with_name_number_and_what_was_said(self, nurse):
        opened = self.open(nurse)
        case = opened.case
        assert (case.level, case.status, case.owner) == ("EMERGENCY", CaseStatus.ACKNOWLEDGED, nurse)
        assert (case.patient.name, case.patient.phone) == ("Maeve Hart", "+12025550177")
        assert (opened.call.outcome, opened.call.note) == ("reached_other", "She cannot feel her legs.")
        assert opened.call.response == case.response
        assert case.response.status == "completed"

    def test_what_is_heard_counts_for_the_request_of_the_same_person(self, desk, nurse):
        """The caller turned out to be somebody who was offered a time: no time can be taken until a doctor looked."""
        offered = desk.request(RequestStatus.OFFERED)
        ConsultationRequest.objects.update(booking_ordered_at=clock.now(), booking_ordered_by=nurse)
        opened = self.open(nurse, level=Outcome.URGENT_REVIEW, asks=True)
        persons.join(patient=offered.patient, other=opened.case.patient, reason="Same voice.", by=nurse)
        assert ConsultationRequest.objects.get().flag_level == ""
        call_scripts.save(call=opened.call, answers={"rf_now": ["chest"]}, by=nurse)
        fresh = ConsultationRequest.objects.get()
        assert (fresh.flag_level, fresh.booking_ordered_at) == ("EMERGENCY", None)
        assert not SlotHold.objects.exists()

    def test_the_questions_go_on_from_there_and_raise_it(self, nurse):
        opened = self.open(nurse, level=Outcome.URGENT_REVIEW, asks=True)
        call_scripts.save(call=opened.call, answers={"rf_now": ["chest"]}, by=nurse)
        opened.case.refresh_from_db()
        assert (opened.case.level, opened.case.status) == ("EMERGENCY", CaseStatus.OPEN)

    def test_a_page_that_is_sent_twice_opens_one(self, nurse):
        first = self.open(nurse, once="page")
        assert self.open(nurse, once="page").case == first.case
        with pytest.raises(ChangedMeanwhile):
            self.open(nurse, once="page", said="Something else.")
        assert SafetyCase.objects.count() == 1

    def test_two_presses_at_one_moment_open_one(self, nurse, monkeypatch):
        """The second does not see the first yet; the database refuses it, and then it does."""
        first, look = self.open(nurse, once="page"), callers._opened_before
        seen = iter([None])
        monkeypatch.setattr(callers, "_opened_before", lambda once, by: next(seen, look(once, by=by)))
        assert self.open(nurse, once="page").case == first.case
        assert SafetyCase.objects.count() == 1

    def test_not_by_an_editor(self, editor):
        with pytest.raises(NotAllowed):
            self.open(editor)

    def test_open_requests_and_cases_of_the_name_or_number_are_found(self, make_request, nurse):
        opened = self.open(nurse)
        consultation_request = make_request(status=RequestStatus.BOOKED)
        closed = make_request(status=RequestStatus.WITHDRAWN)
        assert callers.alike(name="Maeve Hart", phone="") == ([], [opened.case])
        assert callers.alike(name="Nobody", phone="202-555-0177") == ([], [opened.case])
        subjects, _ = callers.alike(name=consultation_request.patient.name, phone="")
        assert consultation_request in subjects
        assert closed not in subjects
