"""Which clock each request and safety case is on, and that nothing pressing is ever on none or on two."""

import datetime
import itertools
from typing import Any

import pytest
import time_machine

from clinic.core import clock
from consultations.enums import OPEN_STATUSES, CaseStatus, ClockKind, Outcome, RequestStatus
from consultations.models import ConsultationRequest
from consultations.presenters import queue
from consultations.services import cases, clock_table, clocks
from tests.consultations.perform import perform
from tests.consultations.services.conftest import Desk
from tests.personas import MakeRequest, close_case

pytestmark = pytest.mark.django_db

DANGER_CLOCKS = {ClockKind.CASE, ClockKind.DANGER}
BY_STATUS = {
    "received": "reply", "in_triage": "reply", "with_doctor": "reply", "urgent": "reply",
    "information_asked": "answer", "offered": "choice", "booked": "visit",
}  # fmt: skip


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).astimezone(datetime.UTC)


def kinds(consultation_request: Any) -> list[str]:
    return [item.kind.value for item in clocks.running(responses=[consultation_request.response_id])]


class TestExactlyOne:
    """Every status, with and without a danger, with no case, an open one, one taken on and a closed one."""

    @pytest.mark.parametrize("status", RequestStatus)
    def test_every_request_is_on_one_clock(self, make_request: MakeRequest, nurse: Any, status: RequestStatus) -> None:
        for is_danger, case_status in itertools.product((False, True), (None, *CaseStatus)):
            consultation_request = make_request(
                status=status,
                claimed_at=clock.now(),
                claimed_by=nurse,
                danger_due_at=clock.now() if is_danger else None,
            )
            if case_status is not None:
                case = cases.open_case(response=consultation_request.response, level=Outcome.SAME_DAY)
                if case_status == CaseStatus.ACKNOWLEDGED:
                    cases.acknowledge(case=case, by=nurse)
                if case_status == CaseStatus.CLOSED:
                    close_case(case, by=nurse)
            is_open_case = case_status in (CaseStatus.OPEN, CaseStatus.ACKNOWLEDGED)
            expected = (
                ["case"] if is_open_case
                else ["danger"] if is_danger
                else [BY_STATUS[status]] if status in OPEN_STATUSES
                else []
            )  # fmt: skip
            assert kinds(consultation_request) == expected, (status, is_danger, case_status)
            assert [clocks.clock_of(consultation_request)] == [*map(ClockKind, expected)] or expected == []

    @pytest.mark.parametrize("missing", ["_of_cases", "_of_requests"])
    def test_with_one_clock_removed_a_danger_goes_unnoticed(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, missing: str
    ) -> None:
        """The control of the test above: each part of the one truth is needed."""
        offered = desk.request(RequestStatus.OFFERED, danger_due_at=clock.now())
        cases.open_case(response=desk.request(RequestStatus.RECEIVED).response, level=Outcome.EMERGENCY)
        assert {item.kind for item in clocks.running()} == DANGER_CLOCKS
        monkeypatch.setattr(clocks, missing, lambda until, responses: [])
        assert {item.kind for item in clocks.running()} != DANGER_CLOCKS
        assert (kinds(offered) == []) is (missing == "_of_requests")

    def test_every_target_has_its_row(self) -> None:
        assert set(clock_table.ALARMS) == {
            *Outcome, "MARKED_TEXT", "MESSAGE", "answer", "choice", "visit",
        }  # fmt: skip
        assert set(clock_table.STATUS_CLOCKS) == set(OPEN_STATUSES)


