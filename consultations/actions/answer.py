"""The patient's answer to our question; the request goes back to whoever asked, due again."""

import dataclasses

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.actions import perform_action
from clinic.core.form_fields import PatientTextField
from clinic.core.refusals import WrongStatus
from consultations.actions.base import ConsultationAction, Ctx
from consultations.enums import TextKind
from consultations.forms.private import TEXT_LIMIT
from consultations.models import ConsultationRequest, InformationRequest
from consultations.services import patient_texts
from consultations.services.low_mood import is_low_mood
from consultations.services.targets import due_after
from consultations.services.transitions import WORKFLOW


class AnswerForm(forms.Form):
    """An answer to the question that the page showed; `asked` says which that was."""

    asked = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    answer = PatientTextField(
        label=gettext_lazy("Your answer"),
        max_length=TEXT_LIMIT,
        error_messages={
            "required": gettext_lazy("Write an answer before you send it."),
            "max_length": gettext_lazy("Shorten your answer to 2,000 characters or fewer."),
        },
    )


@dataclasses.dataclass(frozen=True, slots=True)
class AnswerData:
    """`asked` is the instant of the question that the page showed."""

    answer: str
    asked: str = ""


@WORKFLOW.register
class Answer(ConsultationAction[AnswerData, None]):
    """To a nurse."""

    verb, data_class, form_class = "answer", AnswerData, AnswerForm

    def changes(self, ctx: Ctx, data: AnswerData) -> dict[str, object]:
        outcome = ctx.row.highest_outcome
        return {"due_at": due_after(outcome, since=ctx.now, is_low_mood=is_low_mood(ctx.row))}

    def perform(self, ctx: Ctx, data: AnswerData) -> None:
        """Raises WrongStatus when a later question stands open than the one that the page showed."""
        question = InformationRequest.objects.select_for_update(of=("self",)).get(
            consultation_request=ctx.row, answered_at=None
        )
        if data.asked and data.asked != question.asked_at.isoformat():
            raise WrongStatus(_("Another question was asked since."))
        question.answer, question.answered_at = data.answer, ctx.now
        question.save(update_fields=["answer", "answered_at"])
        patient_texts.keep_about(consultation_request=ctx.row, kind=TextKind.ANSWER, text=data.answer)

    def result_again(self, ctx: Ctx, data: AnswerData) -> None:
        """Raises WrongStatus for another answer to a question that has one."""
        answered = newest_question(ctx.row)
        if answered is not None and answered.answer != data.answer:
            raise WrongStatus(_("This question has an answer already. The later one was not kept."))


@WORKFLOW.register
class AnswerDoctor(Answer):
    """To a doctor."""

    verb = "answer_doctor"


def answer_newest_question(*, consultation_request: ConsultationRequest, data: AnswerData) -> ConsultationRequest:
    """Answer the newest question, whoever asked it. Raises WrongStatus."""
    question = newest_question(consultation_request)
    action = AnswerDoctor() if question and question.is_from_doctor else Answer()
    return perform_action(action, consultation_request, data).row


def newest_question(consultation_request: ConsultationRequest) -> InformationRequest | None:
    asked = InformationRequest.objects.filter(consultation_request=consultation_request)
    return asked.order_by("-asked_at", "-pk").first()
