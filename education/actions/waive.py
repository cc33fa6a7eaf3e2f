"""Keeping a reason why one warned wording may stand, until the next review."""

import dataclasses
import datetime
from typing import Final

from django import forms
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.actions import Context
from clinic.core.form_fields import LongTextField
from clinic.core.refusals import NotAllowed
from education.actions.base import ActionForm, ContentAction
from education.claims import content_checks, linter
from education.models import ClaimWaiver, Page
from education.services import waivers
from education.services.publication import WORDS_OF_A_REASON
from education.services.refusals import ReasonRefused
from education.services.transitions import WORKFLOW

DAYS_A_MONTH: Final = 30
RECORD_MONTHS: Final = 12
NO_REASON: Final = _("Write why this wording may stand, in a sentence that a colleague understands.")


class WaiveForm(ActionForm):
    rule = forms.CharField(required=False, max_length=4, widget=forms.HiddenInput)
    digest = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    reason = LongTextField(
        label=_("Why may it stand?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": NO_REASON},
    )


@dataclasses.dataclass(frozen=True, slots=True)
class WaiveData:
    """Which finding, by its rule and the digest of its sentence, and why it may stand."""

    rule: str
    digest: str
    reason: str


@WORKFLOW.register
class Waive(ContentAction[WaiveData, models.Model, ClaimWaiver]):
    verb, data_class, form_class = "waive", WaiveData, WaiveForm
    done = _("The reason is saved. It holds until the next review.")
    has_own_place = True

    def is_offered(self, row: models.Model, *, by: User) -> bool:
        return not waivers.is_author(row, by)

    def check(self, ctx: Context[models.Model], data: WaiveData) -> None:
        if waivers.is_author(ctx.row, ctx.person):
            raise NotAllowed(gettext("You wrote these words, so somebody else has to say why they may stand."))
        if len(data.reason.split()) < WORDS_OF_A_REASON:
            raise ReasonRefused(NO_REASON)

    def perform(self, ctx: Context[models.Model], data: WaiveData) -> ClaimWaiver:
        remark = next(
            (
                waiver
                for waiver in waivers.remarks_of(ctx.row)
                if (waiver.rule, waiver.digest) == (data.rule, data.digest)
            ),
            None,
        )
        if remark is None:
            raise ReasonRefused(gettext("This wording is not here any more. Reload the page."))
        if remark.level == linter.BLOCK:
            raise ReasonRefused(gettext("No reason lets this wording stand: change it."))
        months = ctx.row.review_months if isinstance(ctx.row, Page) else RECORD_MONTHS
        until = clock.today() + datetime.timedelta(days=DAYS_A_MONTH * months)
        ctx.details["rule"] = data.rule
        return waivers.keep_waiver(
            content_checks.Waiver(remark.where, remark.rule, remark.passage, data.reason.strip(), until),
            by=waivers.name_of(ctx.person),
        )
