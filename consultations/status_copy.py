"""What a patient reads about where a request stands: one heading a status, and the five steps of the tracker."""

import dataclasses
import datetime
from typing import TYPE_CHECKING, Final

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core import clock
from consultations.enums import Actor, AppointmentStatus, ReviewDecision
from consultations.enums import RequestStatus as S
from consultations.models import Appointment, ConsultationRequest
from consultations.presenters.patient_texts import read_by

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise


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


HEADINGS: Final[dict[str, "_StrOrPromise"]] = {
    S.RECEIVED: gettext_lazy("we have your request"),
    S.IN_TRIAGE: gettext_lazy("a nurse is reading your request"),
    S.WITH_DOCTOR: gettext_lazy("a doctor is reading your request"),
    S.INFORMATION_ASKED: gettext_lazy("we have a question for you"),
    S.OFFERED: gettext_lazy("you can choose a time"),
    S.NOT_SUITABLE: gettext_lazy("a doctor has answered your request"),
    S.URGENT: gettext_lazy("we want to speak to you soon"),
    S.BOOKED: gettext_lazy("your consultation is booked"),
    S.COMPLETED: gettext_lazy("your consultation has taken place"),
    S.NO_SHOW: gettext_lazy("we missed you"),
    S.WITHDRAWN: gettext_lazy("your request is withdrawn"),
    S.CANCELLED: gettext_lazy("your request is closed"),
}
TO_HELPERS: Final[dict[str, "_StrOrPromise"]] = {
    S.RECEIVED: gettext_lazy("we have %(name)s’s request"),
    S.IN_TRIAGE: gettext_lazy("a nurse is reading %(name)s’s request"),
    S.WITH_DOCTOR: gettext_lazy("a doctor is reading %(name)s’s request"),
    S.INFORMATION_ASKED: gettext_lazy("we have a question about %(name)s’s request"),
    S.OFFERED: gettext_lazy("you can choose a time for %(name)s"),
    S.NOT_SUITABLE: gettext_lazy("a doctor has answered %(name)s’s request"),
    S.URGENT: gettext_lazy("we want to speak to you or %(name)s soon"),
    S.BOOKED: gettext_lazy("%(name)s’s consultation is booked"),
    S.COMPLETED: gettext_lazy("%(name)s’s consultation has taken place"),
    S.NO_SHOW: gettext_lazy("we missed %(name)s"),
    S.WITHDRAWN: gettext_lazy("%(name)s’s request is withdrawn"),
    S.CANCELLED: gettext_lazy("%(name)s’s request is closed"),
}
BLOCKED: Final = gettext_lazy("a doctor looks at your request first")
BLOCKED_TO_HELPERS: Final = gettext_lazy("a doctor looks at %(name)s’s request first")
"""A consultation is offered, and no time can be chosen while a red flag stands."""
STEPS: Final = (
    gettext_lazy("Request received"),
    gettext_lazy("Read by a nurse"),
    gettext_lazy("Read by a doctor"),
    gettext_lazy("Choose a time"),
    gettext_lazy("Consultation"),
)
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


EXPIRED: Final = gettext_lazy("we get in touch about a time")


INVITED: Final = gettext_lazy("you are invited to another visit")
INVITED_TO_HELPERS: Final = gettext_lazy("%(name)s is invited to another visit")


def heading(consultation_request: ConsultationRequest) -> str:
    if _waits_for_a_doctor(consultation_request):
        return _addressed(consultation_request, BLOCKED, BLOCKED_TO_HELPERS)
    if consultation_request.is_offer_expired:
        return _addressed(consultation_request, EXPIRED, EXPIRED)
    if consultation_request.is_follow_up and consultation_request.status == S.OFFERED:
        return _addressed(consultation_request, INVITED, INVITED_TO_HELPERS)
    return heading_for(consultation_request, consultation_request.status)


def heading_for(consultation_request: ConsultationRequest, status: str) -> str:
    return _addressed(consultation_request, HEADINGS[status], TO_HELPERS[status])


def _waits_for_a_doctor(consultation_request: ConsultationRequest) -> bool:
    return consultation_request.status == S.OFFERED and consultation_request.is_blocked_by_flags


