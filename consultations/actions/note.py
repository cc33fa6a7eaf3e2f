"""A note for colleagues; a closed request takes one too."""

import dataclasses

from django.utils.translation import gettext_lazy as _

from consultations.actions.base import Ctx, StaffAction
from consultations.enums import TriageAction
from consultations.forms.staff import StepForm, text
from consultations.models import TriageDecision
from consultations.services import triage
from consultations.services.transitions import WORKFLOW


class WriteNoteForm(StepForm):
    note = text(_("Note for colleagues"), required=_("Write the note before you save it."))


@dataclasses.dataclass(frozen=True, slots=True)
class NoteData:
    note: str


@WORKFLOW.register
class WriteNote(StaffAction[NoteData, TriageDecision]):
    verb, data_class = "note", NoteData
    position, form_class = 110, WriteNoteForm
    button = _("Save the note")
    done = _("The note is saved.")
    has_own_entry = True

    def is_repeat(self, ctx: Ctx, data: NoteData) -> bool:
        return triage.was_just_written(ctx.row, action=TriageAction.NOTE, note=data.note, by=ctx.person)

    def perform(self, ctx: Ctx, data: NoteData) -> TriageDecision:
        return triage.record_decision(
            consultation_request=ctx.row, action=TriageAction.NOTE, note=data.note, by=ctx.person
        )
