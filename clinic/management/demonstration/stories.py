"""Twelve made-up people, each with a request that has come a different way, and two whom a danger sent elsewhere."""

import dataclasses
import datetime
from typing import Any, Final

from clinic.core import delivery
from clinic.management.demonstration.acts import (
    WITH_DOCTOR,
    Act,
    ask,
    book_a_time,
    claim,
    close_the_case,
    decline,
    escalate,
    feel_feverish,
    note_a_call,
    offer,
    settle_if_flagged,
)
from clinic.management.demonstration.staff_and_diary import Cast
from consultations.enums import ConsentKind, Outcome
from consultations.models import ConsultationRequest, Patient, QuestionnaireResponse, SafetyCase
from consultations.services import intake
from consultations.services.private_links import email_index

ANSWERS: Final[dict[str, Any]] = {
    "ab_age": 56,
    "rf_now": ["none"],
    "rf_ce": ["none"],
    "rf_weak": "none",
    "rf_injury": "none",
    "rf_cancer": "none",
    "rf_systemic": ["none"],
    "rf_risk": ["none"],
    "pn_where": ["low_back", "buttock"],
    "pn_duration": "y1_5",
    "pn_worse": ["sit", "cough"],
    "peg_p": 6,
    "peg_e": 7,
    "peg_g": 6,
    "dx_told": ["ddd"],
    "dx_detail": ["none"],
    "im_mri": "lt6m",
    "im_share": "yes",
    "tx_tried": ["exercise", "tablets"],
    "tx_time": "gt6m",
    "hx_gate": ["none"],
    "hx_height_cm": 168,
    "hx_weight_kg": 71,
    "phq2_1": "1",
    "phq2_2": "0",
    "gad2_1": "0",
    "gad2_2": "1",
    "ex_expect": "less_pain",
}
WORDINGS: Final = {kind: f"Demonstration: {kind.label}." for kind in ConsentKind}


@dataclasses.dataclass(frozen=True, slots=True)
class Story:
    """One made-up person and how far their request has come; the acts move it on with the people of the clinic."""

    name: str
    born: datetime.date
    changes: dict[str, Any]
    acts: tuple[Act, ...] = ()

    @property
    def email(self) -> str:
        return f"{self.name.split()[0].lower()}@patients.example"


STORIES: Final = (
    Story(
        "Marta Quill", datetime.date(1970, 3, 27), {"ex_note": "I want to walk my dog for an hour without stopping."}
    ),
    Story(
        "Jonas Pell",
        datetime.date(1984, 9, 2),
        {"ab_age": 42, "im_mri": "never", "im_metal": "no", "in_features": ["none"], "hx_pregnant": "na"},
        (claim, note_a_call),
    ),
    Story("Tilda Rowan", datetime.date(1962, 1, 19), {"ab_age": 64, "rf_now": ["fever"]}),
    Story(
        "Anneke Winther",
        datetime.date(1970, 6, 30),
        {"dx_told": ["hnp"], "hx_gate": ["thinner"], "hx_thinner": "anticoag"},
        WITH_DOCTOR,
    ),
    Story(
        "Osman Idris",
        datetime.date(1958, 11, 5),
        {"ab_age": 68, "dx_told": ["lss"], "im_share": "later"},
        (claim, ask),
    ),
    Story("Petra Lindqvist", datetime.date(1968, 4, 14), {"ab_age": 58, "dx_told": ["facet"]}, (*WITH_DOCTOR, offer)),
    Story("Hugo Marchetti", datetime.date(1966, 8, 23), {"ab_age": 60}, (*WITH_DOCTOR, offer, book_a_time)),
    Story(
        "Ada Brennan",
        datetime.date(1959, 12, 12),
        {"ab_age": 66, "dx_told": ["lss"], "dx_detail": ["sev_sten"]},
        (*WITH_DOCTOR, decline),
    ),
    Story("Ingrid Solheim", datetime.date(1971, 5, 8), {"ab_age": 55}, (*WITH_DOCTOR, offer, feel_feverish)),
    Story(
        "Ruben Castell",
        datetime.date(1964, 2, 17),
        {"ab_age": 62, "rf_weak": "not_sure"},
        (*WITH_DOCTOR, settle_if_flagged),
    ),
    Story("Wilma Okonjo", datetime.date(1973, 10, 3), {"ab_age": 53, "rf_now": ["fever"]}, (claim, close_the_case)),
    Story(
        "Elias Bergen",
        datetime.date(1961, 7, 21),
        {"ab_age": 65},
        (*WITH_DOCTOR, offer, book_a_time, escalate),
    ),
)


def tell_all(cast: Cast) -> int:
    """Every story that is not there yet. Returns how many requests and cases were added."""
    return sum(_tell(cast, story) for story in STORIES) + _dangers()


def _tell(cast: Cast, story: Story) -> int:
    if Patient.objects.filter(email_index=email_index(story.email)).exists():
        return 0
    contact = intake.Contact(
        name=story.name,
        birth_on=story.born,
        email=story.email,
        phone=f"(202) 555-{150 + STORIES.index(story):04}",
    )
    consultation_request = send({**ANSWERS, **story.changes}, contact)
    _deliver()
    for act in story.acts:
        act(cast, consultation_request)
        _deliver()
    return 1


def _deliver() -> None:
    """As the worker does at once: a mail that waits until its request has moved on is not wanted any more."""
    delivery.deliver_due(limit=200)


def send(answers: dict[str, Any], contact: intake.Contact) -> ConsultationRequest:
    """A check that somebody answered, and sent with these contact details."""
    response = _answered(answers)
    intake.save_contact(response=response, contact=contact)
    return intake.send(response=response, wordings=WORDINGS)


def _dangers() -> int:
    """Two people who were sent to emergency care: one left a number, one stays unknown."""
    if SafetyCase.objects.filter(level=Outcome.EMERGENCY).exists():
        return 0
    first = {name: ANSWERS[name] for name in ("ab_age",)}
    named = _answered({**first, "rf_now": ["chest"]})
    intake.ask_for_call_back(
        response=named,
        contact=intake.Contact(
            name="Ruth Calder",
            birth_on=datetime.date(1951, 2, 3),
            email="",
            phone="202-555-0144, ask for my son",
        ),
    )
    _deliver()
    _answered({**first, "rf_now": ["collapse"]})
    _deliver()
    return 2


def _answered(answers: dict[str, Any]) -> QuestionnaireResponse:
    response = intake.start()
    intake.save_answers(response=response, answers=answers)
    response.refresh_from_db()
    return response