class TestWhenItComesBack:
    """Literal instants in UTC; the clinic is in New York, open Monday to Friday from 8:30 am to 5:30 pm."""

    @pytest.mark.parametrize(
        ("asked", "due"),
        [
            ("2026-11-23T15:00Z", "2026-11-26T22:30Z"),  # Monday: the end of Thursday
            ("2026-11-20T15:00Z", "2026-11-25T22:30Z"),  # Friday: over the weekend
            ("2026-11-21T15:00Z", "2026-11-25T22:30Z"),  # Saturday: as if on Friday
            ("2026-10-29T14:00Z", "2026-11-03T22:30Z"),  # over the end of summer time
            ("2027-03-11T15:00Z", "2027-03-16T21:30Z"),  # over its beginning
        ],
    )
    def test_a_question_after_three_working_days(self, asked: str, due: str) -> None:
        assert clocks.status_due("information_asked", now=at(asked)) == at(due)

    def test_a_holiday_is_no_working_day(self, settings: Any) -> None:
        settings.CLOSED_DATES = ["2026-11-26"]
        assert clocks.status_due("information_asked", now=at("2026-11-25T15:00Z")) == at("2026-12-01T22:30Z")

    @pytest.mark.parametrize(
        ("offered", "due"),
        [
            ("2026-11-20T15:00Z", "2026-11-27T15:00Z"),  # Friday 10 am: Friday 10 am
            ("2026-11-20T23:00Z", "2026-11-30T13:30Z"),  # after closing: the next opening, Monday 8:30 am
            ("2026-11-19T15:00Z", "2026-11-27T13:30Z"),  # a week later is a holiday: Friday 8:30 am
            ("2026-10-28T14:00Z", "2026-11-04T15:00Z"),  # over the end of summer time: 10 am all the same
            ("2027-03-10T15:00Z", "2027-03-17T14:00Z"),  # over its beginning
        ],
    )
    def test_an_offer_after_seven_days_of_the_calendar(self, settings: Any, offered: str, due: str) -> None:
        settings.CLOSED_DATES = ["2026-11-26"]
        assert clocks.status_due("offered", now=at(offered)) == at(due)

    def test_lunch_is_no_opening(self, settings: Any) -> None:
        settings.OPENING_HOURS = "Mon-Fri 08:30-12:00; Mon-Fri 13:00-17:30"
        assert clocks.status_due("offered", now=at("2026-11-16T17:20Z")) == at("2026-11-23T18:00Z")

    @pytest.mark.parametrize(
        ("ends", "due"),
        [
            ("2026-11-27T14:40Z", "2026-11-27T22:30Z"),  # Friday morning: the end of Friday
            ("2026-11-27T22:40Z", "2026-11-30T22:30Z"),  # after closing: the end of Monday
        ],
    )
    def test_a_visit_by_the_end_of_its_day(self, ends: str, due: str) -> None:
        assert clocks.visit_due(at(ends)) == at(due)

    def test_the_waits_are_the_clinics(self, settings: Any) -> None:
        settings.PATIENT_WAITS = {"ANSWER": {"days": 1}, "CHOICE": {"days": 14}}
        assert clocks.status_due("information_asked", now=at("2026-11-23T15:00Z")) == at("2026-11-24T22:30Z")
        assert clocks.status_due("offered", now=at("2026-11-20T15:00Z")) == at("2026-12-04T15:00Z")

    def test_the_actions_start_them(self, desk: Desk, nurse: Any, doctor: Any) -> None:
        asked = perform("ask", desk.request(RequestStatus.RECEIVED), question="Which scan?", by=nurse).row
        offered = desk.services()["offer"](desk.request(RequestStatus.WITH_DOCTOR), doctor).row
        booked = desk.request(RequestStatus.OFFERED)
        desk.services()["book"](booked, None)
        booked.refresh_from_db()
        assert [item.due_at for item in (asked, offered, booked)] == [
            at("2026-11-26T22:30Z"), at("2026-11-30T15:00Z"), at("2026-11-24T22:30Z"),
        ]  # fmt: skip
        given_back = perform("cancel_booking", booked, reason="Ill.", by=nurse).row
        assert given_back.due_at == at("2026-11-30T15:00Z")


