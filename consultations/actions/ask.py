"""Asking the patient a question; the mail says only that there is one."""

import dataclasses

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consultations.actions.base import ActionContext, Ctx, Message, Preview, StaffAction, refuse_other_words
from consultations.actions.decide import decides
from consultations.enums import Actor, RequestStatus, TriageAction
from consultations.forms.staff import PATIENT_NOTE_LIMIT, StepForm, text
from consultations.models import InformationRequest
from consultations.permissions import actors_of
from consultations.services import triage
from consultations.services.transitions import WORKFLOW


class AskForm(StepForm):
    question = text(
        gettext_lazy("Question to the patient"),
        required=gettext_lazy("Write the question the patient should answer."),
        hint=gettext_lazy("The patient reads exactly this. Plain words, one question."),
        rows=4,
        limit=PATIENT_NOTE_LIMIT,
    )


@dataclasses.dataclass(frozen=True, slots=True)
class AskData:
    question: str


def put_question(ctx: Ctx, question: str) -> InformationRequest:
    is_from_doctor = ctx.before == RequestStatus.WITH_DOCTOR and Actor.DOCTOR in actors_of(ctx.person)
    asked = InformationRequest.objects.create(
        consultation_request=ctx.row,
        question=question,
        asked_at=ctx.now,
        asked_by=ctx.person,
        is_from_doctor=is_from_doctor,
    )
    triage.record_decision(consultation_request=ctx.row, action=TriageAction.ASK, note="", by=ctx.person)
    return asked


def open_question(ctx: Ctx, question: str) -> InformationRequest:
    """What the same question asked again answers. Raises ChangedMeanwhile for another one."""
    asked: InformationRequest = ctx.row.information_requests.get(answered_at=None)
    refuse_other_words([asked.question], question)
    return asked


def question_message(asked: InformationRequest) -> Message:
    return Message(f"question-{asked.pk}")


@WORKFLOW.register
class Ask(StaffAction[AskData, InformationRequest]):
    verb, data_class = "ask", AskData
    position, form_class, is_previewed = 70, AskForm, True
    button = gettext_lazy("Preview the question")
    done = gettext_lazy("The question is sent. The request waits for the patient’s answer.")

    def is_wanted(self, situation: ActionContext) -> bool:
        return super().is_wanted(situation) and not decides(situation)

    def preview_title(self, form: StepForm) -> str:
        return _("Ask the patient")

    def preview(self, data: AskData) -> Preview:
        return Preview(data.question, is_question=True)

    def perform(self, ctx: Ctx, data: AskData) -> InformationRequest:
        return put_question(ctx, data.question)

    def result_again(self, ctx: Ctx, data: AskData) -> InformationRequest:
        return open_question(ctx, data.question)

    def message(self, ctx: Ctx, data: AskData, result: InformationRequest) -> Message:
        return question_message(result)
