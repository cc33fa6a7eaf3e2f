"""The doctor's decision: one form that leads to one of several actions. The computed result is never edited."""

import dataclasses
from typing import Any, ClassVar, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.actions import Data, Result
from consultations.actions.base import (
    ActionContext,
    ChosenAction,
    ConsultationAction,
    Ctx,
    PanelEntry,
    Preview,
    refuse_other_words,
)
from consultations.candidacy.suggestion import departs
from consultations.enums import RequestStatus, ReviewDecision
from consultations.forms.staff import PATIENT_NOTE_LIMIT, StepForm, text
from consultations.models import AppointmentType, ClinicalReview
from consultations.services.review import record_review, suggestion_of
from consultations.services.transitions import WORKFLOW


class DecisionForm(StepForm):
    """The doctor's decision. Which texts are needed depends on it, and is said at the field."""

    HINTS: Final = {
        ReviewDecision.OFFER: gettext_lazy("They choose a time on their private page"),
        ReviewDecision.ASK: gettext_lazy("Their private page shows your question"),
        ReviewDecision.NOT_SUITABLE: gettext_lazy("They get your reasons and what helps instead"),
        ReviewDecision.URGENT: gettext_lazy("Goes back to the nurse, top of the list"),
    }

    decision = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=ReviewDecision.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Select a decision.")},
    )
    appointment_type = forms.ModelChoiceField(
        label=gettext_lazy("Appointment type"),
        queryset=AppointmentType.objects.none(),
        required=False,
        empty_label=gettext_lazy("Select the appointment type"),
        widget=forms.Select(attrs={"class": "form-select"}),
        help_text=gettext_lazy("Needed for an offer."),
    )
    patient_note = text(
        gettext_lazy("Note to the patient"),
        hint=gettext_lazy(
            "The patient reads exactly this. Plain words, no promises. You see it once more before it goes."
        ),
        rows=5,
        limit=PATIENT_NOTE_LIMIT,
    )
    reason = text(gettext_lazy("Note for staff only"), rows=2)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = dict[str, Any](self.fields)
        self.suggestion = suggestion_of(self.consultation_request)
        fields["reason"].help_text = _("Needed when you decide otherwise than suggested: %(suggestion)s.") % {
            "suggestion": self.suggestion.label
        }
        for name in ("appointment_type", "patient_note", "reason"):
            # Whether one is needed depends on the decision, so none is called optional.
            fields[name].hide_optional = True
        fields["appointment_type"].queryset = AppointmentType.objects.filter(is_active=True).order_by("name")

    def closed_decisions(self) -> dict[str, str]:
        """Decisions that this request does not allow now, each with the sentence that says why."""
        closed = {}
        if self.consultation_request.is_blocked_by_flags:
            closed[ReviewDecision.OFFER.value] = (
                _("Not while a red flag stands: settle it, or order a visit.")
                if self.consultation_request.flag_level
                else _("Not while an escalation is not settled: settle it, or order a visit.")
            )
        if self.consultation_request.status == RequestStatus.URGENT:
            closed[ReviewDecision.URGENT.value] = _("It is marked urgent already.")
        return closed

    def decision_tiles(self) -> list[dict[str, Any]]:
        """One tile a decision, with what it leads to, or why it is closed."""
        closed = self.closed_decisions()
        return [
            {
                "option": option,
                "hint": closed.get(option.data["value"], self._hint(option.data["value"])),
                "is_closed": option.data["value"] in closed,
            }
            for option in self["decision"]
        ]

    def _hint(self, decision: str) -> str:
        hint = str(self.HINTS[ReviewDecision(decision)])
        if not departs(decision, self.suggestion):
            return hint
        return _("%(hint)s. Not what is suggested: write why, for staff") % {"hint": hint}

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned = self.cleaned_data
        decision = cleaned.get("decision")
        if refusal := self.closed_decisions().get(decision or ""):
            self.add_error("decision", refusal)
        if decision == ReviewDecision.OFFER:
            self._need("appointment_type", _("Select the appointment type you offer."))
        if decision == ReviewDecision.ASK:
            self._need("patient_note", _("Write the question the patient should answer."))
        if decision == ReviewDecision.NOT_SUITABLE:
            self._need("patient_note", _("Write the advice the patient will read: a no without a reason is no help."))
        if decision == ReviewDecision.URGENT:
            self._need("reason", _("Write what the nurse must ask or say when calling the patient."))
        elif decision and departs(decision, self.suggestion):
            self._need(
                "reason",
                _("Your decision differs from the suggestion “%(suggestion)s”: write why.")
                % {"suggestion": self.suggestion.label},
            )
        return cleaned

    def _need(self, name: str, sentence: str) -> None:
        """What was typed and refused, as too long for example, has its own sentence already."""
        if not self.cleaned_data.get(name) and name not in self.errors:
            self.add_error(name, sentence)


@dataclasses.dataclass(frozen=True, slots=True)
class DecisionData:
    """What every decision is given: words to the patient, words for staff."""

    patient_note: str = ""
    reason: str = ""


class Decision(ConsultationAction[Data, Result]):
    """An action that a doctor reaches by the form of the decision."""

    decision: ClassVar[ReviewDecision]
    opens_form: ClassVar[bool] = True
    """Whether the form is there where this can be done. A nurse may ask as well, and has a form of her own for it."""

    def preview(self, data: Any) -> Preview:
        return Preview(data.patient_note, reason=data.reason)

    def result_again(self, ctx: Ctx, data: Any) -> Result | None:
        recorded = [(item.patient_note, item.reason) for item in ctx.row.reviews.filter(decision=self.decision)]
        refuse_other_words(recorded, (data.patient_note, data.reason))
        return None

    def review(self, ctx: Ctx, data: DecisionData) -> ClinicalReview:
        """Keep the decision. Raises ReasonMissing."""
        return record_review(
            consultation_request=ctx.row,
            decision=self.decision,
            patient_note=data.patient_note,
            reason=data.reason,
            by=ctx.person,
        )


def decides(situation: ActionContext) -> bool:
    """Whether this person decides on the request now."""
    return any(isinstance(action, Decision) and action.opens_form for action in situation.available.values())


class Decide(PanelEntry):
    name, position = "decide", 60
    title = gettext_lazy("Your decision")
    form_class, is_previewed = DecisionForm, True

    @property
    def panel_button(self) -> str:
        return _("Preview, then confirm")

    def is_wanted(self, situation: ActionContext) -> bool:
        return decides(situation)

    def choice_of(self, form: StepForm) -> ChosenAction[Any, Any]:
        chosen = form.cleaned_data["decision"]
        action = next(
            action for action in WORKFLOW.actions.values() if isinstance(action, Decision) and action.decision == chosen
        )
        return ChosenAction(action, action.data_of(form))

    def preview_title(self, form: StepForm) -> str:
        return str(ReviewDecision(form.cleaned_data["decision"]).label)
