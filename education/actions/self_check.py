"""Keeping what an editor thinks of a page. It is no word of the page, so it voids no sign-off."""

import dataclasses
from typing import cast

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.actions import Context
from education.actions.base import PageAction
from education.forms.self_check import SelfCheckForm
from education.models import Page
from education.services.transitions import WORKFLOW


@dataclasses.dataclass(frozen=True, slots=True)
class SelfCheckData:
    """One answer to each question: 1 to 5, 0 for none; and whether each item holds."""

    discern: tuple[int, ...]
    clear: tuple[bool, ...]


@WORKFLOW.register
class SelfCheck(PageAction[SelfCheckData, None]):
    verb, data_class, form_class = "self_check", SelfCheckData, SelfCheckForm
    button = _("Keep my self-check")
    done = _("Your self-check is saved.")
    has_own_place = True

    def data_of(self, form: forms.Form) -> SelfCheckData:
        filled_in = cast(SelfCheckForm, form)
        return SelfCheckData(filled_in.discern, filled_in.clear)

    def changes(self, ctx: Context[Page], data: SelfCheckData) -> dict[str, object]:
        return {"self_check": {"discern": list(data.discern), "clear": list(data.clear)}}

    def perform(self, ctx: Context[Page], data: SelfCheckData) -> None:
        return None
