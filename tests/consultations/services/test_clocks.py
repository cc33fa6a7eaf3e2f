"""Which clock each request and safety case is on, and that nothing pressing is ever on none or on two."""

import datetime
import itertools
from typing import Any

import pytest

from clinic.core import clock
from consultations.enums import OPEN_STATUSES, CaseStatus, ClockKind, Outcome, RequestStatus
from consultations.services import cases, clock_table, clocks
from tests.cast import MakeRequest
from tests.consultations.services.conftest import Desk

pytestmark = pytest.mark.django_db

DANGER_CLOCKS = {ClockKind.CASE, ClockKind.DANGER}
BY_STATUS = {
    "received": "reply", "in_triage": "reply", "with_doctor": "reply", "urgent": "reply",
    "information_asked": "answer", "offered": "choice", "booked": "visit",
}  # fmt: skip


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).astimezone(datetime.UTC)


def kinds(request: Any) -> list[str]:
    return [each.kind.value for each in clocks.running(responses=[request.response_id])]


class TestExactlyOne:
    """Every status, with and without a danger, with no case, an open one, one taken on and a closed one."""

    @pytest.mark.parametrize("status", RequestStatus)
    def test_every_request_is_on_one_clock(self, make_request: MakeRequest, nurse: Any, status: RequestStatus) -> None:
        for is_danger, case_status in itertools.product((False, True), (None, *CaseStatus)):
            request = make_request(
                status=status,
                claimed_at=clock.now(),
                claimed_by=nurse,
                danger_due_at=clock.now() if is_danger else None,
            )
            if case_status is not None:
                case = cases.open_case(response=request.response, level=Outcome.SAME_DAY)
                if case_status == CaseStatus.ACKNOWLEDGED:
                    cases.acknowledge(case=case, by=nurse)
                if case_status == CaseStatus.CLOSED:
                    cases.close(case=case, note="Seen.", by=nurse)
            is_open_case = case_status in (CaseStatus.OPEN, CaseStatus.ACKNOWLEDGED)
            expected = (
                ["case"] if is_open_case
                else [] if status not in OPEN_STATUSES
                else ["danger"] if is_danger
                else [BY_STATUS[status]]
            )  # fmt: skip
            assert kinds(request) == expected, (status, is_danger, case_status)
            assert [clocks.clock_of(request)] == [*map(ClockKind, expected)] or expected == []

    @pytest.mark.parametrize("missing", ["_of_cases", "_of_requests"])
    def test_with_one_clock_removed_a_danger_goes_unnoticed(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, missing: str
    ) -> None:
        """The control of the test above: each part of the one truth is needed."""
        offered = desk.request(RequestStatus.OFFERED, danger_due_at=clock.now())
        cases.open_case(response=desk.request(RequestStatus.RECEIVED).response, level=Outcome.EMERGENCY)
        assert {each.kind for each in clocks.running()} == DANGER_CLOCKS
        monkeypatch.setattr(clocks, missing, lambda until, responses: [])
        assert {each.kind for each in clocks.running()} != DANGER_CLOCKS
        assert (kinds(offered) == []) is (missing == "_of_requests")

    def test_every_target_has_its_row(self) -> None:
        assert set(clock_table.ALARMS) == {
            *Outcome, "MARKED_TEXT", "MESSAGE", "answer", "choice", "visit",
        }  # fmt: skip
        assert set(clock_table.STATUS_CLOCKS) == set(OPEN_STATUSES)
