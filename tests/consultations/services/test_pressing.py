"""A new request of one person is as pressing as the open one, until somebody says why it is not."""

import datetime
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.models import AuditEvent
from clinic.core.refusals import NotAllowed, TransitionNotAllowed
from consultations.enums import Outcome, RequestStatus, TriageAction
from consultations.models import ConsultationRequest
from consultations.services import persons
from tests.consultations.candidacy.test_asked_again import CLEAR
from tests.consultations.perform import perform
from tests.consultations.services.test_dangers import tick
from tests.consultations.services.test_verified_emails import open_mailed_link
from tests.personas import MakeRequest, make_patient

pytestmark = pytest.mark.django_db
WHY = "Same voice."
SAME_DAY, ROUTINE = 1, 6


@pytest.fixture
def pair(make_request: MakeRequest) -> Any:
    """An older and a newer request, an hour apart, at one address; the older made pressing by hand, without a flag."""

    def make(older: dict[str, Any] | None = None, newer: dict[str, Any] | None = None) -> Any:
        now = clock.now()
        sent = now - datetime.timedelta(hours=1)
        due = {"due_at": now + datetime.timedelta(minutes=20)}
        pressing = {"risk": SAME_DAY, "priority": "asap", **due, **(older or {})}
        one = make_request(patient=make_patient(), submitted_at=sent, **pressing)
        return one, make_request(patient=make_patient(), **(newer or {}))

    return make


def join(one: ConsultationRequest, two: ConsultationRequest, by: User) -> None:
    persons.join(patient=two.patient, other=one.patient, reason=WHY, by=by)
    one.refresh_from_db()
    two.refresh_from_db()


def test_joined_by_staff_it_takes_over_risk_priority_and_time(pair: Any, nurse: User) -> None:
    older, newer = pair()
    before = newer.due_at

    join(older, newer, nurse)

    assert (newer.risk, newer.priority, newer.due_at) == (SAME_DAY, "asap", older.due_at)
    assert (newer.as_pressing_as, newer.own_risk, newer.own_due_at) == (older, ROUTINE, before)
    assert (newer.outcome, newer.highest_outcome) == (Outcome.LIKELY_SUITABLE, Outcome.LIKELY_SUITABLE)
    assert newer.is_as_pressing
    assert not newer.is_escalated
    event = AuditEvent.objects.get(action="request.as_pressing")
    assert (event.target_id, event.actor_user) == (str(newer.pk), nurse)
    assert event.details == {"as": older.pk, "risk_before": ROUTINE, "risk": SAME_DAY}


def test_joined_by_a_proved_address_too(pair: Any) -> None:
    older, newer = pair()
    open_mailed_link(older)
    assert open_mailed_link(newer) is not None
    newer.refresh_from_db()
    assert (newer.risk, newer.as_pressing_as) == (SAME_DAY, older)
    assert AuditEvent.objects.get(action="request.as_pressing").actor == "system"


def test_the_older_one_is_not_made_pressing_by_a_newer(pair: Any, nurse: User) -> None:
    older, newer = pair(older={"risk": ROUTINE, "priority": "routine"}, newer={"outcome": Outcome.SAME_DAY})
    join(older, newer, nurse)
    assert (older.risk, newer.risk, newer.as_pressing_as) == (ROUTINE, SAME_DAY, None)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"status": RequestStatus.COMPLETED}, {}),
        ({"outcome": Outcome.NEEDS_INFO, "risk": 5, "priority": "routine"}, {}),
        ({}, {"status": RequestStatus.WITHDRAWN}),
        ({}, {"outcome": Outcome.SAME_DAY, "priority": "asap"}),
    ],
    ids=["the older has ended", "neither is urgent", "the newer has ended", "both the same"],
)
def test_what_is_left_as_it_is(pair: Any, nurse: User, older: Any, newer: Any) -> None:
    one, two = pair(older, newer)
    before = two.risk
    join(one, two, nurse)
    assert (two.risk, two.as_pressing_as) == (before, None)
    assert not AuditEvent.objects.filter(action="request.as_pressing").exists()


