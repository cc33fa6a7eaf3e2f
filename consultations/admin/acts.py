"""The side panel of the request page: what this person may do now, with which form, and in which words."""

import dataclasses
import datetime
from collections.abc import Mapping
from typing import Any, Final

from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import clock
from consultations.emails import WORDINGS, opening
from consultations.enums import CLOSED_STATUSES, Actor, MessageKind, Outcome, RequestStatus, ReviewDecision
from consultations.forms import staff
from consultations.models import Clinician, ConsultationRequest
from consultations.permissions import actors_of
from consultations.presenters.isolation import opened
from consultations.services import scheduling
from consultations.status_words import heading_for
from consultations.workflow import MOVES, verbs_for

FORMS: Final[dict[str, type[staff.StepForm]]] = {
    "claim": staff.StepForm,
    "release": staff.StepForm,
    "log_call": staff.CallForm,
    "pass_to_doctor": staff.PassForm,
    "clear": staff.ClearForm,
    "decide": staff.DecisionForm,
    "ask": staff.AskForm,
    "book": staff.BookForm,
    "complete": staff.StepForm,
    "mark_no_show": staff.StepForm,
    "note": staff.NoteForm,
    "escalate": staff.EscalateForm,
    "correct_email": staff.EmailForm,
    "cancel_booking": staff.GiveBackForm,
    "cancel_request": staff.CloseForm,
}
"""In the order of the panel."""
PREVIEWED: Final = ("decide", "ask")
DECISION_VERBS: Final = {
    ReviewDecision.OFFER.value: "offer",
    ReviewDecision.ASK.value: "ask_as_doctor",
    ReviewDecision.NOT_SUITABLE.value: "decline",
    ReviewDecision.URGENT.value: "mark_urgent",
}
BUTTONS: Final = {
    "claim": "Start triage",
    "release": "Put back in the queue",
    "log_call": "Save the call",
    "pass_to_doctor": "Pass to this doctor",
    "clear": "Clear the red flags",
    "decide": "Preview, then confirm",
    "ask": "Preview the question",
    "book": "Book this time",
    "complete": "Consultation took place",
    "mark_no_show": "Patient did not attend",
    "note": "Save the note",
    "escalate": "Escalate",
    "correct_email": "Save the address and mail a new link",
    "cancel_booking": "Cancel the time",
    "cancel_request": "Close the request",
}
ONLY_RECORDS: Final = "A call or a note can still be recorded."
DONE: Final = {
    "claim": "The request is yours. Nobody else will start on it.",
    "release": "The request is back in the queue.",
    "log_call": "The call is recorded.",
    "clear": "The red flags are cleared. A consultation can be offered now.",
    "ask": "The question is sent. The request waits for the patient’s answer.",
    "book": "The time is booked and the patient is told.",
    "complete": "Recorded: the consultation took place.",
    "mark_no_show": "Recorded: the patient did not attend.",
    "note": "The note is saved.",
    "escalate": "The request is at the top of the list.",
    "correct_email": "The address is saved. Earlier links no longer work, and a new one is on its way.",
    "cancel_booking": "The time is cancelled and the patient is told.",
    "cancel_request": "The request is closed and the patient is told.",
    "offer": "The consultation is offered. The patient can choose a time.",
    "ask_as_doctor": "The question is sent. The request waits for the patient’s answer.",
    "decline": "The patient is told, with your advice.",
    "mark_urgent": "The request is back with the nurse, at the top of the list.",
}
AFTER: Final = {
    "offer": (RequestStatus.OFFERED, MessageKind.CONSULTATION_OFFERED),
    "ask_as_doctor": (RequestStatus.INFORMATION_ASKED, MessageKind.QUESTION_ASKED),
    "ask": (RequestStatus.INFORMATION_ASKED, MessageKind.QUESTION_ASKED),
    "decline": (RequestStatus.NOT_SUITABLE, MessageKind.REQUEST_CLOSED),
    "mark_urgent": (RequestStatus.URGENT, None),
}
"""Verb -> the status the patient will read, and the mail that goes."""
DAYS_SHOWN: Final = 28


