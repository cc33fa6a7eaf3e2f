"""Signing the very words of a page: the clinical review, and the second sign-off of pages that need one."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.actions import Context
from clinic.core.form_fields import LongTextField
from clinic.core.refusals import NotAllowed
from education import workflow
from education.actions.base import ActionForm, PageAction
from education.models import Page, Reviewer, SignOff
from education.services import publication, waivers
from education.services.consent_records import REGISTER_HOLDS
from education.services.refusals import ReasonRefused
from education.services.transitions import WORKFLOW


class SignForm(ActionForm):
    part = forms.CharField(widget=forms.HiddenInput)
    digest = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    comment = LongTextField(
        label=_("Comment (needed when you want changes)"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    decision = forms.ChoiceField(
        choices=SignOff.Decision.choices, error_messages={"required": _("Say whether you approve these words.")}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["comment"].hide_optional = True  # type: ignore[attr-defined]


@dataclasses.dataclass(frozen=True, slots=True)
class SignData:
    """`digest` names the version that this person read."""

    decision: str
    comment: str
    digest: str


class SignPage(PageAction[SignData, SignOff]):
    data_class, form_class = SignData, SignForm
    address = "sign"
    template = "admin/education/actions/sign.html"
    done = _("The sign-off is saved.")
    part: ClassVar[str]

    @property
    def is_clinical(self) -> bool:
        return self.part == SignOff.Part.CLINICAL

    def is_meant(self, posted: Mapping[str, Any]) -> bool:
        return posted.get("part") == self.part and posted.get("decision") in SignOff.Decision.values

    def is_offered(self, row: Page, *, by: User) -> bool:
        asked = workflow.parts_to_sign(row.kind, is_stem_cell_page=row.is_stem_cell_page)
        return self.part in asked and not waivers.is_author(row, by)

    def label_for(self, row: Page) -> str:
        return gettext("%(label)s: sign these words") % {"label": self.label}

    def initial_for(self, row: Page) -> dict[str, Any]:
        return {"part": self.part, "digest": row.digest}

    def check(self, ctx: Context[Page], data: SignData) -> None:
        if ctx.row.digest != data.digest:
            raise ReasonRefused(gettext("The page was edited while you read it. Read it again before you sign."))
        if waivers.is_author(ctx.row, ctx.person):
            raise NotAllowed(gettext("You wrote these words, so somebody else has to sign them."))
        others = [
            current_sign_off
            for current_sign_off in publication.current_sign_offs(ctx.row).values()
            if current_sign_off.part != self.part
        ]
        if any(item.by_id == ctx.person.pk for item in others):
            raise NotAllowed(gettext("You gave the other sign-off, so somebody else has to give this one."))
        if data.decision == SignOff.Decision.CHANGES and len(data.comment.split()) < publication.WORDS_OF_A_REASON:
            raise ReasonRefused(gettext("Say what has to change, in a sentence that the writer understands."))

    def signature(self, by: User) -> str:
        return waivers.name_of(by)

    def perform(self, ctx: Context[Page], data: SignData) -> SignOff:
        ctx.details |= {"part": self.part, "decision": data.decision}
        return SignOff.objects.create(
            page=ctx.row,
            digest=data.digest,
            part=self.part,
            decision=data.decision,
            comment=data.comment.strip(),
            by=ctx.person,
            signature=self.signature(ctx.person),
            at=clock.now(),
        )


@WORKFLOW.register
class SignClinical(SignPage):
    verb, part = "sign_clinical", SignOff.Part.CLINICAL.value

    def signature(self, by: User) -> str:
        """Raises NotAllowed where nobody has checked this person's register entry within a year."""
        reviewer = Reviewer.objects.filter(user=by).first()
        if reviewer is None:
            raise NotAllowed(
                gettext("Readers see who reviewed a page. Ask a manager to enter you under “Reviewers” first.")
            )
        if clock.today() - reviewer.checked_on > REGISTER_HOLDS:
            raise NotAllowed(
                gettext("Your register entry was last checked more than a year ago. Ask a manager to look it up.")
            )
        return reviewer.signature


@WORKFLOW.register
class SignSecond(SignPage):
    verb, part = "sign_second", SignOff.Part.SECOND.value
