"""Every service that writes, ready to be called, and all rows there are to compare."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import clock
from consultations.actions.book import book_held
from consultations.actions.read_text import mark_read
from consultations.enums import AppointmentStatus, Outcome, RequestStatus, TextKind
from consultations.models import (
    AppointmentType,
    Clinician,
    ConsultationRequest,
    InformationRequest,
    PatientText,
    SlotHold,
)
from consultations.services import scheduling
from tests.cast import MakeRequest, as_pressing, book_directly
from tests.consultations.perform import answer, perform, settling_data

NOW = datetime.datetime(2026, 11, 23, 15, 0, tzinfo=datetime.UTC)
"""Monday 23 November 2026, 10:00 at the clinic."""
ENDED_AS = {RequestStatus.COMPLETED: AppointmentStatus.FULFILLED, RequestStatus.NO_SHOW: AppointmentStatus.NOSHOW}
TOMORROW_AT_NINE = datetime.datetime(2026, 11, 24, 14, 0, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def monday(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


class Desk:
    """One request in any status, and each verb of the transition table as a call of its service."""

    def __init__(self, make_request: MakeRequest, clinician: Clinician, visit: AppointmentType, doctor: User) -> None:
        self.make_request, self.clinician, self.visit, self.doctor = make_request, clinician, visit, doctor

    def request(
        self, status: RequestStatus, *, asked_by_doctor: bool = False, is_ahead: bool = False, **more: Any
    ) -> ConsultationRequest:
        """The visit of a booked request began half an hour ago, or `is_ahead` of us."""
        if status == RequestStatus.IN_TRIAGE:
            more |= {"claimed_by": self.doctor, "claimed_at": clock.now()}
        if status in (RequestStatus.OFFERED, RequestStatus.BOOKED, *ENDED_AS):
            more |= {"appointment_type": self.visit}
        request = as_pressing(self.make_request(status=status, **more))
        # Something to read, wherever a request stands; it has no clock, so that nothing else is changed by it.
        PatientText.objects.create(
            response=request.response, kind=TextKind.CANCEL_REASON, text="I had a cold.", sent_at=clock.now()
        )
        if status == RequestStatus.OFFERED:
            self.hold(request)
        if status == RequestStatus.BOOKED:
            begins = TOMORROW_AT_NINE if is_ahead else clock.now() - datetime.timedelta(minutes=30)
            book_directly(request, self.clinician, begins)
        if ended_as := ENDED_AS.get(status):
            visit = book_directly(request, self.clinician, clock.now() - datetime.timedelta(minutes=30))
            visit.status = ended_as
            visit.save()
        if status == RequestStatus.INFORMATION_ASKED:
            InformationRequest.objects.create(
                request=request,
                question="Which scan?",
                asked_at=clock.now(),
                asked_by=self.doctor,
                is_from_doctor=asked_by_doctor,
            )
        return request

    def ready_for(self, verb: str, status: RequestStatus, by: User | None = None) -> ConsultationRequest:
        """A request on which this person may do this now."""
        flagged = {"outcome": Outcome.SAME_DAY} if verb in ("settle", "order_booking") else {}
        request = self.request(status, asked_by_doctor=verb == "answer_doctor", is_ahead=verb == "withdraw", **flagged)
        if verb in ("take_back_escalation", "settle_escalation"):
            self.escalate(request, by or self.doctor)
        return request

    @staticmethod
    def escalate(request: ConsultationRequest, by: User) -> None:
        request.before_escalation = {
            "status": request.status, "risk": 6, "priority": "routine",
            "due_at": request.due_at.isoformat(), "danger_due_at": None,
        }  # fmt: skip
        request.escalated_at, request.escalated_by = clock.now(), by
        request.save()

    def hold(self, request: ConsultationRequest) -> SlotHold:
        return SlotHold.objects.create(
            request=request,
            clinician=self.clinician,
            location=self.clinician.availabilities.first().location,
            starts_at=TOMORROW_AT_NINE,
            ends_at=TOMORROW_AT_NINE + datetime.timedelta(minutes=self.visit.minutes),
            expires_at=clock.now() + scheduling.HOLD_TIME,
        )

    def services(self) -> dict[str, Callable[..., Any]]:
        """Verb -> call(request, by), with everything else filled in as it should be."""
        return {
            "claim": lambda request, by: perform("claim", request, by=by),
            "release": lambda request, by: perform("release", request, by=by),
            "note": lambda request, by: perform("note", request, note="Rang.", by=by),
            "correct_email": lambda request, by: perform("correct_email", request, email="new@example.com", by=by),
            "escalate": lambda request, by: perform("escalate", request, note="Worse.", by=by),
            "set_own_urgency": lambda request, by: perform("set_own_urgency", request, reason="Well.", by=by),
            "settle": lambda request, by: perform("settle", request, by=by, **settling_data(request)),
            "order_booking": lambda request, by: perform(
                "order_booking", request, appointment_type=self.visit, reason="I want to see her.", by=by
            ),
            "take_back_escalation": lambda request, by: perform("take_back_escalation", request, by=by),
            "settle_escalation": lambda request, by: perform("settle_escalation", request, note="Examined.", by=by),
            "pass_to_doctor": lambda request, by: perform(
                "pass_to_doctor", request, doctor=self.doctor, note="Please read.", by=by
            ),
            "ask": lambda request, by: perform("ask", request, question="Which scan?", by=by),
            "answer": lambda request, by: answer(request, "An MRI."),
            "answer_doctor": lambda request, by: answer(request, "An MRI."),
            "offer": lambda request, by: perform(
                "offer", request, appointment_type=self.visit, patient_note="Come.", by=by
            ),
            "decline": lambda request, by: perform(
                "decline", request, patient_note="Walk more.", reason="Pain is new.", by=by
            ),
            "mark_urgent": lambda request, by: perform("mark_urgent", request, reason="Ask about legs.", by=by),
            "book": lambda request, by: book_held(consultation_request=request, by=by),
            "cancel_booking": lambda request, by: perform("cancel_booking", request, reason="Ill.", by=by),
            "complete": lambda request, by: perform("complete", request, by=by),
            "mark_no_show": lambda request, by: perform("mark_no_show", request, by=by),
            "undo_complete": lambda request, by: perform("undo_complete", request, by=by),
            "undo_no_show": lambda request, by: perform("undo_no_show", request, by=by),
            "withdraw": lambda request, by: perform("withdraw", request),
            "message": lambda request, by: perform("message", request, message="I moved.", once="one page"),
            "answer_again": lambda request, by: perform("answer_again", request, ticks=("none",)),
            "ask_weekly": lambda request, by: perform("ask_weekly", request, is_wanted=False, by=by),
            "read_text": lambda request, by: mark_read(
                text=PatientText.objects.get(response=request.response_id, kind=TextKind.CANCEL_REASON), by=by
            ),
            "cancel_request": lambda request, by: perform("cancel_request", request, note="Moved.", by=by),
        }


@pytest.fixture
def desk(make_request: MakeRequest, clinician: Clinician, visit: AppointmentType, doctor: User) -> Desk:
    return Desk(make_request, clinician, visit, doctor)