@dataclasses.dataclass(frozen=True, slots=True)
class Act:
    """One thing that can be done now; `is_bare` means a button is all it needs."""

    verb: str
    label: str
    button: str
    form: staff.StepForm
    url: str
    is_bare: bool
    is_open: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Panel:
    """`decision` is the doctor's form; `notes` say why something that one might expect is missing."""

    decision: Act | None
    acts: tuple[Act, ...]
    notes: tuple[str, ...]


def panel_of(request: ConsultationRequest, *, by: User, bound: Mapping[str, staff.StepForm] | None = None) -> Panel:
    bound = bound or {}
    actors = actors_of(by)
    verbs = {move.verb for move in verbs_for(status=request.status, actors=actors)}
    appointment = scheduling_start(request) if request.status == RequestStatus.BOOKED else None
    has_begun = appointment is not None and appointment <= clock.now()
    wanted = [verb for verb in FORMS if _is_wanted(verb, request, verbs, has_begun=has_begun)]
    made = {verb: _act(verb, request, by, bound) for verb in wanted}
    decision = made.pop("decide", None)
    acts = tuple(act for act in made.values() if act is not None)
    return Panel(decision, acts, _notes(request, actors, appointment, has_begun=has_begun, acts=acts))


def scheduling_start(request: ConsultationRequest) -> datetime.datetime | None:
    appointment = request.appointments.live().only("starts_at").first()
    return appointment.starts_at if appointment else None


def _is_wanted(verb: str, request: ConsultationRequest, verbs: set[str], *, has_begun: bool) -> bool:
    decides = bool(verbs & {"offer", "decline", "mark_urgent"})
    if verb == "decide":
        return decides
    if verb not in verbs or (verb == "ask" and decides):
        return False
    if verb == "clear":
        return request.is_blocked_by_flags
    return has_begun if verb in ("complete", "mark_no_show") else True


def _act(verb: str, request: ConsultationRequest, by: User, bound: Mapping[str, staff.StepForm]) -> Act | None:
    form = bound.get(verb) or form_for(verb, request=request, by=by)
    if form is None:
        return None
    label = "Your decision" if verb == "decide" else "Book on the phone" if verb == "book" else MOVES[verb].label
    url = reverse("admin:consultations_consultationrequest_act", args=[request.pk, verb])
    return Act(verb, label, BUTTONS[verb], form, url, FORMS[verb] is staff.StepForm, verb in bound)


def form_for(
    verb: str, *, request: ConsultationRequest, by: User, data: Mapping[str, Any] | None = None
) -> staff.StepForm | None:
    """The form of one act, bound when there is data; None for an act that does not exist or has nothing to choose."""
    form_class = FORMS.get(verb)
    if form_class is None:
        return None
    more: dict[str, Any] = {}
    if verb == "book":
        more["slots"] = free_times(request)
        if not more["slots"] and data is None:
            return None
    return form_class(data, request=request, by=by, verb=verb, **more)


def free_times(request: ConsultationRequest) -> list[tuple[str, str]]:
    """Slot keys and words for the next four weeks."""
    if request.appointment_type is None:
        return []
    today = clock.today()
    slots = scheduling.free_slots(
        appointment_type=request.appointment_type,
        since=today,
        until=today + datetime.timedelta(days=DAYS_SHOWN),
        ignoring=request,
    )
    names = dict(Clinician.objects.values_list("pk", "display_name"))
    return [(slot.key, f"{clock.moment(slot.starts_at)}, {names.get(slot.clinician_id, '')}") for slot in slots]


def service_verb(form: staff.StepForm) -> str:
    return DECISION_VERBS[form.cleaned_data["decision"]] if form.verb == "decide" else form.verb


