"""Whom a call is about, and the words of the pages on which it is made."""

import dataclasses
from typing import Any, Final

from django.forms import BoundField, Form
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from clinic.core import clock, lines
from consultations.candidacy import call_script
from consultations.candidacy.call_script import ScriptScreen
from consultations.enums import Outcome, SafeToContact
from consultations.models import Call, ConsultationRequest, Patient, QuestionnaireResponse, SafetyCase
from consultations.presenters.calls import (
    Earlier,
    call_box,
    earlier_answers,
    is_pressing,
    questions_of,
    tick_labels,
)
from consultations.presenters.cases import case_query, url_of
from consultations.presenters.formatting import age_words, day_of_birth, name_of
from consultations.presenters.isolation import load
from consultations.presenters.request_page import patient_contact
from consultations.services import callers, calls
from consultations.services.triage import page_of

UNOPENED: Final = ("answers", "asked", "contact", "brought")
SAID: Final = {
    Outcome.EMERGENCY: gettext_lazy(
        "The call is recorded as an emergency: the safety case is open, and the request is raised."
    ),
    Outcome.SAME_DAY: gettext_lazy("The call is recorded: somebody should see them today. The safety case is open."),
    Outcome.URGENT_REVIEW: gettext_lazy(
        "The call is recorded. A doctor should look at what was said: the safety case is open."
    ),
}


@dataclasses.dataclass(frozen=True, slots=True)
class CallAdvice:
    """What the last page of a script tells the nurse to say."""

    is_emergency: bool
    is_urgent: bool
    is_soon: bool


@dataclasses.dataclass(frozen=True, slots=True)
class CallSubject:
    """Whom a call is about: the patient of a request, of a safety case, or of both."""

    response: QuestionnaireResponse
    patient: Patient
    consultation_request: ConsultationRequest | None
    case: SafetyCase | None

    @property
    def url(self) -> str:
        """The page that a call leads back to."""
        return (
            page_of(self.consultation_request)
            if self.consultation_request is not None
            else url_of(self.case.pk if self.case else 0)
        )

    @property
    def label(self) -> str:
        if self.consultation_request is not None:
            return _("request %(reference)s") % {"reference": self.consultation_request.reference}
        return _("safety case %(number)d") % {"number": self.case.pk} if self.case is not None else ""

    @property
    def born(self) -> str:
        return day_of_birth(self.patient)

    @property
    def age(self) -> str:
        return age_words(self.patient)

    @property
    def contact(self) -> dict[str, Any]:
        return patient_contact(self.patient)

    @property
    def is_pressing(self) -> bool:
        """Whether a danger waits for somebody: then two calls in vain begin the welfare policy."""
        return is_pressing(self.consultation_request, self.case)

    @property
    def no_voicemail(self) -> bool:
        return self.patient.safe_to_contact != SafeToContact.ANY


def subject_of(response: QuestionnaireResponse, *, viewer: User) -> CallSubject | None:
    """None for a response that nobody can be called about: without a name, or not for this viewer."""
    requests = ConsultationRequest.objects.visible_to(viewer).filter(response=response.pk)
    consultation_request: ConsultationRequest | None = load(requests.select_related("patient"))
    case: SafetyCase | None = load(case_query(viewer).filter(response=response.pk))
    patient = (
        consultation_request.patient if consultation_request is not None else case.patient if case is not None else None
    )
    if consultation_request is not None:
        response.consultation_request = consultation_request
    return CallSubject(response, patient, consultation_request, case) if patient is not None else None


def box_of(subject: CallSubject, *, viewer: User) -> dict[str, Any]:
    return call_box(subject.response, viewer=viewer, is_pressing=subject.is_pressing)


# --- The script -------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class AskedRow:
    """One question to ask, with what was said to it before."""

    field: BoundField
    earlier: tuple[Earlier, ...]
    is_follow_up: bool


def rows_of(form: Form, call: Call, step: ScriptScreen) -> list[AskedRow]:
    earlier = earlier_answers(call)
    follow_ups = call_script.follow_ups(step, version=call.response.questionnaire_version)
    return [AskedRow(field, earlier.get(field.name, ()), field.name in follow_ups) for field in form]


def not_asked_words(call: Call) -> list[str]:
    """The questions that were left out, in the words they are asked."""
    ticks = calls.ticks_to_ask(call.response)
    left_out = call_script.not_asked(call.answers, version=call.response.questionnaire_version, ticks=ticks)
    labels = {**tick_labels(ticks), **{question.id: question.text for question in questions_of(call.response)}}
    return [labels[name] for name in left_out if name in labels]


def not_open_words(call: Call, *, viewer: User) -> str:
    if call.made_by_id != viewer.pk:
        return _("%(name)s is asking these questions. Begin a call of your own.") % {"name": name_of(call.made_by)}
    if call.completed_at is not None:
        ended = clock.moment(call.completed_at)
        return _("This call ended on %(moment)s. Begin a new one to ask again.") % {"moment": ended}
    return _("This call began too long ago to be gone on with. What was said in it is kept. Begin a new one.")


def said_of(level: Outcome | None) -> str:
    """What is said once a call is recorded, by what was heard in it."""
    return str(SAID[level]) if level in SAID else _("The call is recorded.")


def advice_for(level: Outcome | None) -> CallAdvice:
    return CallAdvice(level == Outcome.EMERGENCY, level == Outcome.SAME_DAY, level == Outcome.URGENT_REVIEW)


# --- A caller ---------------------------------------------------------------------------------------------------------


def opened_words(level: Outcome) -> str:
    if level != Outcome.EMERGENCY:
        return _("The case is open, and it is yours.")
    sentence = _("The case is open, and it is yours. Say: %(emergency_line)s Offer to stay on the line.")
    return lines.filled(sentence % {"emergency_line": "{emergency_line}"})


def alike(name: str, phone: str) -> list[CallSubject]:
    """Open requests and cases of this name or number."""
    requests, alone = callers.alike(name=name, phone=phone)
    subjects = [CallSubject(item.response, item.patient, item, None) for item in requests]
    named = [(item, item.patient) for item in alone]
    return [
        *subjects,
        *(CallSubject(case.response, patient, None, case) for case, patient in named if patient is not None),
    ]
