"""What a patient reads about where a request stands: one heading a status, and the five steps of the tracker."""

import dataclasses
import datetime
from typing import Final

from clinic.core import clock
from clinic.core.names import possessive
from consultations.enums import Actor, AppointmentStatus, ReviewDecision
from consultations.enums import RequestStatus as S
from consultations.models import Appointment, ConsultationRequest
from consultations.presenters.patient_texts import read_by


@dataclasses.dataclass(frozen=True, slots=True)
class TrackerStep:
    """One step of the tracker; `state` is done, now or next."""

    title: str
    text: str
    state: str

    @property
    def is_done(self) -> bool:
        return self.state == "done"

    @property
    def is_now(self) -> bool:
        return self.state == "now"


@dataclasses.dataclass(frozen=True, slots=True)
class PatientNote:
    """Words of a clinician to the patient, exactly as written."""

    text: str
    author: str
    at: datetime.datetime


HEADINGS: Final[dict[str, str]] = {
    S.RECEIVED: "we have your request",
    S.IN_TRIAGE: "a nurse is reading your request",
    S.WITH_DOCTOR: "a doctor is reading your request",
    S.INFORMATION_ASKED: "we have a question for you",
    S.OFFERED: "you can choose a time",
    S.NOT_SUITABLE: "a doctor has answered your request",
    S.URGENT: "we want to speak to you soon",
    S.BOOKED: "your consultation is booked",
    S.COMPLETED: "your consultation has taken place",
    S.NO_SHOW: "we missed you",
    S.WITHDRAWN: "your request is withdrawn",
    S.CANCELLED: "your request is closed",
}
TO_HELPERS: Final[dict[str, str]] = {
    S.RECEIVED: "we have {whose} request",
    S.IN_TRIAGE: "a nurse is reading {whose} request",
    S.WITH_DOCTOR: "a doctor is reading {whose} request",
    S.INFORMATION_ASKED: "we have a question about {whose} request",
    S.OFFERED: "you can choose a time for {name}",
    S.NOT_SUITABLE: "a doctor has answered {whose} request",
    S.URGENT: "we want to speak to you or {name} soon",
    S.BOOKED: "{whose} consultation is booked",
    S.COMPLETED: "{whose} consultation has taken place",
    S.NO_SHOW: "we missed {name}",
    S.WITHDRAWN: "{whose} request is withdrawn",
    S.CANCELLED: "{whose} request is closed",
}
STEPS: Final = ("Request received", "Read by a nurse", "Read by a doctor", "Choose a time", "Consultation")
REACHED: Final[dict[str, int]] = {
    S.RECEIVED: 1,
    S.IN_TRIAGE: 1,
    S.URGENT: 1,
    S.WITH_DOCTOR: 2,
    S.OFFERED: 3,
    S.BOOKED: 4,
    S.COMPLETED: 5,
}
"""Status -> index of the step that is "now"; five means that all are done."""


def heading(consultation_request: ConsultationRequest) -> str:
    return heading_for(consultation_request, consultation_request.status)


def heading_for(consultation_request: ConsultationRequest, status: str) -> str:
    """To the patient, or to who helps the patient, by name; without one, the same words begin the sentence."""
    words, name, helped = HEADINGS[status], consultation_request.addressee, consultation_request.helped_name
    if helped:
        words = TO_HELPERS[status].format(name=helped, whose=possessive(helped))
    return f"{name}, {words}" if name else f"{words[0].upper()}{words[1:]}"


def steps(consultation_request: ConsultationRequest, *, appointment: Appointment | None) -> list[TrackerStep]:
    """The tracker of a request that is under way; empty for one that ended another way."""
    reached = REACHED.get(consultation_request.status)
    if consultation_request.status == S.INFORMATION_ASKED:
        reached = 2 if consultation_request.doctor_id else 1
    if reached is None:
        return []
    states = ["done" if place < reached else "now" if place == reached else "next" for place in range(len(STEPS))]
    return [
        TrackerStep(
            _title(place, states[place]), _text(consultation_request, place, states[place], appointment), states[place]
        )
        for place in range(len(STEPS))
    ]


def _title(place: int, state: str) -> str:
    if place == 3 and state == "done":
        return "Time chosen"
    return STEPS[place]


def _text(consultation_request: ConsultationRequest, place: int, state: str, appointment: Appointment | None) -> str:
    if place == 0:
        return clock.moment(consultation_request.submitted_at)
    if state == "next":
        return ""
    if place == 4 and appointment is not None:
        return clock.moment(appointment.starts_at)
    if state == "now" and place in (1, 2):
        if consultation_request.status == S.INFORMATION_ASKED:
            return "Waiting for your answer"
        return _by_when(consultation_request)
    if state == "now" and place == 3:
        return "Nothing is booked until you choose"
    # That it is done, the title says.
    return ""


def _by_when(consultation_request: ConsultationRequest) -> str:
    """The promise of "What happens next" once more; nothing where that says if we can call at all, or
    that we missed it.
    """
    if consultation_request.status == S.URGENT or consultation_request.due_at < clock.now():
        return ""
    if consultation_request.status == S.RECEIVED:
        return f"A person reads it by {clock.moment(read_by(consultation_request))}"
    return f"You hear from us by {clock.moment(consultation_request.due_at)}"


def clinic_note(consultation_request: ConsultationRequest) -> PatientNote | None:
    """The newest note a doctor wrote for this patient; questions have a place of their own."""
    review = (
        consultation_request.reviews.exclude(decision=ReviewDecision.ASK)
        .select_related("decided_by__clinician")
        .order_by("-decided_at", "-pk")
        .first()
    )
    if review is None or not review.patient_note.strip():
        return None
    clinician = getattr(review.decided_by, "clinician", None)
    author = clinician.display_name if clinician else review.decided_by.name or "Your doctor"
    return PatientNote(review.patient_note, author, review.decided_at)


def cancelled_by_clinic(consultation_request: ConsultationRequest) -> Appointment | None:
    """The last time that was cancelled, when the clinic did it and none was chosen since."""
    last = consultation_request.appointments.order_by("-booked_at", "-pk").first()
    if last is None or last.status != AppointmentStatus.CANCELLED or last.cancelled_by == Actor.PATIENT:
        return None
    return last
