"""Saying that a person has read what a patient wrote: its clock and its alarm end. The first to say so stays."""

import dataclasses

from django.db import transaction

from clinic.accounts.models import User
from clinic.core.actions import perform_action
from consultations.actions.base import ConsultationAction, Ctx
from consultations.models import PatientText
from consultations.services import patient_texts
from consultations.services.transitions import WORKFLOW


@dataclasses.dataclass(frozen=True, slots=True)
class ReadData:
    text: PatientText


@WORKFLOW.register
class ReadText(ConsultationAction[ReadData, PatientText]):
    verb, data_class = "read_text", ReadData

    def is_repeat(self, ctx: Ctx, data: ReadData) -> bool:
        return patient_texts.locked(data.text).read_at is not None

    def result_again(self, ctx: Ctx, data: ReadData) -> PatientText:
        return patient_texts.locked(data.text)

    def perform(self, ctx: Ctx, data: ReadData) -> PatientText:
        row = patient_texts.locked(data.text)
        patient_texts.set_read(row, by=ctx.person)
        ctx.details |= {"text": row.pk, "kind": row.kind}
        ctx.fields += patient_texts.settle(ctx.row)
        return row


@transaction.atomic
def mark_read(*, text: PatientText, by: User) -> PatientText:
    """The same for a text of answers that never became a request. Raises NotAllowed."""
    consultation_request = patient_texts.lock_request_of(text)
    if consultation_request is None:
        return patient_texts.mark_read_before_request(text=text, by=by)
    return perform_action(ReadText(), consultation_request, ReadData(text), by=by).result or text