def values_of(form: staff.StepForm) -> dict[str, Any]:
    """The keyword arguments of the service behind the form."""
    values = form.values()
    if form.verb != "decide":
        return values
    verb = service_verb(form)
    shared = {"reason": values["reason"], "agreed_outcome": values["agreed_outcome"]}
    if verb == "ask_as_doctor":
        return {"question": values["patient_note"], **shared}
    if verb == "offer":
        shared["appointment_type"] = values["appointment_type"]
    return {"patient_note": values["patient_note"], **shared}


def preview_of(form: staff.StepForm) -> dict[str, Any]:
    """What the patient will read, exactly, and what else happens when this is confirmed."""
    verb, values = service_verb(form), values_of(form)
    status, kind = AFTER[verb]
    patient = form.request.patient
    has_email = bool(opened(lambda: patient.email, "", of=patient)[0])
    agreed = values.get("agreed_outcome")
    return {
        "verb": verb,
        "decision": ReviewDecision(form.cleaned_data["decision"]).label if form.verb == "decide" else "Ask the patient",
        "heading": heading_for(form.request, status),
        "note": values.get("question") or values.get("patient_note", ""),
        "is_question": "question" in values,
        "author": author_of(form.by),
        "appointment_type": values.get("appointment_type"),
        "subject": WORDINGS[kind].subject.format(reference=form.request.reference) if kind else "",
        "mail_opening": opening(kind, helped_name=form.request.helped_name) if kind else "",
        "has_email": has_email,
        "reason": values.get("reason", ""),
        "agreed": Outcome(agreed).label if agreed else "",
        "confirm": "Confirm and send" if kind else "Confirm",
    }


def author_of(user: User) -> str:
    clinician = Clinician.objects.filter(user=user).only("display_name").first()
    return clinician.display_name if clinician else user.display_name


def done_words(form: staff.StepForm) -> str:
    verb = service_verb(form)
    if verb == "pass_to_doctor":
        return f"The request is with {author_of(form.cleaned_data['doctor'])} now."
    return DONE[verb]


def typed_text(form: staff.StepForm) -> str:
    """Everything somebody wrote into a form that cannot be shown again."""
    return "\n\n".join(value for value in form.values().values() if isinstance(value, str) and len(value) > 20)


def _notes(
    request: ConsultationRequest,
    actors: frozenset[Actor],
    starts_at: datetime.datetime | None,
    *,
    has_begun: bool,
    acts: tuple[Act, ...],
) -> tuple[str, ...]:
    status, notes = request.status, []
    if status in CLOSED_STATUSES:
        left = "What the patient wrote still waits to be read." if request.texts_due_at else ONLY_RECORDS
        return (f"This request is closed: {request.get_status_display()}. {left}",)
    if status == RequestStatus.WITH_DOCTOR and Actor.DOCTOR not in actors:
        notes.append("A doctor decides now. You can add a note, log a call or escalate.")
    if status in (RequestStatus.RECEIVED, RequestStatus.IN_TRIAGE) and Actor.DOCTOR in actors:
        notes.append("To decide, first pass the request to a doctor. That can be you.")
    if request.is_blocked_by_flags and status in (
        RequestStatus.RECEIVED,
        RequestStatus.IN_TRIAGE,
        RequestStatus.WITH_DOCTOR,
        RequestStatus.URGENT,
    ):
        who = "" if Actor.DOCTOR in actors else " Only a doctor can clear them."
        notes.append(f"Slots cannot be offered until red flags are cleared.{who}")
    if status == RequestStatus.INFORMATION_ASKED:
        notes.append("Waiting for the patient’s answer. It brings the request back to the list.")
    if status == RequestStatus.OFFERED:
        notes.append("The patient can choose a time now.")
        if "book" not in {act.verb for act in acts}:
            notes.append("There is no free time in the next 4 weeks to book on the phone. Add times in the diary.")
    if starts_at is not None and not has_begun:
        notes.append(
            "That the consultation took place, or that the patient did not attend, can be recorded once it has begun "
            f"({clock.moment(starts_at)})."
        )
    return tuple(notes)
