"""Nothing stays with somebody who cannot act: what they hold is passed on, by a manager or by itself."""

import datetime
from typing import Any

import pytest
from django.db.models import ProtectedError

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.models import AuditEvent
from clinic.core.refusals import NotAllowed
from consultations.enums import CaseStatus, RequestStatus
from consultations.models import ClockAlarm, ConsultationRequest
from consultations.services import cases, handover, leaving
from consultations.services.holdings import Holdings
from consultations.services.leaving import To
from tests.consultations.services.test_cases import alerts
from tests.consultations.services.test_duty import named
from tests.database_snapshot import all_rows
from tests.personas import book_directly, make_patient

pytestmark = pytest.mark.django_db


@pytest.fixture
def claimed(make_request: Any, nurse: User) -> ConsultationRequest:
    consultation_request: ConsultationRequest = make_request(
        status=RequestStatus.IN_TRIAGE, claimed_by=nurse, claimed_at=clock.now(), patient=make_patient("Bob Pell")
    )
    return consultation_request


@pytest.fixture
def reviewed(make_request: Any, nurse: User, doctor: User) -> ConsultationRequest:
    consultation_request: ConsultationRequest = make_request(
        status=RequestStatus.WITH_DOCTOR, claimed_by=nurse, claimed_at=clock.now(), doctor=doctor
    )
    return consultation_request


def assignment(consultation_request: ConsultationRequest) -> tuple[str, User | None, User | None]:
    consultation_request.refresh_from_db()
    return consultation_request.status, consultation_request.claimed_by, consultation_request.doctor


def leave(user: User, how: str) -> None:
    """As somebody does it in a shell."""
    if how == "groups":
        user.groups.clear()
    else:
        setattr(user, how, False)
        user.save()


class TestByItself:
    @pytest.mark.parametrize("how", ["is_active", "is_staff", "groups"])
    def test_a_nurse_who_left_gives_requests_back_to_the_queue(
        self, nurse: User, doctor: User, claimed: ConsultationRequest, reviewed: ConsultationRequest, how: str
    ) -> None:
        leave(nurse, how)
        assert leaving.pass_on_left() == 2
        assert assignment(claimed) == (RequestStatus.RECEIVED, None, None)
        assert assignment(reviewed) == (RequestStatus.WITH_DOCTOR, None, doctor)
        event = AuditEvent.objects.get(action="request.hand_over", target_id=str(claimed.pk))
        assert (event.actor, event.details["from"], event.details["to"]) == ("system", "in_triage", "received")
        before = all_rows()
        assert leaving.pass_on_left() == 0
        assert all_rows() == before

    @pytest.mark.parametrize("how", ["is_active", "groups"])
    def test_a_doctor_who_left_gives_them_to_the_one_on_duty_with_the_fewest(
        self, doctor: User, other_doctor: User, staff: Any, reviewed: ConsultationRequest, how: str
    ) -> None:
        third = staff("doctor")
        handover.switch_duty(is_on_duty=False, by=other_doctor)
        leave(doctor, how)
        assert leaving.pass_on_left() == 1
        assert assignment(reviewed)[2] == third

    def test_without_another_doctor_it_goes_back_to_the_queue(
        self, nurse: User, doctor: User, reviewed: ConsultationRequest
    ) -> None:
        leave(doctor, "is_active")
        leaving.pass_on_left()
        assert assignment(reviewed) == (RequestStatus.RECEIVED, None, None)

    def test_a_doctor_who_is_a_nurse_now_keeps_what_they_claimed(
        self, doctor: User, other_doctor: User, nurse: User, make_request: Any, reviewed: ConsultationRequest
    ) -> None:
        mine = make_request(status=RequestStatus.IN_TRIAGE, claimed_by=doctor, claimed_at=clock.now())
        doctor.groups.set(nurse.groups.all())
        assert leaving.pass_on_left() == 1
        assert assignment(mine) == (RequestStatus.IN_TRIAGE, doctor, None)
        assert assignment(reviewed)[2] == other_doctor

    @pytest.mark.parametrize("status", ["information_asked", "offered", "booked", "urgent"])
    def test_a_request_that_waits_for_somebody_else_keeps_its_status(
        self, nurse: User, make_request: Any, status: str
    ) -> None:
        consultation_request = make_request(status=RequestStatus(status), claimed_by=nurse, claimed_at=clock.now())
        leave(nurse, "is_active")
        assert leaving.pass_on_left() == 1
        assert assignment(consultation_request) == (status, None, None)

    def test_what_is_closed_stays_as_it_was(self, nurse: User, make_request: Any) -> None:
        make_request(status=RequestStatus.WITHDRAWN, claimed_by=nurse, claimed_at=clock.now())
        leave(nurse, "is_active")
        assert leaving.pass_on_left() == 0

    def test_an_alarm_that_they_had_stopped_goes_on(
        self, nurse: User, doctor: User, alice: ConsultationRequest, make_request: Any
    ) -> None:
        now = clock.now()
        of_nurse, of_doctor = (
            ClockAlarm.objects.create(
                response=consultation_request.response, kind="reply", target="EMERGENCY", due_at=now, began_at=now,
                told_at=now, acknowledged_at=now, acknowledged_by=user,
            )
            for consultation_request, user in ((alice, nurse), (make_request(), doctor))
        )  # fmt: skip
        leave(nurse, "is_active")
        leaving.pass_on_left()
        of_nurse.refresh_from_db()
        of_doctor.refresh_from_db()
        assert (of_nurse.acknowledged_at, of_nurse.acknowledged_by) == (None, None)
        assert of_doctor.acknowledged_by == doctor

    def test_nobody_who_holds_something_can_be_deleted(self, nurse: User, claimed: ConsultationRequest) -> None:
        with pytest.raises(ProtectedError):
            nurse.delete()
        with pytest.raises(ProtectedError):
            User.objects.filter(pk=nurse.pk).delete()


