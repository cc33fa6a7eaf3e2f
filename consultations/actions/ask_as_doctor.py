"""Asking the patient as a clinical decision."""

from django.utils.translation import gettext_lazy as _

from consultations.actions.ask import open_question, put_question, question_message
from consultations.actions.base import Ctx, Message, Preview
from consultations.actions.decide import Decision, DecisionData
from consultations.enums import Actor, ReviewDecision
from consultations.models import InformationRequest
from consultations.permissions import require
from consultations.services.transitions import WORKFLOW


@WORKFLOW.register
class AskAsDoctor(Decision[DecisionData, InformationRequest]):
    """Its row is that of every question; `patient_note` is the question."""

    verb, name, data_class = "ask", "ask_as_doctor", DecisionData
    decision, opens_form = ReviewDecision.ASK, False
    done = _("The question is sent. The request waits for the patient’s answer.")

    def preview(self, data: DecisionData) -> Preview:
        return Preview(data.patient_note, is_question=True, reason=data.reason)

    def check(self, ctx: Ctx, data: DecisionData) -> None:
        require(ctx.person, Actor.DOCTOR)

    def perform(self, ctx: Ctx, data: DecisionData) -> InformationRequest:
        asked = put_question(ctx, data.patient_note)
        self.review(ctx, data)
        return asked

    def result_again(self, ctx: Ctx, data: DecisionData) -> InformationRequest:
        super().result_again(ctx, data)
        return open_question(ctx, data.patient_note)

    def message(self, ctx: Ctx, data: DecisionData, result: InformationRequest) -> Message:
        return question_message(result)
