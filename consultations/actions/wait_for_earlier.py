"""Asking for an earlier time, and changing what would do: the patient on the private page, or staff for who calls."""

import dataclasses
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.refusals import WrongStatus
from consultations.actions.base import ActionContext, Ctx, StaffAction
from consultations.forms.staff import StepForm
from consultations.forms.waiting import WishesFields, initial_of
from consultations.models import WaitingEntry
from consultations.services import scheduling, waiting
from consultations.services.transitions import WORKFLOW
from consultations.services.waiting import Wishes


class StaffWishesForm(WishesFields, StepForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {**initial_of(waiting.entry_of(self.consultation_request)), **self.initial}


@dataclasses.dataclass(frozen=True, slots=True)
class WishesData:
    wishes: Wishes


@WORKFLOW.register
class WaitForEarlier(StaffAction[WishesData, WaitingEntry]):
    verb, data_class = "wait_for_earlier", WishesData
    position, form_class = 84, StaffWishesForm
    title = gettext_lazy("Waiting list: an earlier time")
    button = gettext_lazy("Put on the waiting list")
    done = gettext_lazy("On the waiting list. A time that comes free and suits is offered, in order.")

    def data_of(self, form: forms.Form) -> WishesData:
        if not isinstance(form, WishesFields):
            raise TypeError(type(form).__name__)
        return WishesData(form.wishes())

    def is_wanted(self, situation: ActionContext) -> bool:
        return super().is_wanted(situation) and not situation.has_begun

    def is_repeat(self, ctx: Ctx, data: WishesData) -> bool:
        entry = waiting.entry_of(ctx.row)
        return entry is not None and waiting.wishes_of(entry) == data.wishes

    def result_again(self, ctx: Ctx, data: WishesData) -> WaitingEntry | None:
        return waiting.entry_of(ctx.row)

    def check(self, ctx: Ctx, data: WishesData) -> None:
        """Raises WrongStatus once the visit has begun."""
        appointment = scheduling.booked(ctx.row)
        if appointment is not None and scheduling.has_begun(appointment):
            raise WrongStatus(_("The visit has begun. Nothing was changed."))

    def perform(self, ctx: Ctx, data: WishesData) -> WaitingEntry:
        entry = waiting.join(consultation_request=ctx.row, wishes=data.wishes, by=ctx.by)
        ctx.details["entry"] = entry.pk
        return entry