class TestADanger:
    @pytest.mark.parametrize(
        ("level", "heard", "hours", "due"),
        [
            ("SAME_DAY", "2026-11-27T21:30Z", "Mon-Fri 08:30-17:30", "2026-11-30T14:30Z"),  # an hour before a weekend
            ("SAME_DAY", "2026-11-25T22:00Z", "Mon-Fri 08:30-17:30", "2026-11-27T15:00Z"),  # half an hour, a holiday
            ("SAME_DAY", "2026-11-23T16:30Z", "Mon-Fri 08:30-12:00; Mon-Fri 13:00-17:30", "2026-11-23T19:30Z"),  # lunch
            ("EMERGENCY", "2026-11-28T03:00Z", "Mon-Fri 08:30-17:30", "2026-11-30T14:00Z"),  # in the night to Saturday
            ("EMERGENCY", "2026-10-30T21:15Z", "Mon-Fri 08:30-17:30", "2026-11-02T13:45Z"),  # the end of summer time
            ("SAME_DAY", "2027-03-12T21:30Z", "Mon-Fri 08:30-17:30", "2027-03-15T13:30Z"),  # its beginning
            ("URGENT_REVIEW", "2026-11-25T15:00Z", "Mon-Fri 08:30-17:30", "2026-11-30T22:30Z"),
        ],
    )
    def test_has_its_target_in_hours_of_opening(
        self, settings: Any, make_request: MakeRequest, level: str, heard: str, hours: str, due: str
    ) -> None:
        settings.CLOSED_DATES, settings.OPENING_HOURS = ["2026-11-26"], hours
        assert clocks.danger_due(make_request(), Outcome(level), now=at(heard)) == at(due)

    def test_is_never_due_later_than_it_was(self, make_request: MakeRequest) -> None:
        consultation_request = make_request(danger_due_at=clock.now())
        assert clocks.danger_due(consultation_request, Outcome.EMERGENCY, now=clock.now()) == clock.now()

    def test_asking_the_patient_stops_no_clock(self, desk: Desk, nurse: Any) -> None:
        """The request that left every clock when a question was asked."""
        consultation_request = desk.request(
            RequestStatus.RECEIVED, outcome=Outcome.SAME_DAY, danger_due_at=at("2026-11-23T17:00Z")
        )
        perform("ask", consultation_request, question="Which scan?", by=nurse)
        (running,) = clocks.running(responses=[consultation_request.response_id])
        assert (running.kind, running.target, running.due_at) == ("danger", "SAME_DAY", at("2026-11-23T17:00Z"))

    @pytest.mark.parametrize(
        ("status", "kind", "due"),
        [
            ("received", "reply", "2026-11-25T22:30Z"),
            ("information_asked", "answer", "2026-11-26T22:30Z"),
            ("offered", "choice", "2026-11-30T15:00Z"),
        ],
    )
    def test_is_off_its_clock_once_the_person_was_reached_and_the_request_on_another(
        self, make_request: MakeRequest, status: str, kind: str, due: str
    ) -> None:
        now = clock.now()
        consultation_request = make_request(
            status=RequestStatus(status), danger_due_at=now, due_at=now, outcome=Outcome.SAME_DAY
        )
        clocks.contact_logged(consultation_request=consultation_request, case=None, now=now)
        (running,) = clocks.running(responses=[consultation_request.response_id])
        assert (running.kind, running.due_at) == (kind, at(due))

    def test_a_case_stays_on_its_clock_until_it_is_closed(self, make_request: MakeRequest, nurse: Any) -> None:
        consultation_request = make_request(
            outcome=Outcome.EMERGENCY, danger_due_at=clock.now(), flag_level="EMERGENCY"
        )
        case = cases.open_case(response=consultation_request.response, level=Outcome.EMERGENCY)
        clocks.contact_logged(consultation_request=None, case=case, now=clock.now())
        (running,) = clocks.running(responses=[consultation_request.response_id])
        assert (running.kind, running.due_at) == ("case", at("2026-11-25T22:30Z"))
        close_case(case, by=nurse)
        (running,) = clocks.running(responses=[consultation_request.response_id])
        assert (running.kind, running.due_at) == ("danger", at("2026-11-25T22:30Z"))

    def test_ends_only_when_nothing_stands_any_more(self, make_request: MakeRequest, nurse: Any) -> None:
        flagged = make_request(danger_due_at=clock.now(), flag_level="SAME_DAY")
        escalated = make_request(danger_due_at=clock.now(), escalated_at=clock.now(), escalated_by=nurse)
        neither = make_request(danger_due_at=clock.now())
        for consultation_request in (flagged, escalated, neither):
            clocks.danger_settled(consultation_request)
        assert [item.danger_due_at is None for item in (flagged, escalated, neither)] == [False, False, True]

    def test_the_database_puts_it_in_its_place(self, make_request: MakeRequest) -> None:
        now, hour = clock.now(), datetime.timedelta(hours=1)
        for texts, danger, due in itertools.product((None, 1, 2, 3), repeat=3):
            if due is None:
                continue
            consultation_request = make_request(
                due_at=now + due * hour,
                danger_due_at=danger and now + danger * hour,
                texts_due_at=texts and now + texts * hour,
            )
            first = min(filter(None, (texts, danger, due)))
            consultation_request.refresh_from_db()
            assert consultation_request.queue_due_at == consultation_request.next_due_at == now + first * hour, (
                texts,
                danger,
                due,
            )


