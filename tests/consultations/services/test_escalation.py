"""Escalation in every open status, with its reason until a doctor settles it; and taking back a mistaken one."""

import datetime
from typing import Any

import pytest
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.models import OutboxMessage
from clinic.core.refusals import ChangedMeanwhile
from consultations.actions.offer import FlagsStand
from consultations.enums import OPEN_STATUSES, AssessmentOrigin, MessageKind, Outcome, RequestStatus
from consultations.models import Appointment, ConsultationRequest, TriageDecision
from consultations.presenters import activity
from consultations.services import dangers
from consultations.services.escalation import NotTakenBack
from tests.consultations.perform import perform
from tests.consultations.services.conftest import NOW, Desk
from tests.database_snapshot import all_rows

pytestmark = pytest.mark.django_db
SAME_DAY_DUE = datetime.datetime(2026, 11, 23, 17, 0, tzinfo=datetime.UTC)
KEPT = ("status", "risk", "priority", "due_at", "danger_due_at", "escalated_at", "escalated_by_id", "before_escalation")


def state(consultation_request: ConsultationRequest) -> dict[str, Any]:
    consultation_request.refresh_from_db()
    return {name: getattr(consultation_request, name) for name in KEPT}


def alerts() -> list[str]:
    return [row.recipient for row in OutboxMessage.objects.filter(kind=MessageKind.STAFF_ALERT).order_by("pk")]


def escalate(consultation_request: ConsultationRequest, by: User, note: str = "Numb between the legs.") -> None:
    perform("escalate", consultation_request, note=note, by=by)
    consultation_request.refresh_from_db()


@pytest.mark.parametrize("status", OPEN_STATUSES)
class TestInEveryOpenStatus:
    def test_it_is_on_a_clock_of_two_hours_at_the_top_of_the_list(
        self, desk: Desk, nurse: User, status: RequestStatus
    ) -> None:
        consultation_request = desk.request(status, is_ahead=True)
        escalate(consultation_request, nurse)
        keeps = {"offered": "offered", "booked": "booked"}
        assert consultation_request.status == keeps.get(status, "urgent")
        assert (consultation_request.risk, consultation_request.priority, consultation_request.danger_due_at) == (
            1,
            "asap",
            SAME_DAY_DUE,
        )
        assert (consultation_request.queue_due_at, consultation_request.queue_risk) == (SAME_DAY_DUE, 1)
        assert (consultation_request.escalated_at, consultation_request.escalated_by) == (NOW, nurse)
        assert Appointment.objects.live().filter(consultation_request=consultation_request).exists() is (
            status == "booked"
        )

    def test_taken_back_it_stands_where_it_stood(
        self, desk: Desk, nurse: User, doctor: User, status: RequestStatus
    ) -> None:
        consultation_request = desk.request(status, is_ahead=True)
        before, known = state(consultation_request), len(alerts())
        escalate(consultation_request, nurse)
        perform("take_back_escalation", consultation_request, by=nurse)
        assert state(consultation_request) == before
        assert alerts()[known:] == [doctor.email]
        told = [entry.plain for entry in activity.activity(consultation_request)]
        assert "Nora Adeyemi noted: Escalated" in told
        assert "Nora Adeyemi took the escalation back" in told

    def test_its_reason_stays_until_a_doctor_settles_it(
        self, desk: Desk, nurse: User, doctor: User, status: RequestStatus
    ) -> None:
        consultation_request = desk.request(status, is_ahead=True)
        escalate(consultation_request, nurse)
        assert consultation_request.is_escalated
        assert activity.escalation(consultation_request).text == "Numb between the legs."
        perform("settle_escalation", consultation_request, note="Examined: no numbness.", by=doctor)
        after = state(consultation_request)
        assert after["escalated_at"] is after["danger_due_at"] is None
        assert (after["risk"], after["priority"]) == (6, "routine")
        assert after["status"] == {"offered": "offered", "booked": "booked"}.get(status, "with_doctor")
        assert "Examined: no numbness." in {entry.text for entry in activity.activity(consultation_request)}


class TestItsReason:
    def test_is_there_after_start_triage_and_stands_in_the_way_of_an_offer(
        self, desk: Desk, nurse: User, doctor: User
    ) -> None:
        """A same-day request that was escalated was never "escalated" outside of Urgent."""
        consultation_request = desk.request(RequestStatus.RECEIVED, outcome=Outcome.SAME_DAY)
        escalate(consultation_request, nurse, "Two calls in vain, fever.")
        perform("claim", consultation_request, by=nurse)
        perform("pass_to_doctor", consultation_request, doctor=doctor, note="", by=nurse)
        consultation_request.refresh_from_db()
        assert (consultation_request.status, consultation_request.is_escalated) == ("with_doctor", True)
        with pytest.raises(FlagsStand):
            perform("offer", consultation_request, appointment_type=desk.visit, patient_note="Come.", by=doctor)

    def test_settled_again_with_other_words_is_refused_and_with_the_same_is_no_second_note(
        self, desk: Desk, nurse: User, doctor: User
    ) -> None:
        consultation_request = desk.request(RequestStatus.RECEIVED)
        escalate(consultation_request, nurse)
        perform("settle_escalation", consultation_request, note="Examined.", by=doctor)
        perform("settle_escalation", consultation_request, note="Examined.", by=doctor)
        with pytest.raises(ChangedMeanwhile, match="with other words"):
            perform("settle_escalation", consultation_request, note="Numb since Monday.", by=doctor)
        noted = TriageDecision.objects.filter(consultation_request=consultation_request, action="settle")
        assert [row.note for row in noted] == ["Examined."]

    def test_settled_it_leaves_the_red_flags_and_their_clock(self, desk: Desk, nurse: User, doctor: User) -> None:
        consultation_request = desk.request(
            RequestStatus.RECEIVED, outcome=Outcome.SAME_DAY, flag_level="SAME_DAY", danger_due_at=SAME_DAY_DUE
        )
        escalate(consultation_request, nurse)
        perform("settle_escalation", consultation_request, note="Known already.", by=doctor)
        consultation_request.refresh_from_db()
        assert (
            consultation_request.risk,
            consultation_request.danger_due_at,
            consultation_request.is_blocked_by_flags,
        ) == (1, SAME_DAY_DUE, True)

    def test_a_doctors_urgent_is_one_too(self, desk: Desk, doctor: User) -> None:
        consultation_request = desk.request(RequestStatus.WITH_DOCTOR)
        perform("mark_urgent", consultation_request, reason="Ask about legs.", by=doctor)
        consultation_request.refresh_from_db()
        assert (consultation_request.escalated_by, activity.escalation(consultation_request).text) == (
            doctor,
            "Ask about legs.",
        )

    def test_written_a_second_time_both_are_kept(self, desk: Desk, nurse: User, other_nurse: User) -> None:
        consultation_request = desk.request(RequestStatus.OFFERED)
        escalate(consultation_request, nurse, "Fever.")
        escalate(consultation_request, other_nurse, "And numb.")
        notes = TriageDecision.objects.filter(consultation_request=consultation_request, action="escalate")
        assert [item.note for item in notes.order_by("pk")] == ["Fever.", "And numb."]


