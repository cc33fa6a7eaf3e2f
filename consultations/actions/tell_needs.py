"""What the patient needs for a visit: told on the private page, or to staff on the phone."""

import dataclasses

from django import forms
from django.utils.translation import gettext_lazy as _

from consultations.actions.base import Ctx, StaffAction
from consultations.enums import TextKind
from consultations.forms.staff import StepForm, text
from consultations.forms.visit_needs import MORE, MORE_LIMIT, NeedsFields, initial_of
from consultations.services import patient_texts, visit_needs
from consultations.services.transitions import WORKFLOW
from consultations.services.visit_needs import Needs


class StaffNeedsForm(NeedsFields, StepForm):
    more = text(MORE, rows=2, limit=MORE_LIMIT)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        told = initial_of(visit_needs.of_person(self.consultation_request.patient))
        self.initial = {**told, **self.initial}


@dataclasses.dataclass(frozen=True, slots=True)
class NeedsData:
    needs: Needs


@WORKFLOW.register
class TellNeeds(StaffAction[NeedsData, None]):
    verb, data_class = "tell_needs", NeedsData
    position, form_class = 126, StaffNeedsForm
    button = _("Save")
    done = _("What the patient needs for a visit is saved.")

    def data_of(self, form: forms.Form) -> NeedsData:
        if not isinstance(form, NeedsFields):
            raise TypeError(type(form).__name__)
        return NeedsData(form.needs())

    def is_repeat(self, ctx: Ctx, data: NeedsData) -> bool:
        """What stands already, as told with this row."""
        return visit_needs.of_row(ctx.row.patient) == data.needs

    def perform(self, ctx: Ctx, data: NeedsData) -> None:
        before = visit_needs.of_row(ctx.row.patient).as_text()
        visit_needs.keep(patient=ctx.row.patient, needs=data.needs, by=ctx.by)
        ctx.fields.append("visit_needs")
        # Whoever ticks another box sends the same words again, which wait for somebody or were read.
        if ctx.by is None and data.needs.as_text() != before:
            patient_texts.keep_if_marked(
                response_id=ctx.row.response_id, kind=TextKind.NEEDS, text=data.needs.as_text()
            )
            patient_texts.settle(ctx.row)
