"""Closing a page that is no longer needed; its address leads on, or says so."""

import dataclasses
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.core.actions import Context
from education.actions.base import ActionForm
from education.actions.closing import Closing
from education.fixed_pages import FIXED_PAGES
from education.models import Page
from education.services.publication import WORDS_OF_A_REASON
from education.services.refusals import ReasonRefused
from education.services.transitions import WORKFLOW


class RetireForm(ActionForm):
    moved_to = forms.CharField(
        label=_("Address of the page that takes its place (leave empty if there is none)"),
        required=False,
        max_length=120,
    )
    reason = forms.CharField(label=_("What readers are told, if there is none"), required=False, max_length=600)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.hide_optional = True  # type: ignore[attr-defined]


@dataclasses.dataclass(frozen=True, slots=True)
class RetireData:
    reason: str
    moved_to: str


@WORKFLOW.register
class Retire(Closing[RetireData]):
    verb, data_class, form_class = "retire", RetireData, RetireForm
    closed_state = Page.State.RETIRED
    button = _("Archive it")
    done = _("“%(title)s” is archived.")

    def check(self, ctx: Context[Page], data: RetireData) -> None:
        public = Page.objects.public().exclude(pk=ctx.row.pk).values_list("path", flat=True)
        if data.moved_to and data.moved_to not in {*public, *FIXED_PAGES}:
            raise ReasonRefused(
                gettext("“%(moved_to)s” is no public page. Write its address with a slash at both ends.")
                % {"moved_to": data.moved_to}
            )
        if not data.moved_to and len(data.reason.split()) < WORDS_OF_A_REASON:
            raise ReasonRefused(
                gettext("Write where readers find this now, or tell them in a sentence why the page is closed.")
            )

    def changes(self, ctx: Context[Page], data: RetireData) -> dict[str, object]:
        return {"moved_to": data.moved_to, **self.closed(data.reason)}
