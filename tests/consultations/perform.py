"""An action by its name, with what it asks as keywords: what a page does once its form is valid."""

from typing import Any

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.actions import Performed, perform_action
from consultations import actions  # noqa: F401  (registers them)
from consultations.actions.answer import AnswerData, answer_newest_question
from consultations.actions.book import Book, BookData
from consultations.enums import SettledHow
from consultations.models import Appointment, ConsultationRequest, PatientText
from consultations.services import scheduling, settling
from consultations.services.settling import Proof
from consultations.services.transitions import WORKFLOW


def perform(
    name: str, consultation_request: ConsultationRequest, *, by: User | None = None, seen: str = "", **data: Any
) -> Performed[ConsultationRequest, Any]:
    action = WORKFLOW.actions[name]
    return perform_action(action, consultation_request, action.data_class(**data), by=by, seen=seen)


def answer(consultation_request: ConsultationRequest, text: str, *, asked: str = "") -> ConsultationRequest:
    """The patient's answer to the newest question."""
    return answer_newest_question(consultation_request=consultation_request, data=AnswerData(text, asked))


def book_on_the_phone(consultation_request: ConsultationRequest, *, slot_key: str, by: User) -> Appointment | None:
    data = BookData(scheduling.find(consultation_request, slot_key))
    return Book().from_page(consultation_request, data, by=by, seen="").result


def settling_data(consultation_request: ConsultationRequest, *, words: str = "") -> dict[str, Any]:
    """What settles everything that stands: examined today."""
    told = settling.told_of(consultation_request)
    proof = Proof(how=SettledHow.EXAMINED, who="Dr Halloran", place="Here", seen_on=clock.today(), words=words)
    return {"signs": tuple(sorted(told.standing.open_signs)), "proof": proof, "heard": told.key}


def settle_all(consultation_request: ConsultationRequest, *, by: User, words: str = "") -> None:
    perform("settle", consultation_request, by=by, **settling_data(consultation_request, words=words))
    consultation_request.refresh_from_db()


def send_message(*, consultation_request: ConsultationRequest, text: str, key: str = "") -> PatientText:
    """A message of the patient; `key` is that of the page it was written on."""
    sent: PatientText = perform("message", consultation_request, message=text, once=key).result
    return sent
