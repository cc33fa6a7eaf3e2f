"""Ending a request at the patient's wish; a booked time is freed."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.actions import NoData
from consultations.actions.base import ConsultationAction, Ctx, Message
from consultations.enums import Actor
from consultations.services import scheduling
from consultations.services.transitions import WORKFLOW


class WithdrawRequestForm(forms.Form):
    """One tick, so that a stray press ends nothing. `helped_name`: whom a helper's request is about."""

    sure = forms.BooleanField(
        label=gettext_lazy("Yes, withdraw my request"),
        error_messages={"required": gettext_lazy("Tick the box if you want to withdraw your request.")},
    )

    def __init__(self, *args: Any, helped_name: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if helped_name:
            name = {"name": helped_name}
            self.fields["sure"].label = _("Yes, withdraw %(name)s’s request") % name
            self.fields["sure"].error_messages["required"] = (
                _("Tick the box if you want to withdraw %(name)s’s request.") % name
            )


@WORKFLOW.register
class WithdrawRequest(ConsultationAction[NoData, None]):
    verb, data_class, form_class = "withdraw", NoData, WithdrawRequestForm

    def perform(self, ctx: Ctx, data: NoData) -> None:
        """Raises WrongStatus after a visit has begun."""
        scheduling.free_times_of(consultation_request=ctx.row, actor=Actor.PATIENT)

    def message(self, ctx: Ctx, data: NoData, result: None) -> Message:
        return Message(f"withdrawn-{ctx.row.pk}")
