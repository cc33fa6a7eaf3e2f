"""Taking a page off the site at once; its address says why."""

import dataclasses
from typing import Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.core.actions import Context
from clinic.core.form_fields import LongTextField
from education.actions.base import ActionForm
from education.actions.closing import Closing
from education.claims import linter
from education.models import Page
from education.services.publication import WORDS_OF_A_REASON
from education.services.refusals import ReasonRefused
from education.services.transitions import WORKFLOW

NO_REASON: Final = _("Write a reason in a sentence: readers who come to this address see it.")


class WithdrawPageForm(ActionForm):
    reason = LongTextField(
        label=_("Why? Readers who come to the address see this sentence."),
        max_length=600,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": NO_REASON},
    )


@dataclasses.dataclass(frozen=True, slots=True)
class WithdrawData:
    reason: str


@WORKFLOW.register
class WithdrawPage(Closing[WithdrawData]):
    verb, data_class, form_class = "withdraw", WithdrawData, WithdrawPageForm
    closed_state = Page.State.WITHDRAWN
    button = _("Take it off the site now")
    done = _("“%(title)s” is off the site.")
    is_grave = True

    def check(self, ctx: Context[Page], data: WithdrawData) -> None:
        if len(data.reason.split()) < WORDS_OF_A_REASON:
            raise ReasonRefused(NO_REASON)
        if blocked := [item for item in linter.find(data.reason) if item.level == linter.BLOCK]:
            raise ReasonRefused(
                gettext("Readers see the reason, and “%(reason)s” claims too much.")
                % {"reason": data.reason[slice(*blocked[0].span)]}
            )

    def changes(self, ctx: Context[Page], data: WithdrawData) -> dict[str, object]:
        return self.closed(data.reason)