class TestItIsNotTakenBack:
    def refused(self, consultation_request: ConsultationRequest, by: User, phrase: str) -> None:
        before = all_rows()
        with pytest.raises(NotTakenBack, match=phrase):
            perform("take_back_escalation", consultation_request, by=by)
        assert all_rows() == before

    def test_by_a_colleague(self, desk: Desk, nurse: User, other_nurse: User) -> None:
        consultation_request = desk.request(RequestStatus.OFFERED)
        escalate(consultation_request, nurse)
        self.refused(consultation_request, other_nurse, "a colleague made it")

    @pytest.mark.parametrize(("seconds", "is_late"), [(600, False), (601, True)])
    def test_after_ten_minutes(
        self, desk: Desk, nurse: User, doctor: User, time_machine: Any, seconds: int, is_late: bool
    ) -> None:
        consultation_request = desk.request(RequestStatus.RECEIVED)
        escalate(consultation_request, nurse)
        time_machine.move_to(NOW + datetime.timedelta(seconds=seconds), tick=False)
        if is_late:
            self.refused(consultation_request, nurse, "more than ten minutes ago")
        else:
            perform("take_back_escalation", consultation_request, by=nurse)
            assert state(consultation_request)["status"] == "received"

    @pytest.mark.parametrize("origin", [AssessmentOrigin.ASKED_AGAIN, AssessmentOrigin.CALL])
    def test_once_a_danger_answer_was_recorded(self, desk: Desk, nurse: User, origin: str) -> None:
        consultation_request = desk.request(RequestStatus.RECEIVED)
        escalate(consultation_request, nurse)
        dangers.hear(
            response=consultation_request.response,
            consultation_request=consultation_request,
            origin=origin,
            ticks=["same"],
            asked_by=nurse if origin == "call" else None,
        )
        self.refused(consultation_request, nurse, "answered questions about danger since")

    def test_when_it_was_not_the_first(self, desk: Desk, nurse: User, other_nurse: User) -> None:
        consultation_request = desk.request(RequestStatus.RECEIVED)
        escalate(consultation_request, nurse, "Fever.")
        escalate(consultation_request, other_nurse, "And numb.")
        self.refused(consultation_request, other_nurse, "escalated before")

    def test_once_a_doctor_settled_it(self, desk: Desk, nurse: User, doctor: User) -> None:
        consultation_request = desk.request(RequestStatus.OFFERED)
        escalate(consultation_request, nurse)
        perform("settle_escalation", consultation_request, note="Seen.", by=doctor)
        self.refused(consultation_request, nurse, "not escalated any more")


def test_moved_on_since_it_stays_where_it_is(desk: Desk, nurse: User) -> None:
    consultation_request = desk.request(RequestStatus.RECEIVED)
    escalate(consultation_request, nurse)
    perform("claim", consultation_request, by=nurse)
    perform("take_back_escalation", consultation_request, by=nurse)
    assert (state(consultation_request)["status"], consultation_request.risk, consultation_request.claimed_by) == (
        "in_triage",
        6,
        nurse,
    )


def test_without_a_doctor_of_its_own_those_on_duty_are_told(
    desk: Desk, nurse: User, doctor: User, other_doctor: User
) -> None:
    other_doctor.is_on_duty = False
    other_doctor.save()
    consultation_request = desk.request(RequestStatus.RECEIVED)
    escalate(consultation_request, nurse)
    perform("take_back_escalation", consultation_request, by=nurse)
    assert alerts() == [doctor.email]
    assert clock.now() == NOW


def test_whoever_made_it_alone_is_offered_to_take_it_back(
    sign_in: Any, desk: Desk, nurse: User, other_nurse: User, time_machine: Any
) -> None:
    consultation_request = desk.request(RequestStatus.RECEIVED)
    escalate(consultation_request, nurse)
    button = reverse(
        "admin:consultations_consultationrequest_action", args=[consultation_request.pk, "take_back_escalation"]
    )
    page = reverse("admin:consultations_consultationrequest_change", args=[consultation_request.pk])
    offered = [button in sign_in(user).get(page).content.decode() for user in (nurse, other_nurse)]
    time_machine.shift(datetime.timedelta(seconds=601))
    assert [*offered, button in sign_in(nurse).get(page).content.decode()] == [True, False, False]