def _addressed(
    consultation_request: ConsultationRequest, to_patient: "_StrOrPromise", to_helper: "_StrOrPromise"
) -> str:
    """To the patient, or to who helps the patient, by name; without one, the same words begin the sentence."""
    heading, name, helped = str(to_patient), consultation_request.addressee, consultation_request.helped_name
    if helped:
        heading = str(to_helper) % {"name": helped}
    if not name:
        return capfirst(heading)
    # Translators: somebody is spoken to by name, as "Ana, we have your request".
    return _("%(addressee)s, %(clause)s") % {"addressee": name, "clause": heading}


def steps(consultation_request: ConsultationRequest, *, appointment: Appointment | None) -> list[TrackerStep]:
    """The tracker of a request that is under way; empty for one that ended another way."""
    reached = REACHED.get(consultation_request.status)
    if consultation_request.status == S.INFORMATION_ASKED:
        reached = 2 if consultation_request.doctor_id else 1
    if consultation_request.is_offer_expired:
        reached = REACHED[S.OFFERED]
    if reached is None:
        return []
    if consultation_request.is_follow_up:
        return _steps_of_follow_up(consultation_request, reached, appointment)
    states = ["done" if index < reached else "now" if index == reached else "next" for index in range(len(STEPS))]
    return [
        TrackerStep(
            _title(index, states[index]), _text(consultation_request, index, states[index], appointment), states[index]
        )
        for index in range(len(STEPS))
    ]


def _steps_of_follow_up(
    consultation_request: ConsultationRequest, reached: int, appointment: Appointment | None
) -> list[TrackerStep]:
    """The request, the visits that took place, and the way to the next one."""
    visits = consultation_request.appointments.filter(status=AppointmentStatus.FULFILLED).order_by("starts_at", "pk")
    done = [TrackerStep(str(STEPS[0]), clock.moment(consultation_request.submitted_at), "done")]
    done += [TrackerStep(_("Visit"), clock.moment(item.starts_at, item.time_zone), "done") for item in visits]
    if reached == len(STEPS):
        return done
    states = ["done" if index < reached else "now" if index == reached else "next" for index in (3, 4)]
    texts = [
        _text(consultation_request, index, state, appointment) for index, state in zip((3, 4), states, strict=True)
    ]
    titles = [_title(3, states[0]), _("Next visit")]
    return [*done, *(TrackerStep(*step) for step in zip(titles, texts, states, strict=True))]


def _title(index: int, state: str) -> str:
    if index == 3 and state == "done":
        return _("Time chosen")
    return str(STEPS[index])


def _text(consultation_request: ConsultationRequest, index: int, state: str, appointment: Appointment | None) -> str:
    if index == 0:
        return clock.moment(consultation_request.submitted_at)
    if state == "next":
        return ""
    if index == 4 and appointment is not None:
        return clock.moment(appointment.starts_at, appointment.time_zone)
    if state == "now" and index in (1, 2):
        if consultation_request.status == S.INFORMATION_ASKED:
            return _("Waiting for your answer")
        return _by_when(consultation_request)
    if state == "now" and index == 3:
        if _waits_for_a_doctor(consultation_request):
            return _("After a doctor has looked")
        return _("Nothing is booked until you choose")
    # That it is done, the title says.
    return ""


def _by_when(consultation_request: ConsultationRequest) -> str:
    """The promise of "What happens next" once more; nothing where that says if we can call at all, or
    that we missed it.
    """
    if consultation_request.status == S.URGENT or consultation_request.due_at < clock.now():
        return ""
    if consultation_request.status == S.RECEIVED:
        return _("A person reads it by %(time)s") % {"time": clock.moment(read_by(consultation_request))}
    return _("You hear from us by %(time)s") % {"time": clock.moment(consultation_request.due_at)}


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
    author = clinician.display_name if clinician else review.decided_by.name or _("Your doctor")
    return PatientNote(review.patient_note, author, review.decided_at)


def cancelled_by_clinic(consultation_request: ConsultationRequest) -> Appointment | None:
    """The last time that was cancelled, when the clinic did it and none was chosen since."""
    last = consultation_request.appointments.order_by("-booked_at", "-pk").first()
    if last is None or last.status != AppointmentStatus.CANCELLED or last.cancelled_by == Actor.PATIENT:
        return None
    return last