class TestByAManager:
    def test_everything_goes_to_the_colleagues_they_name(
        self, nurse: User, other_nurse: User, doctor: User, other_doctor: User, manager: User, make_request: Any
    ) -> None:
        mine = {"claimed_by": nurse, "claimed_at": clock.now() - datetime.timedelta(hours=1)}
        triaged = make_request(status=RequestStatus.IN_TRIAGE, **mine)
        both = make_request(status=RequestStatus.WITH_DOCTOR, doctor=doctor, **mine)
        case = named()
        cases.acknowledge(case=case, by=nurse)
        done = leaving.give_away(user=nurse, by=manager, to=To(cases=doctor, requests=other_nurse))
        assert (done.cases, done.requests) == (1, 2)
        case.refresh_from_db()
        assert (case.owner, case.status) == (doctor, CaseStatus.OPEN)
        assert alerts()[-1] == doctor.email
        assert assignment(triaged) == (RequestStatus.IN_TRIAGE, other_nurse, None)
        assert assignment(both) == (RequestStatus.WITH_DOCTOR, other_nurse, doctor)
        leaving.give_away(user=doctor, by=manager, to=To(reviews=other_doctor, cases=nurse))
        assert assignment(both)[2] == other_doctor
        events = AuditEvent.objects.filter(action__in=["request.hand_over", "case.owner"], actor_user=manager)
        assert events.count() == 5
        before = all_rows()
        leaving.give_away(user=nurse, by=manager, to=To(cases=doctor))
        case.refresh_from_db()
        assert case.owner == doctor
        leaving.give_away(user=nurse, by=manager, to=To())
        assert {name for name, rows in all_rows().items() if rows != before[name]} <= {
            "consultations.SafetyCase", "core.AuditEvent", "core.UnchainedEvent", "core.AuditEntry",
            "core.OutboxMessage", "consultations.MessageSubject", "core.AuditHead", "core.AuditLink",
        }  # fmt: skip

    def test_without_a_name_by_the_rule(
        self, nurse: User, other_nurse: User, manager: User, claimed: ConsultationRequest
    ) -> None:
        case = named()
        assert case.owner == nurse
        leaving.give_away(user=nurse, by=manager, to=To())
        case.refresh_from_db()
        assert case.owner == other_nurse
        assert assignment(claimed) == (RequestStatus.RECEIVED, None, None)

    @pytest.mark.parametrize(("what", "group"), [("reviews", "triage"), ("requests", "editor"), ("cases", "editor")])
    def test_nobody_gets_what_they_cannot_act_on(
        self, nurse: User, manager: User, staff: Any, claimed: ConsultationRequest, what: str, group: str
    ) -> None:
        other = staff(group)
        before = all_rows()
        with pytest.raises(NotAllowed):
            leaving.give_away(user=nurse, by=manager, to=To(**{what: other}))
        assert all_rows() == before

    @pytest.mark.parametrize("group", ["triage", "doctor", "editor"])
    def test_is_a_managers_to_do(self, nurse: User, staff: Any, claimed: ConsultationRequest, group: str) -> None:
        by = staff(group)
        before = all_rows()
        with pytest.raises(NotAllowed):
            leaving.give_away(user=nurse, by=by, to=To())
        assert all_rows() == before


def test_what_somebody_holds_counts_what_is_open_and_ahead(
    nurse: User, doctor: User, clinician: Any, make_request: Any, reviewed: ConsultationRequest
) -> None:
    assert not Holdings.of(nurse).visits
    booked = make_request(status=RequestStatus.BOOKED)
    visit = book_directly(booked, clinician, clock.now() + datetime.timedelta(days=1))
    past = make_request(status=RequestStatus.BOOKED)
    book_directly(past, clinician, clock.now() - datetime.timedelta(days=1))
    make_request(status=RequestStatus.WITHDRAWN, doctor=doctor)
    holdings = Holdings.of(doctor)
    assert (holdings.cases, holdings.claimed, holdings.to_review) == ((), (), (reviewed.pk,))
    assert holdings.visits == ((booked.pk, visit.starts_at, "America/New_York"),)
    assert Holdings.of(nurse).requests == (reviewed.pk,)
