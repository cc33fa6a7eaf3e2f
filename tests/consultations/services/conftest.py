"""Every service that writes, ready to be called, and all rows there are to compare."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.models import OutboxMessage
from consultations.actions.book import book_held
from consultations.actions.move import move_held
from consultations.actions.read_text import mark_read
from consultations.enums import (
    Actor,
    AppointmentStatus,
    CallOutcome,
    CaseOutcome,
    CaseProof,
    MessageKind,
    Outcome,
    RequestStatus,
    TextKind,
)
from consultations.models import (
    Absence,
    AppointmentType,
    Call,
    Clinician,
    ConsultationRequest,
    InformationRequest,
    Location,
    PatientText,
    ReleasedTime,
    SafetyCase,
    SlotHold,
    TimeOffer,
)
from consultations.services import case_proofs, cases, notes, persons, scheduling, waiting
from consultations.services.case_proofs import OutcomeClaim
from consultations.services.visit_needs import Needs
from consultations.services.waiting import Wishes
from tests.consultations.perform import answer, perform, settling_data
from tests.mailbox import queue_directly
from tests.personas import MakeRequest, as_pressing, book_directly, make_patient

NOW = datetime.datetime(2026, 11, 23, 15, 0, tzinfo=datetime.UTC)
"""Monday 23 November 2026, 10:00 at the clinic."""
ENDED_AS = {RequestStatus.COMPLETED: AppointmentStatus.FULFILLED, RequestStatus.NO_SHOW: AppointmentStatus.NOSHOW}
DAY = datetime.timedelta(days=1)
LATER = datetime.datetime(2026, 11, 24, 15, 20, tzinfo=datetime.UTC)
"""Tuesday, 10:20."""
TOMORROW_AT_NINE = datetime.datetime(2026, 11, 24, 14, 0, tzinfo=datetime.UTC)


@pytest.fixture(autouse=True)
def monday(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


AHEAD = ("withdraw", "move", "confirm_visit", "wait_for_earlier", "decline_offered_time", "call_off")
"""What is done while the visit is still to come."""


class Desk:
    """One request in any status, and each verb of the transition table as a call of its service."""

    def __init__(self, make_request: MakeRequest, clinician: Clinician, visit: AppointmentType, doctor: User) -> None:
        self.make_request, self.clinician, self.visit, self.doctor = make_request, clinician, visit, doctor
        self.absence = Absence.objects.create(
            clinician=clinician, starts_at=NOW + 300 * DAY, ends_at=NOW + 301 * DAY, called_off_at=NOW
        )

    def request(
        self, status: RequestStatus, *, asked_by_doctor: bool = False, is_ahead: bool = False, **more: Any
    ) -> ConsultationRequest:
        """The visit of a booked request began half an hour ago, or `is_ahead` of us."""
        if status == RequestStatus.IN_TRIAGE:
            more |= {"claimed_by": self.doctor, "claimed_at": clock.now()}
        if status in (RequestStatus.OFFERED, RequestStatus.BOOKED, *ENDED_AS):
            more |= {"appointment_type": self.visit}
        consultation_request = as_pressing(self.make_request(status=status, **more))
        # Something to read, wherever a request stands; it has no clock, so that nothing else is changed by it.
        PatientText.objects.create(
            response=consultation_request.response,
            kind=TextKind.CANCEL_REASON,
            text="I had a cold.",
            sent_at=clock.now(),
        )
        if status == RequestStatus.OFFERED:
            self.hold(consultation_request)
        if status == RequestStatus.BOOKED:
            begins = TOMORROW_AT_NINE if is_ahead else clock.now() - datetime.timedelta(minutes=30)
            book_directly(consultation_request, self.clinician, begins)
        if ended_as := ENDED_AS.get(status):
            visit = book_directly(consultation_request, self.clinician, clock.now() - datetime.timedelta(minutes=30))
            visit.status = ended_as
            visit.save()
        if status == RequestStatus.INFORMATION_ASKED:
            InformationRequest.objects.create(
                consultation_request=consultation_request,
                question="Which scan?",
                asked_at=clock.now(),
                asked_by=self.doctor,
                is_from_doctor=asked_by_doctor,
            )
        return consultation_request

    def ready_for(self, verb: str, status: RequestStatus, by: User | None = None) -> ConsultationRequest:
        """A request on which this person may do this now."""
        flagged: dict[str, Any] = {"outcome": Outcome.SAME_DAY} if verb in ("settle", "order_booking") else {}
        if verb == "offer_again" and status != RequestStatus.NO_SHOW:
            flagged = {"offer_expired_at": clock.now(), "appointment_type": self.visit}
        consultation_request = self.request(
            status,
            asked_by_doctor=verb == "answer_doctor",
            is_ahead=verb in AHEAD,
            **flagged,
        )
        if verb == "move":
            self.hold(consultation_request, starts_at=LATER)
        if verb in ("leave_waiting_list", "decline_offered_time"):
            self.waits(consultation_request, is_offered=verb == "decline_offered_time")
        if verb == "undo_cancel":
            self.cancelled_a_moment_ago(consultation_request)
        if verb == "undo_call_off":
            self.called_off(consultation_request)
        if verb in ("take_back_escalation", "settle_escalation"):
            self.escalate(consultation_request, by or self.doctor)
        return consultation_request

    def waits(self, consultation_request: ConsultationRequest, *, is_offered: bool) -> None:
        """On the waiting list; with a time that is kept for it, in place of any that was chosen."""
        entry = waiting.join(consultation_request=consultation_request, wishes=Wishes(), by=None)
        if not is_offered:
            return
        now, location = clock.now(), Location.objects.get()
        when = {"clinician": self.clinician, "starts_at": LATER, "ends_at": LATER + datetime.timedelta(minutes=40)}
        released = ReleasedTime.objects.create(**when, reason="cancelled", released_at=now, look_at=now)
        expires_at = now + datetime.timedelta(hours=4)
        offer = TimeOffer.objects.create(
            **when, location=location, entry=entry, released_time=released, made_at=now, expires_at=expires_at
        )
        SlotHold.objects.filter(consultation_request=consultation_request).delete()
        SlotHold.objects.create(
            **when,
            location=location,
            consultation_request=consultation_request,
            expires_at=expires_at,
            time_offer=offer,
        )

    def cancelled_a_moment_ago(self, consultation_request: ConsultationRequest) -> None:
        """What is held is the time of a visit that the patient cancelled and may take back."""
        visit = book_directly(consultation_request, self.clinician, TOMORROW_AT_NINE)
        visit.status, visit.cancelled_at, visit.cancelled_by = AppointmentStatus.CANCELLED, clock.now(), Actor.PATIENT
        visit.save()
        SlotHold.objects.filter(consultation_request=consultation_request).update(gives_back=visit)

    def called_off(self, consultation_request: ConsultationRequest) -> None:
        """What is offered is a time in place of a visit that the clinic called off a moment ago."""
        SlotHold.objects.filter(consultation_request=consultation_request).delete()
        visit = book_directly(consultation_request, self.clinician, TOMORROW_AT_NINE)
        visit.status, visit.cancelled_at, visit.cancelled_by = AppointmentStatus.CANCELLED, clock.now(), Actor.TRIAGE
        visit.called_off_for = self.absence
        visit.save()

    @staticmethod
    def escalate(consultation_request: ConsultationRequest, by: User) -> None:
        consultation_request.before_escalation = {
            "status": consultation_request.status, "risk": 6, "priority": "routine",
            "due_at": consultation_request.due_at.isoformat(), "danger_due_at": None,
        }  # fmt: skip
        consultation_request.escalated_at, consultation_request.escalated_by = clock.now(), by
        consultation_request.save()

    def hold(
        self, consultation_request: ConsultationRequest, *, starts_at: datetime.datetime = TOMORROW_AT_NINE
    ) -> SlotHold:
        return SlotHold.objects.create(
            consultation_request=consultation_request,
            clinician=self.clinician,
            location=self.clinician.availabilities.first().location,
            starts_at=starts_at,
            ends_at=starts_at + datetime.timedelta(minutes=self.visit.minutes),
            expires_at=clock.now() + scheduling.HOLD_TIME,
        )

    def services(self) -> dict[str, Callable[..., Any]]:
        """Verb -> call(request, by), with everything else filled in as it should be."""
        return {
            "claim": lambda consultation_request, by: perform("claim", consultation_request, by=by),
            "release": lambda consultation_request, by: perform("release", consultation_request, by=by),
            "note": lambda consultation_request, by: perform("note", consultation_request, note="Rang.", by=by),
            "correct_email": lambda consultation_request, by: perform(
                "correct_email", consultation_request, email="new@example.com", by=by
            ),
            "escalate": lambda consultation_request, by: perform(
                "escalate", consultation_request, note="Worse.", by=by
            ),
            "set_own_urgency": lambda consultation_request, by: perform(
                "set_own_urgency", consultation_request, reason="Well.", by=by
            ),
            "settle": lambda consultation_request, by: perform(
                "settle", consultation_request, by=by, **settling_data(consultation_request)
            ),
            "order_booking": lambda consultation_request, by: perform(
                "order_booking", consultation_request, appointment_type=self.visit, reason="I want to see her.", by=by
            ),
            "take_back_escalation": lambda consultation_request, by: perform(
                "take_back_escalation", consultation_request, by=by
            ),
            "settle_escalation": lambda consultation_request, by: perform(
                "settle_escalation", consultation_request, note="Examined.", by=by
            ),
            "pass_to_doctor": lambda consultation_request, by: perform(
                "pass_to_doctor", consultation_request, doctor=self.doctor, note="Please read.", by=by
            ),
            "ask": lambda consultation_request, by: perform("ask", consultation_request, question="Which scan?", by=by),
            "answer": lambda consultation_request, by: answer(consultation_request, "An MRI."),
            "answer_doctor": lambda consultation_request, by: answer(consultation_request, "An MRI."),
            "offer": lambda consultation_request, by: perform(
                "offer", consultation_request, appointment_type=self.visit, patient_note="Come.", by=by
            ),
            "decline": lambda consultation_request, by: perform(
                "decline", consultation_request, patient_note="Walk more.", reason="Pain is new.", by=by
            ),
            "mark_urgent": lambda consultation_request, by: perform(
                "mark_urgent", consultation_request, reason="Ask about legs.", by=by
            ),
            "book": lambda consultation_request, by: book_held(consultation_request=consultation_request, by=by),
            "move": lambda consultation_request, by: move_held(consultation_request=consultation_request, by=by),
            "cancel_booking": lambda consultation_request, by: perform(
                "cancel_booking", consultation_request, reason="Ill.", by=by
            ),
            "undo_cancel": lambda consultation_request, by: perform("undo_cancel", consultation_request),
            "call_off": lambda consultation_request, by: perform(
                "call_off", consultation_request, absence=self.absence, by=by
            ),
            "undo_call_off": lambda consultation_request, by: perform("undo_call_off", consultation_request, by=by),
            "complete": lambda consultation_request, by: perform("complete", consultation_request, by=by),
            "mark_no_show": lambda consultation_request, by: perform("mark_no_show", consultation_request, by=by),
            "undo_complete": lambda consultation_request, by: perform("undo_complete", consultation_request, by=by),
            "undo_no_show": lambda consultation_request, by: perform("undo_no_show", consultation_request, by=by),
            "withdraw": lambda consultation_request, by: perform("withdraw", consultation_request),
            "message": lambda consultation_request, by: perform(
                "message", consultation_request, message="I moved.", once="one page"
            ),
            "answer_again": lambda consultation_request, by: perform(
                "answer_again", consultation_request, ticks=("none",)
            ),
            "ask_weekly": lambda consultation_request, by: perform(
                "ask_weekly", consultation_request, is_wanted=False, by=by
            ),
            "expire_offer": lambda consultation_request, by: perform("expire_offer", consultation_request, by=by),
            "offer_again": lambda consultation_request, by: perform("offer_again", consultation_request, by=by),
            "invite_follow_up": lambda consultation_request, by: perform(
                "invite_follow_up", consultation_request, appointment_type=self.visit, by=by
            ),
            "invite_after_advice": lambda consultation_request, by: perform(
                "invite_after_advice", consultation_request, appointment_type=self.visit, by=by
            ),
            "confirm_visit": lambda consultation_request, by: perform("confirm_visit", consultation_request, by=by),
            "set_video_link": lambda consultation_request, by: perform(
                "set_video_link", consultation_request, link="https://video.example/a", by=by
            ),
            "tell_needs": lambda consultation_request, by: perform(
                "tell_needs", consultation_request, needs=Needs(codes=("quiet",)), by=by
            ),
            "choose_reminders": lambda consultation_request, by: perform(
                "choose_reminders", consultation_request, choice="none", by=by
            ),
            "wait_for_earlier": lambda consultation_request, by: perform(
                "wait_for_earlier", consultation_request, wishes=Wishes(), by=by
            ),
            "leave_waiting_list": lambda consultation_request, by: perform(
                "leave_waiting_list", consultation_request, by=by
            ),
            "decline_offered_time": lambda consultation_request, by: perform(
                "decline_offered_time", consultation_request, by=by
            ),
            "read_text": lambda consultation_request, by: mark_read(
                text=PatientText.objects.get(response=consultation_request.response_id, kind=TextKind.CANCEL_REASON),
                by=by,
            ),
            "cancel_request": lambda consultation_request, by: perform(
                "cancel_request", consultation_request, note="Moved.", by=by
            ),
        }


@pytest.fixture
def desk(make_request: MakeRequest, clinician: Clinician, visit: AppointmentType, doctor: User) -> Desk:
    return Desk(make_request, clinician, visit, doctor)


HOUR = datetime.timedelta(hours=1)


class Ward:
    """A case in which everything stands that one outcome rests on, and nothing else."""

    def __init__(self, make_request: MakeRequest, nurse: User, doctor: User) -> None:
        self.make_request, self.nurse, self.doctor = make_request, nurse, doctor

    def case(self, **kwargs: Any) -> SafetyCase:
        consultation_request = self.make_request(patient=make_patient(**kwargs), outcome=Outcome.EMERGENCY)
        return cases.open_case(
            response=consultation_request.response, level=Outcome.EMERGENCY, patient=consultation_request.patient
        )

    def call(
        self,
        case: SafetyCase,
        outcome: str = "danger_asked",
        *,
        after: datetime.timedelta = HOUR,
        ends: bool = True,
        answers: dict[str, Any] | None = None,
    ) -> Call:
        at = case.raised_at + after
        return Call.objects.create(
            response=case.response, outcome=outcome, made_at=at, made_by=self.nurse,
            heard_at=at if outcome == CallOutcome.DANGER_ASKED else None,
            completed_at=at if outcome == CallOutcome.DANGER_ASKED and ends else None,
            answers=answers or {"rf_now": ["chest"]} if outcome == CallOutcome.DANGER_ASKED else {},
        )  # fmt: skip

    def tries(self, case: SafetyCase, *hours: float, outcome: str = "not_reached") -> None:
        for hour in hours:
            self.call(case, outcome, after=hour * HOUR)

    def text(self, case: SafetyCase, *, is_read: bool = True) -> PatientText:
        at = case.raised_at + HOUR
        reading = {"read_at": at, "read_by": self.nurse} if is_read else {}
        return PatientText.objects.create(
            response=case.response, kind=TextKind.MESSAGE, text="I am home.", sent_at=at, due_at=at, **reading
        )

    def mails(self, case: SafetyCase, *days: int) -> None:
        consultation_request = case_proofs.request_of(case)
        assert consultation_request is not None
        for number, day in enumerate(days):
            key = f"{case.pk}-{number}"
            message = queue_directly(
                consultation_request=consultation_request, key=key, kind=MessageKind.PLEASE_CONTACT
            )
            OutboxMessage.objects.filter(pk=message.pk).update(sent_at=case.raised_at + datetime.timedelta(days=day))

    def proved(self, outcome: str, proof: str) -> tuple[SafetyCase, OutcomeClaim]:
        case = self.case(**PATIENTS.get(proof, {}))
        named = None
        if proof in ("call", "said_mistake"):
            named = self.call(case).pk
        elif proof == "refused":
            named = self.call(case, "reached_other").pk
        elif proof == "own_words":
            named = self.text(case).pk
        elif proof == "tries":
            self.tries(case, 0, 2, 4)
        elif proof == "mails":
            self.mails(case, 0, 1)
        elif proof == "no_name":
            SafetyCase.objects.filter(pk=case.pk).update(patient=None)
        elif proof == "open_case":
            other = self.case()
            persons.join(patient=case.patient, other=other.patient, reason="Same voice.", by=self.nurse)
            named = other.pk
        elif proof == "staff_mistake":
            self.call(case, "not_reached")
            named = notes.add_to_case(case=case, text="Wrong row.", says_mistake=True, by=self.nurse).pk
        letter = {"letter_from": "St Anne", "letter_on": clock.today()} if proof == "letter" else {}
        claim = OutcomeClaim(CaseOutcome(outcome), CaseProof(proof), named=named, words="As it was.", **letter)
        return SafetyCase.objects.get(pk=case.pk), claim


PATIENTS: dict[str, dict[str, str]] = {"mails": {"phone": ""}, "no_contact": {"phone": "", "email": ""}}


@pytest.fixture
def ward(make_request: MakeRequest, nurse: User, doctor: User) -> Ward:
    return Ward(make_request, nurse, doctor)