class TestAMissedPromise:
    def missed(self, consultation_request: Any, *, minutes: int = 1) -> datetime.datetime | None:
        return clocks.missed(consultation_request, now=clock.now() + datetime.timedelta(minutes=minutes))

    def test_is_one_that_was_made(self, make_request: MakeRequest, nurse: Any) -> None:
        now = clock.now()
        due = {"due_at": now, "danger_due_at": now}
        assert self.missed(make_request(due_at=now)) == now
        assert self.missed(make_request(due_at=now), minutes=-1) is None
        offered = RequestStatus.OFFERED
        assert self.missed(make_request(status=offered, outcome=Outcome.SAME_DAY, **due)) == now
        assert self.missed(make_request(status=offered, outcome=Outcome.URGENT_REVIEW, **due)) is None
        assert self.missed(make_request(status=offered, due_at=now)) is None
        escalated = make_request(status=offered, risk=1, escalated_at=now, escalated_by=nurse, **due)
        assert self.missed(escalated) is None
        assert self.missed(make_request(status=RequestStatus.WITHDRAWN, outcome=Outcome.SAME_DAY, **due)) is None


def test_a_withdrawal_leaves_a_danger_on_its_clock_and_in_the_list(make_request: MakeRequest, nurse: Any) -> None:
    """An urgent review without a safety case: nobody has settled it, and nobody has reached the person."""
    due = at("2026-11-25T22:30Z")
    consultation_request = make_request(outcome=Outcome.URGENT_REVIEW, flag_level="URGENT_REVIEW", danger_due_at=due)
    perform("withdraw", consultation_request)
    (running,) = clocks.running(responses=[consultation_request.response_id])
    assert (running.kind, running.target, running.due_at) == ("danger", "URGENT_REVIEW", due)
    assert clocks.running(until=due) == [running]
    assert ConsultationRequest.objects.filter(queue.in_tab("all")).get() == consultation_request
    clocks.contact_logged(consultation_request=consultation_request, case=None, now=clock.now())
    assert clocks.running(responses=[consultation_request.response_id]) == []
    assert not ConsultationRequest.objects.filter(queue.in_tab("all")).exists()


def test_what_waited_too_long_comes_back_to_triage(make_request: MakeRequest) -> None:
    late, now = {"due_at": clock.now(), "submitted_at": clock.now()}, clock.now() + datetime.timedelta(minutes=1)
    waits = (RequestStatus.INFORMATION_ASKED, RequestStatus.OFFERED, RequestStatus.BOOKED)
    back = {make_request(status=status, **late).pk for status in waits}
    for status in waits:
        make_request(status=status)
    with time_machine.travel(now, tick=False):
        assert set(ConsultationRequest.objects.filter(queue.in_tab("triage")).values_list("pk", flat=True)) == back
        assert ConsultationRequest.objects.filter(clocks.is_overdue(now)).count() == 3


def test_a_danger_has_its_own_time_whatever_the_patient_was_waited_for(make_request: MakeRequest) -> None:
    """Escalated after the offer had run out: due in two hours, not since yesterday."""
    now, late = clock.now(), clock.now() - datetime.timedelta(days=1)
    soon = now + datetime.timedelta(hours=2)
    sent = {"submitted_at": late, "due_at": late, "danger_due_at": soon}
    offered = make_request(status=RequestStatus.OFFERED, **sent)
    received = make_request(**sent)
    assert [item.due_at for item in clocks.running(responses=[offered.response_id])] == [soon]
    assert [item.due_at for item in clocks.running(responses=[received.response_id])] == [late]
    assert (offered.next_due_at, received.next_due_at) == (soon, late)
    assert ConsultationRequest.objects.filter(clocks.is_overdue(now)).get() == received
