"""Saying what became of a reader's feedback."""

import dataclasses
from typing import Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.core import clock
from clinic.core.actions import Context
from clinic.core.form_fields import LongTextField
from clinic.core.refusals import WrongStatus
from education.actions.base import ActionForm, ContentAction
from education.models import Feedback
from education.services.transitions import WORKFLOW

NO_OUTCOME: Final = _("Write what became of it, even if it is “nothing to change”.")


class ResolveFeedbackForm(ActionForm):
    outcome = LongTextField(
        label=_("In a sentence, even if it is “nothing to change”"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": NO_OUTCOME},
    )


@dataclasses.dataclass(frozen=True, slots=True)
class ResolveFeedbackData:
    outcome: str


@WORKFLOW.register
class ResolveFeedback(ContentAction[ResolveFeedbackData, Feedback, None]):
    verb, data_class, form_class = "resolve_feedback", ResolveFeedbackData, ResolveFeedbackForm
    address = "finish"
    done = _("Saved.")
    is_main = True

    def is_repeat(self, ctx: Context[Feedback], data: ResolveFeedbackData) -> bool:
        return ctx.row.done_at is not None

    def result_again(self, ctx: Context[Feedback], data: ResolveFeedbackData) -> None:
        """Raises WrongStatus for another outcome: the first stands, and the other is given back."""
        if ctx.row.outcome != data.outcome.strip():
            who = ctx.row.done_by.display_name if ctx.row.done_by else gettext("Someone")
            raise WrongStatus(
                gettext("%(who)s has said what became of it already, so what you wrote was not saved.") % {"who": who}
            )

    def changes(self, ctx: Context[Feedback], data: ResolveFeedbackData) -> dict[str, object]:
        return {"done_at": clock.now(), "done_by": ctx.person, "outcome": data.outcome.strip()}

    def perform(self, ctx: Context[Feedback], data: ResolveFeedbackData) -> None:
        return None
