"""What the people of the demonstration do with a request."""

import datetime
from collections.abc import Callable
from typing import Any, Final

from django.db import transaction

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.actions import Action, NoData, perform_action
from clinic.management.demonstration.staff_and_diary import Cast
from consultations.actions.answer_again import AnswerAgain, AnswerAgainData
from consultations.actions.ask import Ask, AskData
from consultations.actions.book import book_held
from consultations.actions.cancel_request import CancelRequest, CloseData
from consultations.actions.claim import Claim
from consultations.actions.complete import Complete
from consultations.actions.decide import DecisionData
from consultations.actions.decline import Decline
from consultations.actions.escalate import Escalate, EscalateData
from consultations.actions.mark_no_show import MarkNoShow
from consultations.actions.note import NoteData, WriteNote
from consultations.actions.offer import Offer, OfferData
from consultations.actions.pass_to_doctor import PassData, PassToDoctor
from consultations.actions.settle import Settle, SettleData
from consultations.actions.withdraw import WithdrawRequest
from consultations.enums import AssessmentOrigin, CaseOutcome, CaseProof, SettledHow
from consultations.models import ConsultationRequest, SafetyCase
from consultations.services import (
    call_scripts,
    calls,
    case_closing,
    case_proofs,
    cases,
    dangers,
    scheduling,
    settling,
    transitions,
)
from consultations.services.settling import Proof

NO_DANGER: Final[dict[str, Any]] = {
    "rf_now": ["none"],
    "rf_ce": ["none"],
    "rf_weak": "none",
    "rf_injury": "none",
    "rf_cancer": "none",
    "rf_systemic": ["none"],
    "rf_risk": ["none"],
}
Act = Callable[[Cast, ConsultationRequest], object]
Told = Callable[[Cast], tuple[Any, User | None]]


def _act(action: Action[Any, ConsultationRequest, Any], tell: Told) -> Act:
    """An act that gives the action what `tell` answers for the cast: its data, and who does it (None: the patient)."""

    def act(cast: Cast, consultation_request: ConsultationRequest) -> None:
        data, by = tell(cast)
        perform_action(action, consultation_request, data, by=by)

    return act


def settle_if_flagged(cast: Cast, consultation_request: ConsultationRequest) -> None:
    consultation_request.refresh_from_db()
    if not consultation_request.flag_level:
        return
    told = settling.told_of(consultation_request)
    proof = Proof(how=SettledHow.EXAMINED, who="Dr Halloran", place="The clinic", seen_on=clock.today())
    data = SettleData(tuple(sorted(told.standing.open_signs)), proof, told.key)
    perform_action(Settle(), consultation_request, data, by=cast.doctor)


def book_a_time(cast: Cast, consultation_request: ConsultationRequest) -> None:
    consultation_request.refresh_from_db()
    today = clock.today()
    week = today + datetime.timedelta(days=14)
    slots = scheduling.free_slots(appointment_type=cast.visit, since=today, until=week)
    book(consultation_request, slots[len(slots) // 2])


def book(consultation_request: ConsultationRequest, slot: scheduling.Slot) -> None:
    """As the patient: asked if anything is new or worse, and the time is held first."""
    perform_action(AnswerAgain(), consultation_request, AnswerAgainData(("none",)))
    scheduling.hold(consultation_request=consultation_request, slot_key=slot.key)
    book_held(consultation_request=consultation_request)


claim = _act(Claim(), lambda cast: (NoData(), cast.nurse))
note_a_call = _act(WriteNote(), lambda cast: (NoteData("Rang at nine, will ring again after lunch."), cast.nurse))
ask = _act(Ask(), lambda cast: (AskData("Which hospital did your scan, and in which month?"), cast.nurse))


def reach(cast: Cast, consultation_request: ConsultationRequest) -> None:
    """The nurse asks the danger questions by phone: nothing is new."""
    call = calls.begin(response=consultation_request.response, by=cast.nurse)
    call_scripts.save(call=call, answers=NO_DANGER, by=cast.nurse)
    call_scripts.finish(call=call, note="Nothing new since the answers were sent.", by=cast.nurse)


def feel_feverish(cast: Cast, consultation_request: ConsultationRequest) -> None:
    """As the patient, asked again whether anything has started since."""
    with transaction.atomic():
        locked = transitions.lock(consultation_request)
        dangers.hear(
            response=locked.response, consultation_request=locked, origin=AssessmentOrigin.ASKED_AGAIN, ticks=["fever"]
        )


def close_the_case(cast: Cast, consultation_request: ConsultationRequest) -> None:
    """The nurse takes the case on, asks by phone, and closes it with what became of the person."""
    case = SafetyCase.objects.get(response=consultation_request.response)
    cases.acknowledge(case=case, by=cast.nurse)
    reach(cast, consultation_request)
    call = calls.completed_scripts(consultation_request.response)[-1]
    went = case_proofs.OutcomeClaim(CaseOutcome.WENT_FOR_CARE, CaseProof.CALL, named=call.pk)
    case_closing.close(case=case, claim=went, by=cast.nurse)


pass_on = _act(
    PassToDoctor(), lambda cast: (PassData(doctor=cast.doctor, note="Walks her dog, hopes to go on."), cast.nurse)
)
escalate = _act(
    Escalate(), lambda cast: (EscalateData("Much worse since yesterday: somebody must call today."), cast.nurse)
)
offer = _act(
    Offer(),
    lambda cast: (
        OfferData(
            appointment_type=cast.visit,
            patient_note=(
                "I would like to examine you and look at your scan before we talk about any injection. "
                "There is a fair chance that I will suggest giving this more time."
            ),
            reason="What the answers leave open, an examination will tell.",
        ),
        cast.doctor,
    ),
)
decline = _act(
    Decline(),
    lambda cast: (
        DecisionData(
            patient_note=(
                "From your scan report, an injection is unlikely to help, and a spine surgeon's view would serve you "
                "better. Please take this note to your own doctor. Staying active usually helps meanwhile."
            ),
            reason="Severe narrowing on the report: for a surgeon first.",
        ),
        cast.doctor,
    ),
)
complete = _act(Complete(), lambda cast: (NoData(), cast.doctor))
miss = _act(MarkNoShow(), lambda cast: (NoData(), cast.nurse))
withdraw = _act(WithdrawRequest(), lambda cast: (NoData(), None))
close = _act(CancelRequest(), lambda cast: (CloseData("Sent twice: the other one goes on."), cast.doctor))
WITH_DOCTOR: Final = (claim, reach, pass_on)