def test_of_three_the_newest_follows_the_worst(pair: Any, make_request: MakeRequest, nurse: User) -> None:
    older, newer = pair()
    join(older, newer, nurse)
    third = make_request(patient=make_patient())
    join(newer, third, nurse)
    assert (third.risk, third.as_pressing_as) == (SAME_DAY, older)
    assert ConsultationRequest.objects.get(pk=newer.pk).own_risk == ROUTINE


def test_where_the_older_waits_for_the_patient_its_passed_time_is_not_inherited(pair: Any, nurse: User) -> None:
    passed = clock.now() - datetime.timedelta(minutes=30)
    older, newer = pair(older={"status": RequestStatus.INFORMATION_ASKED, "due_at": passed})
    join(older, newer, nurse)
    assert newer.risk == SAME_DAY
    assert newer.due_at > clock.now()


class TestSetBack:
    def test_a_doctor_or_nurse_says_why(self, pair: Any, nurse: User) -> None:
        older, newer = pair()
        join(older, newer, nurse)
        own_due = newer.own_due_at
        perform("set_own_urgency", newer, reason="Asks for a form.", by=nurse)
        newer.refresh_from_db()
        assert (newer.risk, newer.priority, newer.due_at, newer.as_pressing_as) == (ROUTINE, "routine", own_due, None)
        note = newer.triage_decisions.get(action=TriageAction.OWN_URGENCY)
        assert (note.note, note.decided_by) == ("Asks for a form.", nurse)

    @pytest.mark.parametrize("reason", ["", "  \t"])
    def test_never_without_a_reason(self, pair: Any, nurse: User, reason: str) -> None:
        older, newer = pair()
        join(older, newer, nurse)
        with pytest.raises(TransitionNotAllowed, match="Write why"):
            perform("set_own_urgency", newer, reason=reason, by=nurse)
        newer.refresh_from_db()
        assert newer.risk == SAME_DAY

    def test_not_by_a_manager_and_not_where_there_is_nothing_to_set_back(
        self, pair: Any, nurse: User, manager: User
    ) -> None:
        older, newer = pair()
        with pytest.raises(TransitionNotAllowed, match="already"):
            perform("set_own_urgency", newer, reason="Well.", by=nurse)
        join(older, newer, nurse)
        with pytest.raises(NotAllowed):
            perform("set_own_urgency", newer, reason="Well.", by=manager)

    def test_what_somebody_escalated_stays_pressing(self, pair: Any, nurse: User) -> None:
        older, newer = pair()
        join(older, newer, nurse)
        perform("escalate", newer, note="Fever as well.", by=nurse)
        perform("set_own_urgency", newer, reason="Another person's fever.", by=nurse)
        newer.refresh_from_db()
        assert (newer.risk, newer.priority, newer.is_escalated) == (SAME_DAY, "asap", True)

    def test_while_a_red_flag_of_the_person_stands_nobody_sets_it_back(
        self, make_request: MakeRequest, nurse: User
    ) -> None:
        plain = {"answers": CLEAR, "record": {"answers": CLEAR, "cleaned": {}, "asked": []}}
        sent = clock.now() - datetime.timedelta(hours=1)
        older, newer = make_request(submitted_at=sent, **plain), make_request(**plain)
        tick(older, "fever")
        join(older, newer, nurse)
        assert (newer.risk, newer.flag_level, newer.as_pressing_as) == (SAME_DAY, "SAME_DAY", older)
        with pytest.raises(TransitionNotAllowed, match="A red flag of this person stands"):
            perform("set_own_urgency", newer, reason="Well.", by=nurse)

        persons.separate(patient=newer.patient, reason="Sisters.", by=nurse)

        for item, flag in ((older, "SAME_DAY"), (newer, "")):
            item.refresh_from_db()
            assert item.flag_level == flag
        perform("set_own_urgency", newer, reason="It was her sister.", by=nurse)
        assert ConsultationRequest.objects.get(pk=newer.pk).risk == ROUTINE

    def test_taking_them_apart_lowers_nothing(self, pair: Any, nurse: User) -> None:
        older, newer = pair()
        join(older, newer, nurse)
        persons.separate(patient=newer.patient, reason="Sisters.", by=nurse)
        newer.refresh_from_db()
        assert (newer.risk, newer.as_pressing_as) == (SAME_DAY, older)
